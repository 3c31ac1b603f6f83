"""Tables of holidays and absences."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_absence",
        sa.Column("person_away_id", Id, nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("deputy_id", Id, nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_absence")),
    )
    with op.batch_alter_table("calendar_absence") as batch_op:
        batch_op.create_index("ix_calendar_absence_created", ["created_at", "id"])
        batch_op.create_index("ix_calendar_absence_deputy", ["deputy_id"])
        batch_op.create_index("ix_calendar_absence_name", ["name", "id"])
        batch_op.create_index("ix_calendar_absence_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_calendar_absence_person", ["person_away_id", "until_on"])
        batch_op.create_index("ix_calendar_absence_team_created", ["team_id", "created_at", "id"])
        batch_op.create_index("ix_calendar_absence_until", ["until_on"])

    op.create_table(
        "calendar_holiday",
        sa.Column("on", sa.Date(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_holiday")),
    )
    with op.batch_alter_table("calendar_holiday") as batch_op:
        batch_op.create_index("ix_calendar_holiday_created", ["created_at", "id"])
        batch_op.create_index("ix_calendar_holiday_name", ["name", "id"])
        batch_op.create_index("ix_calendar_holiday_on", ["on"])
        batch_op.create_index("ix_calendar_holiday_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_calendar_holiday_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    with op.batch_alter_table("calendar_holiday") as batch_op:
        batch_op.drop_index("ix_calendar_holiday_team_created")
        batch_op.drop_index("ix_calendar_holiday_owner_created")
        batch_op.drop_index("ix_calendar_holiday_on")
        batch_op.drop_index("ix_calendar_holiday_name")
        batch_op.drop_index("ix_calendar_holiday_created")

    op.drop_table("calendar_holiday")
    with op.batch_alter_table("calendar_absence") as batch_op:
        batch_op.drop_index("ix_calendar_absence_until")
        batch_op.drop_index("ix_calendar_absence_team_created")
        batch_op.drop_index("ix_calendar_absence_person")
        batch_op.drop_index("ix_calendar_absence_owner_created")
        batch_op.drop_index("ix_calendar_absence_name")
        batch_op.drop_index("ix_calendar_absence_deputy")
        batch_op.drop_index("ix_calendar_absence_created")

    op.drop_table("calendar_absence")
