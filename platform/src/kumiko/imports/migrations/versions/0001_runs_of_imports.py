"""Imports made from the screens and the API."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imports_run",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("collection", sa.String(80), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("file_bytes", sa.Integer(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("wishes", JsonValue(), nullable=False),
        sa.Column("checked", JsonValue(), nullable=True),
        sa.Column("result", JsonValue(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("job_id", Id, nullable=True),
        sa.Column("group_id", Id, nullable=True),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_imports_run"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_imports_run_created_at", "imports_run", ["created_at"])
    op.create_index("ix_imports_run_user", "imports_run", ["user_id", "id"])


def downgrade() -> None:
    op.drop_table("imports_run")
