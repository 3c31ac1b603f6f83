"""From a deal to a paid invoice: each document is made from the one before, sent out, and answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kumiko import (
    Conflict,
    as_system,
    catalogue,
    company_today,
    create,
    find,
    get,
    may,
    principal,
    settings_of,
    unit,
)
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL
from kumiko_contracts.sales import INVOICE, ORDER, PAYMENT, QUOTE
from kumiko_sales import customers, document_queries, numbers
from kumiko_sales.document_rules import move
from kumiko_sales.lines import given_of
from kumiko_sales.models import (
    ACCEPTED,
    CANCELLED,
    CONFIRMED,
    DECLINED_QUOTE,
    DELIVERED,
    DRAFT,
    ISSUED,
    SENT,
)

_COPIED = (
    "organization", "person", "deal", "subject", "currency", "prices_include_tax", "language", "address", "intro",
    "notes",
)  # fmt: skip
WORDS = {QUOTE: "quote", ORDER: "order", INVOICE: "invoice"}


# ------------------------------------------------------------------ one from another


def from_deal(type_key: str, deal: Any) -> Any:
    """A document with the lines of a deal; without lines, one with the deal's amount. Conflict when it has neither."""
    lines = [given_of(row) for row in deal.get("sales_lines") or ()]
    amount = deal.get("amount")
    if not lines and amount is None:
        raise Conflict(_("“%(deal)s” has neither lines nor an amount; add lines to it first.", deal=deal.title))
    if not lines:
        lines = [{"text": deal.title[:500], "quantity": 1, "price": amount}]
    values: dict[str, Any] = {
        "organization": deal.link_id("organization"), "person": deal.link_id("person"), "deal": deal.id,
        "subject": deal.title[:200], "currency": lines[0]["price"].currency, "lines": lines, **_belonging(deal),
    }  # fmt: skip
    if not deal.get("sales_lines"):
        values["prices_include_tax"] = False  # the amount of a deal is without tax
    return create(type_key, values)


def from_document(type_key: str, record: Any, **more: Any) -> Any:
    """A document with what another one says; `more`: links back to it."""
    values: dict[str, Any] = {}
    for name in _COPIED:
        value = record.get(name)
        if value not in (None, ""):
            values[name] = value.id if hasattr(value, "hidden") else value
    values["lines"] = [given_of(row) for row in record.get("lines") or ()]
    return create(type_key, {**values, **_belonging(record), **more})


def _belonging(record: Any) -> dict[str, Any]:
    """A document belongs to whom the record belongs that it is made from, as far as the person may give it away."""
    owner = record.link_id("owner")
    if owner is None or owner == principal().user_id or not may("assign", INVOICE):
        return {}
    return {"owner": owner, "team": record.link_id("team")}


def quote_deal(deal: Any, _values: Mapping[str, Any]) -> None:
    """A quote with the lines of a deal."""
    from_deal(QUOTE, deal)


def invoice_deal(deal: Any, _values: Mapping[str, Any]) -> None:
    """A draft invoice with the lines of a deal."""
    from_deal(INVOICE, deal)


def copy_quote(record: Any, _values: Mapping[str, Any]) -> None:
    """A draft that offers the same."""
    from_document(QUOTE, record)


def order_quote(record: Any, _values: Mapping[str, Any]) -> None:
    """An order with what was offered. Conflict when there is one already."""
    _refuse_second(document_queries.find_following(ORDER, "quote", record.id), record)
    from_document(ORDER, record, quote=record.id)


def invoice_quote(record: Any, _values: Mapping[str, Any]) -> None:
    """An invoice with what was offered. Conflict when there is an order or an invoice already."""
    _refuse_second(document_queries.find_following(ORDER, "quote", record.id), record)
    _refuse_second(document_queries.find_following(INVOICE, "quote", record.id), record)
    from_document(INVOICE, record, quote=record.id)


def invoice_order(record: Any, _values: Mapping[str, Any]) -> None:
    """An invoice with what was ordered. Conflict when there is one already."""
    _refuse_second(document_queries.find_following(INVOICE, "order", record.id), record)
    quote = record.link_id("quote")
    from_document(
        INVOICE, record, order=record.id, customer_reference=record.get("customer_reference"),
        **({"quote": quote} if quote is not None else {}),
    )  # fmt: skip


def _refuse_second(known: str, record: Any) -> None:
    if known:
        raise Conflict(_("“%(first)s” was made from %(record)s already; go on with that one.",
                         first=known, record=record.title))  # fmt: skip


# ------------------------------------------------------------------ out into the world


