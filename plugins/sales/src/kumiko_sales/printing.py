"""Quotes, orders and invoices as PDF: the amounts of the record, in the customer's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kumiko import (
    Invalid,
    Money,
    attach_file,
    day_text,
    get,
    money_text,
    number_text,
    reading_as,
    settings_of,
    unit,
)
from kumiko import gettext as _
from kumiko_sales import customers
from kumiko_sales.document_panels import LineRow, line_rows
from kumiko_sales.models import DRAFT, INVOICE, ORDER, QUOTE

if TYPE_CHECKING:
    from kumiko import Pdf  # at run time inside the functions that print: it takes a tenth of a second to import

DOCUMENT = "document"  # the kind of file
_INK, _SOFT, _RULE = (24, 25, 31), (110, 112, 122), (214, 216, 222)


def pdf_of(record: Any) -> tuple[str, bytes]:
    """(name of the file, PDF) of a quote, order or invoice; Invalid when it has no lines."""
    if not record.get("lines"):
        raise Invalid(_("“%(name)s” has no lines yet; there is nothing to print.", name=record.title))
    language = record.get("language") or customers.language_of(record)
    with reading_as(language):
        number = record.get("number") or _("Draft")
        word = _word(record)
        return f"{word} {number}.pdf", _drawn(record, f"{word} {number}", language)


def keep_pdf(type_key: str, record_id: int) -> int:
    """Make the PDF and keep it with the document as a file; gives the file's id."""
    record = get(type_key, record_id)
    name, content = pdf_of(record)
    with unit(reason=_("PDF made")):
        return attach_file(type_key, record_id, name, content, media_type="application/pdf", kind=DOCUMENT)


def _word(record: Any) -> str:
    return {QUOTE: _("Quote"), ORDER: _("Order confirmation"), INVOICE: _("Invoice")}[record.type.key]


def _drawn(record: Any, title: str, language: str) -> bytes:
    known = settings_of("sales")
    seller = (record.get("seller") or customers.seller()).splitlines()
    foot = [*str(known.get("footer") or "").splitlines(), " · ".join(str(known.get("bank") or "").splitlines())]
    pdf = _paper(title, seller, language, foot)
    _letterhead(pdf, record, seller, str(known.get("tax_number") or ""))
    _title(pdf, record, title)
    _lines(pdf, line_rows(record.get("lines")), with_tax=bool(record.get("prices_include_tax")))
    _sums(pdf, record)
    _closing(pdf, record, str(known.get("bank") or ""))
    return pdf.finished()


def _paper(title: str, seller: Sequence[str], language: str, foot: Sequence[str]) -> Pdf:
    """The first page of a document, empty but for its foot."""
    from kumiko import Pdf

    pdf = Pdf(title=title, author=seller[0] if seller else "", language=language, foot=[one for one in foot if one])
    pdf.add_page()
    return pdf


def _letterhead(pdf: Pdf, record: Any, seller: Sequence[str], tax_number: str) -> None:
    """Who sends it, to whom, and the facts beside the address."""
    if seller:
        _say(pdf, seller[0], size=13, bold=True, height=6)
        _say(pdf, " · ".join(seller[1:]), size=8, soft=True, height=4)
    pdf.set_y(max(pdf.get_y() + 8, 48))
    top = pdf.get_y()
    address = record.get("address") or customers.address_of(record)
    pdf.multi_cell(90, 4.8, address, new_x="LMARGIN", new_y="NEXT")
    left_end = pdf.get_y()
    pdf.set_y(top)
    for label, text in [*_facts(record), *([(_("Our tax number"), tax_number)] if tax_number else [])]:
        pdf.set_x(120)
        pdf.set_text_color(*_SOFT)
        pdf.cell(34, 4.8, label)
        pdf.set_text_color(*_INK)
        pdf.cell(0, 4.8, text, align="R", new_x="LMARGIN", new_y="NEXT")
    pdf.set_y(max(left_end, pdf.get_y(), top + 24) + 10)


def _facts(record: Any) -> list[tuple[str, str]]:
    found = [(_("Number"), record.get("number") or _("Draft"))]
    days = (
        ("issued_on", _("Date")), ("valid_until", _("Valid until")), ("due_on", _("Due on")),
        ("delivered_on", _("Delivered on")), ("deliver_on", _("Delivery on")),
    )  # fmt: skip
    found += [(label, day_text(record.get(name))) for name, label in days if record.get(name) is not None]
    if record.get("customer_reference"):
        found.append((_("Your reference"), record.get("customer_reference")))
    return found


def _title(pdf: Pdf, record: Any, title: str) -> None:
    _say(pdf, title, size=17, bold=True, height=8)
    if record.get("state") == DRAFT:
        _say(pdf, _("Draft, not valid"), size=9, soft=True, height=5)
    if record.get("subject"):
        _say(pdf, record.get("subject"), size=11, height=6)
    if record.get("intro"):
        pdf.ln(2)
        _say(pdf, record.get("intro"), height=4.8)
    pdf.ln(4)


