"""Tables of records."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "records_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("type_key", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("derived", sa.Boolean(), nullable=False),
        sa.Column("before", columns.JsonValue(), nullable=True),
        sa.Column("after", columns.JsonValue(), nullable=True),
        sa.Column("undone", columns.JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_entry")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("records_entry", schema=None) as batch_op:
        batch_op.create_index("ix_records_entry_record", ["record_id", "id"], unique=False)
        batch_op.create_index("ix_records_entry_unit", ["unit_id", "id"], unique=False)

    op.create_table(
        "records_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("type_key", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payload", columns.JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_event")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("records_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_records_event_record_id"), ["record_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_records_event_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "records_external_id",
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("system", sa.String(length=80), nullable=False),
        sa.Column("type_key", sa.String(length=80), nullable=False),
        sa.Column("value", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "system", name=op.f("pk_records_external_id")),
    )
    with op.batch_alter_table("records_external_id", schema=None) as batch_op:
        batch_op.create_index("ix_records_external_id_value", ["type_key", "system", "value"], unique=False)

    op.create_table(
        "records_idempotency",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("type_key", sa.String(length=80), nullable=False),
        sa.Column("at", columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_idempotency")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_records_idempotency_user_id_key")),
    )
    with op.batch_alter_table("records_idempotency", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_records_idempotency_at"), ["at"], unique=False)

    op.create_table(
        "records_search",
        sa.Column(
            "record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("type_key", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_records_search")),
    )
    op.create_table(
        "records_share",
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "user_id", name=op.f("pk_records_share")),
    )
    with op.batch_alter_table("records_share", schema=None) as batch_op:
        batch_op.create_index("ix_records_share_user", ["user_id", "record_id"], unique=False)

    op.create_table(
        "records_tag",
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "value", name=op.f("pk_records_tag")),
    )
    with op.batch_alter_table("records_tag", schema=None) as batch_op:
        batch_op.create_index("ix_records_tag_value", ["value", "record_id"], unique=False)

    op.create_table(
        "records_unit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", columns.UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("via", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("is_group", sa.Boolean(), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("undo_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("undone_at", columns.UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("xact", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_unit")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("records_unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_records_unit_at"), ["at"], unique=False)
        batch_op.create_index("ix_records_unit_group", ["group_id"], unique=False)

    op.create_table(
        "records_view",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("type_key", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("query", columns.JsonValue(), nullable=True),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_view")),
    )
    with op.batch_alter_table("records_view", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_records_view_type_key"), ["type_key"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("records_view", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_records_view_type_key"))

    op.drop_table("records_view")
    with op.batch_alter_table("records_unit", schema=None) as batch_op:
        batch_op.drop_index("ix_records_unit_group")
        batch_op.drop_index(batch_op.f("ix_records_unit_at"))

    op.drop_table("records_unit")
    with op.batch_alter_table("records_tag", schema=None) as batch_op:
        batch_op.drop_index("ix_records_tag_value")

    op.drop_table("records_tag")
    with op.batch_alter_table("records_share", schema=None) as batch_op:
        batch_op.drop_index("ix_records_share_user")

    op.drop_table("records_share")
    op.drop_table("records_search")
    with op.batch_alter_table("records_idempotency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_records_idempotency_at"))

    op.drop_table("records_idempotency")
    with op.batch_alter_table("records_external_id", schema=None) as batch_op:
        batch_op.drop_index("ix_records_external_id_value")

    op.drop_table("records_external_id")
    with op.batch_alter_table("records_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_records_event_unit_id"))
        batch_op.drop_index(batch_op.f("ix_records_event_record_id"))

    op.drop_table("records_event")
    with op.batch_alter_table("records_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_records_entry_unit")
        batch_op.drop_index("ix_records_entry_record")

    op.drop_table("records_entry")
