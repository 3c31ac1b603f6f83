"""Lines of deals and documents: filled from products, counted by the one money function, kept as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from kumiko import Draft, Field, Money, session
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_sales.models import PRODUCT, TAX_RATE
from kumiko_sales.products import OFFERED, PRODUCT_TYPE, TAX_RATE_TYPE
from kumiko_sales.totals import Line, Totals, total, wrong_with

#: What people give; the rest of a row follows from it.
GIVEN = ("product", "text", "quantity", "unit", "price", "discount_percent", "discount_amount", "tax_rate")
COUNTED = ("tax_percent", "net", "tax", "gross")


def line_items() -> tuple[Field, ...]:
    """The fields of a line."""
    return (
        Field(name="product", kind="link", to=PRODUCT, label=_l("Product"), target_filter=OFFERED),
        Field(name="text", kind="text", label=_l("Text"), max_length=500),
        Field(name="quantity", kind="number", label=_l("Quantity")),
        Field(name="unit", kind="text", label=_l("Unit"), max_length=20),
        Field(name="price", kind="money", label=_l("Price")),
        Field(name="discount_percent", kind="percent", label=_l("Discount")),
        Field(name="discount_amount", kind="money", label=_l("Discount as an amount")),
        Field(name="tax_rate", kind="link", to=TAX_RATE, label=_l("Tax"), target_filter=OFFERED),
        Field(name="tax_percent", kind="percent", label=_l("Tax rate"), by_hand=False),
        Field(name="net", kind="money", label=_l("Without tax"), by_hand=False),
        Field(name="tax", kind="money", label=_l("Tax amount"), by_hand=False),
        Field(name="gross", kind="money", label=_l("With tax"), by_hand=False),
    )


def given_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody gave for a line, without what follows from it, and without its id: for a copy elsewhere."""
    found = {}
    for name in GIVEN:
        value = row.get(name)
        if value is not None:
            found[name] = value.id if name in ("product", "tax_rate") and hasattr(value, "id") else value
    return found


def same_lines(left: Sequence[Mapping[str, Any]], right: Sequence[Mapping[str, Any]]) -> bool:
    """Whether two lists of lines say the same, row by row."""
    return [given_of(row) for row in left] == [given_of(row) for row in right]


def count(draft: Draft, name: str, currency: str, *, prices_include_tax: bool = False) -> Totals | None:
    """Fill and count the lines of a draft, and put them back into it; None when some are refused.

    Texts, prices and rates that a line leaves out come from its product; rates are those of today, except while
    history is undone.
    """
    rows = [dict(row) for row in draft.get(name) or ()]
    if draft.via != "undo" and name in draft.values:
        _fill(rows, {row["id"]: row for row in draft.before(name) or ()}, currency)
    lines, wrong = [], []
    for number, row in enumerate(rows, 1):
        sentence = _wrong_currency(row, currency)
        line = _line(row)
        sentence = sentence or wrong_with(line)
        if sentence:
            wrong.append(_("row %(number)d: %(text)s", number=number, text=sentence))
        lines.append(line)
    if wrong:
        for sentence in wrong:
            draft.refuse(name, sentence)
        return None
    made = total(lines, prices_include_tax=prices_include_tax)
    for row, one in zip(rows, made.lines, strict=True):
        row["net"] = Money(one.net_minor, currency)
        row["tax"] = Money(one.tax_minor, currency)
        row["gross"] = Money(one.gross_minor, currency)
    if rows or name in draft.values:
        draft.set(name, rows)
    return made


def currency_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """The currency that the lines name first; "" when none names any."""
    return next((row["price"].currency for row in rows if row.get("price") is not None), "")


def _fill(rows: list[dict[str, Any]], before: Mapping[int, Mapping[str, Any]], currency: str) -> None:
    """What a line leaves out: from its product when that is new to it, else the usual values."""
    products = _products({row["product"] for row in rows if row.get("product") is not None})
    for row in rows:
        old = before.get(row.get("id") or 0, {})
        product = products.get(row.get("product") or 0)
        if product is not None and product.id != old.get("product"):
            row["text"] = row.get("text") or product.name
            row["unit"] = row.get("unit") or product.unit
            if row.get("price") is None and product.price_minor is not None:
                row["price"] = Money(product.price_minor, product.price_currency or currency)
            row["tax_rate"] = row.get("tax_rate") or product.tax_rate_id
        row["quantity"] = 1.0 if row.get("quantity") is None else row["quantity"]
        for name in ("discount_percent", "discount_amount"):
            value = row.get(name)
            if value is not None and not (value.minor if isinstance(value, Money) else value):
                row[name] = None  # nothing taken off is no discount
    rates = _rates()
    usual = next((one.id for one in rates.values() if one.is_default), None)
    for row in rows:
        if row.get("tax_rate") is None and not row.get("id"):
            row["tax_rate"] = usual
        rate = rates.get(row.get("tax_rate") or 0)
        row["tax_percent"] = rate.percent if rate is not None else 0.0


def _products(ids: set[int]) -> dict[int, Any]:
    if not ids:
        return {}
    model: Any = PRODUCT_TYPE.model
    query = select(
        model.id, model.name, model.unit, model.price_minor, model.price_currency, model.tax_rate_id
    ).where(model.id.in_(ids))  # fmt: skip
    return {row.id: row for row in session().execute(query)}


def _rates() -> dict[int, Any]:
    model: Any = TAX_RATE_TYPE.model
    query = select(model.id, model.percent, model.is_default).where(model.deleted_at.is_(None))
    return {row.id: row for row in session().execute(query)}


def _wrong_currency(row: Mapping[str, Any], currency: str) -> str:
    for name in ("price", "discount_amount"):
        value = row.get(name)
        if value is not None and value.currency != currency:
            return _("this is in %(wanted)s, and the line has an amount in %(found)s; give it in %(wanted)s",
                     wanted=currency, found=value.currency)  # fmt: skip
    if row.get("price") is None:
        return _("give a price, or a product that has one in %(currency)s", currency=currency)
    return "" if row.get("text") else _("say what it is: give a text or a product")


def _line(row: Mapping[str, Any]) -> Line:
    price, discount = row.get("price"), row.get("discount_amount")
    return Line(
        quantity=decimal_of(row.get("quantity"), 1),
        price_minor=price.minor if price is not None else 0,
        discount_percent=decimal_of(row.get("discount_percent")),
        discount_minor=discount.minor if discount is not None else 0,
        tax_percent=decimal_of(row.get("tax_percent")),
    )


def decimal_of(value: Any, missing: int = 0) -> Decimal:
    """The number as somebody wrote it: 0.1 is a tenth, not the nearest binary fraction."""
    return Decimal(missing) if value is None else Decimal(repr(float(value)))
