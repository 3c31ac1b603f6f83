"""What a rehearsal found for each row, mappings that are kept, and where a paused import goes on."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ADDED = ("reading", "facts", "state")


def upgrade() -> None:
    for name in _ADDED:
        op.add_column("imports_run", sa.Column(name, JsonValue(), nullable=True))
    op.add_column("imports_run", sa.Column("round", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("imports_run", sa.Column("parent_id", Id, nullable=True))
    op.create_table(
        "imports_row",
        sa.Column("run_id", Id, autoincrement=False, nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("record_id", Id, nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changes", JsonValue(), nullable=True),
        sa.Column("cells", JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "round", "number", name="pk_imports_row"),
    )
    op.create_index("ix_imports_row_kind", "imports_row", ["run_id", "round", "kind", "number"])
    op.create_table(
        "imports_mapping",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("collection", sa.String(80), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("headings", sa.String(64), nullable=False),
        sa.Column("wishes", JsonValue(), nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("used_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_imports_mapping"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_imports_mapping_headings", "imports_mapping", ["collection", "headings", "user_id"])
    op.create_index("ix_imports_mapping_name", "imports_mapping", ["collection", "name"])


def downgrade() -> None:
    op.drop_table("imports_mapping")
    op.drop_table("imports_row")
    for name in ("parent_id", "round", *_ADDED):
        op.drop_column("imports_run", name)
