"""Planting for the leak walk: foreign records of every type, each text in them carrying a sentinel."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import String, insert

from kumiko.access import principals
from kumiko.admin.leak_walk import AMOUNT, WORD, Planted
from kumiko.files.models import FILE
from kumiko.files.services import attach_file
from kumiko.host import context
from kumiko.host.columns import UtcDateTime, utc_now
from kumiko.host.context import Principal
from kumiko.host.errors import Invalid, KumikoError
from kumiko.host.scoping import trusted
from kumiko.records import history, queries, rights, saved_views, service
from kumiko.records.catalogue import TEAM, USER, FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.hanging import hangs_on_any
from kumiko.records.together import new_ids
from kumiko.records.units import unit


def plant(
    *,
    owner_id: int,
    team_id: int | None = None,
    refused: Callable[[str, Exception], None] | None = None,
    read_by: Principal | None = None,
    force: bool = False,
) -> Planted:
    """Make foreign records of every type that is not public; called in a context that may create everything.

    `refused(type key, error)` is told of types that take no made-up record; without it the first such raises.
    `force`: types that only their module writes get a row all the same.
    `read_by`: who will walk; what their role reads whoever owns it (costs, for a head) is nothing foreign to them.
    """
    planted = Planted(owner_id=owner_id)
    for info in sorted(catalogue().types.values(), key=lambda one: hangs_on_any(one.type) is not None):
        if info.type.public or (read_by is not None and rights.level(info, read_by, "read") == "all"):
            continue
        planted.types[info.collection] = info.key
        for store in (planted.ids, planted.binned):
            try:
                store[info.collection] = _make(info, owner_id, team_id, planted)
            except Exception as error:
                if (refused is None or force) and isinstance(error, _KeptByModule):
                    store[info.collection] = _put(info, owner_id, team_id, planted, binned=store is planted.binned)
                    continue
                if refused is None:
                    raise
                refused(info.key, error)
                break
        if info.board is not None:
            places = [(scope.key, str(lane.value)) for scope in info.board.scopes() for lane in scope.lanes]
            planted.lanes[info.collection] = places
    for collection, record_id in planted.binned.items():
        made = [entry.unit for entry in history.history(planted.types[collection], record_id)]
        planted.units += made
        if made:  # rows that were put in without the service lie in the bin already
            service.delete(planted.types[collection], record_id)
    for collection, record_id in planted.ids.items():
        planted.units += [entry.unit for entry in history.history(planted.types[collection], record_id)]
    planted.views = _lists_of(owner_id)
    if read_by is not None:
        _plant_hidden(read_by, planted, refused)
    return planted


def _lists_of(owner_id: int) -> list[int]:
    """Two saved lists of the owner that are shared with nobody; their names are foreign, too."""
    owner = principals.principal_for_user(owner_id)
    found: list[int] = []
    for info in catalogue().types.values():
        if owner is None or info.type.public or len(found) == 2:
            continue
        with context.acting_as(owner), contextlib.suppress(KumikoError):
            node = {"f": "name", "op": "contains", "v": WORD}
            found.append(saved_views.create_view(info, f"{WORD} list", {"filter": node}).id)
    return found


def _plant_hidden(walker: Principal, planted: Planted, refused: Callable[[str, Exception], None] | None) -> None:
    """A record of the walker's own of each type with fields that their role hides: the words stand in those alone."""
    for type_key, names in walker.hidden.items():
        info = catalogue().find(type_key)
        if info is None or info.collection not in planted.ids:
            continue
        values: dict[str, Any] = {"owner": walker.user_id, "external_id": f"own-{info.collection}"}
        for one in info.writable(context.principal()).values():
            if one.name in names:
                values[one.name] = _value(one, planted)
            elif one.field.required and one.kind in ("text", "longtext") and one.name not in values:
                values[one.name] = "own"
        try:
            planted.own[info.collection] = service.create(type_key, _named(info, values)).id
        except Invalid as error:
            if refused is not None:
                refused(type_key, error)


def _named(info: TypeInfo, values: dict[str, Any]) -> dict[str, Any]:
    """With something to be called by, where nothing hidden is meant to be it."""
    for name in ("last_name", "name"):
        one = info.fields.get(name)
        if one is not None and one.field.writable:
            return {name: "own", **values}
    return values


def _make(info: TypeInfo, owner_id: int, team_id: int | None, planted: Planted) -> int:
    if info.key == FILE:  # on a record of each type in turn: live ones on the first, those in the bin on another
        on = [name for name, key in planted.types.items() if name in planted.ids and key != FILE]
        collection = on[len(planted.binned) % len(on)]
        content = f"{WORD} content".encode()
        return attach_file(planted.types[collection], planted.ids[collection], f"{WORD} file.txt", content)
    values: dict[str, Any] = {}
    for one in info.writable(context.principal()).values():
        value = _value(one, planted)
        if value is not None:
            values[one.name] = value
    values |= {"owner": owner_id, "tags": [f"{WORD} tag"]}
    if team_id is not None:
        values["team"] = team_id
    values = {name: value for name, value in values.items() if name in info.fields}
    faults: Mapping[str, Any] = {}
    for attempt in range(12):
        external_id = f"{WORD}-{info.collection}-{attempt}-{len(planted.binned)}"
        try:
            return service.create(info.key, {**values, "external_id": external_id}).id
        except Invalid as refused:
            faults = refused.errors
            _try_other_values(info, values, faults, attempt)
    sentence = f"no foreign {info.key} could be planted: {faults}"
    raise (_KeptByModule if "name" in faults and not info.fields["name"].field.writable else AssertionError)(sentence)


