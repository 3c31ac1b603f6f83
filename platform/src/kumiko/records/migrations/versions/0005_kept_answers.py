"""The answer to a repeated request that made no record of its own (actions, bulk edits, undo)."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("records_idempotency", sa.Column("answer", columns.JsonValue(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("records_idempotency") as batch_op:
        batch_op.drop_column("answer")
