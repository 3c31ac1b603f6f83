"""What can be done with deals, quotes, orders and invoices: buttons of the card, verbs of REST, steps of processes."""

from __future__ import annotations

from typing import Any

from kumiko import Field, RecordAction, company_today
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL
from kumiko_sales import document_actions as do
from kumiko_sales.models import (
    ACCEPTED,
    CONFIRMED,
    DELIVERED,
    DRAFT,
    INVOICE,
    ORDER,
    PAYMENT,
    QUOTE,
    SENT,
    UNPAID,
)
from kumiko_sales.payments import METHODS
from kumiko_sales.printing import keep_pdf


def actions() -> list[RecordAction]:
    """All of them, in the order of the chain."""
    return [*_of_deals(), *_of_quotes(), *_of_orders(), *_of_invoices(), *_to_print()]


def _of_deals() -> list[RecordAction]:
    return [
        RecordAction(
            type=DEAL, name="quote", label=_l("Make a quote"), icon="file-text", makes=QUOTE, run=do.quote_deal,
            confirm=_l("A draft with the lines of the deal; it is sent when you say so."), available=_can_be_offered,
            refusal=_nothing_to_offer,
        ),
        RecordAction(
            type=DEAL, name="invoice", label=_l("Make an invoice"), icon="file-invoice", makes=INVOICE,
            run=do.invoice_deal, confirm=_l("A draft with the lines of the deal; it is issued when you say so."),
            available=_can_be_offered, refusal=_nothing_to_offer,
        ),
    ]  # fmt: skip


def _of_quotes() -> list[RecordAction]:
    return [
        RecordAction(
            type=QUOTE, name="send", label=_l("Mark as sent"), icon="send", primary=True, run=do.send_quote,
            confirm=_l("It gets its number and stays as it is from now on."), **_in(DRAFT),
        ),
        RecordAction(
            type=QUOTE, name="accept", label=_l("Accepted"), icon="check", primary=True, run=do.accept_quote,
            **_in(SENT),
        ),
        RecordAction(
            type=QUOTE, name="decline", label=_l("Declined"), icon="x", run=do.decline_quote,
            fields=(Field(name="reason", kind="text", label=_l("Why"), max_length=300),), **_in(SENT),
        ),
        RecordAction(
            type=QUOTE, name="order", label=_l("Make an order"), icon="shopping-cart", makes=ORDER, primary=True,
            run=do.order_quote, confirm=_l("A draft with the lines of the quote."), **_in(ACCEPTED),
        ),
        RecordAction(
            type=QUOTE, name="invoice", label=_l("Make an invoice"), icon="file-invoice", makes=INVOICE, primary=True,
            run=do.invoice_quote, confirm=_l("A draft with the lines of the quote."), **_in(ACCEPTED),
        ),
        RecordAction(
            type=QUOTE, name="copy", label=_l("Copy"), icon="copy", makes=QUOTE, run=do.copy_quote, right="read",
            confirm=_l("A new draft that offers the same."),
        ),
    ]  # fmt: skip


def _of_orders() -> list[RecordAction]:
    return [
        RecordAction(
            type=ORDER, name="confirm", label=_l("Confirm"), icon="check", primary=True, run=do.confirm_order,
            confirm=_l("It gets its number."), **_in(DRAFT),
        ),
        RecordAction(
            type=ORDER, name="deliver", label=_l("Delivered"), icon="package", primary=True, run=do.deliver_order,
            fields=(Field(name="delivered_on", kind="date", label=_l("Delivered on"), default=company_today),),
            **_in(CONFIRMED),
        ),
        RecordAction(
            type=ORDER, name="invoice", label=_l("Make an invoice"), icon="file-invoice", makes=INVOICE, primary=True,
            run=do.invoice_order, confirm=_l("A draft with the lines of the order."), **_in(CONFIRMED, DELIVERED),
        ),
        RecordAction(
            type=ORDER, name="cancel", label=_l("Cancel the order"), icon="ban", run=do.cancel_order,
            confirm=_l("The order comes to nothing; it stays in its place."), **_in(CONFIRMED),
        ),
    ]  # fmt: skip


def _of_invoices() -> list[RecordAction]:
    return [
        RecordAction(
            type=INVOICE, name="issue", label=_l("Issue"), icon="send", primary=True, run=do.issue_invoice,
            confirm=_l("It gets the next number and never changes again; this cannot be undone."),
            fields=(Field(name="issued_on", kind="date", label=_l("Date of the invoice"), default=company_today),),
            **_in(DRAFT),
        ),
        RecordAction(
            type=INVOICE, name="pay", label=_l("Record a payment"), icon="cash", primary=True, makes=PAYMENT,
            run=do.pay_invoice,
            fields=(
                Field(name="amount", kind="money", label=_l("Amount"), help=_l("Empty: all that is left.")),
                Field(name="received_on", kind="date", label=_l("Received on"), default=company_today),
                Field(name="method", kind="choice", label=_l("Paid by"), choices=METHODS, default="transfer"),
                Field(name="reference", kind="text", label=_l("Reference"), max_length=140),
            ),
            available=lambda record: record.get("state") in UNPAID, refusal=_nothing_to_pay,
        ),
    ]  # fmt: skip


def _to_print() -> list[RecordAction]:
    return [
        RecordAction(
            type=type_key, name="pdf", label=_l("Keep as PDF"), icon="printer",
            run=_print,
            available=lambda record: bool(record.get("lines")),
            refusal=lambda record: _("“%(name)s” has no lines yet; there is nothing to print.", name=record.title),
        )
        for type_key in (QUOTE, ORDER, INVOICE)
    ]  # fmt: skip


def _print(record: Any, _values: Any) -> None:
    keep_pdf(record.type.key, record.id)


def _in(*states: str) -> Any:
    """An action that is there in these states only."""

    def refusal(record: Any) -> str:
        field = record.type.fields["state"]
        words = {key: str(choice.label) for key, choice in field.choices.items()}
        found, wanted = words.get(record.get("state"), ""), ", ".join(words[one] for one in states)
        return str(_("%(name)s is in the state “%(state)s”; this is done in: %(wanted)s.", name=record.title,
                     state=found, wanted=wanted))  # fmt: skip

    return {"available": lambda record: record.get("state") in states, "refusal": refusal}


def _can_be_offered(record: Any) -> bool:
    return bool(record.get("sales_lines")) or record.get("amount") is not None


def _nothing_to_offer(record: Any) -> str:
    return str(_("“%(deal)s” has neither lines nor an amount; add lines to it first.", deal=record.title))


def _nothing_to_pay(record: Any) -> str:
    if record.get("state") == DRAFT:
        return str(_("“%(name)s” is not issued yet; issue it before it is paid.", name=record.title))
    return str(_("%(name)s is paid already.", name=record.title))
