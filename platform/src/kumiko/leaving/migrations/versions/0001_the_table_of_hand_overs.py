"""The table of hand-overs."""

import sqlalchemy as sa
from alembic import op

from kumiko.host.columns import Id, JsonValue, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leaving_handover",
        sa.Column("person_id", Id, nullable=True),
        sa.Column("successors", JsonValue(), nullable=True),
        sa.Column("rule", sa.String(length=10), nullable=False),
        sa.Column("group_id", Id, nullable=True),
        sa.Column("job_id", Id, nullable=True),
        sa.Column("moved", sa.Integer(), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=True),
        sa.Column("views", JsonValue(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaving_handover")),
    )
    with op.batch_alter_table("leaving_handover") as batch_op:
        batch_op.create_index("ix_leaving_handover_created", ["created_at", "id"])
        batch_op.create_index("ix_leaving_handover_name", ["name", "id"])
        batch_op.create_index("ix_leaving_handover_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_leaving_handover_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    with op.batch_alter_table("leaving_handover") as batch_op:
        batch_op.drop_index("ix_leaving_handover_team_created")
        batch_op.drop_index("ix_leaving_handover_owner_created")
        batch_op.drop_index("ix_leaving_handover_name")
        batch_op.drop_index("ix_leaving_handover_created")

    op.drop_table("leaving_handover")
