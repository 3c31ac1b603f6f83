"""Table of visits."""

import sqlalchemy as sa
from alembic import op

from kumiko import Id, JsonValue, MinorUnits, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visits_visit",
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
        sa.Column("organization_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("visited_at", UtcDateTime(), nullable=True),
        sa.Column("result", sa.String(length=80), nullable=True),
        sa.Column("spent_minor", MinorUnits, nullable=True),
        sa.Column("spent_currency", sa.String(length=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits_visit")),
    )
    with op.batch_alter_table("visits_visit") as batch_op:
        batch_op.create_index("ix_visits_visit_created", ["created_at", "id"])
        batch_op.create_index("ix_visits_visit_name", ["name", "id"])
        batch_op.create_index("ix_visits_visit_organization", ["organization_id", "id"])
        batch_op.create_index("ix_visits_visit_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_visits_visit_person", ["person_id", "id"])
        batch_op.create_index("ix_visits_visit_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    with op.batch_alter_table("visits_visit") as batch_op:
        batch_op.drop_index("ix_visits_visit_team_created")
        batch_op.drop_index("ix_visits_visit_person")
        batch_op.drop_index("ix_visits_visit_owner_created")
        batch_op.drop_index("ix_visits_visit_organization")
        batch_op.drop_index("ix_visits_visit_name")
        batch_op.drop_index("ix_visits_visit_created")

    op.drop_table("visits_visit")