def _lines(pdf: Pdf, rows: Sequence[LineRow], *, with_tax: bool) -> None:
    """The table of lines; its head is repeated on each page."""
    from fpdf.fonts import FontFace  # local: see above

    head = FontFace(emphasis="BOLD", color=_SOFT, size_pt=8)
    discounts = any(row.discount for row in rows)
    heads = ["#", _("Text"), _("Quantity"), _("Price with tax") if with_tax else _("Price"),
             *([_("Discount")] if discounts else []), _("Tax"), _("Without tax")]  # fmt: skip
    widths = (9, 66, 24, 27, 20, 14, 30) if discounts else (9, 80, 26, 30, 16, 32)
    aligns = ("LEFT", "LEFT", *["RIGHT"] * (len(heads) - 2))
    pdf.set_draw_color(*_RULE)
    with pdf.table(
        col_widths=widths, text_align=aligns, borders_layout="HORIZONTAL_LINES", headings_style=head,
        line_height=4.8, padding=(1.6, 1, 1.6, 1), width=pdf.epw,
    ) as table:  # fmt: skip
        table.row(heads)
        for place, row in enumerate(rows, 1):
            quantity = f"{number_text(row.quantity)} {row.unit}".strip()
            cells = [str(place), row.text, quantity, _money(row.price)]
            if discounts:
                cells.append(row.discount)
            table.row([*cells, f"{number_text(row.tax_percent or 0)} %", _money(row.net)])
    pdf.ln(3)


def _sums(pdf: Pdf, record: Any) -> None:
    """The totals of the record itself; nothing is added up here."""
    taxes = record.get("taxes") or []
    rows = [(_("Total without tax"), _money(record.get("net")), False)]
    rows += [
        (_("Tax %(percent)s %% on %(net)s", percent=number_text(row["percent"]), net=_money(row["net"])),
         _money(row["tax"]), False)
        for row in taxes
    ]  # fmt: skip
    rows.append((_("Total"), _money(record.get("gross")), True))
    pdf.room_for(len(rows) * 5.6 + 4)
    for label, text, strong in rows:
        pdf.set_font(style="B" if strong else "", size=11 if strong else 9.5)
        if strong:
            pdf.set_draw_color(*_INK)
            pdf.line(110, pdf.get_y() + 0.6, pdf.w - pdf.r_margin, pdf.get_y() + 0.6)
            pdf.ln(1.6)
        pdf.set_x(110)
        pdf.set_text_color(*(_INK if strong else _SOFT))
        pdf.cell(44, 5.6, label)
        pdf.set_text_color(*_INK)
        pdf.cell(0, 5.6, text, align="R", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(style="", size=9.5)
    pdf.ln(8)


def _closing(pdf: Pdf, record: Any, bank: str) -> None:
    if record.type.key == INVOICE and record.get("due_on") is not None:
        asked = record.get("gross")
        pdf.room_for(16)
        _say(pdf, _("Please pay %(amount)s by %(day)s and name the number %(number)s.", amount=_money(asked),
                    day=day_text(record.get("due_on")), number=record.get("number") or ""), height=4.8)  # fmt: skip
        if bank:
            _say(pdf, bank, height=4.8, soft=True)
        pdf.ln(3)
    if record.type.key == QUOTE and record.get("valid_until") is not None:
        _say(pdf, _("This quote is valid until %(day)s.", day=day_text(record.get("valid_until"))), height=4.8)
        pdf.ln(3)
    if record.get("notes"):
        _say(pdf, record.get("notes"), height=4.8)


def _say(
    pdf: Pdf, text: str, *, size: float = 9.5, bold: bool = False, soft: bool = False, height: float = 4.8
) -> None:
    pdf.set_font(style="B" if bold else "", size=size)
    pdf.set_text_color(*(_SOFT if soft else _INK))
    pdf.multi_cell(0, height, text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(*_INK)
    pdf.set_font(style="", size=9.5)


def _money(amount: Money | None) -> str:
    return money_text(amount.minor, amount.currency) if amount is not None else ""


def letter(title: str, text: str, address: str, language: str) -> bytes:
    """A text as a letter: lines with # are headings, with - points; an empty line begins a paragraph."""
    known = settings_of("sales")
    with reading_as(language):
        seller = customers.seller().splitlines()
        foot = [*str(known.get("footer") or "").splitlines(), " · ".join(str(known.get("bank") or "").splitlines())]
        pdf = _paper(title, seller, language, foot)
        if seller:
            _say(pdf, seller[0], size=13, bold=True, height=6)
            _say(pdf, " · ".join(seller[1:]), size=8, soft=True, height=4)
        pdf.set_y(max(pdf.get_y() + 8, 48))
        pdf.multi_cell(90, 4.8, address, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(10)
        for kind, line in blocks_of(text):
            _block(pdf, kind, line)
        return pdf.finished()


def blocks_of(text: str) -> list[tuple[str, str]]:
    """(kind, text) of the lines of a letter: h1 to h3, li, p, and "" for an empty line."""
    found = []
    for raw in text.splitlines():
        line = raw.rstrip()
        marks = len(line) - len(line.lstrip("#"))
        if 1 <= marks <= 3 and line[marks : marks + 1] == " ":
            found.append((f"h{marks}", line[marks + 1 :]))
        elif line.startswith("- "):
            found.append(("li", line[2:]))
        else:
            found.append(("p" if line else "", line))
    return found


_HEADINGS = {"h1": (16.0, 8.0), "h2": (12.5, 6.4), "h3": (10.5, 5.4)}  # size, height of a line


def _block(pdf: Pdf, kind: str, line: str) -> None:
    if kind in _HEADINGS:
        size, height = _HEADINGS[kind]
        pdf.room_for(14)
        pdf.ln(2)
        _say(pdf, line, size=size, bold=True, height=height)
        pdf.ln(1)
    elif kind == "li":
        pdf.cell(5, 5, "•")
        pdf.multi_cell(0, 5, line, align="L", new_x="LMARGIN", new_y="NEXT")
    elif kind == "p":
        _say(pdf, line, height=5)
    else:
        pdf.ln(3)
