"""Costs, rates, dashboards."""

import sqlalchemy as sa
from alembic import op

from kumiko import Id, JsonValue, MinorUnits, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analytics_cost",
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
        sa.Column("kind", sa.String(length=80), nullable=True),
        sa.Column("amount_minor", MinorUnits, nullable=True),
        sa.Column("amount_currency", sa.String(length=3), nullable=True),
        sa.Column("spent_on", sa.Date(), nullable=True),
        sa.Column("source_id", Id, nullable=True),
        sa.Column("campaign", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_cost")),
    )
    with op.batch_alter_table("analytics_cost") as batch_op:
        batch_op.create_index("ix_analytics_cost_created", ["created_at", "id"])
        batch_op.create_index("ix_analytics_cost_name", ["name", "id"])
        batch_op.create_index("ix_analytics_cost_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_analytics_cost_source", ["source_id", "id"])
        batch_op.create_index("ix_analytics_cost_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "analytics_dashboard",
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
        sa.Column("sharing", sa.String(length=80), nullable=True),
        sa.Column("period", sa.String(length=20), nullable=True),
        sa.Column("opens_for", sa.String(length=80), nullable=True),
        sa.Column("tiles", JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_dashboard")),
    )
    with op.batch_alter_table("analytics_dashboard") as batch_op:
        batch_op.create_index("ix_analytics_dashboard_created", ["created_at", "id"])
        batch_op.create_index("ix_analytics_dashboard_name", ["name", "id"])
        batch_op.create_index("ix_analytics_dashboard_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_analytics_dashboard_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "analytics_rate",
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
        sa.Column("valid_on", sa.Date(), nullable=True),
        sa.Column("rate", sa.Float(precision=53), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_rate")),
    )
    with op.batch_alter_table("analytics_rate") as batch_op:
        batch_op.create_index("ix_analytics_rate_created", ["created_at", "id"])
        batch_op.create_index("ix_analytics_rate_name", ["name", "id"])
        batch_op.create_index("ix_analytics_rate_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_analytics_rate_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    with op.batch_alter_table("analytics_rate") as batch_op:
        batch_op.drop_index("ix_analytics_rate_team_created")
        batch_op.drop_index("ix_analytics_rate_owner_created")
        batch_op.drop_index("ix_analytics_rate_name")
        batch_op.drop_index("ix_analytics_rate_created")

    op.drop_table("analytics_rate")
    with op.batch_alter_table("analytics_dashboard") as batch_op:
        batch_op.drop_index("ix_analytics_dashboard_team_created")
        batch_op.drop_index("ix_analytics_dashboard_owner_created")
        batch_op.drop_index("ix_analytics_dashboard_name")
        batch_op.drop_index("ix_analytics_dashboard_created")

    op.drop_table("analytics_dashboard")
    with op.batch_alter_table("analytics_cost") as batch_op:
        batch_op.drop_index("ix_analytics_cost_team_created")
        batch_op.drop_index("ix_analytics_cost_source")
        batch_op.drop_index("ix_analytics_cost_owner_created")
        batch_op.drop_index("ix_analytics_cost_name")
        batch_op.drop_index("ix_analytics_cost_created")

    op.drop_table("analytics_cost")
