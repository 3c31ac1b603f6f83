"""Sample products, quotes, orders, invoices and payments for the sample deals: the same on every machine."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from kumiko import all_ids, catalogue, company_today, create, get, unit, update
from kumiko_contracts.deals import DEAL, LOST, OPEN, WON
from kumiko_sales import document_actions as do
from kumiko_sales.demo import SAMPLE as TAGGED
from kumiko_sales.demo import as_history
from kumiko_sales.document_rules import SAMPLE, move
from kumiko_sales.models import INVOICE, ORDER, PRODUCT, QUOTE, TAX_RATE, TEMPLATE

_PRODUCTS = (
    # code, name, kind, unit, price, cost, rate, category
    ("CNC-200", "Milling centre CNC-200", "good", "pcs", 48_900, 36_200, "full", "Machines"),
    ("CNC-90", "Compact mill CNC-90", "good", "pcs", 19_450, 13_900, "full", "Machines"),
    ("LTH-12", "Lathe LTH-12", "good", "pcs", 27_800, 20_150, "full", "Machines"),
    ("TOOL-SET", "Tool set, 48 pieces", "good", "set", 1_290, 770, "full", "Tools"),
    ("COOL-20", "Coolant, 20 l", "good", "pcs", 84.50, 41, "full", "Supplies"),
    ("INSTALL", "Installation and first run", "service", "day", 980, 610, "full", "Services"),
    ("TRAIN", "Operator training", "service", "day", 1_150, 640, "less", "Services"),
    ("CARE-Y", "Maintenance, a year", "service", "year", 2_400, 1_350, "full", "Services"),
    ("HOTLINE", "Hotline", "service", "h", 95, 52, "full", "Services"),
    ("MANUAL", "Printed manual", "good", "pcs", 49, 18, "less", "Supplies"),
)
_TEMPLATES = (
    (
        "Sales contract",
        "contract",
        DEAL,
        "# Sales contract\n\nbetween {{ company.name }} and {{ organization.name }}, represented by {{ person.name }}."
        "\n\n## 1. What is sold\n\n{% for line in sales_lines %}- {{ line.quantity | number }} {{ line.unit }} "
        "{{ line.text }} at {{ line.price }}\n{% endfor %}\nThe price is {{ amount }} without tax."
        "\n\n## 2. Delivery\n\nDelivery is expected by {{ expected_close_on | days(30) }}."
        "\n\n## 3. Signatures\n\nPlace and date: ____________________\n\n____________________",
    ),
    (
        "Letter with the quote",
        "offer",
        QUOTE,
        "# Our offer {{ number }}\n\nDear {{ person.name }},\n\nthank you for your interest. As discussed we offer "
        "what is listed in the quote, {{ gross }} in all with tax, valid until {{ valid_until }}."
        "\n\nIn short:\n{% for line in lines %}- {{ line.text }}\n{% endfor %}\nWe look forward to your answer."
        "\n\n{{ me.name }}",
    ),
)
QUOTES, INVOICES = 14, 26
_METHODS = ("transfer", "transfer", "transfer", "card", "debit")


def make() -> None:
    """Make them, inside the caller's unit; only products while there are no sample deals."""
    dice = random.Random(77)  # noqa: S311 - sample data, the same for everybody
    with unit(), as_history():
        rates = {
            "full": create(TAX_RATE, {"name": "VAT 19 %", "percent": 19, "is_default": True}).id,
            "less": create(TAX_RATE, {"name": "VAT 7 %", "percent": 7}).id,
        }
        products = [_product(row, rates) for row in _PRODUCTS]
        for name, kind, about, body in _TEMPLATES:
            create(TEMPLATE, {"name": name, "kind": kind, "about": about, "body": body, "tags": ["sample"]})
        info = catalogue().find(DEAL)
        if info is None:
            return
        deals = [get(DEAL, deal_id) for deal_id in all_ids(info, node=TAGGED)]
        won = [one for one in deals if one.get("outcome") == WON and _in_euro(one)][-INVOICES:]
        pending = [one for one in deals if one.get("outcome") == OPEN and _in_euro(one)][:QUOTES]
        lost = [one for one in deals if one.get("outcome") == LOST and _in_euro(one)][:3]
        for number, deal in enumerate([*lost, *pending], 1):
            _quote(number, _with_lines(deal, products, dice), dice)
        by_day = sorted(won, key=lambda one: (one.get("closed_on"), one.id))
        for number, deal in enumerate(by_day, 1):
            _invoice(number, _with_lines(deal, products, dice), dice)