def send_quote(record: Any, values: Mapping[str, Any]) -> None:
    """A quote goes out: it gets its number and stays as it is from now on. `values`: issued_on (default today)."""
    today = values.get("issued_on") or company_today()
    days = int(settings_of("sales").get("quote_days") or 0)
    valid = record.get("valid_until")
    if valid is not None and valid < today:
        raise Conflict(_("It would be valid until %(day)s, which has passed; change that first.", day=valid))
    _go_out(record, QUOTE, SENT, {"valid_until": valid or (today + timedelta(days=days) if days else None)}, on=today)


def accept_quote(record: Any, _values: Mapping[str, Any]) -> None:
    """The customer said yes."""
    move(record, {"state": ACCEPTED, "decided_on": company_today()})


def decline_quote(record: Any, values: Mapping[str, Any]) -> None:
    """The customer said no."""
    move(record, {"state": DECLINED_QUOTE, "decided_on": company_today(), "decline_reason": values.get("reason")})


def confirm_order(record: Any, _values: Mapping[str, Any]) -> None:
    """An order is confirmed to the customer: it gets its number."""
    _go_out(record, ORDER, CONFIRMED, {})


def deliver_order(record: Any, values: Mapping[str, Any]) -> None:
    """What was ordered is there."""
    move(record, {"state": DELIVERED, "deliver_on": values.get("delivered_on") or company_today()})


def cancel_order(record: Any, _values: Mapping[str, Any]) -> None:
    """An order comes to nothing; Conflict when it is invoiced already."""
    known = document_queries.find_following(INVOICE, "order", record.id)
    if known:
        raise Conflict(_("“%(invoice)s” asks for it already; an order that is invoiced is not cancelled.",
                         invoice=known))  # fmt: skip
    move(record, {"state": CANCELLED})


def issue_invoice(record: Any, values: Mapping[str, Any]) -> None:
    """An invoice goes out: number, date, due date, addresses as they are today; it never changes again.

    `values`: issued_on (default today, not in the future).
    """
    today = company_today()
    on = values.get("issued_on") or today
    if on > today:
        raise Conflict(_("An invoice is issued today or carries an earlier day; found %(day)s.", day=on))
    due = record.get("due_on") or on + timedelta(days=int(record.get("terms_days") or 0))
    if due < on:
        raise Conflict(_("It would be due on %(due)s, before its date %(on)s; change that first.", due=due, on=on))
    _go_out(record, INVOICE, ISSUED, {"due_on": due}, on=on)


def pay_invoice(record: Any, values: Mapping[str, Any]) -> None:
    """Money came in for an invoice. `values`: amount (default: all that is left), received_on, method, reference."""
    amount = values.get("amount") or record.get("rest")
    payment = {
        "amount": amount, "allocations": [{"invoice": record.id, "amount": amount}],
        "organization": record.link_id("organization"), "person": record.link_id("person"), **_belonging(record),
    }  # fmt: skip
    payment |= {name: values[name] for name in ("received_on", "method", "reference") if values.get(name) is not None}
    create(PAYMENT, payment)


def _go_out(record: Any, type_key: str, state: str, more: Mapping[str, Any], *, on: Any = None) -> None:
    """Number, date, addresses and language as they are now, in one change."""
    if record.get("state") != DRAFT:
        raise Conflict(_("%(name)s went out already.", name=record.title))
    if record.link_id("organization") is None and record.link_id("person") is None:
        raise Conflict(_("Say first whom it is for: an organization or a person."))
    if not record.get("lines"):
        raise Conflict(_("It has no lines yet; add at least one."))
    on = on or company_today()
    written = {
        "state": state, "issued_on": on, "number": record.get("number") or numbers.take(WORDS[type_key], on),
        "address": record.get("address") or customers.address_of(record), "seller": customers.seller(),
        "language": record.get("language") or customers.language_of(record), **more,
    }  # fmt: skip
    move(record, written)


# ------------------------------------------------------------------ for other modules


def make_invoice(deal_id: int, *, issue: bool = True, key: str = "") -> int:
    """See `kumiko_contracts.sales.Sales.make_invoice`."""
    if catalogue().find(DEAL) is None:
        raise Conflict(_("The module deals is switched off; switch it on to make invoices from deals."))
    deal = get(DEAL, deal_id)
    with unit(reason=_("invoice of a deal")):
        known = document_queries.claim_key(key) if key else None
        if known is not None:
            return known
        made = from_deal(INVOICE, deal)
        if issue:
            issue_invoice(made, {})
        if key:
            document_queries.keep_key(key, made.id)
        return int(made.id)


def find_document(type_key: str, record_id: int | None) -> Any:
    """A document by id whoever may see it; None without one."""
    with as_system("a chain of documents is followed to its end"):
        return find(type_key, record_id) if record_id is not None else None
