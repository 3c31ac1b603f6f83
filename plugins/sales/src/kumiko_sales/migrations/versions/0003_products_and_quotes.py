"""Products, tax rates, lines of deals, quotes, and what numbers are counted by."""

import sqlalchemy as sa
from alembic import op

from kumiko import Id, JsonValue, MinorUnits, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sales_deal_line",
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
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_deal_line")),
    )
    with op.batch_alter_table("sales_deal_line") as batch_op:
        batch_op.create_index(batch_op.f("ix_sales_deal_line_parent_id"), ["parent_id"])

    op.create_table(
        "sales_made_once",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("invoice_id", Id, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sales_made_once")),
    )
    op.create_table(
        "sales_product",
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
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("kind", sa.String(length=80), nullable=True),
        sa.Column("unit", sa.String(length=20), nullable=True),
        sa.Column("price_minor", MinorUnits, nullable=True),
        sa.Column("price_currency", sa.String(length=3), nullable=True),
        sa.Column("cost_minor", MinorUnits, nullable=True),
        sa.Column("cost_currency", sa.String(length=3), nullable=True),
        sa.Column("tax_rate_id", Id, nullable=True),
        sa.Column("category", sa.String(length=100), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_product")),
    )
    with op.batch_alter_table("sales_product") as batch_op:
        batch_op.create_index("ix_sales_product_created", ["created_at", "id"])
        batch_op.create_index("ix_sales_product_name", ["name", "id"])
        batch_op.create_index("ix_sales_product_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_sales_product_tax_rate", ["tax_rate_id", "id"])
        batch_op.create_index("ix_sales_product_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "sales_quote",
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
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decline_reason", sa.String(length=300), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_quote")),
    )
    with op.batch_alter_table("sales_quote") as batch_op:
        batch_op.create_index("ix_sales_quote_created", ["created_at", "id"])
        batch_op.create_index("ix_sales_quote_deal", ["deal_id", "id"])
        batch_op.create_index("ix_sales_quote_name", ["name", "id"])
        batch_op.create_index("ix_sales_quote_organization", ["organization_id", "id"])
        batch_op.create_index("ix_sales_quote_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_sales_quote_person", ["person_id", "id"])
        batch_op.create_index("ix_sales_quote_team_created", ["team_id", "created_at", "id"])

    op.create_table(
        "sales_quote_lines",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_quote_lines")),
    )
    with op.batch_alter_table("sales_quote_lines") as batch_op:
        batch_op.create_index(batch_op.f("ix_sales_quote_lines_parent_id"), ["parent_id"])

    op.create_table(
        "sales_quote_taxes",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("parent_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Float(precision=53), nullable=True),
        sa.Column("net_minor", MinorUnits, nullable=True),
        sa.Column("net_currency", sa.String(length=3), nullable=True),
        sa.Column("tax_minor", MinorUnits, nullable=True),
        sa.Column("tax_currency", sa.String(length=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_quote_taxes")),
    )
    with op.batch_alter_table("sales_quote_taxes") as batch_op:
        batch_op.create_index(batch_op.f("ix_sales_quote_taxes_parent_id"), ["parent_id"])

    op.create_table(
        "sales_series",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "year", name=op.f("pk_sales_series")),
    )
    op.create_table(
        "sales_tax_rate",
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
        sa.Column("percent", sa.Float(precision=53), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_tax_rate")),
    )
    with op.batch_alter_table("sales_tax_rate") as batch_op:
        batch_op.create_index("ix_sales_tax_rate_created", ["created_at", "id"])
        batch_op.create_index("ix_sales_tax_rate_name", ["name", "id"])
        batch_op.create_index("ix_sales_tax_rate_owner_created", ["owner_id", "created_at", "id"])
        batch_op.create_index("ix_sales_tax_rate_team_created", ["team_id", "created_at", "id"])


def downgrade() -> None:
    with op.batch_alter_table("sales_tax_rate") as batch_op:
        batch_op.drop_index("ix_sales_tax_rate_team_created")
        batch_op.drop_index("ix_sales_tax_rate_owner_created")
        batch_op.drop_index("ix_sales_tax_rate_name")
        batch_op.drop_index("ix_sales_tax_rate_created")

    op.drop_table("sales_tax_rate")
    op.drop_table("sales_series")
    with op.batch_alter_table("sales_quote_taxes") as batch_op:
        batch_op.drop_index(batch_op.f("ix_sales_quote_taxes_parent_id"))

    op.drop_table("sales_quote_taxes")
    with op.batch_alter_table("sales_quote_lines") as batch_op:
        batch_op.drop_index(batch_op.f("ix_sales_quote_lines_parent_id"))

    op.drop_table("sales_quote_lines")
    with op.batch_alter_table("sales_quote") as batch_op:
        batch_op.drop_index("ix_sales_quote_team_created")
        batch_op.drop_index("ix_sales_quote_person")
        batch_op.drop_index("ix_sales_quote_owner_created")
        batch_op.drop_index("ix_sales_quote_organization")
        batch_op.drop_index("ix_sales_quote_name")
        batch_op.drop_index("ix_sales_quote_deal")
        batch_op.drop_index("ix_sales_quote_created")

    op.drop_table("sales_quote")
    with op.batch_alter_table("sales_product") as batch_op:
        batch_op.drop_index("ix_sales_product_team_created")
        batch_op.drop_index("ix_sales_product_tax_rate")
        batch_op.drop_index("ix_sales_product_owner_created")
        batch_op.drop_index("ix_sales_product_name")
        batch_op.drop_index("ix_sales_product_created")

    op.drop_table("sales_product")
    op.drop_table("sales_made_once")
    with op.batch_alter_table("sales_deal_line") as batch_op:
        batch_op.drop_index(batch_op.f("ix_sales_deal_line_parent_id"))

    op.drop_table("sales_deal_line")
