"""Which marks an undo set or took back, so that undoing the undo takes back exactly these."""

import sqlalchemy as sa
from alembic import op

from kumiko import JsonValue
from kumiko.host.columns import Id

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "records_mark",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("unit_id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("names", JsonValue(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_records_mark"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_records_mark_unit", "records_mark", ["unit_id", "entry_id"])


def downgrade() -> None:
    op.drop_index("ix_records_mark_unit", "records_mark")
    op.drop_table("records_mark")