def _in_euro(deal: Any) -> bool:
    return deal.get("amount") is not None and deal.get("amount").currency == "EUR"


def _product(row: tuple[Any, ...], rates: dict[str, int]) -> Any:
    code, name, kind, unit_, price, cost, rate, category = row
    return create(PRODUCT, {
        "code": code, "name": name, "kind": kind, "unit": unit_, "category": category, "tax_rate": rates[rate],
        "price": {"value": f"{price:.2f}", "currency": "EUR"}, "cost": {"value": f"{cost:.2f}", "currency": "EUR"},
        "tags": ["sample"],
    })  # fmt: skip


def _with_lines(deal: Any, products: list[Any], dice: random.Random) -> Any:
    """The deal with lines: a machine or two, and what goes with it."""
    chosen = [products[dice.randrange(0, 3)], *dice.sample(products[3:], dice.randrange(1, 4))]
    lines: list[dict[str, Any]] = []
    for place, product in enumerate(chosen):
        line: dict[str, Any] = {"product": product.id, "quantity": 1 if place == 0 else dice.choice((1, 2, 3, 5, 8))}
        if dice.random() < 0.3:
            line["discount_percent"] = dice.choice((3, 5, 7.5, 10))
        lines.append(line)
    return update(DEAL, deal.id, {"sales_lines": lines})


def _numbered(record: Any, kind: str, number: int) -> Any:
    """Sample documents are in no series, so that removing them leaves no gap."""
    move(record, {"number": f"{SAMPLE}{kind}-{number:04}"})
    return get(record.type.key, record.id)


def _quote(number: int, deal: Any, dice: random.Random) -> None:
    quote = do.from_deal(QUOTE, deal)
    update(QUOTE, quote.id, {"tags": ["sample"]})
    quote = get(QUOTE, quote.id)
    if number % 5 == 0:
        return  # still a draft
    on = company_today() - timedelta(days=dice.randrange(2, 50))
    quote = _numbered(quote, "Q", number)
    do.send_quote(quote, {"issued_on": on})
    if deal.get("outcome") == LOST:
        do.decline_quote(get(QUOTE, quote.id), {"reason": "Too dear"})
    elif number % 4 == 0:
        do.accept_quote(get(QUOTE, quote.id), {})
        order = do.from_document(ORDER, get(QUOTE, quote.id), quote=quote.id, tags=["sample"])
        if number % 8 == 0:
            do.confirm_order(_numbered(order, "O", number), {})


def _invoice(number: int, deal: Any, dice: random.Random) -> None:
    invoice = do.from_deal(INVOICE, deal)
    update(INVOICE, invoice.id, {"tags": ["sample"]})
    invoice = get(INVOICE, invoice.id)
    if number > INVOICES - 2:
        return  # two are still drafts
    today = company_today()
    on: date = min(today, (deal.get("closed_on") or today) + timedelta(days=dice.randrange(0, 6)))
    invoice = _numbered(invoice, "INV", number)
    do.issue_invoice(invoice, {"issued_on": on})
    age = (today - on).days
    if age < 10 or dice.random() < 0.15:
        return
    paid_on = min(today, on + timedelta(days=dice.randrange(3, 25)))
    values: dict[str, Any] = {"received_on": paid_on, "method": dice.choice(_METHODS)}
    if dice.random() < 0.25:
        half = get(INVOICE, invoice.id).get("gross")
        values["amount"] = type(half)(half.minor // 2, half.currency)
    do.pay_invoice(get(INVOICE, invoice.id), values)
