"""sales/1: stages of deals, products, quotes, orders, invoices and payments, as other modules need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from kumiko_contracts.shapes import Fact, Shape, ShapeField

VERSION = "sales/1"
PIPELINE = "sales.pipeline"
STAGE = "sales.stage"
PRODUCT = "sales.product"
TAX_RATE = "sales.tax_rate"
QUOTE = "sales.quote"
ORDER = "sales.order"
INVOICE = "sales.invoice"
PAYMENT = "sales.payment"
STAGE_CHANGED = "sales.stage_changed/1"
QUOTE_ACCEPTED = "sales.quote_accepted/1"
INVOICE_ISSUED = "sales.invoice_issued/1"
INVOICE_OVERDUE = "sales.invoice_overdue/1"
INVOICE_PAID = "sales.invoice_paid/1"
PAYMENT_RECEIVED = "sales.payment_received/1"

_DEAL, _PERSON, _ORGANIZATION = "deals.deal", "parties.person", "parties.organization"
_LINES = ShapeField(
    name="lines",
    kind="list",
    items=(
        ShapeField(name="product", kind="link", to=PRODUCT),
        ShapeField(name="text", kind="text"),
        ShapeField(name="quantity", kind="number"),
        ShapeField(name="unit", kind="text"),
        ShapeField(name="price", kind="money"),
        ShapeField(name="discount_percent", kind="percent"),
        ShapeField(name="discount_amount", kind="money"),
        ShapeField(name="tax_rate", kind="link", to=TAX_RATE),
        ShapeField(name="net", kind="money"),
        ShapeField(name="tax", kind="money"),
        ShapeField(name="gross", kind="money"),
    ),
)
_CUSTOMER = (
    ShapeField(name="organization", kind="link", to=_ORGANIZATION),
    ShapeField(name="person", kind="link", to=_PERSON),
    ShapeField(name="deal", kind="link", to=_DEAL),
)
_TOTALS = (
    ShapeField(name="currency", kind="text"),
    _LINES,
    ShapeField(name="net", kind="money"),
    ShapeField(name="tax", kind="money"),
    ShapeField(name="gross", kind="money"),
)

#: Record types of the contract. A stage's `kind` is open, won or lost. Lines are counted by whoever keeps them: `net`,
#: `tax` and `gross` follow from the rest. An issued invoice changes no more, but for what is paid of it.
SHAPES = (
    Shape(key=PIPELINE, collection="pipelines", fields=(ShapeField(name="name", kind="text"),)),
    Shape(
        key=STAGE,
        collection="stages",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="pipeline", kind="link", to=PIPELINE),
            ShapeField(name="kind", kind="choice", choices=("open", "won", "lost")),
        ),
    ),
    Shape(
        key=TAX_RATE,
        collection="tax-rates",
        fields=(ShapeField(name="name", kind="text"), ShapeField(name="percent", kind="percent")),
    ),
    Shape(
        key=PRODUCT,
        collection="products",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="code", kind="text"),
            ShapeField(name="kind", kind="choice", choices=("good", "service")),
            ShapeField(name="unit", kind="text"),
            ShapeField(name="price", kind="money"),
            ShapeField(name="cost", kind="money"),
            ShapeField(name="tax_rate", kind="link", to=TAX_RATE),
            ShapeField(name="category", kind="text"),
            ShapeField(name="archived", kind="boolean"),
        ),
    ),
    Shape(
        key=QUOTE,
        collection="quotes",
        fields=(
            ShapeField(name="number", kind="text"),
            ShapeField(name="state", kind="choice", choices=("draft", "sent", "accepted", "declined")),
            *_CUSTOMER,
            ShapeField(name="valid_until", kind="date"),
            *_TOTALS,
        ),
        actions=("send", "accept", "decline", "order", "invoice"),
    ),
    Shape(
        key=ORDER,
        collection="orders",
        fields=(
            ShapeField(name="number", kind="text"),
            ShapeField(name="state", kind="choice", choices=("draft", "confirmed", "delivered", "cancelled")),
            *_CUSTOMER,
            *_TOTALS,
        ),
        actions=("confirm", "deliver", "cancel", "invoice"),
    ),
    Shape(
        key=INVOICE,
        collection="invoices",
        fields=(
            ShapeField(name="number", kind="text"),
            ShapeField(name="state", kind="choice", choices=("draft", "issued", "part_paid", "paid")),
            *_CUSTOMER,
            ShapeField(name="issued_on", kind="date"),
            ShapeField(name="due_on", kind="date"),
            *_TOTALS,
            ShapeField(name="paid", kind="money"),
            ShapeField(name="rest", kind="money"),
        ),
        actions=("issue", "pay"),
    ),
    Shape(
        key=PAYMENT,
        collection="payments",
        fields=(
            ShapeField(name="received_on", kind="date"),
            ShapeField(name="amount", kind="money"),
            ShapeField(name="reference", kind="text"),
            ShapeField(name="organization", kind="link", to=_ORGANIZATION),
            ShapeField(name="person", kind="link", to=_PERSON),
            ShapeField(
                name="allocations",
                kind="list",
                items=(ShapeField(name="invoice", kind="link", to=INVOICE), ShapeField(name="amount", kind="money")),
            ),
        ),
    ),
)

_OF_CUSTOMER = {
    "deal_id": "deal it belongs to, or null",
    "person_id": "customer as a person, or null",
    "organization_id": "customer as an organization, or null",
    "owner_id": "user who owns it, or null",
}
_OF_INVOICE = {
    "number": "number of the invoice",
    "amount": 'money {"value", "currency"} with tax',
    "rest": 'money {"value", "currency"} that is still to be paid',
    "due_on": "date it is to be paid by",
    **_OF_CUSTOMER,
}

#: Facts of the contract, each stated once, with the unit that made it true.
FACTS = (
    Fact(
        name=STAGE_CHANGED,
        fields={
            "pipeline_id": "pipeline that the deal is in now",
            "stage_id": "stage that it entered",
            "from_stage_id": "stage that it left, or null for a new deal",
            "owner_id": "user who owns the deal, or null",
        },
    ),
    Fact(
        name=QUOTE_ACCEPTED,
        fields={"number": "number of the quote", "amount": 'money {"value", "currency"} with tax', **_OF_CUSTOMER},
    ),
    Fact(name=INVOICE_ISSUED, fields=_OF_INVOICE),
    Fact(name=INVOICE_OVERDUE, fields=_OF_INVOICE),
    Fact(name=INVOICE_PAID, fields={**_OF_INVOICE, "paid_on": "date of the payment that settled it"}),
    Fact(
        name=PAYMENT_RECEIVED,
        fields={
            "amount": 'money {"value", "currency"}',
            "received_on": "date it came in",
            "invoice_ids": "invoices that it is for; empty for money that is for none yet",
            "person_id": "customer as a person, or null",
            "organization_id": "customer as an organization, or null",
            "owner_id": "user who owns the payment, or null",
        },
    ),
)


class SalesOff(Exception):
    """Nobody provides sales/1 at present, so nothing can be invoiced."""


@dataclass(frozen=True, kw_only=True)
class OpenAmount:
    """What customers still owe in one currency: `minor` in its minor units, of `count` invoices."""

    currency: str
    minor: int
    overdue_minor: int
    count: int


class Sales(Protocol):
    """The service "sales/1"."""

    def make_invoice(self, deal_id: int, *, issue: bool = True, key: str = "") -> int:
        """An invoice from the deal's lines (or one line with its amount), issued unless told; gives its id.

        Inside the caller's unit, with the acting person's rights. The same `key` makes one invoice only, however often
        and by however many processes at once it is asked for. The provider's refusals say what is missing.
        """

    def invoice_pdf(self, invoice_id: int) -> int:
        """The invoice as a PDF in the customer's language, kept with it as a file; gives the file's id."""

    def open_amount(
        self, *, deal_id: int | None = None, person_id: int | None = None, organization_id: int | None = None
    ) -> list[OpenAmount]:
        """What is still to be paid of the invoices that the acting person may see, by currency; narrowed by what is
        given, else of all customers."""


class Null:
    """Stands in while nobody provides sales/1: deals have no stages, nothing is invoiced, nobody owes anything."""

    def make_invoice(self, deal_id: int, *, issue: bool = True, key: str = "") -> int:
        raise SalesOff("the module sales is switched off; switch it on to make invoices")

    def invoice_pdf(self, invoice_id: int) -> int:
        raise SalesOff("the module sales is switched off; switch it on to read invoices")

    def open_amount(
        self, *, deal_id: int | None = None, person_id: int | None = None, organization_id: int | None = None
    ) -> list[OpenAmount]:
        return []
