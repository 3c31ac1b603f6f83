"""Jobs, the keys that order them, and the memory of cron."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs_job",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("plugin", sa.String(80), nullable=False),
        sa.Column("payload", JsonValue(), nullable=False),
        sa.Column("run_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("worker", sa.String(120), nullable=False),
        sa.Column("dedupe", sa.String(200), nullable=True),
        sa.Column("order_keys", JsonValue(), nullable=False),
        sa.Column("actor_id", Id, nullable=True),
        sa.Column("checkpoint", JsonValue(), nullable=True),
        sa.Column("progress_done", sa.Integer(), nullable=False),
        sa.Column("progress_total", sa.Integer(), nullable=True),
        sa.Column("progress_note", sa.String(200), nullable=False),
        sa.Column("waiting_for", sa.String(140), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jobs_job"),
        sa.UniqueConstraint("dedupe", name="uq_jobs_job_dedupe"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_job_claim", "jobs_job", ["status", "waiting_for", "run_at", "id"])
    op.create_index("ix_jobs_job_lease", "jobs_job", ["status", "lease_until"])
    op.create_index("ix_jobs_job_done", "jobs_job", ["status", "done_at"])
    op.create_index("ix_jobs_job_name", "jobs_job", ["name", "status"])
    op.create_table(
        "jobs_key",
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("job_id", Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs_job.id"], name="fk_jobs_key_job_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", "job_id", name="pk_jobs_key"),
    )
    op.create_index("ix_jobs_key_job_id", "jobs_key", ["job_id"])
    op.create_table(
        "jobs_cron",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("expression", sa.String(120), nullable=False),
        sa.Column("slot_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_jobs_cron"),
    )


def downgrade() -> None:
    op.drop_table("jobs_cron")
    op.drop_table("jobs_key")
    op.drop_table("jobs_job")
