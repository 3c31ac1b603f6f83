"""The kind of a notice, and by which way each user wants which kind."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notify_notice", sa.Column("kind", sa.String(length=40), nullable=False, server_default=""))
    op.create_table(
        "notify_wish",
        sa.Column("user_id", columns.Id, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_notify_wish")),
    )


def downgrade() -> None:
    op.drop_table("notify_wish")
    with op.batch_alter_table("notify_notice") as batch_op:
        batch_op.drop_column("kind")
