"""Tables of deals lite."""

import sqlalchemy as sa
from alembic import op

from kumiko.host import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deals_lite_attendee",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_lite_attendee")),
    )
    with op.batch_alter_table("deals_lite_attendee", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deals_lite_attendee_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "deals_lite_contact",
        sa.Column("deal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("started_at", columns.UtcDateTime(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("duration_min", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("updated_at", columns.UtcDateTime(), nullable=False),
        sa.Column("updated_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", columns.UtcDateTime(), nullable=True),
        sa.Column("custom", columns.JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_lite_contact")),
    )
    with op.batch_alter_table("deals_lite_contact", schema=None) as batch_op:
        batch_op.create_index("ix_deals_lite_contact_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_deals_lite_contact_deal", ["deal_id", "started_at"], unique=False)
        batch_op.create_index("ix_deals_lite_contact_name", ["name", "id"], unique=False)
        batch_op.create_index("ix_deals_lite_contact_owner_created", ["owner_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_deals_lite_contact_team_created", ["team_id", "created_at", "id"], unique=False)

    op.create_table(
        "deals_lite_opportunity",
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("lost_reason_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("competitor", sa.Text(), nullable=True),
        sa.Column("organization_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("amount_currency", sa.String(length=3), nullable=True),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("expected_close_on", sa.Date(), nullable=True),
        sa.Column("next_step", sa.Text(), nullable=True),
        sa.Column("next_step_on", sa.Date(), nullable=True),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("updated_at", columns.UtcDateTime(), nullable=False),
        sa.Column("updated_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", columns.UtcDateTime(), nullable=True),
        sa.Column("custom", columns.JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_lite_opportunity")),
    )
    with op.batch_alter_table("deals_lite_opportunity", schema=None) as batch_op:
        batch_op.create_index("ix_deals_lite_opportunity_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_deals_lite_opportunity_customer", ["organization_id", "person_id"], unique=False)
        batch_op.create_index("ix_deals_lite_opportunity_name", ["name", "id"], unique=False)
        batch_op.create_index("ix_deals_lite_opportunity_owner_created", ["owner_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_deals_lite_opportunity_team_created", ["team_id", "created_at", "id"], unique=False)

    op.create_table(
        "deals_lite_origin",
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("updated_at", columns.UtcDateTime(), nullable=False),
        sa.Column("updated_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", columns.UtcDateTime(), nullable=True),
        sa.Column("custom", columns.JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_lite_origin")),
    )
    op.create_table(
        "deals_lite_reason",
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("updated_at", columns.UtcDateTime(), nullable=False),
        sa.Column("updated_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", columns.UtcDateTime(), nullable=True),
        sa.Column("custom", columns.JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_lite_reason")),
    )
    op.create_table(
        "deals_lite_voice",
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_lite_voice")),
    )
    with op.batch_alter_table("deals_lite_voice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deals_lite_voice_parent_id"), ["parent_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("deals_lite_voice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deals_lite_voice_parent_id"))

    op.drop_table("deals_lite_voice")
    op.drop_table("deals_lite_reason")
    op.drop_table("deals_lite_origin")
    with op.batch_alter_table("deals_lite_opportunity", schema=None) as batch_op:
        batch_op.drop_index("ix_deals_lite_opportunity_team_created")
        batch_op.drop_index("ix_deals_lite_opportunity_owner_created")
        batch_op.drop_index("ix_deals_lite_opportunity_name")
        batch_op.drop_index("ix_deals_lite_opportunity_customer")
        batch_op.drop_index("ix_deals_lite_opportunity_created")

    op.drop_table("deals_lite_opportunity")
    with op.batch_alter_table("deals_lite_contact", schema=None) as batch_op:
        batch_op.drop_index("ix_deals_lite_contact_team_created")
        batch_op.drop_index("ix_deals_lite_contact_owner_created")
        batch_op.drop_index("ix_deals_lite_contact_name")
        batch_op.drop_index("ix_deals_lite_contact_deal")
        batch_op.drop_index("ix_deals_lite_contact_created")

    op.drop_table("deals_lite_contact")
    with op.batch_alter_table("deals_lite_attendee", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deals_lite_attendee_parent_id"))

    op.drop_table("deals_lite_attendee")
