"""Every provider of sales/1 does this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kumiko_contracts.deals import DEAL, LOST, LOST_REASON, OPEN, WON
from kumiko_contracts.deals import VERSION as DEALS
from kumiko_contracts.parties import ORGANIZATION
from kumiko_contracts.sales import (
    FACTS,
    INVOICE,
    INVOICE_ISSUED,
    INVOICE_PAID,
    PAYMENT_RECEIVED,
    QUOTE,
    QUOTE_ACCEPTED,
    STAGE,
    STAGE_CHANGED,
    TAX_RATE,
    VERSION,
)
from kumiko_contracts.suites import Lab, same

_EUR = "EUR"


def a_new_deal_stands_in_an_open_stage(lab: Lab) -> None:
    """A deal gets a stage when it is made, of the kind that its outcome says, and that is stated."""
    lab.facts()
    deal_id = lab.create(DEAL, {"name": "Roof"})
    stage = lab.read(DEAL, deal_id)["stage"]
    same(lab.read(STAGE, stage["id"])["kind"], OPEN, "kind of the stage")
    documented = sorted(next(fact.fields for fact in FACTS if fact.name == STAGE_CHANGED))
    stated = [(name, record, sorted(payload)) for name, record, payload in lab.facts()]
    same(stated, [(STAGE_CHANGED, deal_id, documented)], "the facts stated")


def the_stage_follows_the_outcome(lab: Lab) -> None:
    """Winning, losing and reopening take a deal to a stage of that kind, and an undo takes it back."""
    deal_id, reason = lab.create(DEAL, {"name": "Roof"}), lab.create(LOST_REASON, {"name": "Too dear"})
    first = lab.read(DEAL, deal_id)["stage"]
    deals = lab.service(DEALS)
    found = []
    deeds: tuple[Callable[[], None], ...] = (
        lambda: deals.win(deal_id),
        lambda: deals.reopen(deal_id),
        lambda: deals.lose(deal_id, lost_reason_id=reason),
    )
    for deed in deeds:
        deed()
        found.append(lab.read(STAGE, lab.read(DEAL, deal_id)["stage"]["id"])["kind"])
    same(found, [WON, OPEN, LOST], "kinds of the stages")
    lab.undo_last()
    after = lab.read(DEAL, deal_id)
    same((after["outcome"], after["stage"]), (OPEN, first), "outcome and stage after the undo")


def the_outcome_follows_the_stage(lab: Lab) -> None:
    """A deal that is moved to a won stage is won, in the same unit: one undo takes back both."""
    deal_id = lab.create(DEAL, {"name": "Roof"})
    other = lab.create(DEAL, {"name": "Wall"})
    lab.service(DEALS).win(other)
    won = lab.read(DEAL, other)["stage"]["id"]
    lab.change(DEAL, deal_id, {"stage": won})
    same(lab.read(DEAL, deal_id)["outcome"], WON, "outcome")
    lab.undo_last()
    same(lab.read(DEAL, deal_id)["outcome"], OPEN, "outcome after the undo")


def _deal(lab: Lab) -> int:
    customer = lab.create(ORGANIZATION, {"name": "Acme"})
    return lab.create(
        DEAL, {"name": "Roof", "organization": customer, "amount": {"value": "100.00", "currency": _EUR}}
    )  # fmt: skip


def _money(value: str) -> dict[str, str]:
    return {"value": value, "currency": _EUR}


def lines_are_counted(lab: Lab) -> None:
    """Net, tax and gross of lines and of the document follow from quantity, price, discount and tax rate."""
    rate = lab.create(TAX_RATE, {"name": "Half", "percent": 50})
    quote = lab.create(QUOTE, {
        "organization": lab.create(ORGANIZATION, {"name": "Acme"}), "currency": _EUR,
        "lines": [
            {"text": "Tile", "quantity": 3, "price": _money("10.00"), "discount_percent": 10, "tax_rate": rate},
            {"text": "Nail", "quantity": 2, "price": _money("0.50"), "tax_rate": rate},
        ],
    })  # fmt: skip
    found: Any = lab.read(QUOTE, quote)
    same([row["net"]["value"] for row in found["lines"]], ["27.00", "1.00"], "net of the lines")
    same([found[name]["value"] for name in ("net", "tax", "gross")], ["28.00", "14.00", "42.00"], "totals")


def an_accepted_quote_is_stated(lab: Lab) -> None:
    """A quote is sent, then accepted, which is stated; from it come an order and an invoice with the same amounts."""
    customer = lab.create(ORGANIZATION, {"name": "Acme"})
    quote = lab.create(QUOTE, {"organization": customer, "lines": [{"text": "Tile", "price": _money("10.00")}]})
    lab.act(QUOTE, quote, "send", {})
    number = lab.read(QUOTE, quote)["number"]
    same(bool(number), True, "whether a sent quote has a number")
    lab.facts()
    lab.act(QUOTE, quote, "accept", {})
    stated = [(name, record, sorted(payload)) for name, record, payload in lab.facts()]
    documented = sorted(next(fact.fields for fact in FACTS if fact.name == QUOTE_ACCEPTED))
    same(stated, [(QUOTE_ACCEPTED, quote, documented)], "the facts stated")
    lab.act(QUOTE, quote, "order", {})
    same(lab.refusal(lambda: lab.act(QUOTE, quote, "order", {})) != "", True, "whether a second order is refused")


def a_deal_is_invoiced_once_per_key(lab: Lab) -> None:
    """The service makes an invoice from a deal, issues it and says so; the same key gives the same invoice."""
    deal = _deal(lab)
    lab.facts()
    sales = lab.service(VERSION)
    made = sales.make_invoice(deal, key="run 1 step 2")
    again = sales.make_invoice(deal, key="run 1 step 2")
    same(again, made, "the invoice of the same key")
    names = [name for name, _record, _payload in lab.facts()]
    same(names, [INVOICE_ISSUED], "the facts stated")
    found = lab.read(INVOICE, made)
    same((found["state"], found["net"], found["deal"]["id"]), ("issued", _money("100.00"), deal), "the invoice")
    same(sales.make_invoice(deal, issue=False) != made, True, "whether no key makes another one")


def an_issued_invoice_stays(lab: Lab) -> None:
    """An issued invoice is neither changed nor deleted nor undone."""
    made = lab.service(VERSION).make_invoice(_deal(lab))
    before = lab.read(INVOICE, made)
    for deed in (
        lambda: lab.change(INVOICE, made, {"lines": []}),
        lambda: lab.change(INVOICE, made, {"due_on": "2030-01-01"}),
        lambda: lab.delete(INVOICE, made),
    ):
        same(lab.refusal(deed) != "", True, "whether it is refused")
    lab.undo_last()
    same(lab.read(INVOICE, made), before, "the invoice")


def payments_settle_invoices(lab: Lab) -> None:
    """Payments in parts lead to paid, never beyond; what is open is told by currency."""
    deal = _deal(lab)
    sales = lab.service(VERSION)
    made = sales.make_invoice(deal)
    whole = lab.read(INVOICE, made)["gross"]
    lab.facts()
    lab.act(INVOICE, made, "pay", {"amount": _money("40.00")})
    same(lab.read(INVOICE, made)["state"], "part_paid", "the state")
    open_now = sales.open_amount(deal_id=deal)
    same([(one.currency, one.count) for one in open_now], [(_EUR, 1)], "what is open")
    too_much = lab.refusal(lambda: lab.act(INVOICE, made, "pay", {"amount": whole}))
    same(too_much != "", True, "whether more than the rest is refused")
    lab.act(INVOICE, made, "pay", {})
    same(lab.read(INVOICE, made)["state"], "paid", "the state")
    names = [name for name, _record, _payload in lab.facts()]
    same(sorted(names), sorted([PAYMENT_RECEIVED, PAYMENT_RECEIVED, INVOICE_PAID]), "the facts stated")
    same(sales.open_amount(deal_id=deal), [], "what is open when all is paid")


CHECKS = (
    a_new_deal_stands_in_an_open_stage,
    the_stage_follows_the_outcome,
    the_outcome_follows_the_stage,
    lines_are_counted,
    an_accepted_quote_is_stated,
    a_deal_is_invoiced_once_per_key,
    an_issued_invoice_stays,
    payments_settle_invoices,
)
