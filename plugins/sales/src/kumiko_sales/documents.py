"""Quotes, orders and invoices as record types: who, what, when, lines, and what they come to."""

from __future__ import annotations

from kumiko import Choice, Field, PlainRecordType, company_currency
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL
from kumiko_contracts.parties import ORGANIZATION, PERSON
from kumiko_sales import document_rules, invoice_rules
from kumiko_sales.lines import line_items
from kumiko_sales.models import (
    ACCEPTED,
    CANCELLED,
    CONFIRMED,
    DECLINED_QUOTE,
    DELIVERED,
    DRAFT,
    INVOICE,
    ISSUED,
    ORDER,
    PAID,
    PART_PAID,
    QUOTE,
    SENT,
    Base,
)
from kumiko_sales.totals import TAX_PER_RATE

QUOTE_STATES = (
    Choice(key=DRAFT, label=_l("Draft"), hue="gray"),
    Choice(key=SENT, label=_l("Sent"), hue="blue"),
    Choice(key=ACCEPTED, label=_l("Accepted"), hue="green"),
    Choice(key=DECLINED_QUOTE, label=_l("Declined"), hue="red"),
)
ORDER_STATES = (
    Choice(key=DRAFT, label=_l("Draft"), hue="gray"),
    Choice(key=CONFIRMED, label=_l("Confirmed"), hue="blue"),
    Choice(key=DELIVERED, label=_l("Delivered"), hue="green"),
    Choice(key=CANCELLED, label=_l("Cancelled"), hue="red"),
)
INVOICE_STATES = (
    Choice(key=DRAFT, label=_l("Draft"), hue="gray"),
    Choice(key=ISSUED, label=_l("Issued"), hue="blue"),
    Choice(key=PART_PAID, label=_l("Part paid"), hue="amber"),
    Choice(key=PAID, label=_l("Paid"), hue="green"),
)
ROUNDING = (Choice(key=TAX_PER_RATE, label=_l("Lines to the cent, tax per rate on their sum")),)
_ROUNDING_HELP = _l("Half a cent away from zero; cents of tax are spread so that lines add up to the totals.")
_CUSTOMER = (_l("Customer"), ("organization", "person", "deal", "subject"))
_LINES = (_l("What is sold"), ("lines", "currency", "prices_include_tax"))
_AMOUNTS = (_l("Amounts"), ("gross", "net", "tax", "taxes"))
_TEXTS = (_l("Texts"), ("intro", "notes", "address", "language"))
_MORE = (_l("More"), ("seller", "rounding_rule", "owner", "team", "co_owners", "tags"))


def _head(states: tuple[Choice, ...], *, follows: bool = False) -> tuple[Field, ...]:
    """`follows`: the state follows from other records (payments), so undo leaves it to the rules."""
    return (
        Field(
            name="name", kind="text", label=_l("Name"), derived=True, writable=False, searchable=True, max_length=300,
            help=_l("Number and customer."),
        ),
        Field(
            name="number", kind="text", label=_l("Number"), max_length=60, searchable=True, writable=False,
            derived=True,
        ),
        Field(
            name="state", kind="choice", label=_l("State"), choices=states, default=DRAFT, by_hand=False,
            derived=follows,
        ),
        Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization")),
        Field(name="person", kind="link", to=PERSON, label=_l("Person")),
        Field(name="deal", kind="link", to=DEAL, label=_l("Deal")),
    )  # fmt: skip


def _body() -> tuple[Field, ...]:
    return (
        Field(name="subject", kind="text", label=_l("Subject"), searchable=True, max_length=200),
        Field(
            name="currency", kind="text", label=_l("Currency"), max_length=3, default=company_currency,
            validate=document_rules.known_currency,
        ),
        Field(
            name="prices_include_tax", kind="boolean", label=_l("Prices include tax"),
            default=document_rules.usually_with_tax,
        ),
        Field(name="lines", kind="list", label=_l("Lines"), sortable=False, items=line_items()),
        Field(name="gross", kind="money", label=_l("Total"), writable=False, derived=True),
        Field(name="net", kind="money", label=_l("Total without tax"), writable=False, derived=True),
        Field(name="tax", kind="money", label=_l("Tax"), writable=False, derived=True),
        Field(
            name="taxes", kind="list", label=_l("Tax by rate"), writable=False, derived=True, sortable=False,
            items=(
                Field(name="percent", kind="percent", label=_l("Tax rate")),
                Field(name="net", kind="money", label=_l("Without tax")),
                Field(name="tax", kind="money", label=_l("Tax amount")),
            ),
        ),
        Field(
            name="rounding_rule", kind="choice", label=_l("Rounding"), choices=ROUNDING, writable=False, derived=True,
            filterable=False,
            help=_ROUNDING_HELP,
        ),
        Field(
            name="address", kind="longtext", label=_l("Address of the customer"), sortable=False,
            help=_l("Empty means the customer's first address; it is written down when the document goes out."),
        ),
        Field(
            name="seller", kind="longtext", label=_l("Sent by"), sortable=False, writable=False,
            help=_l("Name and address of the company, written down when the document goes out."),
        ),
        Field(
            name="language", kind="text", label=_l("Language"), max_length=10, validate=document_rules.known_language,
            help=_l("Of the printed document, such as en or de. Empty means the customer's."),
        ),
        Field(name="intro", kind="longtext", label=_l("Text above the lines"), sortable=False),
        Field(name="notes", kind="longtext", label=_l("Text below the lines"), sortable=False),
    )  # fmt: skip


