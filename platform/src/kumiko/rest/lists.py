"""GET /COLLECTION: filters, order, pages and columns from query parameters."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from kumiko.exits import reading
from kumiko.host import context
from kumiko.host.i18n import gettext as _
from kumiko.records import as_of, filters, links, queries
from kumiko.records.catalogue import TypeInfo, catalogue, split_path
from kumiko.records.dumps import dump_page, linked_in
from kumiko.records.field_names import why_off
from kumiko.rest.answers import answer
from kumiko.rest.collections import type_of
from kumiko.rest.inputs import invalid, single, truth, whole

#: Reserved as names of fields: no record type may call a field so.
RESERVED = ("filter", "sort", "limit", "after", "fields", "count", "q", "as_of")
ALWAYS = ("id", "type", "version")
DEFAULT_LIMIT = 50
_LISTS = ("in", "nin", "between")
_FLAGS = ("empty", "nempty", "me")


@dataclass(frozen=True)
class Wishes:
    """What a list call asks for. `node`: all filters as one; `names`: columns in order."""

    names: tuple[str, ...]
    node: Any = None
    sort: str = ""
    limit: int = DEFAULT_LIMIT
    after: str = ""
    count: bool = False
    q: str = ""


def list_records(collection: str) -> Response:
    """A page of a collection, with `as_of` as it was at that moment."""
    with read_as_of():
        return _list(collection)


def _list(collection: str) -> Response:
    info = type_of(collection)
    wishes = read_wishes(info)
    page = queries.list_page(
        info, names=wishes.names, node=wishes.node, sort=wishes.sort, limit=wishes.limit, after=wishes.after, q=wishes.q
    )
    reading.note_page(info, len(page.rows))
    types = catalogue()
    refs = [
        (info, types.get(key), record_id)
        for key, record_id in linked_in(page.plan, page.rows, page.many)
        if types.find(key)
    ]
    said: dict[str, Any] = {
        "data": dump_page(page.plan, page.rows, page.many, links.names_of(refs) if refs else {}),
        "next": page.next,
    }
    if wishes.count:
        found = queries.count_capped(info, node=wishes.node, q=wishes.q)
        said["count"] = found if found <= queries.COUNT_CAP else f"{queries.COUNT_CAP}+"
    return answer(said)


def read_as_of() -> AbstractContextManager[None]:
    """Everything inside is read as of the moment that the parameter `as_of` names, if it does."""
    values = request.args.getlist("as_of")
    return as_of.reading(as_of.moment_of(single("as_of", values))) if values else nullcontext()


def read_wishes(info: TypeInfo) -> Wishes:
    """The query parameters, checked; Invalid names the one that is wrong."""
    given: dict[str, str] = {}
    conditions: list[Any] = []
    for name, values in request.args.lists():
        if name in RESERVED:
            given[name] = single(name, values)
        else:
            conditions.append(_condition(info, name, values))
    if given.get("filter"):
        conditions.append(filters.parse(given["filter"]) or None)
    conditions = [one for one in conditions if one]
    return Wishes(
        names=read_fields(info, given.get("fields", "")),
        node=None if not conditions else conditions[0] if len(conditions) == 1 else {"and": conditions},
        sort=_sort(info, given.get("sort", "").strip()),
        limit=whole("limit", given["limit"], least=1, most=queries.MAX_LIMIT) if "limit" in given else DEFAULT_LIMIT,
        after=given.get("after", ""),
        count=truth("count", given["count"]) if "count" in given else False,
        q=given.get("q", "")[:500],
    )


def _condition(info: TypeInfo, parameter: str, values: list[str]) -> Any:
    """One parameter as a condition: `field=v`, `field__op=v`; a repeated `field=` means any of the values."""
    path, _mark, operator = parameter.rpartition("__")
    if not path or operator not in filters.OPERATORS:
        path, operator = parameter, "eq"
    _require_readable(info, split_path(path)[0], parameter)
    if operator in _FLAGS:
        wanted = truth(parameter, single(parameter, values) or "true")
        node = {"f": path, "op": operator}
        return node if wanted else {"not": node}
    if operator in _LISTS:
        return {"f": path, "op": operator, "v": single(parameter, values).split(",")}
    if len(values) > 1 and operator == "eq":
        return {"f": path, "op": "in", "v": values}
    return {"f": path, "op": operator, "v": single(parameter, values)}


def _require_readable(info: TypeInfo, name: str, parameter: str) -> None:
    readable = info.readable(context.principal())
    if info.plain(name) not in readable and name not in ("id", "external_id"):
        off = why_off(info, name)
        if off:
            raise invalid(parameter, off)
        known = ", ".join(
            (*RESERVED, "id", "external_id", *(one for one in readable if readable[one].field.filterable))
        )
        raise invalid(
            parameter,
            _(
                "unknown parameter; known are: %(known)s (a field may be followed by __ and one of %(ops)s)",
                known=known,
                ops=", ".join(filters.OPERATORS),
            ),
        )


def read_fields(info: TypeInfo, text: str) -> tuple[str, ...]:
    """Columns from `fields=a,b`; without it all that the person may read."""
    readable = info.readable(context.principal())
    if not text.strip():
        return (*readable, "custom")
    found: dict[str, None] = {}
    for word in text.split(","):
        name = word.strip()
        if name in ("", *ALWAYS):
            continue
        column = "external_ids" if name == "external_id" else info.plain(name)
        if column == "custom":
            found |= dict.fromkeys(one for one in info.custom_fields if one in readable)
        if column.partition(".")[0] not in (*readable, "custom"):
            off = why_off(info, column.partition(".")[0])
            if off:
                raise invalid("fields", off)
            known = ", ".join((*ALWAYS, *readable, "custom"))
            raise invalid("fields", _("there is no field %(name)r; known are: %(known)s", name=name[:80], known=known))
        found[column] = None
    if len(found) > 100:
        raise invalid("fields", _("at most %(most)d fields", most=100))
    return tuple(found)


def _sort(info: TypeInfo, text: str) -> str:
    path = info.plain(text.removeprefix("-"))
    name = path.partition(".")[0]
    if text and name != "id" and name not in info.readable(context.principal()):
        raise invalid(
            "sort",
            why_off(info, name)
            or _("there is no field %(name)r to sort by; put - before a field for the other direction", name=name[:80]),
        )
    return f"-{path}" if text.startswith("-") else path
