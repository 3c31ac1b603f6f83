"""Inquiries leads and conversations."""

import sqlalchemy as sa
from alembic import op

from kumiko import Id, JsonValue, MinorUnits, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deals_assignment_rule",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("channels", JsonValue(), nullable=True),
        sa.Column("source_id", Id, nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("campaign", sa.String(length=200), nullable=True),
        sa.Column("condition", JsonValue(), nullable=True),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("group_id", Id, nullable=True),
        sa.Column("most_open", sa.Integer(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_assignment_rule")),
    )
    with op.batch_alter_table("deals_assignment_rule") as batch_op:
        batch_op.create_index("ix_deals_assignment_rule_created", ["created_at", "id"])
        batch_op.create_index("ix_deals_assignment_rule_name", ["name", "id"])
        batch_op.create_index("ix_deals_assignment_rule_order", ["position"])
        batch_op.create_index("ix_deals_assignment_rule_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_deals_assignment_rule_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "deals_conversation",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=True),
        sa.Column("thread", sa.String(length=300), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("organization_id", Id, nullable=True),
        sa.Column("lead_id", Id, nullable=True),
        sa.Column("deal_id", Id, nullable=True),
        sa.Column("inquiry_id", Id, nullable=True),
        sa.Column("participant", sa.String(length=300), nullable=True),
        sa.Column("first_message_at", UtcDateTime(), nullable=True),
        sa.Column("last_message_at", UtcDateTime(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_conversation")),
    )
    with op.batch_alter_table("deals_conversation") as batch_op:
        batch_op.create_index("ix_deals_conversation_created", ["created_at", "id"])
        batch_op.create_index("ix_deals_conversation_deal", ["deal_id", "last_message_at"])
        batch_op.create_index("ix_deals_conversation_inquiry", ["inquiry_id"])
        batch_op.create_index("ix_deals_conversation_lead", ["lead_id", "last_message_at"])
        batch_op.create_index("ix_deals_conversation_name", ["name", "id"])
        batch_op.create_index("ix_deals_conversation_organization", ["organization_id", "last_message_at"])
        batch_op.create_index("ix_deals_conversation_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_deals_conversation_person", ["person_id", "last_message_at"])
        batch_op.create_index("ix_deals_conversation_state", ["state", "last_message_at", "id"])
        batch_op.create_index("ix_deals_conversation_team_created", ["team_id", "created_at", "id"])
        batch_op.create_index("ix_deals_conversation_thread", ["account", "thread"])

    op.create_table(
        "deals_inquiry",
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=True),
        sa.Column("item_id", sa.String(length=500), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("sender_name", sa.String(length=300), nullable=True),
        sa.Column("sender_email", sa.String(length=254), nullable=True),
        sa.Column("sender_phone", sa.String(length=40), nullable=True),
        sa.Column("sender_organization", sa.String(length=300), nullable=True),
        sa.Column("sender_handle", sa.String(length=300), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("raw", JsonValue(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reject_reason", sa.String(length=300), nullable=True),
        sa.Column("remark", sa.String(length=500), nullable=True),
        sa.Column("lead_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("organization_id", Id, nullable=True),
        sa.Column("conversation_id", Id, nullable=True),
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
        sa.Column("channel", sa.String(length=20), nullable=True),
        sa.Column("source_id", Id, nullable=True),
        sa.Column("campaign", sa.String(length=200), nullable=True),
        sa.Column("utm_source", sa.String(length=200), nullable=True),
        sa.Column("utm_medium", sa.String(length=200), nullable=True),
        sa.Column("utm_term", sa.String(length=200), nullable=True),
        sa.Column("utm_content", sa.String(length=200), nullable=True),
        sa.Column("landing_page", sa.String(length=1000), nullable=True),
        sa.Column("referrer", sa.String(length=1000), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_inquiry")),
    )
    with op.batch_alter_table("deals_inquiry") as batch_op:
        batch_op.create_index("ix_deals_inquiry_channel", ["channel", "state"])
        batch_op.create_index("ix_deals_inquiry_created", ["created_at", "id"])
        batch_op.create_index("ix_deals_inquiry_fingerprint", ["fingerprint", "received_at"])
        batch_op.create_index("ix_deals_inquiry_lead", ["lead_id"])
        batch_op.create_index("ix_deals_inquiry_name", ["name", "id"])
        batch_op.create_index("ix_deals_inquiry_organization", ["organization_id", "id"])
        batch_op.create_index("ix_deals_inquiry_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_deals_inquiry_person", ["person_id", "id"])
        batch_op.create_index("ix_deals_inquiry_received", ["received_at", "id"])
        batch_op.create_index("ix_deals_inquiry_source", ["source_id"])
        batch_op.create_index("ix_deals_inquiry_state", ["state", "received_at", "id"])
        batch_op.create_index("ix_deals_inquiry_team_created", ["team_id", "created_at", "id"])
        batch_op.create_index("uq_deals_inquiry_item", ["account", "item_id"], unique=True)

    op.create_table(
        "deals_lead",
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("contact_name", sa.String(length=300), nullable=True),
        sa.Column("contact_email", sa.String(length=254), nullable=True),
        sa.Column("contact_phone", sa.String(length=40), nullable=True),
        sa.Column("organization_name", sa.String(length=300), nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("organization_id", Id, nullable=True),
        sa.Column("deal_id", Id, nullable=True),
        sa.Column("estimated_value_minor", MinorUnits, nullable=True),
        sa.Column("estimated_value_currency", sa.String(length=3), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("score_parts", sa.String(length=500), nullable=True),
        sa.Column("inquiry_id", Id, nullable=True),
        sa.Column("assigned_by_id", Id, nullable=True),
        sa.Column("assignment", sa.String(length=500), nullable=True),
        sa.Column("first_response_due_at", UtcDateTime(), nullable=True),
        sa.Column("first_responded_at", UtcDateTime(), nullable=True),
        sa.Column("first_response_min", sa.Integer(), nullable=True),
        sa.Column("answered_late", sa.Boolean(), nullable=True),
        sa.Column("converted_at", UtcDateTime(), nullable=True),
        sa.Column("disqualify_reason", sa.String(length=300), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
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
        sa.Column("channel", sa.String(length=20), nullable=True),
        sa.Column("source_id", Id, nullable=True),
        sa.Column("campaign", sa.String(length=200), nullable=True),
        sa.Column("utm_source", sa.String(length=200), nullable=True),
        sa.Column("utm_medium", sa.String(length=200), nullable=True),
        sa.Column("utm_term", sa.String(length=200), nullable=True),
        sa.Column("utm_content", sa.String(length=200), nullable=True),
        sa.Column("landing_page", sa.String(length=1000), nullable=True),
        sa.Column("referrer", sa.String(length=1000), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_lead")),
    )
    with op.batch_alter_table("deals_lead") as batch_op:
        batch_op.create_index("ix_deals_lead_created", ["created_at", "id"])
        batch_op.create_index("ix_deals_lead_deal", ["deal_id"])
        batch_op.create_index("ix_deals_lead_due", ["first_response_due_at", "id"])
        batch_op.create_index("ix_deals_lead_email", ["contact_email"])
        batch_op.create_index("ix_deals_lead_name", ["name", "id"])
        batch_op.create_index("ix_deals_lead_organization", ["organization_id", "id"])
        batch_op.create_index("ix_deals_lead_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_deals_lead_person", ["person_id", "id"])
        batch_op.create_index("ix_deals_lead_phone", ["contact_phone"])
        batch_op.create_index("ix_deals_lead_rule", ["assigned_by_id"])
        batch_op.create_index("ix_deals_lead_source", ["source_id"])
        batch_op.create_index("ix_deals_lead_status", ["status", "id"])
        batch_op.create_index("ix_deals_lead_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "deals_message",
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("organization_id", Id, nullable=True),
        sa.Column("lead_id", Id, nullable=True),
        sa.Column("deal_id", Id, nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("sender", sa.String(length=300), nullable=True),
        sa.Column("sender_address", sa.String(length=300), nullable=True),
        sa.Column("recipients", sa.Text(), nullable=True),
        sa.Column("copies", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("message_id", sa.String(length=500), nullable=True),
        sa.Column("in_reply_to", sa.String(length=500), nullable=True),
        sa.Column("reference_ids", sa.Text(), nullable=True),
        sa.Column("account", sa.String(length=80), nullable=True),
        sa.Column("item_id", sa.String(length=500), nullable=True),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("delivery", sa.String(length=10), nullable=False),
        sa.Column("error", sa.String(length=1000), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals_message")),
    )
    with op.batch_alter_table("deals_message") as batch_op:
        batch_op.create_index("ix_deals_message_conversation", ["conversation_id", "happened_at", "id"])
        batch_op.create_index("ix_deals_message_created", ["created_at", "id"])
        batch_op.create_index("ix_deals_message_deal", ["deal_id", "happened_at", "id"])
        batch_op.create_index("ix_deals_message_lead", ["lead_id", "happened_at", "id"])
        batch_op.create_index("ix_deals_message_message_id", ["message_id"])
        batch_op.create_index("ix_deals_message_name", ["name", "id"])
        batch_op.create_index("ix_deals_message_organization", ["organization_id", "happened_at", "id"])
        batch_op.create_index("ix_deals_message_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_deals_message_person", ["person_id", "happened_at", "id"])
        batch_op.create_index("ix_deals_message_team_created", ["team_id", "created_at", "id"])
        batch_op.create_index("uq_deals_message_item", ["account", "item_id"], unique=True)
        batch_op.create_index("uq_deals_message_key", ["key"], unique=True)

    op.create_table(
        "deals_receipt",
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("item_id", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("account", "item_id", name=op.f("pk_deals_receipt")),
    )
    op.create_table(
        "deals_turn",
        sa.Column("rule_id", Id, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("last", JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("rule_id", name=op.f("pk_deals_turn")),
    )
    with op.batch_alter_table("deals_interaction") as batch_op:
        batch_op.add_column(sa.Column("lead_id", Id, nullable=True))
        batch_op.create_index("ix_deals_interaction_lead", ["lead_id", "started_at", "id"])

    with op.batch_alter_table("deals_source") as batch_op:
        batch_op.add_column(sa.Column("channel", sa.String(length=20), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("deals_source") as batch_op:
        batch_op.drop_column("channel")

    with op.batch_alter_table("deals_interaction") as batch_op:
        batch_op.drop_index("ix_deals_interaction_lead")
        batch_op.drop_column("lead_id")

    op.drop_table("deals_turn")
    op.drop_table("deals_receipt")
    with op.batch_alter_table("deals_message") as batch_op:
        batch_op.drop_index("uq_deals_message_key")
        batch_op.drop_index("uq_deals_message_item")
        batch_op.drop_index("ix_deals_message_team_created")
        batch_op.drop_index("ix_deals_message_person")
        batch_op.drop_index("ix_deals_message_owner_created")
        batch_op.drop_index("ix_deals_message_organization")
        batch_op.drop_index("ix_deals_message_name")
        batch_op.drop_index("ix_deals_message_message_id")
        batch_op.drop_index("ix_deals_message_lead")
        batch_op.drop_index("ix_deals_message_deal")
        batch_op.drop_index("ix_deals_message_created")
        batch_op.drop_index("ix_deals_message_conversation")

    op.drop_table("deals_message")
    with op.batch_alter_table("deals_lead") as batch_op:
        batch_op.drop_index("ix_deals_lead_team_created")
        batch_op.drop_index("ix_deals_lead_status")
        batch_op.drop_index("ix_deals_lead_source")
        batch_op.drop_index("ix_deals_lead_rule")
        batch_op.drop_index("ix_deals_lead_phone")
        batch_op.drop_index("ix_deals_lead_person")
        batch_op.drop_index("ix_deals_lead_owner_created")
        batch_op.drop_index("ix_deals_lead_organization")
        batch_op.drop_index("ix_deals_lead_name")
        batch_op.drop_index("ix_deals_lead_email")
        batch_op.drop_index("ix_deals_lead_due")
        batch_op.drop_index("ix_deals_lead_deal")
        batch_op.drop_index("ix_deals_lead_created")

    op.drop_table("deals_lead")
    with op.batch_alter_table("deals_inquiry") as batch_op:
        batch_op.drop_index("uq_deals_inquiry_item")
        batch_op.drop_index("ix_deals_inquiry_team_created")
        batch_op.drop_index("ix_deals_inquiry_state")
        batch_op.drop_index("ix_deals_inquiry_source")
        batch_op.drop_index("ix_deals_inquiry_received")
        batch_op.drop_index("ix_deals_inquiry_person")
        batch_op.drop_index("ix_deals_inquiry_owner_created")
        batch_op.drop_index("ix_deals_inquiry_organization")
        batch_op.drop_index("ix_deals_inquiry_name")
        batch_op.drop_index("ix_deals_inquiry_lead")
        batch_op.drop_index("ix_deals_inquiry_fingerprint")
        batch_op.drop_index("ix_deals_inquiry_created")
        batch_op.drop_index("ix_deals_inquiry_channel")

    op.drop_table("deals_inquiry")
    with op.batch_alter_table("deals_conversation") as batch_op:
        batch_op.drop_index("ix_deals_conversation_thread")
        batch_op.drop_index("ix_deals_conversation_team_created")
        batch_op.drop_index("ix_deals_conversation_state")
        batch_op.drop_index("ix_deals_conversation_person")
        batch_op.drop_index("ix_deals_conversation_owner_created")
        batch_op.drop_index("ix_deals_conversation_organization")
        batch_op.drop_index("ix_deals_conversation_name")
        batch_op.drop_index("ix_deals_conversation_lead")
        batch_op.drop_index("ix_deals_conversation_inquiry")
        batch_op.drop_index("ix_deals_conversation_deal")
        batch_op.drop_index("ix_deals_conversation_created")

    op.drop_table("deals_conversation")
    with op.batch_alter_table("deals_assignment_rule") as batch_op:
        batch_op.drop_index("ix_deals_assignment_rule_team_created")
        batch_op.drop_index("ix_deals_assignment_rule_owner_created")
        batch_op.drop_index("ix_deals_assignment_rule_order")
        batch_op.drop_index("ix_deals_assignment_rule_name")
        batch_op.drop_index("ix_deals_assignment_rule_created")

    op.drop_table("deals_assignment_rule")
