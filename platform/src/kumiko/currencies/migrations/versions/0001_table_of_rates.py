"""The table of exchange rates."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "currencies_rate",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("team_id", Id, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", Id, nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by_id", Id, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("custom", JsonValue(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("valid_on", sa.Date(), nullable=True),
        sa.Column("rate", sa.Float(precision=53), nullable=True),
        sa.Column("base", sa.String(length=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_currencies_rate")),
    )
    with op.batch_alter_table("currencies_rate") as batch_op:
        batch_op.create_index("ix_currencies_rate_created", ["created_at", "id"])
        batch_op.create_index("ix_currencies_rate_name", ["name", "id"])
        batch_op.create_index("ix_currencies_rate_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_currencies_rate_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_table("currencies_rate")
