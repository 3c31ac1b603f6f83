"""The table of the time that modules took."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "admin_time_spent",
        sa.Column("hour", columns.UtcDateTime(), nullable=False),
        sa.Column("plugin", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("total_s", sa.Float(), nullable=False),
        sa.Column("slowest_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "plugin", "kind", name=op.f("pk_admin_time_spent")),
    )


def downgrade() -> None:
    op.drop_table("admin_time_spent")
