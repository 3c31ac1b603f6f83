"""Orders, invoices and payments."""

import sqlalchemy as sa
from alembic import op

from kumiko import Id, JsonValue, MinorUnits, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sales_invoice",
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
        sa.Column("number", sa.String(length=60), nullable=True),
        sa.Column("state", sa.String(length=80), nullable=True),
        sa.Column("organization_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("deal_id", Id, nullable=True),
        sa.Column("quote_id", Id, nullable=True),
        sa.Column("order_id", Id, nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("terms_days", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("paid_minor", MinorUnits, nullable=True),
        sa.Column("paid_currency", sa.String(length=3), nullable=True),
        sa.Column("rest_minor", MinorUnits, nullable=True),
        sa.Column("rest_currency", sa.String(length=3), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("overdue_noted_on", sa.Date(), nullable=True),
        sa.Column("customer_reference", sa.String(length=100), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=True),
        sa.Column("gross_minor", MinorUnits, nullable=True),
        sa.Column("gross_currency", sa.String(length=3), nullable=True),
        sa.Column("net_minor", MinorUnits, nullable=True),
        sa.Column("net_currency", sa.String(length=3), nullable=True),
        sa.Column("tax_minor", MinorUnits, nullable=True),
        sa.Column("tax_currency", sa.String(length=3), nullable=True),
        sa.Column("rounding_rule", sa.String(length=80), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("seller", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=True),
        sa.Column("intro", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_invoice")),
    )
    with op.batch_alter_table("sales_invoice") as batch_op:
        batch_op.create_index("ix_sales_invoice_created", ["created_at", "id"])
        batch_op.create_index("ix_sales_invoice_deal", ["deal_id", "id"])
        batch_op.create_index("ix_sales_invoice_name", ["name", "id"])
        batch_op.create_index("ix_sales_invoice_order", ["order_id", "id"])
        batch_op.create_index("ix_sales_invoice_organization", ["organization_id", "id"])
        batch_op.create_index("ix_sales_invoice_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_sales_invoice_person", ["person_id", "id"])
        batch_op.create_index("ix_sales_invoice_quote", ["quote_id", "id"])
        batch_op.create_index("ix_sales_invoice_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "sales_invoice_lines",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", Id, nullable=True),
        sa.Column("text", sa.String(length=500), nullable=True),
        sa.Column("quantity", sa.Float(precision=53), nullable=True),
        sa.Column("unit", sa.String(length=20), nullable=True),
        sa.Column("price_minor", MinorUnits, nullable=True),
        sa.Column("price_currency", sa.String(length=3), nullable=True),
        sa.Column("discount_percent", sa.Float(precision=53), nullable=True),
        sa.Column("discount_amount_minor", MinorUnits, nullable=True),
        sa.Column("discount_amount_currency", sa.String(length=3), nullable=True),
        sa.Column("tax_rate_id", Id, nullable=True),
        sa.Column("tax_percent", sa.Float(precision=53), nullable=True),
        sa.Column("net_minor", MinorUnits, nullable=True),
        sa.Column("net_currency", sa.String(length=3), nullable=True),
        sa.Column("tax_minor", MinorUnits, nullable=True),
        sa.Column("tax_currency", sa.String(length=3), nullable=True),
        sa.Column("gross_minor", MinorUnits, nullable=True),
        sa.Column("gross_currency", sa.String(length=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_invoice_lines")),
    )
    with op.batch_alter_table("sales_invoice_lines") as batch_op:
        batch_op.create_index(batch_op.f("ix_sales_invoice_lines_parent_id"), ["parent_id"])

    op.create_table(
        "sales_invoice_taxes",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Float(precision=53), nullable=True),
        sa.Column("net_minor", MinorUnits, nullable=True),
        sa.Column("net_currency", sa.String(length=3), nullable=True),
        sa.Column("tax_minor", MinorUnits, nullable=True),
        sa.Column("tax_currency", sa.String(length=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_invoice_taxes")),
    )
    with op.batch_alter_table("sales_invoice_taxes") as batch_op:
        batch_op.create_index(batch_op.f("ix_sales_invoice_taxes_parent_id"), ["parent_id"])

    op.create_table(
        "sales_order",
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
        sa.Column("number", sa.String(length=60), nullable=True),
        sa.Column("state", sa.String(length=80), nullable=True),
        sa.Column("organization_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("deal_id", Id, nullable=True),
        sa.Column("quote_id", Id, nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("deliver_on", sa.Date(), nullable=True),
        sa.Column("customer_reference", sa.String(length=100), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=True),
        sa.Column("gross_minor", MinorUnits, nullable=True),
        sa.Column("gross_currency", sa.String(length=3), nullable=True),
        sa.Column("net_minor", MinorUnits, nullable=True),
        sa.Column("net_currency", sa.String(length=3), nullable=True),
        sa.Column("tax_minor", MinorUnits, nullable=True),
        sa.Column("tax_currency", sa.String(length=3), nullable=True),
        sa.Column("rounding_rule", sa.String(length=80), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("seller", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=True),
        sa.Column("intro", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_order")),
    )
    with op.batch_alter_table("sales_order") as batch_op:
        batch_op.create_index("ix_sales_order_created", ["created_at", "id"])
        batch_op.create_index("ix_sales_order_deal", ["deal_id", "id"])
        batch_op.create_index("ix_sales_order_name", ["name", "id"])
        batch_op.create_index("ix_sales_order_organization", ["organization_id", "id"])
        batch_op.create_index("ix_sales_order_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_sales_order_person", ["person_id", "id"])
        batch_op.create_index("ix_sales_order_quote", ["quote_id", "id"])
        batch_op.create_index("ix_sales_order_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "sales_order_lines",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", Id, nullable=True),
        sa.Column("text", sa.String(length=500), nullable=True),
        sa.Column("quantity", sa.Float(precision=53), nullable=True),
        sa.Column("unit", sa.String(length=20), nullable=True),
        sa.Column("price_minor", MinorUnits, nullable=True),
        sa.Column("price_currency", sa.String(length=3), nullable=True),
        sa.Column("discount_percent", sa.Float(precision=53), nullable=True),
        sa.Column("discount_amount_minor", MinorUnits, nullable=True),
        sa.Column("discount_amount_currency", sa.String(length=3), nullable=True),
        sa.Column("tax_rate_id", Id, nullable=True),
        sa.Column("tax_percent", sa.Float(precision=53), nullable=True),
        sa.Column("net_minor", MinorUnits, nullable=True),
        sa.Column("net_currency", sa.String(length=3), nullable=True),
        sa.Column("tax_minor", MinorUnits, nullable=True),
        sa.Column("tax_currency", sa.String(length=3), nullable=True),
        sa.Column("gross_minor", MinorUnits, nullable=True),
        sa.Column("gross_currency", sa.String(length=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_order_lines")),
    )
    with op.batch_alter_table("sales_order_lines") as batch_op:
        batch_op.create_index(batch_op.f("ix_sales_order_lines_parent_id"), ["parent_id"])

    op.create_table(
        "sales_order_taxes",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Float(precision=53), nullable=True),
        sa.Column("net_minor", MinorUnits, nullable=True),
        sa.Column("net_currency", sa.String(length=3), nullable=True),
        sa.Column("tax_minor", MinorUnits, nullable=True),
        sa.Column("tax_currency", sa.String(length=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_order_taxes")),
    )
    with op.batch_alter_table("sales_order_taxes") as batch_op:
        batch_op.create_index(batch_op.f("ix_sales_order_taxes_parent_id"), ["parent_id"])

    op.create_table(
        "sales_payment",
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
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("amount_minor", MinorUnits, nullable=True),
        sa.Column("amount_currency", sa.String(length=3), nullable=True),
        sa.Column("method", sa.String(length=80), nullable=True),
        sa.Column("reference", sa.String(length=140), nullable=True),
        sa.Column("unallocated_minor", MinorUnits, nullable=True),
        sa.Column("unallocated_currency", sa.String(length=3), nullable=True),
        sa.Column("organization_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_payment")),
    )
    with op.batch_alter_table("sales_payment") as batch_op:
        batch_op.create_index("ix_sales_payment_created", ["created_at", "id"])
        batch_op.create_index("ix_sales_payment_name", ["name", "id"])
        batch_op.create_index("ix_sales_payment_organization", ["organization_id", "id"])
        batch_op.create_index("ix_sales_payment_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_sales_payment_person", ["person_id", "id"])
        batch_op.create_index("ix_sales_payment_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "sales_payment_allocations",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("invoice_id", Id, nullable=True),
        sa.Column("amount_minor", MinorUnits, nullable=True),
        sa.Column("amount_currency", sa.String(length=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_payment_allocations")),
    )
    with op.batch_alter_table("sales_payment_allocations") as batch_op:
        batch_op.create_index(batch_op.f("ix_sales_payment_allocations_parent_id"), ["parent_id"])


def downgrade() -> None:
    with op.batch_alter_table("sales_payment_allocations") as batch_op:
        batch_op.drop_index(batch_op.f("ix_sales_payment_allocations_parent_id"))

    op.drop_table("sales_payment_allocations")
    with op.batch_alter_table("sales_payment") as batch_op:
        batch_op.drop_index("ix_sales_payment_team_created")
        batch_op.drop_index("ix_sales_payment_person")
        batch_op.drop_index("ix_sales_payment_owner_created")
        batch_op.drop_index("ix_sales_payment_organization")
        batch_op.drop_index("ix_sales_payment_name")
        batch_op.drop_index("ix_sales_payment_created")

    op.drop_table("sales_payment")
    with op.batch_alter_table("sales_order_taxes") as batch_op:
        batch_op.drop_index(batch_op.f("ix_sales_order_taxes_parent_id"))

    op.drop_table("sales_order_taxes")
    with op.batch_alter_table("sales_order_lines") as batch_op:
        batch_op.drop_index(batch_op.f("ix_sales_order_lines_parent_id"))

    op.drop_table("sales_order_lines")
    with op.batch_alter_table("sales_order") as batch_op:
        batch_op.drop_index("ix_sales_order_team_created")
        batch_op.drop_index("ix_sales_order_quote")
        batch_op.drop_index("ix_sales_order_person")
        batch_op.drop_index("ix_sales_order_owner_created")
        batch_op.drop_index("ix_sales_order_organization")
        batch_op.drop_index("ix_sales_order_name")
        batch_op.drop_index("ix_sales_order_deal")
        batch_op.drop_index("ix_sales_order_created")

    op.drop_table("sales_order")
    with op.batch_alter_table("sales_invoice_taxes") as batch_op:
        batch_op.drop_index(batch_op.f("ix_sales_invoice_taxes_parent_id"))

    op.drop_table("sales_invoice_taxes")
    with op.batch_alter_table("sales_invoice_lines") as batch_op:
        batch_op.drop_index(batch_op.f("ix_sales_invoice_lines_parent_id"))

    op.drop_table("sales_invoice_lines")
    with op.batch_alter_table("sales_invoice") as batch_op:
        batch_op.drop_index("ix_sales_invoice_team_created")
        batch_op.drop_index("ix_sales_invoice_quote")
        batch_op.drop_index("ix_sales_invoice_person")
        batch_op.drop_index("ix_sales_invoice_owner_created")
        batch_op.drop_index("ix_sales_invoice_organization")
        batch_op.drop_index("ix_sales_invoice_order")
        batch_op.drop_index("ix_sales_invoice_name")
        batch_op.drop_index("ix_sales_invoice_deal")
        batch_op.drop_index("ix_sales_invoice_created")

    op.drop_table("sales_invoice")
