"""What is printed: the amounts of screen and REST, in the customer's language; documents from templates."""

import re

import pypdfium2
from sales_web import text_of

from kumiko import create, files_of, read_file, services
from kumiko.host import settings
from kumiko_contracts.deals import DEAL
from kumiko_contracts.sales import INVOICE, TAX_RATE


def printed(content):
    """The text of a PDF, blanks folded."""
    with pypdfium2.PdfDocument(content) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return " ".join(" ".join(pages).split()).replace("\xa0", " ").replace("\u202f", " ")


def test_screen_pdf_and_rest_show_the_same_amounts_in_every_currency(web):
    with web.acting("sam@example.com"):
        acme = create("parties.organization", {"name": "Łódź Ünïon Привет"}).id
        german = create("parties.person", {"name": "Ute Groß", "language": "de"}).id
        made = {}
        for currency, price in (
            ("EUR", "33.33"), ("JPY", "333"),
            ("KWD", "3.333"),
        ):  # fmt: skip
            made[currency] = create(INVOICE, {
                "organization": acme, "currency": currency, "subject": f"In {currency}",
                "lines": [{"text": "Drill", "quantity": 3.75, "price": f"{price} {currency}", "discount_percent": 10}],
            }).id  # fmt: skip
    with web.acting():
        rate = create(TAX_RATE, {"name": "VAT 19", "percent": 19}).id
    sam = web.person("sam@example.com")
    for currency, invoice in made.items():
        lines = sam.api("GET", f"/api/v1/invoices/{invoice}").json["lines"]
        version = sam.api("GET", f"/api/v1/invoices/{invoice}").headers["ETag"]
        answer = sam.api(
            "PATCH", f"/api/v1/invoices/{invoice}", {"lines": [{**lines[0], "tax_rate": rate}]}, If_Match=version
        )
        assert answer.status_code == 200, (currency, answer.text)
        assert sam.post(f"/invoices/{invoice}/actions/issue").status_code == 303
        rest = sam.api("GET", f"/api/v1/invoices/{invoice}").json
        screen = text_of(sam.get(f"/invoices/{invoice}")).replace("\xa0", " ")
        pdf = sam.get(f"/invoices/{invoice}/pdf")
        paper = printed(pdf.data)
        assert pdf.headers["Content-Type"] == "application/pdf"
        for name in ("net", "tax", "gross"):
            digits = rest[name]["value"]
            shown = re.compile(rf"(?<![\d.,]){re.escape(grouped(digits))}(?![\d])")
            assert shown.search(screen), (currency, name, digits)
            assert shown.search(paper), (currency, name, digits, paper)
        assert "Łódź Ünïon Привет" in paper
        assert sam.api("GET", f"/api/v1/invoices/{invoice}/pdf").data[:5] == b"%PDF-"
    other = web.person("sue@example.com")
    assert other.get(f"/invoices/{invoice}/pdf").status_code == 404
    with web.acting("sam@example.com"):
        deal = create(DEAL, {"name": "Für Ute", "person": german, "amount": "1234.50"}).id
        sales = services.get("sales/1")
        kept = read_file(sales.invoice_pdf(sales.make_invoice(deal)))
    assert kept.name.startswith("Rechnung INV-")
    assert "1.234,50 €" in printed(kept.content)


def grouped(digits):
    whole, dot, rest = digits.partition(".")
    return f"{int(whole):,}{dot}{rest}"


def test_templates_become_documents_and_say_what_is_wrong(web):
    with web.acting():
        settings.put({"host.company": "Kumiko Machines"})
    head = web.person("hanna@example.com")

    def make(**values):
        return head.api("POST", "/api/v1/document-templates", {"name": "Contract", "about": DEAL, **values})

    unknown = make(body="Dear {{ customer.nickname }}")
    assert (unknown.status_code, "customer" in unknown.text) == (422, True)
    huge = make(body="{% for a in range(1000000000) %}x{% endfor %}")
    assert huge.status_code == 422
    lines = "{% for one in sales_lines %}- {{ one.text }} {{ one.price }}\n{% endfor %}"
    body = "# Contract\n\nwith {{ organization.name }}, {{ person.name }}\n" + lines
    template = make(body=body, kind="contract").json["id"]
    with web.acting("sam@example.com"):
        acme = create("parties.organization", {"name": "Acme"}).id
        deal = create(DEAL, {"name": "Roof", "organization": acme,
                             "sales_lines": [{"text": "Tile", "price": "10"}]}).id  # fmt: skip
    sam = web.person("sam@example.com")
    page = sam.get(f"/document-templates/{template}/preview?record={deal}")
    assert "Empty on this record: person.name" in text_of(page)
    assert "with Acme" in text_of(page)
    assert sam.get(f"/document-templates/{template}/preview").status_code == 200
    dialog = sam.get(f"/deals/{deal}/actions/make_document")
    assert "Contract" in dialog.text
    assert sam.post(f"/deals/{deal}/actions/make_document", {"template": template}).status_code == 303
    with web.acting("sam@example.com"):
        kept = read_file(files_of(DEAL, deal)[0].id)
    assert kept.name == "Contract - Roof.pdf"
    text = printed(kept.content)
    assert all(part in text for part in ("Kumiko Machines", "with Acme", "Tile €10.00", "Page 1 of 1"))
    sue = web.person("sue@example.com")
    assert sue.get(f"/document-templates/{template}/preview?record={deal}").status_code == 404
    assert sue.api("POST", "/api/v1/document-templates", {"name": "x", "about": DEAL, "body": "x"}).status_code == 403
