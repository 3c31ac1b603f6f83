"""Payments and what they settle: never more than an invoice still asks for, never more than was paid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kumiko import Choice, Conflict, Draft, Field, Money, PlainRecordType, as_system, company_today, emit, find, update
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.parties import ORGANIZATION, PERSON
from kumiko_contracts.sales import PAYMENT_RECEIVED
from kumiko_sales import document_queries
from kumiko_sales.document_rules import json_of
from kumiko_sales.models import DRAFT, INVOICE, PAYMENT, Base

METHODS = (
    Choice(key="transfer", label=_l("Bank transfer")),
    Choice(key="card", label=_l("Card")),
    Choice(key="debit", label=_l("Direct debit")),
    Choice(key="cash", label=_l("Cash")),
    Choice(key="other", label=_l("Other")),
)


def prepare_payment(draft: Draft) -> None:
    """Amount, day, and which invoices it settles; these are locked until the change is written."""
    if draft.action == "deleted":
        return
    amount: Money | None = draft.get("amount")
    if draft.get("received_on") is None and draft.is_new:
        draft.set("received_on", company_today())
    day = draft.get("received_on")
    if day is not None and day > company_today() and draft.changes("received_on"):
        draft.guard("received_on", _("A payment cannot have come in the future; found %(day)s.", day=day))
    if amount is None:
        return
    if amount.minor <= 0:
        draft.refuse("amount", _("A payment is above 0; found %(amount)s.", amount=_said(amount)))
        return
    if draft.is_new or draft.action == "restored" or draft.changes("amount") or "allocations" in draft.values:
        _allocate(draft, amount)
    draft.set("name", _name(draft, amount))


def _allocate(draft: Draft, amount: Money) -> None:
    rows = [dict(row) for row in draft.get("allocations") or () if row.get("invoice") is not None]
    locked = document_queries.lock_invoices({row["invoice"] for row in rows})
    wrong: list[str] = []
    left = amount.minor - sum(row["amount"].minor for row in rows if row.get("amount") is not None)
    for row in rows:
        invoice = locked.get(row["invoice"])
        sentence = _wrong_with(invoice, amount, row.get("amount"))
        if sentence or invoice is None:
            wrong.append(sentence)
            continue
        others = sum(one["amount"].minor for one in rows if one is not row and one["invoice"] == row["invoice"]
                     and one.get("amount") is not None)  # fmt: skip
        paid, _day = document_queries.paid_of(invoice.id, without=draft.record_id or 0)
        rest = invoice.gross_minor - paid - others
        if row.get("amount") is None:
            row["amount"] = Money(max(min(rest, left), 0), amount.currency)
            left -= row["amount"].minor
        if row["amount"].minor > rest:
            wrong.append(_("%(paid)s is more than %(number)s still asks for, which is %(rest)s; allocate that, and the "
                           "rest to another invoice or to none.", paid=_said(row["amount"]), number=invoice.number,
                           rest=_said(Money(max(rest, 0), amount.currency))))  # fmt: skip
    if not wrong and left < 0:
        wrong.append(_("%(sum)s is allocated, and only %(amount)s was paid.",
                       sum=_said(Money(amount.minor - left, amount.currency)), amount=_said(amount)))  # fmt: skip
    if wrong and draft.action == "restored":
        raise Conflict(" ".join(wrong))
    for sentence in wrong:
        draft.refuse("allocations", sentence)
    if wrong:
        return
    draft.set("unallocated", Money(left, amount.currency))
    if rows or "allocations" in draft.values:
        draft.set("allocations", rows)
    first = locked.get(rows[0]["invoice"]) if rows else None
    if first is not None and draft.get("organization") is None and draft.get("person") is None:
        draft.set("organization", first.organization_id)
        draft.set("person", first.person_id)


def _wrong_with(invoice: Any, amount: Money, part: Money | None) -> str:
    if invoice is None or invoice.deleted_at is not None:
        return _("there is no such invoice; choose another one")
    if invoice.state == DRAFT:
        return _("“%(name)s” is not issued yet; issue it before it is paid.", name=invoice.name)
    if invoice.gross_currency != amount.currency or (part is not None and part.currency != amount.currency):
        return _("%(number)s is in %(wanted)s, and this payment in %(found)s; record it in the invoice's currency.",
                 number=invoice.number, wanted=invoice.gross_currency,
                 found=amount.currency if part is None else part.currency)  # fmt: skip
    return _("an amount that is allocated is above 0") if part is not None and part.minor <= 0 else ""


def _name(draft: Draft, amount: Money) -> str:
    reference = draft.get("reference")
    return f"{_said(amount)}{f', {reference}' if reference else ''}"[:300]


def _said(amount: Money) -> str:
    return f"{amount.value} {amount.currency}"


def after_payments(drafts: Sequence[Draft]) -> None:
    """Invoices say anew what is paid of them, in the same unit; what came in is stated."""
    for draft in drafts:
        touched = {row["invoice"] for row in (*(draft.before("allocations") or ()), *(draft.get("allocations") or ()))}
        touched.discard(None)
        if draft.action == "created" and not draft.replaying:
            emit(PAYMENT_RECEIVED, draft, {
                "amount": json_of(draft.get("amount")), "received_on": draft.get("received_on").isoformat(),
                "invoice_ids": sorted({row["invoice"] for row in draft.get("allocations") or ()}),
                "person_id": draft.get("person"), "organization_id": draft.get("organization"),
                "owner_id": draft.get("owner"),
            })  # fmt: skip
        with as_system("an invoice says what is paid of it, whoever recorded the payment"):
            for invoice_id in sorted(touched):
                if find(INVOICE, invoice_id) is not None:  # sample invoices go to the bin with their payments
                    update(INVOICE, invoice_id, {})


PAYMENT_TYPE = PlainRecordType(
    key=PAYMENT, collection="payments", label=_l("Payment"), label_plural=_l("Payments"), base=Base, icon="cash",
    hue="green", order=58, prepare=prepare_payment, after=after_payments, timeline=False,
    timeline_links=("organization", "person"), timeline_at="created_at",
    fields=(
        Field(
            name="name", kind="text", label=_l("Name"), derived=True, writable=False, searchable=True, max_length=300,
            help=_l("Amount and reference."),
        ),
        Field(name="received_on", kind="date", label=_l("Received on"), default=company_today),
        Field(name="amount", kind="money", label=_l("Amount"), required=True),
        Field(name="method", kind="choice", label=_l("Paid by"), choices=METHODS, default="transfer"),
        Field(name="reference", kind="text", label=_l("Reference"), max_length=140, searchable=True),
        Field(
            name="allocations", kind="list", label=_l("For invoices"), sortable=False,
            items=(
                Field(
                    name="invoice", kind="link", to=INVOICE, label=_l("Invoice"),
                    target_filter={"f": "state", "op": "in", "v": ["issued", "part_paid"]},
                ),
                Field(name="amount", kind="money", label=_l("Amount")),
            ),
        ),
        Field(
            name="unallocated", kind="money", label=_l("For no invoice yet"), writable=False, derived=True,
        ),
        Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization")),
        Field(name="person", kind="link", to=PERSON, label=_l("Person")),
        Field(name="note", kind="longtext", label=_l("Note"), sortable=False),
    ),
    list_columns=("name", "received_on", "amount", "unallocated", "method", "organization", "owner"),
    quick_fields=("amount", "received_on", "method", "reference", "allocations", "organization"),
    default_sort="-received_on", subtitle="reference",
)  # fmt: skip
