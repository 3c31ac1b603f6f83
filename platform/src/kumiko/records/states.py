"""The stored state of records, read for writing: all columns of base and side rows, and what hangs on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import BindParameter, ColumnElement, String, bindparam, cast, func, literal, null, select, union_all
from sqlalchemy.sql.selectable import CompoundSelect, Select

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.records import forms, rights
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.models import ExternalId, Share, Tag

_tag, _share, _external = table_of(Tag), table_of(Share), table_of(ExternalId)

Many = dict[str, dict[str, Any]]  # field name -> key -> value in journal form


@dataclass
class State:
    """One record as stored. `values`: scalar fields as Python values. `many`: lists and sets, by key."""

    info: TypeInfo
    id: int
    version: int
    deleted: bool
    values: dict[str, Any]
    custom: dict[str, Any]
    many: Many = field(default_factory=dict)
    missing_sides: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return str(self.values.get("name") or "")


def load_states(
    info: TypeInfo,
    ids: Sequence[int],
    *,
    criterion: ColumnElement[bool] | None = None,
    lock: bool = False,
    many: bool = True,
) -> dict[int, State]:
    """States of those of `ids` that exist and meet the criterion, by id, in ascending order."""
    found: dict[int, State] = {}
    lock = lock and not context.current().database.is_sqlite
    for start in range(0, len(ids), 1000):
        chunk = sorted(ids[start : start + 1000])
        if lock and info.extensions:
            _wait_for(info, chunk)
        query = _ready_query(info, criterion, lock)
        for row in trusted(query, {"ids": chunk}).mappings():
            found[row["id"]] = _state(info, row)
        if many and found:
            present = [record_id for record_id in chunk if record_id in found]
            for record_id, values in load_many(info, present).items():
                found[record_id].many = values
    return found


def _wait_for(info: TypeInfo, ids: Sequence[int]) -> None:
    """Lock records before they are read.

    A statement that locks one table of a join and had to wait gives the new row of that table beside the OLD rows of
    the others: a change of an extension's field would be compared with the past, and be lost.
    """
    table = info.table
    rows = select(table.c.id).where(table.c.id.in_(bindparam("ids", expanding=True))).order_by(table.c.id)
    trusted(rows.with_for_update(), {"ids": ids})


def _ready_query(info: TypeInfo, criterion: ColumnElement[bool] | None, lock: bool) -> Select[Any]:
    """The statement for some ids; kept as long as the same condition is (`rights.criterion` keeps those)."""
    cache, key = catalogue().cache, ("state", info.key, id(criterion), lock)
    found: tuple[Any, Select[Any]] | None = cache.get(key)
    if found is not None and found[0] is criterion:
        return found[1]
    query = _state_query(info).where(info.table.c.id.in_(bindparam("ids", expanding=True))).order_by(info.table.c.id)
    if criterion is not None:
        query = query.where(criterion)
    if lock:
        query = query.with_for_update(of=info.table)
    if criterion is None or not rights.has_scope_hooks():
        cache[key] = (criterion, query)
    return query


def _state_query(info: TypeInfo) -> Select[Any]:
    columns: list[Any] = list(info.table.c)
    source: Any = info.table
    for side in info.extensions:
        source = source.outerjoin(side.table, side.key == info.table.c.id)
        columns += [column.label(f"{side.plugin}__{column.name}") for column in side.table.c]
    return select(*columns).select_from(source)


def _state(info: TypeInfo, row: Mapping[Any, Any]) -> State:
    values = {
        one.name: forms.from_row(one, row, f"{one.plugin}__" if one.extension else "")
        for one in info.fields.values()
        if one.columns
    }
    return State(
        info,
        row["id"],
        row["version"],
        row["deleted_at"] is not None,
        values,
        row["custom"] or {},
        many={one.name: {} for one in info.fields.values() if one.is_many},
        missing_sides=tuple(side.plugin for side in info.extensions if row[f"{side.plugin}__record_id"] is None),
    )


def load_many(info: TypeInfo, ids: Sequence[int], names: Iterable[str] | None = None) -> dict[int, Many]:
    """Lists and sets of records in ONE statement: record id -> field -> key -> value in journal form."""
    if info.today is not None:
        return info.load_many(ids, names)  # type: ignore[attr-defined, no-any-return]
    fields = [one for one in info.fields.values() if one.is_many and (names is None or one.name in set(names))]
    found: dict[int, Many] = {record_id: {one.name: {} for one in fields} for record_id in ids}
    if not fields or not ids:
        return found
    query = _many_query(info, tuple(one.name for one in fields))
    for name, record_id, key, payload in trusted(query, {"ids": list(ids)}):
        one = info.fields[name]
        if one.kind == "list":
            found[record_id][name][key] = _item_from_payload(one, orjson.loads(payload))
        elif one.kind == "external_ids":
            found[record_id][name][key] = payload
        else:
            found[record_id][name][key] = True
    return found


def _many_query(info: TypeInfo, names: tuple[str, ...]) -> CompoundSelect[Any]:
    cache, key = catalogue().cache, ("many", info.key, names, context.current().database.is_sqlite)
    if key not in cache:
        ids: BindParameter[Any] = bindparam("ids", expanding=True)
        cache[key] = union_all(*(_many_part(info.fields[name], ids) for name in names))
    found: CompoundSelect[Any] = cache[key]
    return found


def _many_part(one: FieldInfo, ids: Any) -> Select[Any]:
    label = literal(one.name).label("field")
    if one.kind == "tags":
        return select(label, _tag.c.record_id, _tag.c.value.label("key"), cast(null(), String).label("payload")).where(
            _tag.c.record_id.in_(ids)
        )
    if one.kind == "users":
        return select(label, _share.c.record_id, cast(_share.c.user_id, String), cast(null(), String)).where(
            _share.c.record_id.in_(ids)
        )
    if one.kind == "external_ids":
        return select(label, _external.c.record_id, _external.c.system, _external.c.value).where(
            _external.c.record_id.in_(ids)
        )
    table = one.part_table
    pairs: list[Any] = [literal("position"), table.c.position]
    for item in item_fields(one):
        for column in item.columns:
            pairs += [literal(column.name), column]
    build = func.json_object if context.current().database.is_sqlite else func.json_build_object
    return select(label, table.c.parent_id, cast(table.c.id, String), cast(build(*pairs), String)).where(
        table.c.parent_id.in_(ids)
    )


def _item_from_payload(one: FieldInfo, payload: Mapping[str, Any]) -> dict[str, Any]:
    """JSON made by the database -> journal form; SQLite writes booleans as 0 and 1, moments without zone."""
    found: dict[str, Any] = {}
    for item in item_fields(one):
        value = payload[item.columns[0].name]
        if value is None:
            continue
        if item.kind == "money":
            from kumiko.records.money import Money  # local: slow import

            value = Money(value, payload[item.columns[1].name]).as_json()
        elif item.kind == "boolean":
            value = bool(value)
        elif item.kind == "moment":
            value = _moment(value)
        elif item.kind == "date":
            value = str(value)[:10]
        elif item.kind == "multichoice" and isinstance(value, str):
            value = orjson.loads(value)
        found[item.name] = value
    found["position"] = payload["position"]
    return found


def _moment(text: str) -> str:
    from datetime import UTC, datetime  # local: cold path

    moment = datetime.fromisoformat(text)
    return forms.moment_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
