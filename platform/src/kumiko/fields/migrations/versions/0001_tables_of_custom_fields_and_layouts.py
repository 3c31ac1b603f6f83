"""Tables of custom fields and layouts."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fields_custom_field",
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
        sa.Column("record_type", sa.String(length=80), nullable=True),
        sa.Column("key", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=80), nullable=True),
        sa.Column("help", sa.String(length=300), nullable=True),
        sa.Column("target", sa.String(length=80), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=True),
        sa.Column("unique", sa.Boolean(), nullable=True),
        sa.Column("filterable", sa.Boolean(), nullable=True),
        sa.Column("searchable", sa.Boolean(), nullable=True),
        sa.Column("board", sa.Boolean(), nullable=True),
        sa.Column("default", sa.String(length=500), nullable=True),
        sa.Column("minimum", sa.Float(precision=53), nullable=True),
        sa.Column("maximum", sa.Float(precision=53), nullable=True),
        sa.Column("section", sa.String(length=80), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("shown_when", JsonValue(), nullable=True),
        sa.Column("required_when", JsonValue(), nullable=True),
        sa.Column("locked_when", JsonValue(), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fields_custom_field")),
    )
    with op.batch_alter_table("fields_custom_field") as batch_op:
        batch_op.create_index("ix_fields_custom_field_created", ["created_at", "id"])
        batch_op.create_index("ix_fields_custom_field_name", ["name", "id"])
        batch_op.create_index("ix_fields_custom_field_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_fields_custom_field_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "fields_custom_field_choices",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("label", sa.String(length=80), nullable=True),
        sa.Column("hue", sa.String(length=80), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fields_custom_field_choices")),
    )
    with op.batch_alter_table("fields_custom_field_choices") as batch_op:
        batch_op.create_index(batch_op.f("ix_fields_custom_field_choices_parent_id"), ["parent_id"])

    op.create_table(
        "fields_layout",
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
        sa.Column("record_type", sa.String(length=80), nullable=True),
        sa.Column("role_id", Id, nullable=True),
        sa.Column("sections", JsonValue(), nullable=True),
        sa.Column("hidden", JsonValue(), nullable=True),
        sa.Column("panels", JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fields_layout")),
    )
    with op.batch_alter_table("fields_layout") as batch_op:
        batch_op.create_index("ix_fields_layout_created", ["created_at", "id"])
        batch_op.create_index("ix_fields_layout_name", ["name", "id"])
        batch_op.create_index("ix_fields_layout_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_fields_layout_role", ["role_id", "id"])
        batch_op.create_index("ix_fields_layout_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "fields_rule",
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
        sa.Column("record_type", sa.String(length=80), nullable=True),
        sa.Column("field", sa.String(length=80), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=True),
        sa.Column("default", sa.String(length=500), nullable=True),
        sa.Column("shown_when", JsonValue(), nullable=True),
        sa.Column("required_when", JsonValue(), nullable=True),
        sa.Column("locked_when", JsonValue(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fields_rule")),
    )
    with op.batch_alter_table("fields_rule") as batch_op:
        batch_op.create_index("ix_fields_rule_created", ["created_at", "id"])
        batch_op.create_index("ix_fields_rule_name", ["name", "id"])
        batch_op.create_index("ix_fields_rule_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_fields_rule_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    with op.batch_alter_table("fields_rule") as batch_op:
        batch_op.drop_index("ix_fields_rule_team_created")
        batch_op.drop_index("ix_fields_rule_owner_created")
        batch_op.drop_index("ix_fields_rule_name")
        batch_op.drop_index("ix_fields_rule_created")

    op.drop_table("fields_rule")
    with op.batch_alter_table("fields_layout") as batch_op:
        batch_op.drop_index("ix_fields_layout_team_created")
        batch_op.drop_index("ix_fields_layout_role")
        batch_op.drop_index("ix_fields_layout_owner_created")
        batch_op.drop_index("ix_fields_layout_name")
        batch_op.drop_index("ix_fields_layout_created")

    op.drop_table("fields_layout")
    with op.batch_alter_table("fields_custom_field_choices") as batch_op:
        batch_op.drop_index(batch_op.f("ix_fields_custom_field_choices_parent_id"))

    op.drop_table("fields_custom_field_choices")
    with op.batch_alter_table("fields_custom_field") as batch_op:
        batch_op.drop_index("ix_fields_custom_field_team_created")
        batch_op.drop_index("ix_fields_custom_field_owner_created")
        batch_op.drop_index("ix_fields_custom_field_name")
        batch_op.drop_index("ix_fields_custom_field_created")

    op.drop_table("fields_custom_field")
