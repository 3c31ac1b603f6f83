"""From lines on a deal to a paid invoice: one chain, one set of amounts, and nothing that was issued ever changes."""

from datetime import timedelta

import pytest
from sales_lab import DEAL

from kumiko import (
    Conflict,
    Invalid,
    Money,
    company_today,
    create,
    delete,
    get,
    run_action,
    services,
    unit,
    update,
)
from kumiko.records.dumps import dump_view
from kumiko.records.undo import undo as undo_unit
from kumiko_contracts.sales import INVOICE, ORDER, PAYMENT, PRODUCT, QUOTE, TAX_RATE
from kumiko_testing.lab import Lab, acting_in, said
from kumiko_testing.records import open_house

ORGANIZATION = "parties.organization"
CORE = ("kumiko.jobs", "kumiko.records", "kumiko.duplicates", "kumiko.access", "kumiko.parties", "kumiko.notify")


@pytest.fixture
def shop(sales_house):
    """Two products, two rates, a customer and a deal with three lines: 11,248 cents without tax."""
    with sales_house.acting() as context:
        context.shop = made = {}
        made["full"] = create(TAX_RATE, {"name": "VAT 19", "percent": 19, "is_default": True}).id
        made["less"] = create(TAX_RATE, {"name": "VAT 7", "percent": 7}).id
        made["drill"] = create(
            PRODUCT, {"name": "Drill", "code": "D-1", "unit": "pcs", "price": "33.33", "tax_rate": made["full"]}
        ).id
        made["book"] = create(PRODUCT, {"name": "Manual", "code": "M-1", "price": "10", "tax_rate": made["less"]}).id
        made["acme"] = create(
            ORGANIZATION, {"name": "Acme", "legal_name": "Acme Tools Ltd",
                           "addresses": [{"street": "Main Street 1", "postal_code": "10115", "city": "Berlin"}]}
        ).id  # fmt: skip
        made["deal"] = create(DEAL, {
            "name": "Tools for Acme", "organization": made["acme"],
            "sales_lines": [
                {"product": made["drill"], "quantity": 3, "discount_percent": 10},
                {"text": "Fitting", "quantity": 1.5, "price": "9.99", "unit": "h"},
                {"product": made["book"], "quantity": 1, "discount_amount": "2.50"},
            ],
        }).id  # fmt: skip
        yield made


def amounts(record):
    return [record.get(name).value for name in ("net", "tax", "gross")]


def refusal(deed):
    with pytest.raises((Invalid, Conflict)) as fault:
        deed()
    return said(fault.value)


def newest(type_key):
    from kumiko import all_ids, catalogue

    return get(type_key, all_ids(catalogue().get(type_key))[-1])


