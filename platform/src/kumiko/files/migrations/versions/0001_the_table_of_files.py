"""The table of files."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "files_file",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", Id, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("record_type", sa.String(length=80), nullable=False),
        sa.Column("record_id", Id, nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files_file")),
    )
    with op.batch_alter_table("files_file") as batch_op:
        batch_op.create_index("ix_files_file_created", ["created_at", "id"])
        batch_op.create_index("ix_files_file_name", ["name", "id"])
        batch_op.create_index("ix_files_file_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_files_file_record", ["record_id", "id"])
        batch_op.create_index("ix_files_file_sha256", ["sha256"])
        batch_op.create_index("ix_files_file_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    with op.batch_alter_table("files_file") as batch_op:
        batch_op.drop_index("ix_files_file_team_created")
        batch_op.drop_index("ix_files_file_sha256")
        batch_op.drop_index("ix_files_file_record")
        batch_op.drop_index("ix_files_file_owner_created")
        batch_op.drop_index("ix_files_file_name")
        batch_op.drop_index("ix_files_file_created")

    op.drop_table("files_file")
