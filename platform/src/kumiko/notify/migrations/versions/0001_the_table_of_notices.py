"""The table of notices."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notify_notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", columns.UtcDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("href", sa.String(length=500), nullable=False),
        sa.Column("type_key", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("read_at", columns.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notify_notice")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_notify_notice_user_id_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("notify_notice", schema=None) as batch_op:
        batch_op.create_index("ix_notify_notice_user", ["user_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("notify_notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notify_notice_user")

    op.drop_table("notify_notice")
