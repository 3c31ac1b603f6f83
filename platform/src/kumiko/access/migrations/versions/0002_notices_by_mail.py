"""Whether a user also gets notices by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("access_user", sa.Column("notices_by_mail", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("access_user") as batch_op:
        batch_op.drop_column("notices_by_mail")
