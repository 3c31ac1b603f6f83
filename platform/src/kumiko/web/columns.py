"""Which columns a list shows: a choice in the address, so that saved views keep it."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Response, request

from kumiko.host.context import principal
from kumiko.host.i18n import gettext as _
from kumiko.records.catalogue import catalogue
from kumiko.web.answers import done, in_dialog, page
from kumiko.web.filters_form import query_of
from kumiko.web.lists import MOST_COLUMNS, ListState, link_to, shown_columns
from kumiko.web.types import type_of
from kumiko.web.values import label_of
from kumiko.web.viewmodels import FieldGroup, FieldView, FormView, Option

HIDDEN_KINDS = ("list", "json", "external_ids")


def choose_columns(collection: str) -> Response:
    """GET and POST /COLLECTION/columns: a form with all fields, and the list with those chosen."""
    info = type_of(collection)
    pairs = parse_qsl(request.query_string.decode("utf-8", "replace"))
    if request.method == "POST":
        names = [name for name in request.form.getlist("columns") if name][:MOST_COLUMNS]
        kept = [pair for pair in pairs if pair[0] not in ("columns", "after")]
        return done(f"/{collection}?{query_of([*kept, ('columns', ','.join(names))])}")
    shown = shown_columns(info, ListState.of(info, request.args))
    options: dict[str, str] = {}
    for name, one in info.readable(principal()).items():
        if name != "name" and one.kind not in HIDDEN_KINDS:
            options[name] = label_of(one)
    for name in shown[1:]:  # fields of linked records, as declared or saved
        head, _dot, rest = name.partition(".")
        target = catalogue().find(info.fields[head].field.to) if rest else None
        if target is not None and rest in target.fields:
            options[name] = f"{label_of(info.fields[head])}: {label_of(target.fields[rest])}"
    order = [name for name in shown if name in options] + [name for name in options if name not in shown]
    field = FieldView(
        "columns", _("Columns"), "multichoice", options=tuple(Option(n, options[n], chosen=n in shown) for n in order)
    )
    form = FormView(
        title=_("Columns"), action=f"/{collection}/columns?{query_of(pairs)}", groups=(FieldGroup("", (field,)),),
        submit=_("Show"), cancel_href=f"/{collection}?{query_of(pairs)}", crumbs=(link_to(info),),
    )  # fmt: skip
    return page("kumiko/form_dialog.html" if in_dialog() else "kumiko/form.html", v=form)
