"""Tables of analytics."""

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

    op.create_table(
        "analytics_report",
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
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("definition", JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_report")),
    )
    with op.batch_alter_table("analytics_report") as batch_op:
        batch_op.create_index("ix_analytics_report_created", ["created_at", "id"])
        batch_op.create_index("ix_analytics_report_name", ["name", "id"])
        batch_op.create_index("ix_analytics_report_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_analytics_report_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "analytics_snapshot",
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
        sa.Column("subscription_id", Id, nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("state", sa.String(length=80), nullable=True),
        sa.Column("recipients", sa.String(length=2000), nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("mails", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_snapshot")),
    )
    with op.batch_alter_table("analytics_snapshot") as batch_op:
        batch_op.create_index("ix_analytics_snapshot_created", ["created_at", "id"])
        batch_op.create_index("ix_analytics_snapshot_name", ["name", "id"])
        batch_op.create_index("ix_analytics_snapshot_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_analytics_snapshot_subscription", ["subscription_id", "id"])
        batch_op.create_index("ix_analytics_snapshot_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "analytics_subscription",
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
        sa.Column("report_id", Id, nullable=True),
        sa.Column("dashboard_id", Id, nullable=True),
        sa.Column("schedule", sa.String(length=80), nullable=True),
        sa.Column("hour", sa.Integer(), nullable=True),
        sa.Column("condition", sa.String(length=80), nullable=True),
        sa.Column("threshold", sa.Float(precision=53), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("state", sa.String(length=80), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_subscription")),
    )
    with op.batch_alter_table("analytics_subscription") as batch_op:
        batch_op.create_index("ix_analytics_subscription_created", ["created_at", "id"])
        batch_op.create_index("ix_analytics_subscription_dashboard", ["dashboard_id", "id"])
        batch_op.create_index("ix_analytics_subscription_name", ["name", "id"])
        batch_op.create_index("ix_analytics_subscription_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_analytics_subscription_report", ["report_id", "id"])
        batch_op.create_index("ix_analytics_subscription_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "analytics_subscription_recipients",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_subscription_recipients")),
    )
    with op.batch_alter_table("analytics_subscription_recipients") as batch_op:
        batch_op.create_index(batch_op.f("ix_analytics_subscription_recipients_parent_id"), ["parent_id"])


def downgrade() -> None:
    with op.batch_alter_table("analytics_subscription_recipients") as batch_op:
        batch_op.drop_index(batch_op.f("ix_analytics_subscription_recipients_parent_id"))

    op.drop_table("analytics_subscription_recipients")
    with op.batch_alter_table("analytics_subscription") as batch_op:
        batch_op.drop_index("ix_analytics_subscription_team_created")
        batch_op.drop_index("ix_analytics_subscription_report")
        batch_op.drop_index("ix_analytics_subscription_owner_created")
        batch_op.drop_index("ix_analytics_subscription_name")
        batch_op.drop_index("ix_analytics_subscription_dashboard")
        batch_op.drop_index("ix_analytics_subscription_created")

    op.drop_table("analytics_subscription")
    with op.batch_alter_table("analytics_snapshot") as batch_op:
        batch_op.drop_index("ix_analytics_snapshot_team_created")
        batch_op.drop_index("ix_analytics_snapshot_subscription")
        batch_op.drop_index("ix_analytics_snapshot_owner_created")
        batch_op.drop_index("ix_analytics_snapshot_name")
        batch_op.drop_index("ix_analytics_snapshot_created")

    op.drop_table("analytics_snapshot")
    with op.batch_alter_table("analytics_report") as batch_op:
        batch_op.drop_index("ix_analytics_report_team_created")
        batch_op.drop_index("ix_analytics_report_owner_created")
        batch_op.drop_index("ix_analytics_report_name")
        batch_op.drop_index("ix_analytics_report_created")

    op.drop_table("analytics_report")
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
