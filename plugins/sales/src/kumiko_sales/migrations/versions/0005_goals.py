"""Goals."""

import sqlalchemy as sa
from alembic import op

from kumiko import Id, JsonValue, MinorUnits, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sales_goal",
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
        sa.Column("who", sa.String(length=80), nullable=True),
        sa.Column("for_user_id", Id, nullable=True),
        sa.Column("for_team_id", Id, nullable=True),
        sa.Column("measure", sa.String(length=80), nullable=True),
        sa.Column("target_amount_minor", MinorUnits, nullable=True),
        sa.Column("target_amount_currency", sa.String(length=3), nullable=True),
        sa.Column("target_count", sa.Integer(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("pipeline_id", Id, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_goal")),
    )
    with op.batch_alter_table("sales_goal") as batch_op:
        batch_op.create_index("ix_sales_goal_created", ["created_at", "id"])
        batch_op.create_index("ix_sales_goal_for_team", ["for_team_id", "id"])
        batch_op.create_index("ix_sales_goal_for_user", ["for_user_id", "id"])
        batch_op.create_index("ix_sales_goal_name", ["name", "id"])
        batch_op.create_index("ix_sales_goal_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_sales_goal_pipeline", ["pipeline_id", "id"])
        batch_op.create_index("ix_sales_goal_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    with op.batch_alter_table("sales_goal") as batch_op:
        batch_op.drop_index("ix_sales_goal_team_created")
        batch_op.drop_index("ix_sales_goal_pipeline")
        batch_op.drop_index("ix_sales_goal_owner_created")
        batch_op.drop_index("ix_sales_goal_name")
        batch_op.drop_index("ix_sales_goal_for_user")
        batch_op.drop_index("ix_sales_goal_for_team")
        batch_op.drop_index("ix_sales_goal_created")

    op.drop_table("sales_goal")
