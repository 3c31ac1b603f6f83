"""Where the journal stood when a module was switched off, so that it can catch up."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "records_absence",
        sa.Column("plugin", sa.String(80), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("plugin", name="pk_records_absence"),
    )


def downgrade() -> None:
    op.drop_table("records_absence")
