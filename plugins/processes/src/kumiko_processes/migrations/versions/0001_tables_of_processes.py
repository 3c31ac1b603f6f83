"""Tables of processes."""

import sqlalchemy as sa
from alembic import op

from kumiko import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "processes_clock",
        sa.Column("process_id", Id, autoincrement=False, nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("process_id", name=op.f("pk_processes_clock")),
    )
    op.create_table(
        "processes_edition",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("process_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tree", JsonValue(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_id", Id, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes_edition")),
        sa.UniqueConstraint("process_id", "number", name=op.f("uq_processes_edition_process_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "processes_mark",
        sa.Column("process_id", Id, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("process_id", "key", name=op.f("pk_processes_mark")),
    )
    op.create_table(
        "processes_process",
        sa.Column("about", sa.String(length=80), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("fault", sa.String(length=500), nullable=True),
        sa.Column("runs_as_id", Id, nullable=True),
        sa.Column("hears_imports", sa.Boolean(), nullable=False),
        sa.Column("runs_per_hour", sa.Integer(), nullable=True),
        sa.Column("sends_per_hour", sa.Integer(), nullable=True),
        sa.Column("per_record_per_hour", sa.Integer(), nullable=True),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("draft", JsonValue(), nullable=True),
        sa.Column("tree", JsonValue(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes_process")),
    )
    with op.batch_alter_table("processes_process") as batch_op:
        batch_op.create_index("ix_processes_process_created", ["created_at", "id"])
        batch_op.create_index("ix_processes_process_name", ["name", "id"])
        batch_op.create_index("ix_processes_process_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_processes_process_state", ["state", "id"])
        batch_op.create_index("ix_processes_process_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "processes_progress",
        sa.Column("run_id", Id, autoincrement=False, nullable=False),
        sa.Column("process_id", Id, nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("about_type", sa.String(length=80), nullable=False),
        sa.Column("about_id", Id, nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("group_id", Id, nullable=True),
        sa.Column("wake_at", UtcDateTime(), nullable=True),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.Column("data", JsonValue(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_processes_progress")),
    )
    with op.batch_alter_table("processes_progress") as batch_op:
        batch_op.create_index("ix_processes_progress_about", ["about_id", "active"])
        batch_op.create_index("ix_processes_progress_moved", ["active", "moved_at"])
        batch_op.create_index("ix_processes_progress_process", ["process_id", "active", "edition"])

    op.create_table(
        "processes_run",
        sa.Column("process_id", Id, nullable=True),
        sa.Column("edition", sa.Integer(), nullable=True),
        sa.Column("about_type", sa.String(length=80), nullable=False),
        sa.Column("about_id", Id, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cause", sa.String(length=300), nullable=True),
        sa.Column("waits_for", sa.String(length=500), nullable=True),
        sa.Column("waits_until", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(length=1000), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("effects", Id, nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes_run")),
    )
    with op.batch_alter_table("processes_run") as batch_op:
        batch_op.create_index("ix_processes_run_about", ["about_type", "about_id", "id"])
        batch_op.create_index("ix_processes_run_created", ["created_at", "id"])
        batch_op.create_index("ix_processes_run_name", ["name", "id"])
        batch_op.create_index("ix_processes_run_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_processes_run_process", ["process_id", "created_at", "id"])
        batch_op.create_index("ix_processes_run_state", ["state", "id"])
        batch_op.create_index("ix_processes_run_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "processes_step_run",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("run_id", Id, nullable=False),
        sa.Column("process_id", Id, nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("sends", sa.Boolean(), nullable=False),
        sa.Column("recallable", sa.Boolean(), nullable=False),
        sa.Column("given", JsonValue(), nullable=True),
        sa.Column("output", JsonValue(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes_step_run")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("processes_step_run") as batch_op:
        batch_op.create_index("ix_processes_step_run_process", ["process_id", "step", "state"])
        batch_op.create_index("ix_processes_step_run_run", ["run_id", "id"])
        batch_op.create_index("ix_processes_step_run_sends", ["process_id", "sends", "ended_at"])


def downgrade() -> None:
    with op.batch_alter_table("processes_step_run") as batch_op:
        batch_op.drop_index("ix_processes_step_run_sends")
        batch_op.drop_index("ix_processes_step_run_run")
        batch_op.drop_index("ix_processes_step_run_process")

    op.drop_table("processes_step_run")
    with op.batch_alter_table("processes_run") as batch_op:
        batch_op.drop_index("ix_processes_run_team_created")
        batch_op.drop_index("ix_processes_run_state")
        batch_op.drop_index("ix_processes_run_process")
        batch_op.drop_index("ix_processes_run_owner_created")
        batch_op.drop_index("ix_processes_run_name")
        batch_op.drop_index("ix_processes_run_created")
        batch_op.drop_index("ix_processes_run_about")

    op.drop_table("processes_run")
    with op.batch_alter_table("processes_progress") as batch_op:
        batch_op.drop_index("ix_processes_progress_process")
        batch_op.drop_index("ix_processes_progress_moved")
        batch_op.drop_index("ix_processes_progress_about")

    op.drop_table("processes_progress")
    with op.batch_alter_table("processes_process") as batch_op:
        batch_op.drop_index("ix_processes_process_team_created")
        batch_op.drop_index("ix_processes_process_state")
        batch_op.drop_index("ix_processes_process_owner_created")
        batch_op.drop_index("ix_processes_process_name")
        batch_op.drop_index("ix_processes_process_created")

    op.drop_table("processes_process")
    op.drop_table("processes_mark")
    op.drop_table("processes_edition")
    op.drop_table("processes_clock")
