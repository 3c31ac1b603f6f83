"""Rows of a list as HTML: one function generated per plan and reader, called once per row.

The generated function unpacks nothing and looks nothing up: it joins what the drawers of its columns return. A page
of 50 rows with 10 columns costs about half a millisecond (peers.md section 4, point 10).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from kumiko.host.i18n import gettext as _
from kumiko.records.catalogue import TEAM, USER, FieldInfo, catalogue
from kumiko.records.plans import Plan, PlanColumn
from kumiko.records.views import LinkValue
from kumiko.web import as_of, cells
from kumiko.web.formats import money_formatter
from kumiko.web.i18n import reader
from kumiko.web.values import label_of, linked_html, scalar_html
from kumiko.web.viewmodels import Column

Row = tuple[int, str, Markup]
BuildRows = Callable[[Sequence[Any], Mapping[int, Any], Mapping[Any, str]], list[Row]]
_NOTHING: Mapping[Any, Any] = {}
NUMERIC = ("money", "integer", "number", "percent")
_KEPT = 60


def columns_of(plan: Plan, editable: frozenset[str]) -> list[Column]:
    """Heads of a plan's columns, without sorting."""
    found: list[Column] = []
    amounts = 0
    for number, column in enumerate(plan.columns):
        one = column.info
        amounts += one.kind in NUMERIC
        found.append(
            Column(
                name=column.path,
                label=column_label(plan.info, column),
                numeric=one.kind in NUMERIC,
                editable=column.path in editable,
                phone=0 < number < 4 and (one.kind not in NUMERIC or amounts == 1),  # a phone's row has room for one
            )
        )
    return found


def column_label(info: Any, column: PlanColumn) -> str:
    """Label of a column; a field of a linked record names the link first."""
    head, _dot, rest = column.path.partition(".")
    own = label_of(column.info)
    return f"{label_of(info.fields[head])}: {own}" if rest else own


def build_rows(plan: Plan, editable: frozenset[str]) -> BuildRows:
    """The function that draws the rows of `plan` for this reader; kept with the plan."""
    at = reader()
    kept: dict[Any, BuildRows] = plan.__dict__.setdefault("_drawn", {})
    key = (str(at.locale), at.zone_name, editable)
    found = kept.get(key)
    if found is None:
        if len(kept) > _KEPT:
            kept.clear()
        found = kept[key] = _compile(plan, editable)
    return found


def _compile(plan: Plan, editable: frozenset[str]) -> BuildRows:
    known: dict[str, Any] = {"N": _NOTHING, "M": Markup}
    heads = columns_of(plan, editable)
    first = plan.columns[0]
    known["title"] = cells.title_cell(f"/{plan.info.collection}", as_of.suffix())
    title = f"r[{first.start}]"
    parts = [f"title(r[0], {title})"]
    for number, (column, head) in enumerate(zip(plan.columns[1:], heads[1:], strict=True)):
        known[f"c{number}"] = _drawer(column, head)
        if column.width == 0:
            parts.append(f"c{number}(h.get({column.path!r}, N), names)")
        else:
            values = ", ".join(f"r[{column.start + place}]" for place in range(column.width))
            values += ", names" if column.info.kind == "record" else ""
            parts.append(f"c{number}({values})")
    many = " for h in (many.get(r[0], N),)" if plan.many else ""
    source = f"lambda rows, many, names: [(r[0], {title} or '', M({' + '.join(parts)})) for r in rows{many}]"
    made: BuildRows = eval(source, known)  # noqa: S307 names come from declarations
    return made


def _drawer(column: PlanColumn, head: Column) -> Callable[..., str]:
    one = column.info
    if column.width == 0:
        return _many_drawer(one, head)
    if one.kind == "link":
        return _link_drawer(column, head)
    if one.kind == "money":
        return _money_drawer(head)
    if one.kind == "record":
        return _record_drawer(head)
    return _remembering(cells.cell(head, scalar_html(one)), one.kind)


def _remembering(draw: cells.Draw, kind: str) -> cells.Draw:
    """Days, numbers and choices repeat down a column; texts hardly do."""
    if kind not in ("choice", "date", "integer", "number", "percent", "boolean"):
        return draw
    seen: dict[Any, str] = {}

    def remember(value: Any) -> str:
        html = seen.get(value)
        if html is None:
            if len(seen) > 2000:
                seen.clear()
            html = seen[value] = draw(value)
        return html

    return remember


def _money_drawer(head: Column) -> Callable[[int | None, str | None], str]:
    draw = cells.cell(head, lambda text: text)
    locale = reader().locale
    nothing = draw(None)
    by_currency: dict[str, Callable[[int], str]] = {}

    def money(minor: int | None, currency: str | None) -> str:
        if minor is None:
            return nothing
        form = by_currency.get(currency or "")
        if form is None:
            form = by_currency[currency or ""] = money_formatter(locale, currency or "")
        return draw(str(escape(form(minor))))

    return money


def _link_drawer(column: PlanColumn, head: Column) -> Callable[[int | None, str | None], str]:
    one = column.info
    target = catalogue().find(one.field.to)
    path = "" if target is None else f"/{target.collection}/"
    end, people = as_of.suffix(), one.field.to in (USER, TEAM)
    hidden = cells.cell(head, lambda text: text)(f'<span class="m">{escape(_("hidden"))}</span>')
    chip = cells.cell(head, cells.chip_html)
    link = cells.cell(head, cells.link_html)
    nothing = chip(None)
    seen: dict[Any, str] = {}

    def draw(record_id: int | None, name: str | None) -> str:
        if record_id is None:
            return nothing
        if name is None:
            return nothing if column.open else hidden
        key = (record_id, name)
        html = seen.get(key)
        if html is None:
            if len(seen) > 2000:
                seen.clear()
            html = chip((name, record_id)) if people else link((name, f"{path}{record_id}{end}" if path else ""))
            seen[key] = html
        return html

    return draw


def _record_drawer(head: Column) -> Callable[[int | None, str | None, Mapping[Any, str]], str]:
    """Records of any type: their names come beside the rows."""
    draw = cells.cell(head, lambda html: html)

    def record(record_id: int | None, type_key: str | None, names: Mapping[Any, str]) -> str:
        if record_id is None:
            return draw(None)
        name = names.get((type_key, record_id))
        return draw(linked_html(type_key or "", LinkValue(record_id, name or "", hidden=name is None)))

    return record


def _many_drawer(one: FieldInfo, head: Column) -> Callable[[Mapping[str, Any], Mapping[Any, str]], str]:
    draw = cells.cell(head, lambda html: html)
    if one.kind == "tags":
        return lambda held, _names: draw(cells.tags_html(sorted(held)) if held else None)
    if one.kind == "users":

        def users(held: Mapping[str, Any], names: Mapping[Any, str]) -> str:
            people = [
                LinkValue(int(key), names.get((USER, int(key)), ""), (USER, int(key)) not in names) for key in held
            ]
            return draw(" ".join(linked_html(USER, user) for user in people) or None)

        return users
    if one.kind == "external_ids":
        return lambda held, _names: draw(str(escape(", ".join(held.values()))) if held else None)

    def rows(held: Mapping[str, Any], _names: Mapping[Any, str]) -> str:
        ordered = sorted(held.values(), key=lambda row: row.get("position", 0))
        texts = [next((str(value) for name, value in row.items() if name != "position" and isinstance(value, str)), "")
                 for row in ordered]  # fmt: skip
        return draw(str(escape(", ".join(text for text in texts if text))) or None)

    return rows
