"""The table of settings as records."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "admin_setting",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("value", JsonValue(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_setting")),
    )
    with op.batch_alter_table("admin_setting") as batch_op:
        batch_op.create_index("ix_admin_setting_created", ["created_at", "id"])
        batch_op.create_index("ix_admin_setting_key", ["key"])
        batch_op.create_index("ix_admin_setting_name", ["name", "id"])
        batch_op.create_index("ix_admin_setting_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_admin_setting_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    with op.batch_alter_table("admin_setting") as batch_op:
        batch_op.drop_index("ix_admin_setting_team_created")
        batch_op.drop_index("ix_admin_setting_owner_created")
        batch_op.drop_index("ix_admin_setting_name")
        batch_op.drop_index("ix_admin_setting_key")
        batch_op.drop_index("ix_admin_setting_created")

    op.drop_table("admin_setting")
