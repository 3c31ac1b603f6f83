"""Tables of pipelines, stages, approvals, what sales adds to deals, and the history of stages."""

import sqlalchemy as sa
from alembic import op

from kumiko import JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sales_approval",
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("stage_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("custom", JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_approval")),
    )
    with op.batch_alter_table("sales_approval", schema=None) as batch_op:
        batch_op.create_index("ix_sales_approval_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_sales_approval_deal", ["deal_id", "stage_id"], unique=False)
        batch_op.create_index("ix_sales_approval_name", ["name", "id"], unique=False)
        batch_op.create_index("ix_sales_approval_owner_created", ["owner_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_sales_approval_team_created", ["team_id", "created_at", "id"], unique=False)

    op.create_table(
        "sales_deal",
        sa.Column(
            "record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("pipeline_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("stage_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("probability", sa.Integer(), nullable=True),
        sa.Column("sales_own_probability", sa.Boolean(), nullable=True),
        sa.Column("stage_entered_at", UtcDateTime(), nullable=True),
        sa.Column("position", sa.Float(precision=53), nullable=True),
        sa.Column("forecast_category", sa.String(length=20), nullable=True),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("amount_currency", sa.String(length=3), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("expected_close_on", sa.Date(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_sales_deal")),
    )
    with op.batch_alter_table("sales_deal", schema=None) as batch_op:
        batch_op.create_index("ix_sales_deal_closed", ["pipeline_id", "closed_on", "record_id"], unique=False)
        batch_op.create_index("ix_sales_deal_entered", ["stage_entered_at", "record_id"], unique=False)
        batch_op.create_index("ix_sales_deal_opened", ["pipeline_id", "opened_on", "record_id"], unique=False)
        batch_op.create_index(
            "ix_sales_deal_owner_stage", ["owner_id", "stage_id", "position", "record_id"], unique=False
        )
        batch_op.create_index("ix_sales_deal_probability", ["probability", "record_id"], unique=False)
        batch_op.create_index("ix_sales_deal_stage_position", ["stage_id", "position", "record_id"], unique=False)
        batch_op.create_index(
            "ix_sales_deal_totals",
            [
                "pipeline_id",
                "stage_id",
                "amount_currency",
                "owner_id",
                "team_id",
                "amount_minor",
                "probability",
                "deleted_at",
            ],
            unique=False,
        )

    op.create_table(
        "sales_pipeline",
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("custom", JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_pipeline")),
    )
    op.create_table(
        "sales_pipeline_team",
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_pipeline_team")),
    )
    with op.batch_alter_table("sales_pipeline_team", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sales_pipeline_team_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "sales_stage",
        sa.Column("pipeline_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("probability", sa.Integer(), nullable=True),
        sa.Column("hue", sa.String(length=10), nullable=True),
        sa.Column("wip_limit", sa.Integer(), nullable=True),
        sa.Column("max_idle_days", sa.Integer(), nullable=True),
        sa.Column("max_days", sa.Integer(), nullable=True),
        sa.Column("needs_next_step", sa.Boolean(), nullable=False),
        sa.Column("needs_fields", JsonValue(), nullable=True),
        sa.Column("role_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("approver_role_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("merged_into_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("custom", JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_stage")),
    )
    with op.batch_alter_table("sales_stage", schema=None) as batch_op:
        batch_op.create_index("ix_sales_stage_pipeline", ["pipeline_id", "position"], unique=False)

    op.create_table(
        "sales_stay",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pipeline_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("stage_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("via", sa.String(length=10), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("amount_currency", sa.String(length=3), nullable=True),
        sa.Column("probability", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_stay")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("sales_stay", schema=None) as batch_op:
        batch_op.create_index("ix_sales_stay_deal", ["deal_id", "id"], unique=False)
        batch_op.create_index("ix_sales_stay_stage", ["stage_id", "entered_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("sales_stay", schema=None) as batch_op:
        batch_op.drop_index("ix_sales_stay_stage")
        batch_op.drop_index("ix_sales_stay_deal")

    op.drop_table("sales_stay")
    with op.batch_alter_table("sales_stage", schema=None) as batch_op:
        batch_op.drop_index("ix_sales_stage_pipeline")

    op.drop_table("sales_stage")
    with op.batch_alter_table("sales_pipeline_team", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sales_pipeline_team_parent_id"))

    op.drop_table("sales_pipeline_team")
    op.drop_table("sales_pipeline")
    with op.batch_alter_table("sales_deal", schema=None) as batch_op:
        batch_op.drop_index("ix_sales_deal_totals")
        batch_op.drop_index("ix_sales_deal_stage_position")
        batch_op.drop_index("ix_sales_deal_probability")
        batch_op.drop_index("ix_sales_deal_owner_stage")
        batch_op.drop_index("ix_sales_deal_opened")
        batch_op.drop_index("ix_sales_deal_entered")
        batch_op.drop_index("ix_sales_deal_closed")

    op.drop_table("sales_deal")
    with op.batch_alter_table("sales_approval", schema=None) as batch_op:
        batch_op.drop_index("ix_sales_approval_team_created")
        batch_op.drop_index("ix_sales_approval_owner_created")
        batch_op.drop_index("ix_sales_approval_name")
        batch_op.drop_index("ix_sales_approval_deal")
        batch_op.drop_index("ix_sales_approval_created")

    op.drop_table("sales_approval")
