"""Document templates."""

import sqlalchemy as sa
from alembic import op

from kumiko import Id, JsonValue, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sales_document_template",
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
        sa.Column("kind", sa.String(length=80), nullable=True),
        sa.Column("about", sa.String(length=80), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_document_template")),
    )
    with op.batch_alter_table("sales_document_template") as batch_op:
        batch_op.create_index("ix_sales_document_template_created", ["created_at", "id"])
        batch_op.create_index("ix_sales_document_template_name", ["name", "id"])
        batch_op.create_index("ix_sales_document_template_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_sales_document_template_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    with op.batch_alter_table("sales_document_template") as batch_op:
        batch_op.drop_index("ix_sales_document_template_team_created")
        batch_op.drop_index("ix_sales_document_template_owner_created")
        batch_op.drop_index("ix_sales_document_template_name")
        batch_op.drop_index("ix_sales_document_template_created")

    op.drop_table("sales_document_template")
