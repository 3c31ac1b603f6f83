"""A page layout also says which tabs a card has, what a list starts with and what cards of boards show."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fields_layout", sa.Column("tabs", columns.JsonValue(), nullable=True))
    op.add_column("fields_layout", sa.Column("columns", columns.JsonValue(), nullable=True))
    op.add_column("fields_layout", sa.Column("cards", columns.JsonValue(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("fields_layout") as batch_op:
        batch_op.drop_column("cards")
        batch_op.drop_column("columns")
        batch_op.drop_column("tabs")
