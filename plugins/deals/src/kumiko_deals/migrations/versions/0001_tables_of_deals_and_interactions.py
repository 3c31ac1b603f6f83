"""Tables of deals and interactions."""

import sqlalchemy as sa
from alembic import op

from kumiko import JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deals_deal",
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("amount_currency", sa.String(length=3), nullable=True),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("campaign", sa.String(length=200), nullable=True),
        sa.Column("expected_close_on", sa.Date(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("lost_reason_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("competitor", sa.String(length=200), nullable=True),
        sa.Column("next_step", sa.String(length=300), nullable=True),
        sa.Column("next_step_on", sa.Date(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_deal")),
    )
    with op.batch_alter_table("deals_deal", schema=None) as batch_op:
        batch_op.create_index("ix_deals_deal_amount", ["amount_minor", "id"], unique=False)
        batch_op.create_index("ix_deals_deal_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_deals_deal_lost_reason", ["lost_reason_id"], unique=False)
        batch_op.create_index("ix_deals_deal_name", ["name", "id"], unique=False)
        batch_op.create_index("ix_deals_deal_organization", ["organization_id", "id"], unique=False)
        batch_op.create_index("ix_deals_deal_outcome", ["outcome", "expected_close_on", "id"], unique=False)
        batch_op.create_index("ix_deals_deal_owner_created", ["owner_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_deals_deal_person", ["person_id", "id"], unique=False)
        batch_op.create_index("ix_deals_deal_source", ["source_id"], unique=False)
        batch_op.create_index("ix_deals_deal_team_created", ["team_id", "created_at", "id"], unique=False)

    op.create_table(
        "deals_deal_participant",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_deal_participant")),
    )
    with op.batch_alter_table("deals_deal_participant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deals_deal_participant_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deals_deal_participant_person_id"), ["person_id"], unique=False)

    op.create_table(
        "deals_interaction",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("duration_min", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_interaction")),
    )
    with op.batch_alter_table("deals_interaction", schema=None) as batch_op:
        batch_op.create_index("ix_deals_interaction_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_deals_interaction_deal", ["deal_id", "started_at", "id"], unique=False)
        batch_op.create_index("ix_deals_interaction_name", ["name", "id"], unique=False)
        batch_op.create_index(
            "ix_deals_interaction_organization", ["organization_id", "started_at", "id"], unique=False
        )
        batch_op.create_index("ix_deals_interaction_owner_created", ["owner_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_deals_interaction_person", ["person_id", "started_at", "id"], unique=False)
        batch_op.create_index("ix_deals_interaction_started", ["started_at", "id"], unique=False)
        batch_op.create_index("ix_deals_interaction_team_created", ["team_id", "created_at", "id"], unique=False)

    op.create_table(
        "deals_interaction_mention",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_interaction_mention")),
    )
    with op.batch_alter_table("deals_interaction_mention", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deals_interaction_mention_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deals_interaction_mention_user_id"), ["user_id"], unique=False)

    op.create_table(
        "deals_interaction_participant",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_interaction_participant")),
    )
    with op.batch_alter_table("deals_interaction_participant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deals_interaction_participant_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deals_interaction_participant_person_id"), ["person_id"], unique=False)

    op.create_table(
        "deals_lost_reason",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_lost_reason")),
    )
    op.create_table(
        "deals_source",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_source")),
    )


def downgrade() -> None:
    op.drop_table("deals_source")
    op.drop_table("deals_lost_reason")
    with op.batch_alter_table("deals_interaction_participant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deals_interaction_participant_person_id"))
        batch_op.drop_index(batch_op.f("ix_deals_interaction_participant_parent_id"))

    op.drop_table("deals_interaction_participant")
    with op.batch_alter_table("deals_interaction_mention", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deals_interaction_mention_user_id"))
        batch_op.drop_index(batch_op.f("ix_deals_interaction_mention_parent_id"))

    op.drop_table("deals_interaction_mention")
    with op.batch_alter_table("deals_interaction", schema=None) as batch_op:
        batch_op.drop_index("ix_deals_interaction_team_created")
        batch_op.drop_index("ix_deals_interaction_started")
        batch_op.drop_index("ix_deals_interaction_person")
        batch_op.drop_index("ix_deals_interaction_owner_created")
        batch_op.drop_index("ix_deals_interaction_organization")
        batch_op.drop_index("ix_deals_interaction_name")
        batch_op.drop_index("ix_deals_interaction_deal")
        batch_op.drop_index("ix_deals_interaction_created")

    op.drop_table("deals_interaction")
    with op.batch_alter_table("deals_deal_participant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deals_deal_participant_person_id"))
        batch_op.drop_index(batch_op.f("ix_deals_deal_participant_parent_id"))

    op.drop_table("deals_deal_participant")
    with op.batch_alter_table("deals_deal", schema=None) as batch_op:
        batch_op.drop_index("ix_deals_deal_team_created")
        batch_op.drop_index("ix_deals_deal_source")
        batch_op.drop_index("ix_deals_deal_person")
        batch_op.drop_index("ix_deals_deal_owner_created")
        batch_op.drop_index("ix_deals_deal_outcome")
        batch_op.drop_index("ix_deals_deal_organization")
        batch_op.drop_index("ix_deals_deal_name")
        batch_op.drop_index("ix_deals_deal_lost_reason")
        batch_op.drop_index("ix_deals_deal_created")
        batch_op.drop_index("ix_deals_deal_amount")

    op.drop_table("deals_deal")
