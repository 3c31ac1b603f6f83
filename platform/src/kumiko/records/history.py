"""Reading the journal: what happened to a record, and what a unit did, limited to what the person may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.errors import NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import forms, links, rights
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.custom import STORED
from kumiko.records.extension_names import TYPE
from kumiko.records.models import Entry, Unit
from kumiko.records.record_refs import ref_of
from kumiko.records.service import get
from kumiko.records.writer import EXISTS

_unit, _entry = table_of(Unit), table_of(Entry)


@dataclass(frozen=True)
class FieldChange:
    """One field of an entry; values in journal form, `*_text` as a person reads them."""

    name: str
    label: str
    before: Any
    after: Any
    before_text: str
    after_text: str
    undone: bool
    before_json: Any = None  # as REST shows it: links as {"id", "name"} or {"hidden": true}
    after_json: Any = None


@dataclass(frozen=True)
class HistoryEntry:
    """One journal entry: who, when, by which way, and each changed field."""

    id: int
    unit: int
    group: int | None
    at: datetime
    actor_id: int | None
    actor: str
    via: str
    reason: str
    type_key: str
    record_id: int
    title: str
    action: str
    version: int
    changes: tuple[FieldChange, ...]
    undone: bool
    undo_of: int | None


def history(type_key: str, record_id: int, *, limit: int = 50, before: int | None = None) -> list[HistoryEntry]:
    """Entries of a record, newest first; NotFound when the person may not see it (in the bin counts as seeing)."""
    info = catalogue().get(type_key)
    _require_readable(info, record_id)
    query = (
        select(_entry, *_unit_columns())
        .join_from(_entry, _unit, _unit.c.id == _entry.c.unit_id)
        .where(_entry.c.record_id == record_id, _entry.c.type_key == type_key)
        .order_by(_entry.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(_entry.c.id < before)
    return _entries(trusted(query).mappings().all())


LinkRef = tuple[TypeInfo, TypeInfo, int]  # (linking type, target type, id)


def card_entries(
    info: TypeInfo,
    record_id: int,
    *,
    limit: int,
    until: datetime | None = None,
    below: int | None = None,
    naming: Sequence[LinkRef] = (),
) -> tuple[list[HistoryEntry], dict[tuple[str, int], str]]:
    """Entries for the card of a record that the caller has read, newest first, and the names of the links `naming`.

    `until`: not later than this moment; `below`: with an id smaller than this when exactly at that moment. One
    statement for the entries and one for all names.
    """
    query = (
        select(_entry, *_unit_columns())
        .join_from(_entry, _unit, _unit.c.id == _entry.c.unit_id)
        .where(_entry.c.record_id == record_id, _entry.c.type_key == info.key)
        .order_by(_entry.c.id.desc())
        .limit(limit)
    )
    if until is not None:
        at = _unit.c.at
        query = query.where(
            or_(at < until, and_(at == until, _entry.c.id < below)) if below is not None else at <= until
        )
    rows = trusted(query).mappings().all() if limit else []
    wanted = [*_linked(rows), *naming]
    names = links.names_of(wanted) if wanted else {}
    return [_entry_of(row, names) for row in rows], names


@dataclass(frozen=True)
class UnitSummary:
    """A unit or group: its head, how many entries it has, and those of readable records (at most 200)."""

    id: int
    at: datetime
    actor: str
    via: str
    reason: str
    is_group: bool
    undone_at: datetime | None
    undo_of: int | None
    count: int
    entries: Sequence[HistoryEntry]


def unit_summary(unit_id: int) -> UnitSummary:
    """What a unit did; NotFound when it touched nothing that the person may see and is not his own."""
    head = trusted(select(_unit).where(_unit.c.id == unit_id)).mappings().first()
    if head is None:
        raise NotFound(_("There is no change %(id)d that you may see.", id=unit_id))
    mine = _entry.c.unit_id == unit_id
    if head["is_group"]:
        mine = _entry.c.unit_id.in_(select(_unit.c.id).where(_unit.c.group_id == unit_id))
    count: int = trusted(select(func.count()).select_from(_entry).where(mine)).scalar_one()
    query = (
        select(_entry, *_unit_columns())
        .join_from(_entry, _unit, _unit.c.id == _entry.c.unit_id)
        .where(mine)
        .order_by(_entry.c.id.desc())
        .limit(200)
    )
    person = context.principal()
    listed = _entries(_only_readable(trusted(query).mappings().all(), gone=person.is_administrator))
    if not listed and head["actor_id"] != person.user_id and not person.is_administrator:
        raise NotFound(_("There is no change %(id)d that you may see.", id=unit_id))
    if not person.is_administrator and head["actor_id"] != person.user_id:
        count = len(listed)
    return UnitSummary(
        head["id"], head["at"], head["actor"], head["via"], head["reason"], head["is_group"], head["undone_at"],
        head["undo_of"], count, listed,
    )  # fmt: skip


def recent_groups(*, limit: int = 20) -> list[UnitSummary]:
    """The newest groups (imports, bulk edits, sample data); one's own, for administrators everybody's."""
    person = context.principal()
    query = select(_unit).where(_unit.c.is_group.is_(True)).order_by(_unit.c.id.desc()).limit(limit)
    if not person.is_administrator:
        query = query.where(_unit.c.actor_id == person.user_id)
    return [
        UnitSummary(row["id"], row["at"], row["actor"], row["via"], row["reason"], True, row["undone_at"], None, 0, ())
        for row in trusted(query).mappings()
    ]


def changes_after(unit_id: int, xact: int, *, limit: int = 500) -> tuple[list[HistoryEntry], tuple[int, int], bool]:
    """A gap-free feed: entries of readable records in units after the cursor, the next cursor, whether there is more.

    On PostgreSQL units become visible out of the order of their ids, so the feed goes by transaction id and only as
    far as all older transactions have ended (backend-study F2).
    """
    sqlite = context.current().database.is_sqlite
    query = select(_entry, *_unit_columns(), _unit.c.xact).join_from(_entry, _unit, _unit.c.id == _entry.c.unit_id)
    if sqlite:
        query = query.where(_entry.c.id > unit_id).order_by(_entry.c.id)
    else:
        from sqlalchemy import text, tuple_  # local: optional

        ended = text("records_unit.xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        query = query.where(tuple_(_unit.c.xact, _entry.c.id) > tuple_(xact, unit_id), ended)
        query = query.order_by(_unit.c.xact, _entry.c.id)
    rows = trusted(query.limit(limit + 1)).mappings().all()
    more = len(rows) > limit
    rows = rows[:limit]
    cursor = (rows[-1]["id"], rows[-1]["xact"] or 0) if rows else (unit_id, xact)
    return _entries(_only_readable(rows)), cursor, more


def _unit_columns() -> list[Any]:
    names = ("at", "actor_id", "actor", "via", "reason", "group_id", "undo_of", "undone_at")
    return [_unit.c[name].label(f"unit_{name}") for name in names]


def _require_readable(info: TypeInfo, record_id: int) -> None:
    try:
        get(info.key, record_id)
    except NotFound:
        get(info.key, record_id, deleted=True)


def _only_readable(rows: Sequence[Any], *, gone: bool = False) -> list[Any]:
    """Rows whose record the person may read today, live or in the bin; `gone`: and those that no module can show."""
    by_type: dict[str, set[int]] = {}
    for row in rows:
        by_type.setdefault(row["type_key"], set()).add(row["record_id"])
    seen: set[int] = set()
    for type_key, ids in by_type.items():
        info = catalogue().find(type_key)
        if info is not None:
            seen |= readable_ids(info, ids)
        elif gone:
            seen |= ids
    return [row for row in rows if row["record_id"] in seen]


def readable_ids(info: TypeInfo, ids: set[int]) -> set[int]:
    """Those of `ids` that the person may read, live or in the bin."""
    person = context.principal()
    found: set[int] = set()
    for deleted in (False, True):
        query = select(info.table.c.id).where(
            info.table.c.id.in_(bindparam("ids", expanding=True)),
            rights.criterion(info, person, deleted=deleted),  # type: ignore[arg-type]
        )
        found |= set(trusted(query, {"ids": sorted(ids)}).scalars())
    return found


def _entries(rows: Sequence[Any]) -> list[HistoryEntry]:
    names = _link_names(rows)
    return [_entry_of(row, names) for row in rows]


def _link_names(rows: Sequence[Any]) -> dict[tuple[str, int], str]:
    wanted = _linked(rows)
    return links.names_of(wanted) if wanted else {}


def _linked(rows: Sequence[Any]) -> list[LinkRef]:
    wanted: list[LinkRef] = []
    for row in rows:
        info = catalogue().find(row["type_key"])
        if info is None:
            continue
        for side in (row["before"] or {}, row["after"] or {}):
            for name, value in side.items():
                one = info.find(forms.split_key(name)[0])
                to = one.field.to if one is not None and one.kind == "link" else ""
                ref = ref_of(value) if one is not None and one.kind == "record" else None
                if ref is not None:
                    to, value = ref
                if one is None:
                    to = (row["names"] or {}).get(name, {}).get(TYPE, "")
                target = catalogue().find(to) if to else None
                if target is not None and isinstance(value, int):
                    wanted.append((info, target, value))
    return wanted


def _entry_of(row: Any, names: Mapping[tuple[str, int], str]) -> HistoryEntry:
    info = catalogue().find(row["type_key"])
    readable = info.readable(context.principal()) if info else {}
    hidden = context.principal().hidden.get(row["type_key"], ())  # also those of a module that is off
    before, after = row["before"] or {}, row["after"] or {}
    undone, kept = set(row["undone"] or ()), row["names"] or {}
    changes: list[FieldChange] = []
    for name in {**before, **after}:
        head, _key = forms.split_key(name)
        known = info.find(head) if info is not None else None
        if known is None and head.startswith(STORED):
            continue  # an archived custom field is hidden here, too; nobody's rights could be asked for a deleted one
        one = known if known is not None and known.name in readable else None
        if name == EXISTS or (known is not None and one is None) or head.rpartition(":")[2] in hidden:
            continue
        if one is not None and not one.field.history:
            continue
        changes.append(
            FieldChange(
                name,
                str(one.field.label) if one else head.rpartition(":")[2],
                before.get(name),
                after.get(name),
                readable_text(one, before.get(name), names, kept.get(name)),
                readable_text(one, after.get(name), names, kept.get(name)),
                name in undone,
                json_form(one, before.get(name), names, kept.get(name)),
                json_form(one, after.get(name), names, kept.get(name)),
            )
        )
    whole = row["unit_undone_at"] is not None or (row["action"] == "created" and EXISTS in undone)
    return HistoryEntry(
        row["id"], row["unit_id"], row["unit_group_id"], row["unit_at"], row["unit_actor_id"], row["unit_actor"],
        row["unit_via"], row["unit_reason"], row["type_key"], row["record_id"], row["title"], row["action"],
        row["version"], tuple(changes), whole, row["unit_undo_of"],
    )  # fmt: skip


def json_form(
    one: FieldInfo | None,
    value: Any,
    names: Mapping[tuple[str, int], str],
    kept: Mapping[str, str] | None = None,
) -> Any:
    """A journal value in REST form; a link that the person may not see is {"hidden": true}. `kept`: as below."""
    ref = ref_of(value) if one is not None and one.kind == "record" else None
    if ref is not None:
        named = names.get(ref)
        return {"hidden": True} if named is None else {"type": ref.type_key, "id": ref.id, "name": named}
    if value is None or (one is None and not kept) or (one is not None and one.kind != "link"):
        return value
    name = names.get((one.field.to, value)) if one is not None else _kept_name(value, names, kept or {})
    return {"hidden": True} if name is None else {"id": value, "name": name}


def _kept_name(value: Any, names: Mapping[tuple[str, int], str], kept: Mapping[str, str]) -> str | None:
    """The name of a link's target whose field is off: from the entry, or as far as the person may read it today."""
    return names.get((kept[TYPE], value)) if TYPE in kept else kept.get(str(value)) or str(value)


def readable_text(
    one: FieldInfo | None,
    value: Any,
    names: Mapping[tuple[str, int], str],
    kept: Mapping[str, str] | None = None,
) -> str:
    """A journal value as a person reads it; empty for nothing.

    `kept`: names noted in the entry itself, for fields whose plugin is off.
    """
    if value is None:
        return ""
    if one is None and kept:
        name = _kept_name(value, names, kept)
        return _("hidden or gone") if name is None else name
    if one is None:
        return _plain_text(value)
    if one.kind == "link":
        return names.get((one.field.to, value), _("hidden or gone"))
    if one.kind == "record":
        return names.get(ref_of(value) or ("", 0), _("hidden or gone"))
    if one.kind == "money" and isinstance(value, dict):
        return f"{value['value']} {value['currency']}"
    if one.kind == "choice":
        choice = one.choices.get(value)
        return str(choice.label) if choice else str(value)
    if one.kind == "boolean":
        return _("yes") if value else _("no")
    return _plain_text(value)


def _plain_text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(
            str(part) for name, part in value.items() if name != "position" and part not in (None, "", False)
        )
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return _("added") if value is True else str(value)
