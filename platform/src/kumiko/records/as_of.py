"""Records as of a moment: what I may read today, valued by the journal at that moment (design 6).

Inside `reading(moment)` the catalogue is another one: the table of each type is today's rows for records that nobody
changed since, and rows put together from the journal for the others. Lists, filters, boards, cards and names of links
work on it unchanged. Rights are those of today; nothing can be written meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table, and_, func, or_, select

from kumiko.host import context
from kumiko.host.columns import table_of, utc_now
from kumiko.host.errors import Conflict, Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.records import custom, forms, rights, states
from kumiko.records.as_of_rows import rows_instead
from kumiko.records.catalogue import Catalogue, ExtensionInfo, FieldInfo, TypeInfo, catalogue, reading_instead
from kumiko.records.filter_values import reader_zone
from kumiko.records.models import Entry, ExternalId, Tag, Unit
from kumiko.records.states import Many, State
from kumiko.records.writer import EXISTS

_unit, _entry, _tag, _external = table_of(Unit), table_of(Entry), table_of(Tag), table_of(ExternalId)
SLICE = 500
#: Records of one type that may have changed since the moment: they are put together in memory.
MOST_CHANGED = 100_000


def moment_now() -> datetime | None:
    """The moment that is read as of; None when it is now."""
    found = reading_instead()
    return found.at if isinstance(found, CatalogueAt) else None


@contextmanager
def reading(at: datetime) -> Iterator[None]:
    """Read as of `at` (aware) inside; Conflict when something is being written."""
    now = context.current()
    if now.unit is not None:
        raise Conflict(_("Nothing can be written while records are read as of a moment."))
    kept, now.cache = now.cache, {}
    before, instead = catalogue(), None
    if isinstance(before, CatalogueAt):
        before = before.today
    instead = CatalogueAt(before, at)
    try:
        with reading_instead.of(instead):
            yield
    finally:
        now.cache = kept


@contextmanager
def today() -> Iterator[None]:
    """Read as of now inside, in the midst of `reading`."""
    with reading_instead.of(None):
        yield


def moment_of(text: str) -> datetime:
    """The moment that an address names: RFC 3339, a local time in the reader's zone, or a day, which means its end.

    Invalid when it is none, or lies ahead.
    """
    zone, now, said = reader_zone(), utc_now(), text.strip()
    is_day = len(said) == len("2026-03-01")
    try:
        if is_day:
            found = datetime.combine(date.fromisoformat(said) + timedelta(days=1), time(), zone)
        else:
            found = datetime.fromisoformat(said.replace(" ", "+"))
            found = found if found.tzinfo is not None else found.replace(tzinfo=zone)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        sentence = _("wanted a day or a moment such as 2026-03-01T10:00:00Z, found %(found)r", found=text[:40])
        raise Invalid(sentence, {"as_of": [sentence]}) from None
    if found > now + timedelta(days=1 if is_day else 0, seconds=1):
        sentence = _("%(found)s lies ahead; the journal knows the past only", found=text[:40])
        raise Invalid(sentence, {"as_of": [sentence]})
    return min(found, now)


class CatalogueAt(Catalogue):
    """The catalogue as of a moment."""

    def __init__(self, now: Catalogue, at: datetime) -> None:
        self.today = now
        self.at = at
        super().__init__(TypeAt(info, self) for info in now.types.values())


@dataclass
class Old:
    """The records of a type that changed since the moment. `rows`: of those that were there then, live or in the bin.

    `sides`: plugin -> rows of its side table; `many`: record id -> lists and sets.
    """

    ids: list[int] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    sides: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    many: dict[int, Many] = field(default_factory=dict)


class FieldAt(FieldInfo):
    """A field whose list rows are those of the moment."""

    def __init__(self, today: FieldInfo, owner: TypeAt) -> None:
        extension = owner.extension_at(today.extension) if today.extension is not None else None
        super().__init__(today.field, today.plugin, today.columns, extension, today.custom)
        object.__setattr__(self, "_owner", owner)
        object.__setattr__(self, "_today", today)

    @cached_property
    def part_table(self) -> Any:
        return self._owner.parts_at(self._today)  # type: ignore[attr-defined]

    @cached_property
    def items(self) -> tuple[FieldInfo, ...]:
        return self._today.items  # type: ignore[attr-defined, no-any-return]


class ExtensionAt(ExtensionInfo):
    """An extension whose side rows are those of the moment, without copies of base columns."""

    def __init__(self, today: ExtensionInfo, owner: TypeAt) -> None:
        for name, value in (
            ("extension", replace(today.extension, mirrors=(), list_columns=today.extension.list_columns)),
            ("plugin", today.plugin),
            ("_owner", owner),
            ("_today", today),
        ):
            object.__setattr__(self, name, value)

    @cached_property
    def table(self) -> Any:
        return self._owner.side_at(self._today)  # type: ignore[attr-defined]


class TypeAt(TypeInfo):
    """A record type with its rows as of a moment."""

    def __init__(self, now: TypeInfo, book: CatalogueAt) -> None:
        kept = ("type", "plugin", "actions", "action_plugins", "rules", "unique", "archived", "sections", "own_boards")
        for name in kept:
            object.__setattr__(self, name, getattr(now, name))
        object.__setattr__(self, "today", now)
        object.__setattr__(self, "book", book)

    # TypeInfo is frozen and fills these in its own __init__; here they are made when asked for.
    @cached_property
    def table(self) -> Any:
        return rows_instead(f"at_{self._now.table.name}", self._now.table, "id", self.old.ids, self.old.rows)

    @cached_property
    def extensions(self) -> tuple[ExtensionInfo, ...]:
        return tuple(ExtensionAt(side, self) for side in self._now.extensions)

    @cached_property
    def fields(self) -> Mapping[str, FieldInfo]:
        return {name: FieldAt(one, self) for name, one in self._now.fields.items()}

    @property
    def _now(self) -> TypeInfo:
        found: TypeInfo = self.today
        return found

    @property
    def at(self) -> datetime:
        return self.book.at  # type: ignore[attr-defined, no-any-return]

    def extension_at(self, side: ExtensionInfo) -> ExtensionInfo:
        """The extension of the same plugin, as of the moment."""
        return next(one for one in self.extensions if one.plugin == side.plugin and one._today is side)  # type: ignore[attr-defined]

    def side_at(self, side: ExtensionInfo) -> FromClause:
        """The side rows of an extension."""
        kept = [column for column in side.table.c if column.name not in side.mirrors]
        rows = self.old.sides.get(side.plugin, [])
        return rows_instead(f"at_{side.table.name}", side.table, "record_id", self.old.ids, rows, kept)

    def parts_at(self, one: FieldInfo) -> FromClause:
        """The rows of a list field."""
        rows = []
        for record_id, many in self.old.many.items():
            for key, kept in many.get(one.name, {}).items():
                columns = forms.item_to_columns(one, forms.item_from_journal(one, kept))
                rows.append({**columns, "id": int(key), "parent_id": record_id})
        table = one.part_table
        kept_columns = [column for column in table.c if not rows or column.name in rows[0]]
        return rows_instead(f"at_{table.name}", table, "parent_id", self.old.ids, rows, kept_columns)

    @cached_property
    def tag_rows(self) -> FromClause:
        """(record_id, value) of tags."""
        rows = [
            {"record_id": record_id, "value": key} for record_id, many in self.old.many.items() for key in many["tags"]
        ]
        return rows_instead(f"at_tag_{self._now.table.name}", _tag, "record_id", self.old.ids, rows)

    @cached_property
    def external_rows(self) -> FromClause:
        """(record_id, system, type_key, value) of external ids."""
        rows = [
            {"record_id": record_id, "system": system, "type_key": self.key, "value": text}
            for record_id, many in self.old.many.items()
            for system, text in many["external_ids"].items()
        ]
        return rows_instead(f"at_external_{self._now.table.name}", _external, "record_id", self.old.ids, rows)

    @cached_property
    def old(self) -> Old:
        """What changed since, read once."""
        with today():
            return _old(self._now, self.at)

    def load_many(self, ids: Sequence[int], names: Iterable[str] | None) -> dict[int, Many]:
        """Lists and sets of records."""
        wanted = None if names is None else set(names)
        with today():
            found = states.load_many(self._now, ids, wanted)
        for record_id in ids:
            if record_id in self.old.many:
                kept = self.old.many[record_id]
                found[record_id] = {name: kept[name] for name in found[record_id]}
        return found

    def criterion(self, action: str, rows: FromClause, *, deleted: bool) -> ColumnElement[bool]:
        """There at the moment (or in the bin), and mine to read today, live or in the bin."""
        person, now = context.principal(), self._now
        there = rows.c.deleted_at.is_not(None) if deleted else rows.c.deleted_at.is_(None)
        with today():
            if rights.level(now, person, action) == "all" and not rights.has_scope_hooks():
                return and_(there)
            mine = now.table.alias()
            ways = [rights.criterion(now, person, action, table=mine, deleted=gone) for gone in (False, True)]
        limit = or_(*(way for way in ways if way is not None))
        return and_(there, rights.there_is(mine, mine.c.id == rows.c.id, limit))

    def asked(self, rows: FromClause, words: Sequence[str]) -> ColumnElement[bool]:
        """Condition of a search for words: each in one of the searchable texts of the record itself."""
        person = context.principal()
        texts = [rows.c.name] + [
            one.at(rows)
            for one in self._now.searchable
            if not one.extension and one.kind in ("text", "longtext", "email", "phone", "url") and one.columns
            and one.name in self._now.readable(person)
        ]  # fmt: skip
        lower = func.kumiko_lower if context.current().database.is_sqlite else func.lower
        marked = [word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words]
        return and_(*(or_(*(lower(one).like(f"%{word}%", escape="\\") for one in texts)) for word in marked))


# ------------------------------------------------------------------ from the journal


def _old(info: TypeInfo, at: datetime) -> Old:
    """The records of a type that were changed after `at`, as they were then."""
    entries = _entries_since(info, at)
    found = Old(ids=sorted(entries))
    there = [record_id for record_id in found.ids if entries[record_id][0]["action"] != "created"]
    stamps = _last_stamps(there, at)
    for start in range(0, len(there), SLICE):
        chunk = there[start : start + SLICE]
        raw = _raw_rows(info, chunk)
        for record_id, state in states.load_states(info, chunk).items():
            _wind_back(state, entries[record_id])
            base = raw[record_id]
            stamp = stamps.get(record_id)
            base["version"] = max(entries[record_id][0]["version"] - 1, 1)
            gone_now, gone_then = base["deleted_at"], state.deleted
            base["deleted_at"] = (gone_now or at) if gone_then else None
            if stamp is not None:
                state.values |= {"updated_at": stamp.at, "updated_by": stamp.actor_id}
            sides: dict[str, dict[str, Any]] = {side.plugin: {"record_id": record_id} for side in info.extensions}
            for one in info.fields.values():
                if one.columns:
                    forms.put_columns(one, state.values[one.name], sides[one.plugin] if one.extension else base)
            base["custom"] = state.custom or None
            found.rows.append({column.name: base.get(column.name) for column in info.table.c})
            for side in info.extensions:
                kept = {column.name: base.get(f"{side.plugin}__{column.name}") for column in side.table.c}
                found.sides.setdefault(side.plugin, []).append({**kept, **sides[side.plugin]})
            found.many[record_id] = state.many
    return found


def _entries_since(info: TypeInfo, at: datetime) -> dict[int, list[Any]]:
    columns = (_entry.c.record_id, _entry.c.action, _entry.c.version, _entry.c.before, _entry.c.after)
    query = (
        select(*columns)
        .join_from(_entry, _unit, _unit.c.id == _entry.c.unit_id)
        .where(_unit.c.at > at, _entry.c.type_key == info.key)
        .order_by(_entry.c.id)
    )
    found: dict[int, list[Any]] = {}
    for row in trusted(query).mappings():
        found.setdefault(row["record_id"], []).append(row)
        if len(found) > MOST_CHANGED:
            sentence = _(
                "More than %(most)d %(what)s changed since then; choose a later moment.",
                most=MOST_CHANGED,
                what=inside(info.type.label_plural),
            )
            raise Invalid(sentence, {"as_of": [sentence]})
    return found


def _raw_rows(info: TypeInfo, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """All columns as stored, those of side rows as `plugin__column`."""
    query = states._state_query(info).where(info.table.c.id.in_(ids))
    return {row["id"]: dict(row) for row in trusted(query).mappings()}


def _wind_back(state: State, entries: Sequence[Any]) -> None:
    """Give a state the values it had before the entries: of each name the first `before` counts."""
    seen: set[str] = set()
    for entry in entries:
        before = entry["before"] or {}
        for name in {**before, **(entry["after"] or {})}:
            if name in seen:
                continue
            seen.add(name)
            if name == EXISTS:
                state.deleted = not before.get(name)
            else:
                _put(state, name, before.get(name))


def _put(state: State, name: str, value: Any) -> None:
    head, key = forms.split_key(name)
    one = state.info.find_kept(head)
    if head.startswith("custom."):
        state.custom = custom.wound_back(state.custom, head, one.custom if one is not None else None, value)
    if one is None:
        return
    if key is None:
        state.values[one.name] = forms.from_journal(one, value)
    elif value is None:
        state.many[one.name].pop(key, None)
    else:
        state.many[one.name][key] = value


def _last_stamps(ids: Sequence[int], at: datetime) -> dict[int, Any]:
    """Who changed the records last until the moment, and when."""
    found: dict[int, Any] = {}
    for start in range(0, len(ids), SLICE):
        last = (
            select(_entry.c.record_id, func.max(_entry.c.id).label("entry_id"))
            .join_from(_entry, _unit, _unit.c.id == _entry.c.unit_id)
            .where(_entry.c.record_id.in_(ids[start : start + SLICE]), _unit.c.at <= at)
            .group_by(_entry.c.record_id)
            .subquery()
        )
        query = (
            select(last.c.record_id, _unit.c.at, _unit.c.actor_id)
            .join(_entry, _entry.c.id == last.c.entry_id)
            .join(_unit, _unit.c.id == _entry.c.unit_id)
        )
        for row in trusted(query):
            found[row.record_id] = row
    return found


def rows_at(model: Any) -> FromClause:
    """The table of a mapped record class, or, while records are read as of a moment, its rows at that moment.

    Part tables (rows of list fields) and side tables work as well.
    """
    table: Table = table_of(model)
    book = reading_instead()
    if not isinstance(book, CatalogueAt):
        return table
    for info in book.types.values():
        now = info.today
        if now is None:
            continue
        if now.table is table:
            return info.table
        for one in now.fields.values():
            if one.kind == "list" and one.part_table is table:
                return info.fields[one.name].part_table
        for side in info.extensions:
            if side._today.table is table:  # type: ignore[attr-defined]
                return side.table
    return table
