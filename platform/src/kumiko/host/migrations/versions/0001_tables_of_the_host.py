"""Tables of the host."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "host_audit",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", columns.UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("act", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("details", columns.JsonValue(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_audit")),
    )
    with op.batch_alter_table("host_audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_host_audit_at"), ["at"], unique=False)

    op.create_table(
        "host_counter",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_host_counter")),
    )
    op.create_table(
        "host_failure",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("plugin", sa.String(length=80), nullable=False),
        sa.Column("phase", sa.String(length=40), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("traceback", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", columns.UtcDateTime(), nullable=False),
        sa.Column("last_at", columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_failure")),
    )
    with op.batch_alter_table("host_failure", schema=None) as batch_op:
        batch_op.create_index("ix_host_failure_plugin", ["plugin", "last_at"], unique=False)

    op.create_table(
        "host_plugin_state",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("failed_phase", sa.String(length=40), nullable=False),
        sa.Column("failed_reason", sa.Text(), nullable=False),
        sa.Column("traceback", sa.Text(), nullable=False),
        sa.Column("changed_at", columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_host_plugin_state")),
    )
    op.create_table(
        "host_process",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("seen_at", columns.UtcDateTime(), nullable=False),
        sa.Column("healthy", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_host_process")),
    )
    op.create_table(
        "host_revision",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_host_revision")),
    )
    op.create_table(
        "host_setting",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("value", columns.JsonValue(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_host_setting")),
    )

    counter = sa.table("host_counter", sa.column("name"), sa.column("value"))
    op.bulk_insert(counter, [{"name": "ids", "value": 0}])
    revision_ = sa.table("host_revision", sa.column("name"), sa.column("n"))
    op.bulk_insert(revision_, [{"name": name, "n": 1} for name in ("epoch", "catalogue", "access")])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE host_ids AS bigint")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SEQUENCE host_ids")
    op.drop_table("host_setting")
    op.drop_table("host_revision")
    op.drop_table("host_process")
    op.drop_table("host_plugin_state")
    with op.batch_alter_table("host_failure", schema=None) as batch_op:
        batch_op.drop_index("ix_host_failure_plugin")

    op.drop_table("host_failure")
    op.drop_table("host_counter")
    with op.batch_alter_table("host_audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_host_audit_at"))

    op.drop_table("host_audit")
