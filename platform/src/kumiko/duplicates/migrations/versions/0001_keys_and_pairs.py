"""Tables of keys, pairs and merged records."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duplicates_key",
        sa.Column("record_id", Id, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("value", sa.String(400), nullable=False),
        sa.Column("type_key", sa.String(80), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "kind", "value", name="pk_duplicates_key"),
    )
    op.create_index("ix_duplicates_key_value", "duplicates_key", ["type_key", "kind", "value", "record_id"])
    op.create_index(
        "ix_duplicates_key_fresh", "duplicates_key", ["type_key", "record_id"],
        sqlite_where=sa.text("fresh"), postgresql_where=sa.text("fresh"),
    )  # fmt: skip
    op.create_table(
        "duplicates_pair",
        sa.Column("left_id", Id, autoincrement=False, nullable=False),
        sa.Column("right_id", Id, autoincrement=False, nullable=False),
        sa.Column("type_key", sa.String(80), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", JsonValue(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("by_id", Id, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("left_id", "right_id", name="pk_duplicates_pair"),
    )
    op.create_index(
        "ix_duplicates_pair_score", "duplicates_pair", ["type_key", "state", "score", "left_id", "right_id"]
    )
    op.create_index("ix_duplicates_pair_right", "duplicates_pair", ["right_id"])
    op.create_table(
        "duplicates_merged",
        sa.Column("loser_id", Id, autoincrement=False, nullable=False),
        sa.Column("unit_id", Id, autoincrement=False, nullable=False),
        sa.Column("winner_id", Id, nullable=False),
        sa.Column("type_key", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("loser_id", "unit_id", name="pk_duplicates_merged"),
    )
    op.create_index("ix_duplicates_merged_winner", "duplicates_merged", ["winner_id"])
    op.create_table(
        "duplicates_progress",
        sa.Column("type_key", sa.String(80), nullable=False),
        sa.Column("rules", sa.String(64), nullable=False),
        sa.Column("after_id", Id, nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=True),
        sa.Column("report", JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("type_key", name="pk_duplicates_progress"),
    )


def downgrade() -> None:
    op.drop_table("duplicates_progress")
    op.drop_index("ix_duplicates_merged_winner", "duplicates_merged")
    op.drop_table("duplicates_merged")
    op.drop_index("ix_duplicates_pair_right", "duplicates_pair")
    op.drop_index("ix_duplicates_pair_score", "duplicates_pair")
    op.drop_table("duplicates_pair")
    op.drop_index("ix_duplicates_key_fresh", "duplicates_key")
    op.drop_index("ix_duplicates_key_value", "duplicates_key")
    op.drop_table("duplicates_key")