def test_a_deal_becomes_a_quote_an_order_an_invoice_and_money(shop):
    deal = get(DEAL, shop["deal"])
    assert deal.get("amount") == Money(11248, "EUR")
    assert [(row["text"], row["unit"], row["net"].minor) for row in deal.get("sales_lines")] == [
        ("Drill", "pcs", 8999), ("Fitting", "h", 1499), ("Manual", None, 750),
    ]  # fmt: skip
    assert "follows from the lines" in refusal(lambda: update(DEAL, deal.id, {"amount": "5"}))
    run_action(DEAL, deal.id, "quote", {})
    quote = newest(QUOTE)
    assert (quote.title, quote.get("state"), quote.get("number")) == ("Draft, Acme", "draft", None)
    assert amounts(quote) == ["112.48", "20.48", "132.96"]
    assert "changed by actions" in refusal(lambda: update(QUOTE, quote.id, {"state": "accepted"}))
    assert "is in the state “Draft”" in refusal(lambda: run_action(QUOTE, quote.id, "accept", {}))
    year = company_today().year
    sent = run_action(QUOTE, quote.id, "send", {})
    assert (sent.get("number"), sent.get("address")) == (
        f"Q-{year}-0001", "Acme Tools Ltd\nMain Street 1\n10115 Berlin",
    )  # fmt: skip
    assert sent.get("valid_until") == company_today() + timedelta(days=30)
    assert "stays as it is" in refusal(lambda: update(QUOTE, quote.id, {"lines": []}))
    run_action(QUOTE, quote.id, "accept", {})
    run_action(QUOTE, quote.id, "order", {})
    assert "was made from" in refusal(lambda: run_action(QUOTE, quote.id, "order", {}))
    order = newest(ORDER)
    run_action(ORDER, order.id, "confirm", {})
    run_action(ORDER, order.id, "invoice", {})
    invoice = newest(INVOICE)
    assert (invoice.link_id("order"), invoice.link_id("quote"), invoice.link_id("deal")) == (
        order.id, quote.id, deal.id,
    )  # fmt: skip
    assert amounts(invoice) == amounts(quote)
    assert "not issued yet" in refusal(lambda: run_action(INVOICE, invoice.id, "pay", {"amount": "1"}))
    issued = run_action(INVOICE, invoice.id, "issue", {})
    assert (issued.title, issued.get("state")) == (f"INV-{year}-0001, Acme", "issued")
    assert issued.get("due_on") == company_today() + timedelta(days=14)
    part = run_action(INVOICE, invoice.id, "pay", {"amount": "32.96", "reference": "first"})
    assert (part.get("state"), part.get("paid").value, part.get("rest").value) == ("part_paid", "32.96", "100.00")
    assert "still asks for, which is 100.00 EUR" in refusal(
        lambda: run_action(INVOICE, invoice.id, "pay", {"amount": "100.01"})
    )
    paid = run_action(INVOICE, invoice.id, "pay", {})
    assert (paid.get("state"), paid.get("rest").value, paid.get("paid_on")) == ("paid", "0.00", company_today())
    assert "is paid already" in refusal(lambda: run_action(INVOICE, invoice.id, "pay", {}))
    second = newest(PAYMENT)
    delete(PAYMENT, second.id)
    assert get(INVOICE, invoice.id).get("state") == "part_paid"


def test_an_issued_invoice_never_changes(shop, sales_house):
    lab = Lab(acting_in(sales_house))
    invoice = services.get("sales/1").make_invoice(shop["deal"], key="run 7")
    assert services.get("sales/1").make_invoice(shop["deal"], key="run 7") == invoice
    facts = [(name, payload["number"], payload["amount"], payload["rest"]) for name, _id, payload in lab.facts()]
    number, amount = get(INVOICE, invoice).get("number"), {"value": "132.96", "currency": "EUR"}
    assert facts == [("sales.invoice_issued/1", number, amount, amount)]
    before = dump_view(get(INVOICE, invoice))
    never = f"Invoice {number} was issued and never changes"
    for values in (
        {"subject": "x"}, {"lines": []}, {"organization": None}, {"due_on": "2030-01-01"}, {"currency": "USD"},
        {"address": "x"}, {"prices_include_tax": True}, {"state": "draft"},
    ):  # fmt: skip
        assert never in refusal(lambda values=values: update(INVOICE, invoice, values)), values
    assert "neither deleted nor undone" in refusal(lambda: delete(INVOICE, invoice))
    lab.undo_last()  # makes and issues: refused, and said so
    same = {**dump_view(get(INVOICE, invoice)), "lines": before["lines"]}
    assert same == before
    update(INVOICE, invoice, {"tags": ["ours"], "lines": [dict(row) for row in before["lines"]]})
    with unit() as opened:
        run_action(INVOICE, invoice, "pay", {"amount": "100", "received_on": "2026-01-05"})
    assert get(INVOICE, invoice).get("state") == "part_paid"
    undo_unit(opened.id)
    assert [get(INVOICE, invoice).get(name) for name in ("state", "paid", "rest")] == [
        "issued", Money(0, "EUR"), Money(13296, "EUR"),
    ]  # fmt: skip
    assert services.get("sales/1").open_amount(deal_id=shop["deal"])[0].minor == 13296
    assert services.get("sales/1").open_amount(deal_id=shop["acme"]) == []


