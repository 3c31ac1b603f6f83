"""Addresses of documents: what the lines of a form come to while they are typed."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file

from kumiko import (
    Draft,
    Invalid,
    LinkValue,
    NotFound,
    catalogue,
    described,
    field_inputs,
    find,
    get,
    may,
    money_text,
    typed_draft,
)
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL
from kumiko_sales import deal_lines, document_rules, printing
from kumiko_sales.models import INVOICE, ORDER, QUOTE, TAX_RATE

blueprint = Blueprint("sales_documents", __name__)
_FIELDS = {
    **dict.fromkeys((QUOTE, ORDER, INVOICE), ("lines", ("currency", "prices_include_tax", "lines"))),
    DEAL: ("sales_lines", ("amount", "sales_lines")),
}
#: Inputs of a row that a product or the usual values fill.
_FILLED = (".text", ".unit", ".price", ".quantity", ".tax_rate")


@blueprint.post("/sales/lines")
def count_lines() -> Response:
    """What the lines of a form come to, counted as they will be when it is saved; and what products fill in.

    `?collection=`: of the record that the form is of. JSON: `rows` (texts of inputs, and what a row comes to),
    `totals` ([label, text]), `errors`.
    """
    info = catalogue().by_collection.get(request.args.get("collection", ""))
    if info is None or info.key not in _FIELDS:
        raise NotFound(_("There are no lines to count here."))
    if not may("read", info.key):
        raise NotFound(_("There are no lines to count here."))
    name, names = _FIELDS[info.key]
    sent = [one for one in names if one == name or one in request.form]
    try:
        draft = typed_draft(info.key, [one for one in sent if one != "amount"], request.form)
        if info.key == DEAL:
            deal_lines.price(draft)
        else:
            document_rules.count(draft)
        draft.check_given()
    except Invalid as fault:
        lines = [line for sentences in fault.errors.values() for line in sentences] or [fault.message]
        return jsonify(rows=[], totals=[], errors=lines)
    return jsonify(rows=_rows(info.key, name, draft), totals=_totals(name, draft), errors=[])


def _download(collection: str) -> Any:
    @described(
        "The document as a PDF, as it is now",
        tag=collection.title(),
        responses={
            "200": {
                "description": "The PDF",
                "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    def download_pdf(record_id: int) -> Response:
        """The document as a PDF, as it is now."""
        name, content = printing.pdf_of(get(catalogue().by_collection[collection].key, record_id))
        return send_file(BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name)

    return download_pdf


for _collection in ("quotes", "orders", "invoices"):
    for _below in ("", "/api/v1"):
        blueprint.add_url_rule(
            f"{_below}/{_collection}/<int(min=1, max=9223372036854775807):record_id>/pdf",
            f"pdf_{_collection}{'_api' if _below else ''}", _download(_collection),
        )  # fmt: skip


def _rows(type_key: str, name: str, draft: Draft) -> list[dict[str, Any]]:
    rows = draft.get(name) or []
    shown = [{**row, "tax_rate": _rate(row.get("tax_rate"))} for row in rows]
    inputs = field_inputs(type_key, [name], {name: shown})[name].rows
    found = []
    for row, cells in zip(rows, inputs, strict=True):
        texts = {
            cell.name.rpartition(".")[2]: {"value": cell.value, "text": cell.text, "unit": cell.unit}
            for cell in cells
            if cell.name.endswith(_FILLED)
        }
        net = row.get("net")
        found.append({"fields": texts, "comes_to": money_text(net.minor, net.currency) if net is not None else ""})
    return found


def _rate(rate_id: int | None) -> LinkValue | None:
    rate = find(TAX_RATE, rate_id) if rate_id is not None else None
    return LinkValue(rate.id, rate.title) if rate is not None else None


def _totals(name: str, draft: Draft) -> list[tuple[str, str]]:
    rows = draft.get(name) or []
    if not rows:
        return []
    currency = rows[0]["price"].currency
    labels = (("net", _("Without tax")), ("tax", _("Tax")), ("gross", _("Total")))
    return [(label, money_text(sum(row[part].minor for row in rows), currency)) for part, label in labels]