QUOTE_TYPE = PlainRecordType(
    key=QUOTE, collection="quotes", label=_l("Quote"), label_plural=_l("Quotes"), base=Base, icon="file-text",
    hue="blue", order=52, prepare=document_rules.prepare_quote, after=document_rules.after_quotes, timeline=False,
    timeline_links=("deal", "organization", "person"), timeline_kind="state", importable=False,
    fields=(
        *_head(QUOTE_STATES),
        Field(name="issued_on", kind="date", label=_l("Date"), writable=False),
        Field(name="valid_until", kind="date", label=_l("Valid until"), help=_l("Empty: as the settings say.")),
        Field(name="decided_on", kind="date", label=_l("Answered on"), writable=False),
        Field(name="decline_reason", kind="text", label=_l("Why it was declined"), max_length=300, writable=False),
        *_body(),
    ),
    list_columns=("name", "state", "organization", "gross", "valid_until", "deal", "owner"),
    quick_fields=("organization", "person", "deal", "subject", "lines"),
    card_groups=(
        _CUSTOMER, _LINES,
        (_l("Quote"), ("state", "number", "issued_on", "valid_until", "decided_on", "decline_reason")),
        _AMOUNTS, _TEXTS, _MORE,
    ),
)  # fmt: skip

ORDER_TYPE = PlainRecordType(
    key=ORDER, collection="orders", label=_l("Order"), label_plural=_l("Orders"), base=Base, icon="shopping-cart",
    hue="teal", order=54, prepare=document_rules.prepare_order, timeline=False, importable=False,
    timeline_links=("deal", "organization", "person"), timeline_kind="state",
    fields=(
        *_head(ORDER_STATES),
        Field(name="quote", kind="link", to=QUOTE, label=_l("Quote")),
        Field(name="issued_on", kind="date", label=_l("Confirmed on"), writable=False),
        Field(name="deliver_on", kind="date", label=_l("Delivery on")),
        Field(name="customer_reference", kind="text", label=_l("Customer's reference"), max_length=100),
        *_body(),
    ),
    list_columns=("name", "state", "organization", "gross", "deliver_on", "deal", "owner"),
    quick_fields=("organization", "person", "deal", "subject", "lines"),
    card_groups=(
        _CUSTOMER, _LINES,
        (_l("Order"), ("state", "number", "issued_on", "deliver_on", "customer_reference", "quote")),
        _AMOUNTS, _TEXTS, _MORE,
    ),
)  # fmt: skip

INVOICE_TYPE = PlainRecordType(
    key=INVOICE, collection="invoices", label=_l("Invoice"), label_plural=_l("Invoices"), base=Base,
    icon="file-invoice", hue="green", order=56, prepare=invoice_rules.prepare_invoice,
    after=invoice_rules.after_invoices, timeline=False, importable=False,
    timeline_links=("deal", "organization", "person"), timeline_kind="state",
    fields=(
        *_head(INVOICE_STATES, follows=True),
        Field(name="quote", kind="link", to=QUOTE, label=_l("Quote")),
        Field(name="order", kind="link", to=ORDER, label=_l("Order")),
        Field(name="issued_on", kind="date", label=_l("Date of the invoice"), writable=False),
        Field(name="delivered_on", kind="date", label=_l("Delivered on"), help=_l("Day of the supply or service.")),
        Field(
            name="terms_days", kind="integer", label=_l("Days to pay"), minimum=0, maximum=365,
            default=document_rules.usual_terms,
        ),
        Field(
            name="due_on", kind="date", label=_l("Due on"), help=_l("Empty: the days to pay behind its date."),
        ),
        Field(name="paid", kind="money", label=_l("Paid"), writable=False, derived=True),
        Field(name="rest", kind="money", label=_l("Still to pay"), writable=False, derived=True),
        Field(name="paid_on", kind="date", label=_l("Paid on"), writable=False, derived=True),
        Field(
            name="overdue_noted_on", kind="date", label=_l("Noted as overdue on"), writable=False, derived=True,
            history=False,
        ),
        Field(name="customer_reference", kind="text", label=_l("Customer's reference"), max_length=100),
        *_body(),
    ),
    list_columns=("name", "state", "organization", "gross", "rest", "due_on", "deal", "owner"),
    quick_fields=("organization", "person", "deal", "subject", "lines"),
    card_groups=(
        _CUSTOMER, _LINES,
        (_l("Invoice"), ("state", "number", "issued_on", "due_on", "terms_days", "delivered_on", "quote", "order")),
        (_l("Payment"), ("rest", "paid", "paid_on", "overdue_noted_on")),
        _AMOUNTS, _TEXTS, _MORE,
    ),
)  # fmt: skip
TYPES = (QUOTE_TYPE, ORDER_TYPE, INVOICE_TYPE)

# Whoever erases a person may leave these as they are (docs/user-guide/personal-data.md).
INVOICE_TYPE.model.__table__.info["kept_by_law"] = (  # type: ignore[attr-defined]
    "issued_on",
    _l("Issued invoices are kept with name and address, because the law asks to keep them."),
)
