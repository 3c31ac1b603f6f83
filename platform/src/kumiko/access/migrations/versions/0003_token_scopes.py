"""What an access token may do, until when it works, and how often it was used in a minute."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("access_token", sa.Column("scopes", columns.JsonValue(), nullable=True))
    op.add_column("access_token", sa.Column("expires_at", columns.UtcDateTime(), nullable=True))
    op.create_table(
        "access_token_use",
        sa.Column("token_id", columns.Id, autoincrement=False, nullable=False),
        sa.Column("minute", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", "minute", name=op.f("pk_access_token_use")),
    )


def downgrade() -> None:
    op.drop_table("access_token_use")
    with op.batch_alter_table("access_token") as batch_op:
        batch_op.drop_column("expires_at")
        batch_op.drop_column("scopes")
