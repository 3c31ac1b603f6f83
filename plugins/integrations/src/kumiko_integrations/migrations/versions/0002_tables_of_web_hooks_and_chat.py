"""Tables of web hooks and of the chat."""

import sqlalchemy as sa
from alembic import op

from kumiko import Id, JsonValue, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "integrations_chat_line",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("session_id", Id, nullable=False),
        sa.Column("who", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations_chat_line")),
        sa.UniqueConstraint("key", name=op.f("uq_integrations_chat_line_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("integrations_chat_line") as batch_op:
        batch_op.create_index("ix_integrations_chat_line_session", ["session_id", "id"])

    op.create_table(
        "integrations_chat_session",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("connection_id", Id, nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("page", sa.String(length=500), nullable=False),
        sa.Column("referrer", sa.String(length=500), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations_chat_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_integrations_chat_session_digest")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("integrations_chat_session") as batch_op:
        batch_op.create_index("ix_integrations_chat_session_idle", ["state", "seen_at"])
        batch_op.create_index("ix_integrations_chat_session_word", ["word"], unique=True)

    op.create_table(
        "integrations_delivery",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("webhook_id", Id, nullable=False),
        sa.Column("event", sa.String(length=160), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("href", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations_delivery")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("integrations_delivery") as batch_op:
        batch_op.create_index("ix_integrations_delivery_hook", ["webhook_id", "id"])
        batch_op.create_index("ix_integrations_delivery_state", ["state", "next_try_at"])

    op.create_table(
        "integrations_feed",
        sa.Column("webhook_id", Id, autoincrement=False, nullable=False),
        sa.Column("cursor", JsonValue(), nullable=False),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_integrations_feed")),
    )
    op.create_table(
        "integrations_webhook",
        sa.Column("url", sa.String(length=500), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("events", JsonValue(), nullable=True),
        sa.Column("only", JsonValue(), nullable=True),
        sa.Column("only_fields", sa.String(length=500), nullable=True),
        sa.Column("acts_as_id", Id, nullable=True),
        sa.Column("health", sa.String(length=10), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations_webhook")),
    )
    with op.batch_alter_table("integrations_webhook") as batch_op:
        batch_op.create_index("ix_integrations_webhook_created", ["created_at", "id"])
        batch_op.create_index("ix_integrations_webhook_name", ["name", "id"])
        batch_op.create_index("ix_integrations_webhook_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_integrations_webhook_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    with op.batch_alter_table("integrations_webhook") as batch_op:
        batch_op.drop_index("ix_integrations_webhook_team_created")
        batch_op.drop_index("ix_integrations_webhook_owner_created")
        batch_op.drop_index("ix_integrations_webhook_name")
        batch_op.drop_index("ix_integrations_webhook_created")

    op.drop_table("integrations_webhook")
    op.drop_table("integrations_feed")
    with op.batch_alter_table("integrations_delivery") as batch_op:
        batch_op.drop_index("ix_integrations_delivery_state")
        batch_op.drop_index("ix_integrations_delivery_hook")

    op.drop_table("integrations_delivery")
    with op.batch_alter_table("integrations_chat_session") as batch_op:
        batch_op.drop_index("ix_integrations_chat_session_word")
        batch_op.drop_index("ix_integrations_chat_session_idle")

    op.drop_table("integrations_chat_session")
    with op.batch_alter_table("integrations_chat_line") as batch_op:
        batch_op.drop_index("ix_integrations_chat_line_session")

    op.drop_table("integrations_chat_line")
