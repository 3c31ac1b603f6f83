"""Rules of invoices: an issued one never changes; what is paid of it follows from payments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kumiko import Conflict, Draft, Money, company_today, emit
from kumiko import gettext as _
from kumiko_contracts.sales import INVOICE_ISSUED, INVOICE_OVERDUE, INVOICE_PAID
from kumiko_sales import document_queries
from kumiko_sales.document_rules import customer_of, is_sample, json_of, prepare_document, refuse_changes
from kumiko_sales.models import DRAFT, ISSUED, PAID, PART_PAID, UNPAID


def prepare_invoice(draft: Draft) -> None:
    """A draft is counted; an issued invoice is left alone, whoever asks and whichever way."""
    number = draft.before("number") or ""
    issued = (draft.before("state") or DRAFT) != DRAFT
    if draft.action == "deleted":
        if issued and not is_sample(draft):
            raise Conflict(_stays(number))
        return
    if issued and draft.action == "changed":
        changed = _("Invoice %(number)s was issued and never changes; cancel it by a credit note and make a new one.",
                    number=number)  # fmt: skip
        refuse_changes(draft, _stays(number) if draft.via == "undo" else changed, for_good=True)
    elif not issued:
        prepare_document(draft)
    if draft.get("state") == DRAFT or draft.errors:
        return
    _settle(draft)


def _stays(number: str) -> str:
    return _("Invoice %(number)s was issued: its number cannot be taken back, so it is neither deleted nor undone; "
             "cancel it by a credit note.", number=number)  # fmt: skip


def _settle(draft: Draft) -> None:
    """State, rest and the day it was settled, from the payments that are there now."""
    gross: Money = draft.get("gross")
    paid_minor, last_on = (0, None) if draft.is_new else document_queries.paid_of(draft.record_id or 0)
    rest = gross.minor - paid_minor
    draft.set("paid", Money(paid_minor, gross.currency))
    draft.set("rest", Money(rest, gross.currency))
    draft.set("state", PAID if rest <= 0 else PART_PAID if paid_minor else ISSUED)
    draft.set("paid_on", (last_on or draft.get("issued_on")) if rest <= 0 else None)
    due = draft.get("due_on")
    late = rest > 0 and due is not None and due < company_today()
    noted = draft.get("overdue_noted_on")
    draft.set("overdue_noted_on", (noted or company_today()) if late else None)


def after_invoices(drafts: Sequence[Draft]) -> None:
    """State what became of invoices, once each."""
    for draft in drafts:
        if draft.action not in ("created", "changed") or draft.replaying:
            continue
        before, now = draft.before("state") or DRAFT, draft.get("state")
        if before == DRAFT and now != DRAFT:
            emit(INVOICE_ISSUED, draft, _facts(draft))
        if before != PAID and now == PAID:
            emit(INVOICE_PAID, draft, {**_facts(draft), "paid_on": _day(draft.get("paid_on"))})
        noted = draft.get("overdue_noted_on")
        if now in UNPAID and noted is not None and draft.before("overdue_noted_on") is None:
            emit(INVOICE_OVERDUE, draft, _facts(draft))


def _facts(draft: Draft) -> dict[str, Any]:
    return {
        "number": draft.get("number") or "", "amount": json_of(draft.get("gross")), "rest": json_of(draft.get("rest")),
        "due_on": _day(draft.get("due_on")), **customer_of(draft),
    }  # fmt: skip


def _day(value: Any) -> str | None:
    return value.isoformat() if value is not None else None
