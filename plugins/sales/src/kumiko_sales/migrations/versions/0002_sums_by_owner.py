"""The index by owner holds what is summed: sums of a seller's own deals came from their rows one by one."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ORDER = ["owner_id", "stage_id", "position", "record_id"]
_SUMMED = ["pipeline_id", "amount_currency", "amount_minor", "probability", "deleted_at"]


def upgrade() -> None:
    op.drop_index("ix_sales_deal_owner_stage", "sales_deal")
    op.create_index("ix_sales_deal_owner_stage", "sales_deal", [*_ORDER, *_SUMMED])


def downgrade() -> None:
    op.drop_index("ix_sales_deal_owner_stage", "sales_deal")
    op.create_index("ix_sales_deal_owner_stage", "sales_deal", _ORDER)
