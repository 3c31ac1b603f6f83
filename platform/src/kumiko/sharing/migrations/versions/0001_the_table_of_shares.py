"""The table of shared records."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sharing_share",
        sa.Column("record_id", Id, nullable=False),
        sa.Column("record_type", sa.String(length=80), nullable=False),
        sa.Column("with_user_id", Id, nullable=True),
        sa.Column("with_team_id", Id, nullable=True),
        sa.Column("access", sa.String(length=10), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sharing_share")),
    )
    with op.batch_alter_table("sharing_share") as batch_op:
        batch_op.create_index("ix_sharing_share_created", ["created_at", "id"])
        batch_op.create_index("ix_sharing_share_name", ["name", "id"])
        batch_op.create_index("ix_sharing_share_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_sharing_share_record", ["record_id", "id"])
        batch_op.create_index("ix_sharing_share_team", ["with_team_id", "record_id"])
        batch_op.create_index("ix_sharing_share_team_created", ["team_id", "created_at", "id"])
        batch_op.create_index("ix_sharing_share_user", ["with_user_id", "record_id"])


def downgrade() -> None:
    with op.batch_alter_table("sharing_share") as batch_op:
        batch_op.drop_index("ix_sharing_share_user")
        batch_op.drop_index("ix_sharing_share_team_created")
        batch_op.drop_index("ix_sharing_share_team")
        batch_op.drop_index("ix_sharing_share_record")
        batch_op.drop_index("ix_sharing_share_owner_created")
        batch_op.drop_index("ix_sharing_share_name")
        batch_op.drop_index("ix_sharing_share_created")

    op.drop_table("sharing_share")
