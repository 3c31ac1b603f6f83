"""REST form of records: a function generated from the columns of a list, and the same form for single views.

The generated function is some twenty times as fast as marshmallow's own dump of equal output (bench, goal G20).
`kumiko.records.outputs` holds the schemas that say the same in marshmallow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kumiko.records import forms
from kumiko.records.catalogue import USER, FieldInfo, item_fields
from kumiko.records.money import Money, decimal_string
from kumiko.records.plans import Plan, PlanColumn
from kumiko.records.views import LinkValue, RecordView

HIDDEN = {"hidden": True}

Names = Mapping[tuple[str, int], str]  # (type key, id) -> name, of linked records that the person may see
Dump = Callable[[Sequence[Any], Mapping[int, Any], Names], list[dict[str, Any]]]

_NOTHING: Mapping[Any, Any] = {}


def compile_dump(plan: Plan) -> Dump:
    """(rows, lists and sets by id, names) -> list of dicts {"id", "type", "version", columns}, in order of columns."""
    known: dict[str, Any] = {
        "dec": decimal_string,
        "HIDDEN": HIDDEN,
        "N": _NOTHING,
        "users": _users,
        "external": _external,
        "listed": _rows,
        "record": _record,
    }
    parts = ['"id": v0', f'"type": {plan.info.key!r}', '"version": v1']
    nested = ""
    for column in plan.columns:
        if column.path == "custom":
            nested = nested or " "
        elif column.info.custom is not None and "." not in column.path:
            nested += f"{column.info.custom.key!r}: {_expression(column)}, "
        elif column.width:
            parts.append(f"{column.path!r}: {_expression(column)}")
        else:
            known[f"f{column.start}_{len(parts)}"] = column.info
            parts += _many_expressions(column, f"f{column.start}_{len(parts)}")
    if nested:
        parts.append(f'"custom": {{{nested}}}')
    # Each row is taken apart once: looking its values up by place costs as much again as all the rest.
    width = 2 + sum(column.width for column in plan.columns)
    row = "".join(f"v{place}, " for place in range(width)) + "_sorted_by"
    source = (
        f"lambda rows, many=N, names=N: [{{{', '.join(parts)}}} for {row} in rows"
        f"{' for h in (many.get(v0, N),)' if plan.many else ''}]"
    )
    made: Dump = eval(source, known)  # noqa: S307 names come from declarations
    return made


def _expression(column: PlanColumn) -> str:
    at = f"v{column.start}"
    kind = column.info.kind
    if kind == "money":
        code = f"v{column.start + 1}"
        return f'None if {at} is None else {{"value": dec({at}, {code}), "currency": {code}}}'
    if kind == "link":
        name = f"v{column.start + 1}"
        shown = f'{{"id": {at}, "name": {name} or ""}}'
        return f"None if {at} is None else {shown}" if column.open else (
            f"None if {at} is None else HIDDEN if {name} is None else {shown}"
        )  # fmt: skip
    if kind == "record":
        return f"None if {at} is None else record(v{column.start + 1}, {at}, names)"
    if kind == "moment":
        # Columns of moments give UTC (`UtcDateTime`), whose text ends in "+00:00".
        return f"None if {at} is None else {at}.isoformat()[:-6] + 'Z'"
    if kind == "date":
        return f"None if {at} is None else {at}.isoformat()"
    if kind == "multichoice":
        return f"{at} or []"
    return at


def _many_expressions(column: PlanColumn, field: str) -> list[str]:
    name, held = repr(column.path), f"h.get({column.path!r}, N)"
    kind = column.info.kind
    if kind == "tags":
        return [f"{name}: sorted({held})"]
    if kind == "users":
        return [f"{name}: users({field}, {held}, names)"]
    if kind == "external_ids":
        return [f"{name}: external({held})", f'"external_id": {held}.get("")']
    return [f"{name}: listed({field}, {held}, names)"]


def _users(one: FieldInfo, kept: Mapping[str, Any], names: Names) -> list[dict[str, Any]]:
    return [_link(one.field.to or USER, int(key), names) for key in sorted(kept, key=int)]


def _external(kept: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"system": system, "id": text} for system, text in sorted(kept.items())]


def _rows(one: FieldInfo, kept: Mapping[str, Any], names: Names) -> list[dict[str, Any]]:
    rows = []
    for key, row in sorted(kept.items(), key=lambda pair: (pair[1].get("position", 0), int(pair[0]))):
        shown: dict[str, Any] = {"id": int(key)}
        for item in item_fields(one):
            value = row.get(item.name)
            shown[item.name] = (
                _link(item.field.to, value, names) if item.kind == "link" and value is not None else value
            )
        rows.append(shown)
    return rows


def _link(target: str, record_id: int, names: Names) -> dict[str, Any]:
    name = names.get((target, record_id))
    return HIDDEN if name is None else {"id": record_id, "name": name}


def _record(type_key: str, record_id: int, names: Names) -> dict[str, Any]:
    name = names.get((type_key, record_id))
    return HIDDEN if name is None else {"type": type_key, "id": record_id, "name": name}


def linked_in(plan: Plan, rows: Sequence[Any], many: Mapping[int, Any]) -> list[tuple[str, int]]:
    """(type key, id) of what lists, sets and records of any type on a page name; `dump_page` wants their names."""
    found: set[tuple[str, int]] = set()
    for column in plan.columns:
        if column.info.kind == "record":
            found.update((row[column.start + 1], row[column.start]) for row in rows if row[column.start] is not None)
    for name in plan.many:
        one = plan.info.fields[name]
        if one.kind == "users":
            found.update((one.field.to or USER, int(key)) for held in many.values() for key in held.get(name, ()))
        elif one.kind == "list":
            links = [item for item in item_fields(one) if item.kind == "link"]
            if links:
                rows = [row for held in many.values() for row in held.get(name, _NOTHING).values()]
                found.update((item.field.to, row[item.name]) for item in links for row in rows if row.get(item.name))
    return sorted(found)


def dump_page(plan: Plan, rows: Sequence[Any], many: Mapping[int, Any], names: Names) -> list[dict[str, Any]]:
    """REST form of a page. `names`: (type key, id) -> name, of what `linked_in` gives (those the person may see)."""
    dump = getattr(plan, "_dump", None)
    if dump is None:
        dump = compile_dump(plan)
        object.__setattr__(plan, "_dump", dump)
    found: list[dict[str, Any]] = dump(rows, many, names)
    return found


def dump_view(view: RecordView) -> dict[str, Any]:
    """REST form of one record: {"id", "type", "version", FIELDS, "custom"}."""
    found: dict[str, Any] = {"id": view.id, "type": view.type.key, "version": view.version}
    own = view.type.custom_fields
    for name, value in view.values.items():
        if name not in own:
            found[name] = json_value(value)
    found["custom"] = json_value(dict(view.custom))
    return found


def json_value(value: Any) -> Any:
    """REST form of a Python value."""
    if isinstance(value, LinkValue):
        shown = {"id": value.id, "name": value.name}
        return HIDDEN if value.hidden else {"type": value.type, **shown} if value.type else shown
    if isinstance(value, Money):
        return value.as_json()
    if isinstance(value, datetime):
        return forms.moment_text(value)
    if isinstance(value, list):
        return [json_value(one) for one in value]
    if isinstance(value, dict):
        return {name: json_value(one) for name, one in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else value