def test_what_makes_no_sense_is_refused_with_a_sentence(shop):
    def invoice(**values):
        return lambda: create(INVOICE, {"organization": shop["acme"], **values})

    line = {"text": "Fitting", "price": "10"}
    assert "0 to 100" in refusal(invoice(lines=[{**line, "discount_percent": 101}]))
    assert "above 100 %" in refusal(invoice(lines=[{**line, "discount_amount": "10.01"}]))
    assert "not both" in refusal(invoice(lines=[{**line, "discount_amount": "1", "discount_percent": 1}]))
    assert "row 2: the quantity must be above 0" in refusal(invoice(lines=[line, {**line, "quantity": 0}]))
    assert "below 0" in refusal(invoice(lines=[{**line, "price": "-1"}]))
    assert "say what it is" in refusal(invoice(lines=[{"price": "1"}]))
    assert "in EUR, and the line has an amount in USD" in refusal(
        invoice(currency="EUR", lines=[line, {**line, "price": "1 USD"}])
    )
    assert "unknown" in refusal(invoice(currency="ZZZ"))
    empty = create(INVOICE, {"organization": shop["acme"]}).id
    assert "no lines yet" in refusal(lambda: run_action(INVOICE, empty, "issue", {}))
    nobody = create(INVOICE, {"lines": [line]}).id
    assert "whom it is for" in refusal(lambda: run_action(INVOICE, nobody, "issue", {}))
    tomorrow = (company_today() + timedelta(days=1)).isoformat()
    assert "today or carries an earlier day" in refusal(
        lambda: run_action(INVOICE, nobody, "issue", {"issued_on": tomorrow})
    )
    yens = {"text": "Fitting", "quantity": 3, "price": "333 JPY", "tax_rate": shop["full"]}
    yen = create(INVOICE, {"organization": shop["acme"], "lines": [yens], "prices_include_tax": True})
    assert (yen.get("currency"), amounts(yen)) == ("JPY", ["839", "160", "999"])
    run_action(INVOICE, yen.id, "issue", {})
    assert "record it in the invoice's currency" in refusal(
        lambda: run_action(INVOICE, yen.id, "pay", {"amount": "1 EUR"})
    )
    free = create(PAYMENT, {"amount": "500 JPY", "organization": shop["acme"]})
    assert free.get("unallocated") == Money(500, "JPY")
    assert "only 500 JPY was paid" in refusal(
        lambda: update(PAYMENT, free.id, {"allocations": [{"invoice": yen.id, "amount": "600 JPY"}]})
    )
    done = update(PAYMENT, free.id, {"allocations": [{"invoice": yen.id}]})
    assert (done.get("allocations")[0]["amount"], done.get("unallocated")) == (Money(500, "JPY"), Money(0, "JPY"))
    assert get(INVOICE, yen.id).get("rest") == Money(499, "JPY")


def test_without_deals_customers_get_quotes_invoices_and_payments_all_the_same(sales_house, tmp_path):
    alone = open_house(sales_house.database.url.render_as_string(hide_password=False), tmp_path, CORE, ("sales",))
    assert dict(alone.generation.failed) == {}
    with alone.acting():
        acme = create(ORGANIZATION, {"name": "Acme"}).id
        quote = create(QUOTE, {"organization": acme, "lines": [{"text": "Fitting", "price": "80"}]}).id
        run_action(QUOTE, quote, "send", {})
        run_action(QUOTE, quote, "accept", {})
        run_action(QUOTE, quote, "invoice", {})
        invoice = newest(INVOICE).id
        run_action(INVOICE, invoice, "issue", {})
        paid = run_action(INVOICE, invoice, "pay", {"amount": "80"})
        assert (paid.get("state"), paid.title.endswith(", Acme")) == ("paid", True)
        assert "switched off" in refusal(lambda: services.get("sales/1").make_invoice(acme))
