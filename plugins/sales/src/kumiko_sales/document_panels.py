"""Documents on cards: what one says and comes to, and how it hangs together with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kumiko import Money, Panel, catalogue, company_today, may, money_text, number_text, principal
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL
from kumiko_contracts.parties import ORGANIZATION, PERSON
from kumiko_sales import document_queries
from kumiko_sales.lines import decimal_of
from kumiko_sales.models import DRAFT, INVOICE, ORDER, QUOTE, TEMPLATE, UNPAID

PATHS = {QUOTE: "quotes", ORDER: "orders", INVOICE: "invoices"}
MOST_LISTED = 12


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """A line as a page or a PDF shows it: amounts as Money, numbers as they were typed."""

    text: str
    quantity: Any
    unit: str
    price: Money | None
    discount: str
    tax_percent: Any
    net: Money | None


@dataclass(frozen=True, kw_only=True)
class Other:
    """A document that belongs together with this one. `hue` and `state` in the reader's words."""

    type_key: str
    name: str
    href: str
    state: str
    hue: str
    amount: Money | None
    late: bool


def line_rows(rows: Sequence[Mapping[str, Any]]) -> list[LineRow]:
    """The lines of a record, for drawing."""
    return [
        LineRow(
            text=row.get("text") or "", quantity=row.get("quantity"), unit=row.get("unit") or "",
            price=row.get("price"), discount=_discount(row), tax_percent=row.get("tax_percent"), net=row.get("net"),
        )
        for row in rows
    ]  # fmt: skip


def _discount(row: Mapping[str, Any]) -> str:
    amount = row.get("discount_amount")
    if amount is not None:
        return money_text(amount.minor, amount.currency)
    percent = decimal_of(row.get("discount_percent"))
    return f"{number_text(float(percent))} %" if percent else ""


def _any_discount(rows: Sequence[Mapping[str, Any]]) -> bool:
    return any(row.get("discount_percent") or row.get("discount_amount") for row in rows)


def document_of(record: Any) -> Mapping[str, Any] | None:
    """The panel with the document itself; for an invoice one statement, for its payments."""
    state = record.type.fields["state"].choices.get(record.get("state") or DRAFT)
    due = record.get("due_on")
    is_invoice = record.type.key == INVOICE
    return {
        "record": record, "lines": line_rows(record.get("lines") or ()), "taxes": record.get("taxes") or [],
        "state": state, "path": f"/{record.type.collection}/{record.id}", "is_draft": record.get("state") == DRAFT,
        "may_edit": may("edit", record.type.key) and not principal().read_only,
        "late": record.get("state") in UNPAID and due is not None and due < company_today(),
        "payments": document_queries.payments_of(record.id) if is_invoice and record.get("state") != DRAFT else [],
        "discounts": _any_discount(record.get("lines") or ()),
    }  # fmt: skip


def lines_of_deal(record: Any) -> Mapping[str, Any] | None:
    """The panel with the lines of a deal."""
    rows = record.get("sales_lines") or []
    totals = {
        name: Money(sum(row[name].minor for row in rows if row.get(name) is not None), rows[0]["price"].currency)
        for name in ("net", "tax", "gross")
        if rows
    }
    return {
        "lines": line_rows(rows), "totals": totals, "path": f"/deals/{record.id}",
        "may_edit": may("edit", DEAL) and not principal().read_only and not record.deleted,
        "discounts": _any_discount(rows),
    }  # fmt: skip


def related(record: Any) -> Mapping[str, Any] | None:
    """The panel with the documents of a deal, a customer, or of the chain that a document stands in; one statement."""
    if record.deleted:
        return None
    rows = document_queries.related(record, MOST_LISTED)
    if not rows and record.type.key in PATHS and record.get("deal") is None:
        return None
    return {
        "documents": [_other(row) for row in rows],
        "deal": record.get("deal") if record.type.key in PATHS else None,
        "new": [] if record.type.key != DEAL or principal().read_only else _new_of_deal(record),
    }


def _new_of_deal(record: Any) -> list[tuple[str, str, str]]:
    found = []
    for type_key, action, icon in ((QUOTE, "quote", "file-text"), (INVOICE, "invoice", "file-invoice")):
        declared = record.type.actions.get(action)
        offered = declared is not None and (declared.available is None or declared.available(record))
        if declared is not None and offered and may("create", type_key) and may("edit", DEAL):
            found.append((str(declared.label), f"/deals/{record.id}/actions/{action}", icon))
    return found


def _other(row: Any) -> Other:
    choice = catalogue().get(row.type_key).fields["state"].choices.get(row.state)
    late = row.type_key == INVOICE and row.state in UNPAID and row.due_on is not None and row.due_on < company_today()
    return Other(
        type_key=row.type_key, name=row.name, href=f"/{PATHS[row.type_key]}/{row.id}",
        state=str(choice.label) if choice is not None else "", hue=choice.hue if choice is not None else "",
        amount=Money(row.gross_minor, row.gross_currency) if row.gross_minor is not None else None, late=late,
    )  # fmt: skip


def template_of(record: Any) -> Mapping[str, Any]:
    """The text of a template on its card."""
    return {"body": record.get("body") or "", "href": f"/document-templates/{record.id}/preview"}


PANELS = [
    Panel(
        slot=f"record.{TEMPLATE}.tabs", key="template", title=_l("Text"), template="sales/template_panel.html",
        load=template_of, order=5,
    ),
    *(
        Panel(
            slot=f"record.{key}.tabs", key=f"document_{key.partition('.')[2]}", title=_l("Document"),
            template="sales/document.html", load=document_of, order=5,
        )
        for key in (QUOTE, ORDER, INVOICE)
    ),
    Panel(
        slot=f"record.{DEAL}.tabs", key="lines", title=_l("Lines"), template="sales/deal_lines.html",
        load=lines_of_deal, order=20,
    ),
    *(
        Panel(
            slot=f"record.{key}.aside", key=f"related_{key.partition('.')[2]}", title=_l("Quotes and invoices"),
            template="sales/related.html", load=related, order=25,
        )
        for key in (DEAL, ORGANIZATION, PERSON, QUOTE, ORDER, INVOICE)
    ),
]  # fmt: skip
