"""Tables of tasks."""

import sqlalchemy as sa
from alembic import op

from kumiko import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tasks_alarm",
        sa.Column("record_id", Id, autoincrement=False, nullable=False),
        sa.Column("minutes_before", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("type_key", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("base_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "minutes_before", name=op.f("pk_tasks_alarm")),
    )
    with op.batch_alter_table("tasks_alarm") as batch_op:
        batch_op.create_index("ix_tasks_alarm_at", ["at"])

    op.create_table(
        "tasks_meeting",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("start_at", UtcDateTime(), nullable=True),
        sa.Column("end_at", UtcDateTime(), nullable=True),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=True),
        sa.Column("link", sa.String(length=500), nullable=True),
        sa.Column("direction", sa.String(length=10), nullable=True),
        sa.Column("related_id", Id, nullable=True),
        sa.Column("related_type", sa.String(length=80), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("duration_min", sa.Integer(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks_meeting")),
    )
    with op.batch_alter_table("tasks_meeting") as batch_op:
        batch_op.create_index("ix_tasks_meeting_created", ["created_at", "id"])
        batch_op.create_index("ix_tasks_meeting_name", ["name", "id"])
        batch_op.create_index("ix_tasks_meeting_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_tasks_meeting_owner_start", ["owner_id", "start_at", "id"])
        batch_op.create_index("ix_tasks_meeting_related", ["related_id", "start_at", "id"])
        batch_op.create_index("ix_tasks_meeting_start", ["start_at", "id"])
        batch_op.create_index("ix_tasks_meeting_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "tasks_meeting_participant",
        sa.Column("person_id", Id, nullable=True),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("answer", sa.String(length=20), nullable=True),
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks_meeting_participant")),
    )
    with op.batch_alter_table("tasks_meeting_participant") as batch_op:
        batch_op.create_index(batch_op.f("ix_tasks_meeting_participant_parent_id"), ["parent_id"])
        batch_op.create_index(batch_op.f("ix_tasks_meeting_participant_person_id"), ["person_id"])
        batch_op.create_index(batch_op.f("ix_tasks_meeting_participant_user_id"), ["user_id"])

    op.create_table(
        "tasks_meeting_reminder",
        sa.Column("minutes_before", sa.Integer(), nullable=True),
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks_meeting_reminder")),
    )
    with op.batch_alter_table("tasks_meeting_reminder") as batch_op:
        batch_op.create_index(batch_op.f("ix_tasks_meeting_reminder_parent_id"), ["parent_id"])

    op.create_table(
        "tasks_overdue",
        sa.Column("task_id", Id, autoincrement=False, nullable=False),
        sa.Column("deadline_at", UtcDateTime(), nullable=False),
        sa.Column("stated_at", UtcDateTime(), nullable=False),
        sa.Column("told_head_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_tasks_overdue")),
    )
    op.create_table(
        "tasks_task",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.String(length=20), nullable=False),
        sa.Column("related_id", Id, nullable=True),
        sa.Column("related_type", sa.String(length=80), nullable=True),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("deadline_at", UtcDateTime(), nullable=True),
        sa.Column("effort_min", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("template_id", Id, nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("duration_min", sa.Integer(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by_id", Id, nullable=True),
        sa.Column("in_time", sa.Boolean(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks_task")),
    )
    with op.batch_alter_table("tasks_task") as batch_op:
        batch_op.create_index("ix_tasks_task_by_deadline", ["deadline_at", "id"])
        batch_op.create_index("ix_tasks_task_created", ["created_at", "id"])
        batch_op.create_index("ix_tasks_task_deadline", ["state", "deadline_at", "id"])
        batch_op.create_index("ix_tasks_task_due", ["due_on", "owner_id", "id"])
        batch_op.create_index("ix_tasks_task_name", ["name", "id"])
        batch_op.create_index("ix_tasks_task_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_tasks_task_owner_deadline", ["owner_id", "state", "deadline_at", "id"])
        batch_op.create_index("ix_tasks_task_related", ["related_id", "state", "deadline_at", "id"])
        batch_op.create_index("ix_tasks_task_team_created", ["team_id", "created_at", "id"])
        batch_op.create_index(batch_op.f("ix_tasks_task_template_id"), ["template_id"])

    op.create_table(
        "tasks_task_reminder",
        sa.Column("minutes_before", sa.Integer(), nullable=True),
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks_task_reminder")),
    )
    with op.batch_alter_table("tasks_task_reminder") as batch_op:
        batch_op.create_index(batch_op.f("ix_tasks_task_reminder_parent_id"), ["parent_id"])

    op.create_table(
        "tasks_template",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.String(length=20), nullable=False),
        sa.Column("due_in", sa.Integer(), nullable=True),
        sa.Column("due_unit", sa.String(length=20), nullable=True),
        sa.Column("effort_min", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("stage_id", Id, nullable=True),
        sa.Column("assignee", sa.String(length=20), nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks_template")),
    )
    with op.batch_alter_table("tasks_template") as batch_op:
        batch_op.create_index("ix_tasks_template_created", ["created_at", "id"])
        batch_op.create_index("ix_tasks_template_name", ["name", "id"])
        batch_op.create_index("ix_tasks_template_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_tasks_template_stage", ["stage_id", "position", "id"])
        batch_op.create_index("ix_tasks_template_team_created", ["team_id", "created_at", "id"])
        batch_op.create_index(batch_op.f("ix_tasks_template_user_id"), ["user_id"])


def downgrade() -> None:
    with op.batch_alter_table("tasks_template") as batch_op:
        batch_op.drop_index(batch_op.f("ix_tasks_template_user_id"))
        batch_op.drop_index("ix_tasks_template_team_created")
        batch_op.drop_index("ix_tasks_template_stage")
        batch_op.drop_index("ix_tasks_template_owner_created")
        batch_op.drop_index("ix_tasks_template_name")
        batch_op.drop_index("ix_tasks_template_created")

    op.drop_table("tasks_template")
    with op.batch_alter_table("tasks_task_reminder") as batch_op:
        batch_op.drop_index(batch_op.f("ix_tasks_task_reminder_parent_id"))

    op.drop_table("tasks_task_reminder")
    with op.batch_alter_table("tasks_task") as batch_op:
        batch_op.drop_index(batch_op.f("ix_tasks_task_template_id"))
        batch_op.drop_index("ix_tasks_task_team_created")
        batch_op.drop_index("ix_tasks_task_related")
        batch_op.drop_index("ix_tasks_task_owner_deadline")
        batch_op.drop_index("ix_tasks_task_owner_created")
        batch_op.drop_index("ix_tasks_task_name")
        batch_op.drop_index("ix_tasks_task_due")
        batch_op.drop_index("ix_tasks_task_deadline")
        batch_op.drop_index("ix_tasks_task_created")
        batch_op.drop_index("ix_tasks_task_by_deadline")

    op.drop_table("tasks_task")
    op.drop_table("tasks_overdue")
    with op.batch_alter_table("tasks_meeting_reminder") as batch_op:
        batch_op.drop_index(batch_op.f("ix_tasks_meeting_reminder_parent_id"))

    op.drop_table("tasks_meeting_reminder")
    with op.batch_alter_table("tasks_meeting_participant") as batch_op:
        batch_op.drop_index(batch_op.f("ix_tasks_meeting_participant_user_id"))
        batch_op.drop_index(batch_op.f("ix_tasks_meeting_participant_person_id"))
        batch_op.drop_index(batch_op.f("ix_tasks_meeting_participant_parent_id"))

    op.drop_table("tasks_meeting_participant")
    with op.batch_alter_table("tasks_meeting") as batch_op:
        batch_op.drop_index("ix_tasks_meeting_team_created")
        batch_op.drop_index("ix_tasks_meeting_start")
        batch_op.drop_index("ix_tasks_meeting_related")
        batch_op.drop_index("ix_tasks_meeting_owner_start")
        batch_op.drop_index("ix_tasks_meeting_owner_created")
        batch_op.drop_index("ix_tasks_meeting_name")
        batch_op.drop_index("ix_tasks_meeting_created")

    op.drop_table("tasks_meeting")
    with op.batch_alter_table("tasks_alarm") as batch_op:
        batch_op.drop_index("ix_tasks_alarm_at")

    op.drop_table("tasks_alarm")
