"""What became of notices that also went by mail, and an index for the count of those not read yet."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UNREAD = sa.text("read_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "notify_delivery",
        sa.Column("notice_id", columns.Id, autoincrement=False, nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", columns.UtcDateTime(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "way", name=op.f("pk_notify_delivery")),
    )
    op.create_index(
        "ix_notify_notice_unread", "notify_notice", ["user_id", "id"], sqlite_where=UNREAD, postgresql_where=UNREAD
    )


def downgrade() -> None:
    op.drop_index("ix_notify_notice_unread", "notify_notice")
    op.drop_table("notify_delivery")