class _KeptByModule(AssertionError):
    """Records of this type are written by their module alone."""


def _put(info: TypeInfo, owner_id: int, team_id: int | None, planted: Planted, *, binned: bool) -> int:
    """A row of a type that only its module writes (what came in, what goes out), with the sentinel in its texts."""
    number, now = len(planted.ids) + len(planted.binned), utc_now()
    with unit(reason=WORD):
        record_id = new_ids(1)[0]
        choices = {one.columns[0].name: one.field.choices[0].key for one in info.fields.values()
                   if one.field.choices and one.columns}  # fmt: skip
        row: dict[str, Any] = {"id": record_id, "owner_id": owner_id, "team_id": team_id, "created_at": now,
                               "updated_at": now, "version": 1, "deleted_at": now if binned else None}  # fmt: skip
        for column in info.table.columns:
            if column.name in row or column.name == "custom":
                continue
            if column.name in choices:
                row[column.name] = choices[column.name]
            elif isinstance(column.type, String):
                row[column.name] = f"{WORD} {number}"[: column.type.length or 200]
            elif not column.nullable and column.default is None:
                row[column.name] = now if isinstance(column.type, UtcDateTime) else 1
        trusted(insert(info.table).values(row))
    return record_id


#: A refusal that says what would do: "wanted one of the channels integrations.chat, integrations.mail, found ..."
_OFFERED = re.compile(r"wanted one of .*?([\w.-]+)(?:, [\w.-]+)*, found")


def _try_other_values(info: TypeInfo, values: dict[str, Any], faults: Mapping[str, Any], attempt: int) -> None:
    """A refused text is tried as one plain word first, then left out; what is missing and needed comes back so."""
    for name in {one.partition(".")[0] for one in faults}:
        one = info.find(name)
        plain = f"{WORD}{attempt}"
        offered = _OFFERED.search(" ".join(map(str, faults.get(name, ()))))
        if offered is not None and one is not None and one.kind == "text":
            values[name] = offered[1]
        elif one is not None and one.kind == "text" and (name not in values or " " in str(values[name])):
            values[name] = plain
        elif one is not None and one.kind in ("integer", "number") and name not in values:
            values[name] = 1
        else:
            values.pop(name, None)


def _value(one: FieldInfo, planted: Planted) -> Any:
    kind = one.kind
    if kind in ("text", "longtext"):
        limit = one.field.max_length or (getattr(one.columns[0].type, "length", None) if one.columns else None) or 200
        number = len(planted.ids) + len(planted.binned)  # what names a message elsewhere is taken in once
        return f"{WORD} {one.name} {number}" if limit >= 40 else (WORD if limit >= len(WORD) else None)
    if kind == "email":
        return f"{WORD}@{WORD}.example"
    if kind == "url":
        return f"https://{WORD}.example"
    if kind == "phone":
        return "+49 30 9876543"
    if kind == "money":
        return {"value": "9876543.21", "currency": "EUR"}
    if kind in ("integer", "number"):
        return AMOUNT if (one.field.maximum or AMOUNT) >= AMOUNT else None
    if kind == "link" and one.field.to == USER and one.name != "owner":
        return planted.owner_id
    if kind == "link" and one.field.to == TEAM:
        return None  # a share with the walker's own team would be no leak
    if kind == "link" and one.name not in ("owner", "team"):
        collection = next((name for name, key in planted.types.items() if key == one.field.to), "")
        return planted.ids.get(collection) or _public_value(one.field.to)
    if kind == "choice" and one.field.required and one.choices:
        return next(iter(one.choices))
    if kind in ("date", "moment") and one.field.required:  # a day of its own for each record: some may not overlap
        day = date(2031, 3, 4) + timedelta(days=len(planted.ids) + len(planted.binned))
        return day.isoformat() if kind == "date" else f"{day}T10:30:00Z"
    if kind == "record":
        able = [name for name in planted.ids if name in ("persons", "organizations")]
        if len(planted.ids) > len(planted.binned):
            able.reverse()  # the one for the bin names another record: some may be named once only
        collection = able[0] if able else ""
        return {"type": planted.types[collection], "id": planted.ids[collection]} if collection else None
    if kind == "list":
        row = {item.name: _value(item, planted) for item in item_fields(one)}
        return [{name: value for name, value in row.items() if value is not None}]
    return None


def _public_value(type_key: str) -> int | None:
    """Some value of a public list (a stage, a source), for the links that lead there."""
    info = catalogue().find(type_key)
    if info is None or not info.type.public:
        return None
    return next(iter(queries.all_ids(info)), None)
