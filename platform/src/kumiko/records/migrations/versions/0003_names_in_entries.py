"""Names of what the links of an extension pointed to, so that an entry is readable while the extension is off."""

import sqlalchemy as sa
from alembic import op

from kumiko import JsonValue

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("records_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("names", JsonValue(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("records_entry", schema=None) as batch_op:
        batch_op.drop_column("names")
