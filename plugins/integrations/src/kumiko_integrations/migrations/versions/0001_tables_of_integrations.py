"""Tables of integrations."""

import sqlalchemy as sa
from alembic import op

from kumiko import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "integrations_account",
        sa.Column("connection_id", Id, autoincrement=False, nullable=False),
        sa.Column("cursor", JsonValue(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("busy_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_integrations_account")),
    )
    op.create_table(
        "integrations_connection",
        sa.Column("channel", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("whose_id", Id, nullable=True),
        sa.Column("usual", sa.Boolean(), nullable=True),
        sa.Column("settings", JsonValue(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations_connection")),
    )
    with op.batch_alter_table("integrations_connection") as batch_op:
        batch_op.create_index("ix_integrations_connection_created", ["created_at", "id"])
        batch_op.create_index("ix_integrations_connection_key", ["key"])
        batch_op.create_index("ix_integrations_connection_name", ["name", "id"])
        batch_op.create_index("ix_integrations_connection_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_integrations_connection_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "integrations_form",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("intro", sa.Text(), nullable=True),
        sa.Column("submit_label", sa.String(length=80), nullable=True),
        sa.Column("thanks", sa.Text(), nullable=True),
        sa.Column("redirect_url", sa.String(length=500), nullable=True),
        sa.Column("consent", sa.Text(), nullable=True),
        sa.Column("origins", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("campaign", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=True),
        sa.Column("honeypot", sa.Boolean(), nullable=True),
        sa.Column("least_s", sa.Integer(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations_form")),
    )
    with op.batch_alter_table("integrations_form") as batch_op:
        batch_op.create_index("ix_integrations_form_created", ["created_at", "id"])
        batch_op.create_index("ix_integrations_form_key", ["key"], unique=True)
        batch_op.create_index("ix_integrations_form_name", ["name", "id"])
        batch_op.create_index("ix_integrations_form_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_integrations_form_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "integrations_form_field",
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("means", sa.String(length=20), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=True),
        sa.Column("options", sa.Text(), nullable=True),
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations_form_field")),
    )
    with op.batch_alter_table("integrations_form_field") as batch_op:
        batch_op.create_index(batch_op.f("ix_integrations_form_field_parent_id"), ["parent_id"])

    op.create_table(
        "integrations_hit",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_integrations_hit")),
    )
    with op.batch_alter_table("integrations_hit") as batch_op:
        batch_op.create_index(batch_op.f("ix_integrations_hit_begun_at"), ["begun_at"])

    op.create_table(
        "integrations_intake",
        sa.Column("channel", sa.String(length=80), nullable=False),
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("outside_id", sa.String(length=500), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=1000), nullable=True),
        sa.Column("bytes", sa.Integer(), nullable=True),
        sa.Column("result", JsonValue(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations_intake")),
    )
    with op.batch_alter_table("integrations_intake") as batch_op:
        batch_op.create_index("ix_integrations_intake_channel", ["channel", "state"])
        batch_op.create_index("ix_integrations_intake_created", ["created_at", "id"])
        batch_op.create_index("ix_integrations_intake_name", ["name", "id"])
        batch_op.create_index("ix_integrations_intake_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_integrations_intake_state", ["state", "id"])
        batch_op.create_index("ix_integrations_intake_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "integrations_letter",
        sa.Column("outbox_id", Id, autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("payload", JsonValue(), nullable=False),
        sa.Column("handed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_integrations_letter")),
        sa.UniqueConstraint("digest", name=op.f("uq_integrations_letter_digest")),
    )
    op.create_table(
        "integrations_outbox",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("connection_id", Id, nullable=True),
        sa.Column("recipients", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=True),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("outside_id", sa.String(length=300), nullable=True),
        sa.Column("error", sa.String(length=1000), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations_outbox")),
    )
    with op.batch_alter_table("integrations_outbox") as batch_op:
        batch_op.create_index("ix_integrations_outbox_created", ["created_at", "id"])
        batch_op.create_index("ix_integrations_outbox_name", ["name", "id"])
        batch_op.create_index("ix_integrations_outbox_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_integrations_outbox_state", ["state", "next_try_at"])
        batch_op.create_index("ix_integrations_outbox_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "integrations_raw",
        sa.Column("intake_id", Id, autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("meta", JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("intake_id", name=op.f("pk_integrations_raw")),
    )
    with op.batch_alter_table("integrations_raw") as batch_op:
        batch_op.create_index("ix_integrations_raw_once", ["account", "digest"], unique=True)

    op.create_table(
        "integrations_secret",
        sa.Column("record_id", Id, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "name", name=op.f("pk_integrations_secret")),
    )
    op.create_table(
        "integrations_template",
        sa.Column("channel", sa.String(length=20), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=True),
        sa.Column("about", sa.String(length=80), nullable=True),
        sa.Column("subject", sa.String(length=300), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations_template")),
    )
    with op.batch_alter_table("integrations_template") as batch_op:
        batch_op.create_index("ix_integrations_template_created", ["created_at", "id"])
        batch_op.create_index("ix_integrations_template_name", ["name", "id"])
        batch_op.create_index("ix_integrations_template_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_integrations_template_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    with op.batch_alter_table("integrations_template") as batch_op:
        batch_op.drop_index("ix_integrations_template_team_created")
        batch_op.drop_index("ix_integrations_template_owner_created")
        batch_op.drop_index("ix_integrations_template_name")
        batch_op.drop_index("ix_integrations_template_created")

    op.drop_table("integrations_template")
    op.drop_table("integrations_secret")
    with op.batch_alter_table("integrations_raw") as batch_op:
        batch_op.drop_index("ix_integrations_raw_once")

    op.drop_table("integrations_raw")
    with op.batch_alter_table("integrations_outbox") as batch_op:
        batch_op.drop_index("ix_integrations_outbox_team_created")
        batch_op.drop_index("ix_integrations_outbox_state")
        batch_op.drop_index("ix_integrations_outbox_owner_created")
        batch_op.drop_index("ix_integrations_outbox_name")
        batch_op.drop_index("ix_integrations_outbox_created")

    op.drop_table("integrations_outbox")
    op.drop_table("integrations_letter")
    with op.batch_alter_table("integrations_intake") as batch_op:
        batch_op.drop_index("ix_integrations_intake_team_created")
        batch_op.drop_index("ix_integrations_intake_state")
        batch_op.drop_index("ix_integrations_intake_owner_created")
        batch_op.drop_index("ix_integrations_intake_name")
        batch_op.drop_index("ix_integrations_intake_created")
        batch_op.drop_index("ix_integrations_intake_channel")

    op.drop_table("integrations_intake")
    with op.batch_alter_table("integrations_hit") as batch_op:
        batch_op.drop_index(batch_op.f("ix_integrations_hit_begun_at"))

    op.drop_table("integrations_hit")
    with op.batch_alter_table("integrations_form_field") as batch_op:
        batch_op.drop_index(batch_op.f("ix_integrations_form_field_parent_id"))

    op.drop_table("integrations_form_field")
    with op.batch_alter_table("integrations_form") as batch_op:
        batch_op.drop_index("ix_integrations_form_team_created")
        batch_op.drop_index("ix_integrations_form_owner_created")
        batch_op.drop_index("ix_integrations_form_name")
        batch_op.drop_index("ix_integrations_form_key")
        batch_op.drop_index("ix_integrations_form_created")

    op.drop_table("integrations_form")
    with op.batch_alter_table("integrations_connection") as batch_op:
        batch_op.drop_index("ix_integrations_connection_team_created")
        batch_op.drop_index("ix_integrations_connection_owner_created")
        batch_op.drop_index("ix_integrations_connection_name")
        batch_op.drop_index("ix_integrations_connection_key")
        batch_op.drop_index("ix_integrations_connection_created")

    op.drop_table("integrations_connection")
    op.drop_table("integrations_account")
