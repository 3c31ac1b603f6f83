"""Tables of exports, of reading, of alarms and of the leak test."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _number() -> sa.Column:
    return sa.Column("id", Id, autoincrement=True, nullable=False)


def upgrade() -> None:
    op.create_table(
        "exits_export",
        _number(),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("user_name", sa.String(length=200), nullable=False),
        sa.Column("collection", sa.String(length=80), nullable=False),
        sa.Column("file_format", sa.String(length=10), nullable=False),
        sa.Column("question", JsonValue(), nullable=True),
        sa.Column("fields", JsonValue(), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("decided_by_id", Id, nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exits_export")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "exits_reading",
        _number(),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("type_key", sa.String(length=80), nullable=False),
        sa.Column("record_id", Id, nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("via", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exits_reading")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "exits_alarm",
        _number(),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("user_name", sa.String(length=200), nullable=False),
        sa.Column("record_count", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exits_alarm")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "exits_proof",
        _number(),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("asked_by_id", Id, nullable=True),
        sa.Column("job_id", Id, nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("leaks", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("results", JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exits_proof")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exits_export_at", "exits_export", ["at"])
    op.create_index("ix_exits_export_user", "exits_export", ["user_id", "at"])
    op.create_index("ix_exits_reading_at", "exits_reading", ["at"])
    op.create_index("ix_exits_reading_user", "exits_reading", ["user_id", "at"])
    op.create_index("ix_exits_alarm_at", "exits_alarm", ["at"])
    op.create_index("ix_exits_alarm_user", "exits_alarm", ["user_id", "at"])
    op.create_index("ix_exits_proof_at", "exits_proof", ["at"])


def downgrade() -> None:
    for table in ("exits_proof", "exits_alarm", "exits_reading", "exits_export"):
        op.drop_table(table)
