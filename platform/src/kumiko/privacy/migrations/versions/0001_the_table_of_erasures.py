"""The table of erasures."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "privacy_erasure",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("marks", JsonValue(), nullable=False),
        sa.Column("records", JsonValue(), nullable=False),
        sa.Column("counts", JsonValue(), nullable=False),
        sa.Column("kept", JsonValue(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("looked", JsonValue(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_erasure")),
        sa.UniqueConstraint("word", name=op.f("uq_privacy_erasure_word")),
    )


def downgrade() -> None:
    op.drop_table("privacy_erasure")
