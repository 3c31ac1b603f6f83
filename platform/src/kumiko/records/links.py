"""Resolving links in input: the target must exist and be one that the person may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Select, bindparam, literal, select, union_all

from kumiko.host import context
from kumiko.host.columns import Id, table_of
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.records import rights
from kumiko.records.catalogue import TEAM, USER, FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.drafts import Draft
from kumiko.records.models import ExternalId
from kumiko.records.record_refs import RecordRef, is_referable
from kumiko.records.schemas import LinkRef

_external = table_of(ExternalId)


def resolve(drafts: Sequence[Draft]) -> None:
    """Turn every LinkRef in the drafts' values into the target's id, or refuse the field with a sentence.

    One statement per target type, however many drafts. A new owner without a team brings the owner's team.
    """
    wanted: dict[str, set[LinkRef]] = {}
    for draft in drafts:
        for one, ref in _refs(draft):
            wanted.setdefault(ref.to or one.field.to or USER, set()).add(ref)
    found = {target: _look_up(target, refs) for target, refs in wanted.items()}
    for draft in drafts:
        _settle(draft, found)


def find_any(ref: LinkRef) -> tuple[RecordRef, str] | None:
    """(record, name) of a reference to a record of any type; None when there is none that the person may see."""
    target = catalogue().find(ref.to)
    hit = None
    if target is not None and is_referable(target):
        hit = _look_up(ref.to, {ref}).get(LinkRef(ref.id, ref.external_id))
    return None if hit is None else (RecordRef(ref.to, hit[0]), hit[1])


def _refs(draft: Draft) -> Iterable[tuple[FieldInfo, LinkRef]]:
    for name, value in draft.values.items():
        one = draft.info.fields[name]
        if isinstance(value, LinkRef):
            yield one, value
        elif one.kind == "users" and isinstance(value, list):
            for ref in value:
                yield one, ref
        elif one.kind == "list" and value:
            for row in value:
                for item in item_fields(one):
                    if isinstance(row.get(item.name), LinkRef):
                        yield item, row[item.name]


def _look_up(target_key: str, refs: set[LinkRef]) -> dict[LinkRef, tuple[int, str, int | None]]:
    """LinkRef -> (id, name, team of a user) for the targets that exist and may be seen."""
    target = catalogue().find(target_key)
    if target is None:
        return {}
    table = target.table
    readable = rights.criterion(target, context.principal())
    columns = [table.c.id, table.c.name, table.c.team_id]
    found: dict[LinkRef, tuple[int, str, int | None]] = {}
    ids = [ref.id for ref in refs if ref.id is not None]
    by_id = _by_id_query(target)
    for start in range(0, len(ids), 1000):
        for record_id, name, team_id in trusted(by_id, {"ids": ids[start : start + 1000]}):
            found[LinkRef(id=record_id)] = (record_id, name, team_id)
    texts = [ref.external_id for ref in refs if ref.external_id is not None]
    for start in range(0, len(texts), 1000):
        query = (
            select(*columns, _external.c.value)
            .join_from(_external, table, table.c.id == _external.c.record_id)
            .where(
                _external.c.type_key == target_key,
                _external.c.system == "",
                _external.c.value.in_(bindparam("texts", expanding=True)),
                readable,  # type: ignore[arg-type]
            )
        )
        for record_id, name, team_id, value in trusted(query, {"texts": texts[start : start + 1000]}):
            found[LinkRef(external_id=value)] = (record_id, name, team_id)
    return found


def _settle(draft: Draft, found: dict[str, dict[LinkRef, tuple[int, str, int | None]]]) -> None:
    for name in list(draft.values):
        value, one = draft.values[name], draft.info.fields[name]
        if isinstance(value, LinkRef):
            draft.values[name] = _settled(draft, name, one, value, found)
            if name == "owner" and draft.values[name] is not None and "team" not in draft.values:
                team_id = found[USER][value][2]
                if team_id is not None and "team" in draft.info.fields:
                    draft.values["team"] = team_id
        elif one.kind == "users" and isinstance(value, list):
            ids = [_settled(draft, name, one, ref, found) for ref in value]
            draft.values[name] = frozenset(str(user_id) for user_id in ids if user_id is not None)
        elif one.kind == "list" and value:
            for number, row in enumerate(value, 1):
                for item in item_fields(one):
                    if isinstance(row.get(item.name), LinkRef):
                        row[item.name] = _settled(draft, name, item, row[item.name], found, number)


def _settled(
    draft: Draft,
    name: str,
    one: FieldInfo,
    ref: LinkRef,
    found: dict[str, dict[LinkRef, tuple[int, str, int | None]]],
    row: int | None = None,
) -> int | RecordRef | None:
    target_key = ref.to or one.field.to or USER
    target = catalogue().find(target_key)
    hit = found[target_key].get(LinkRef(ref.id, ref.external_id))
    if ref.to and target is not None and not is_referable(target):
        hit = None
    if hit is None:
        if ref.id is not None and draft.before(name) == (RecordRef(ref.to, ref.id) if ref.to else ref.id):
            return draft.before(name)  # type: ignore[no-any-return]  # unchanged, though the target is out of sight
        what = inside(target.type.label) if target else target_key
        shown = ref.id if ref.id is not None else repr(ref.external_id)
        sentence = _("there is no %(what)s %(shown)s that you may see", what=what, shown=shown)
        draft.refuse(name, sentence if row is None else _("row %(number)d: %(text)s", number=row, text=sentence))
        return None
    draft.link_names[target_key, hit[0]] = hit[1]
    return RecordRef(target_key, hit[0]) if ref.to else hit[0]


def names_of(refs: Iterable[tuple[TypeInfo, TypeInfo, int]]) -> dict[tuple[str, int], str]:
    """(target key, id) -> name, for links from records of a type: those the person may see (others are missing).

    One statement, however many types are linked.
    """
    wanted: dict[tuple[str, bool], set[int]] = {}
    for source, target, record_id in refs:
        is_open = rights.link_is_open(source, target, context.principal())
        wanted.setdefault((target.key, is_open), set()).add(record_id)
    if not wanted:
        return {}
    parts = tuple(sorted(wanted))
    query = rights.kept_if_shared(("names", parts), lambda: _names_query(parts))
    rows = trusted(query, {f"ids_{number}": sorted(wanted[part]) for number, part in enumerate(parts)})
    return {(target_key, record_id): name for target_key, record_id, name in rows}


def record_names(source_key: str, refs: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """(type key, id) -> name of records that records of type `source_key` name: those the person may see."""
    known = catalogue()
    source = known.get(source_key)
    found = [(source, target, record_id) for key, record_id in refs if (target := known.find(key)) is not None]
    return names_of(found) if found else {}


def _by_id_query(target: TypeInfo) -> Select[Any]:
    """(id, name, team) of those of `ids` that the person may see."""
    table = target.table

    def make() -> Select[Any]:
        readable = rights.criterion(target, context.principal())
        columns = (table.c.id, table.c.name, table.c.team_id)
        return select(*columns).where(table.c.id.in_(bindparam("ids", expanding=True)), readable)  # type: ignore[arg-type]

    return rights.kept_if_shared(("look up", target.key), make)


def _names_query(parts: Sequence[tuple[str, bool]]) -> Select[Any] | CompoundSelect[Any]:
    queries: list[Select[Any]] = []
    for number, (target_key, is_open) in enumerate(parts):
        table = catalogue().get(target_key).table.alias()
        ids = bindparam(f"ids_{number}", expanding=True, type_=Id)
        query = select(literal(target_key), table.c.id, table.c.name).where(table.c.id.in_(ids))
        if not is_open:
            limit = rights.criterion(catalogue().get(target_key), context.principal(), table=table)
            query = query if limit is None else query.where(limit)
        queries.append(query)
    return union_all(*queries) if len(queries) > 1 else queries[0]


PEOPLE = (USER, TEAM)
