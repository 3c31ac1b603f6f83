"""When a worker was last seen, so that pages can say since when nothing runs."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs_beat",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen_at", columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs_beat")),
    )


def downgrade() -> None:
    op.drop_table("jobs_beat")
