"""Erasing a person: their own record loses what it says, every other place loses the person, and then all is searched
again. Nothing of it is journaled, and nothing can be undone: the journal is among the places that are cleaned.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from kumiko.archive import tables
from kumiko.archive.tables import StoredTable
from kumiko.files.store import FolderStore
from kumiko.host.columns import utc_now
from kumiko.host.database import Database
from kumiko.host.generation import Generation
from kumiko.host.i18n import gettext as _
from kumiko.privacy import folders, rules, scrubbing, walking
from kumiko.privacy.rules import PERSON, RECORD, Kept
from kumiko.privacy.terms import ERASED, Terms
from kumiko.privacy.walking import Hit

_SLICE, _ROUNDS, _LONG, DEPTH = 100, 4, 120, 3
_NOT_PERSONAL = {"lifecycle_stage", "do_not_call", "owner_id", "team_id", "created_by_id", "updated_by_id"}
Beat = Callable[[str], None]


def batched(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The items in lists of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


@dataclass
class Outcome:
    """What was done: table or folder -> places; `left` are places that still held the person at the end."""

    counts: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    tables: int = 0
    rows: int = 0
    files: int = 0
    scrubbed: bool = True  # former values were taken out of the files of the database, too


def erase(
    database: Database,
    generation: Generation,
    home: Path,
    terms: Terms,
    persons: Sequence[int],
    *,
    keep: bool = True,
    beat: Beat = lambda _what: None,
) -> Outcome:
    """Erase whoever `terms` name and the records `persons`. `keep`: what the law keeps stays as it is, and counts."""
    found = Outcome()
    with database.reader.connect() as connection:
        there = tables.stored_tables(connection)
        kept = rules.kept_records(connection, generation, there) if keep else Kept({}, rules.places(generation))
    said = rules.said(generation)
    for person_id in persons:
        beat(_("the person's own record"))
        with database.engine.begin() as connection:
            _own_record(connection, generation, there, person_id, found.counts)
    about: dict[int, set[str]] = {person_id: set() for person_id in persons}
    wave = {PERSON: set(persons)}
    for _depth in range(DEPTH):  # a message hangs on a conversation, which hangs on the person
        following: dict[str, set[int]] = {}
        for type_key, ids in wave.items():
            for key, name, column, long in rules.hanging_on(generation, type_key) if ids else ():
                if name in there:
                    more = _empty_hanging(database, there[name], column, long, ids, kept, about, found.counts)
                    following.setdefault(key, set()).update(more)
        wave = following
    for _round in range(_ROUNDS):
        if not _clean_tables(database, there, terms, kept, said, about, found, beat):
            break
    _clean_journal_of(database, there, set(persons), about, found)
    beat(_("files"))
    _clean_files(database, home, there, terms, persons, kept, found)
    beat(_("former values on the disk"))
    found.scrubbed = scrubbing.scrub(database, found.counts)
    return look(database, home, terms, kept, found, beat)


def look(
    database: Database, home: Path, terms: Terms, kept: Kept, found: Outcome, beat: Beat = lambda _what: None
) -> Outcome:
    """Search every table and file for the person; what is found is `kept` or `left`."""
    with tables.snapshot(database) as connection:
        there = tables.stored_tables(connection)
        shas = _kept_files(connection, there, kept)
        for one in there.values():
            if one.name in walking.SKIPPED:
                continue
            beat(one.name)
            found.tables += 1
            found.rows += int(connection.execute(sa.select(sa.func.count()).select_from(one.table)).scalar_one())
            for hit in walking.hits_in(connection, terms, one):
                (found.kept if kept.covers(one.name, hit.row) else found.left)[one.name] += 1
    for path in folders.stored(home):
        found.files += 1
        if folders.holds(terms, path):
            (found.kept if path.name in shas else found.left)["files"] += 1
    for path in folders.others(home):
        found.files += 1
        if folders.holds(terms, path):
            found.left[path.relative_to(home).parts[0]] += 1
    return found


# -- the person's own record -------------------------------------------------------------------------------------------


def _own_record(
    connection: sa.Connection, generation: Generation, there: Mapping[str, StoredTable], person_id: int,
    counts: Counter[str],
) -> None:  # fmt: skip
    info = generation.state["records"].types.get(PERSON)
    if info is None:
        return
    stored = there[info.table.name]
    table, now = stored.table, utc_now()
    values: dict[str, Any] = {"name": f"{_('Erased person')} {person_id}", "custom": None, "updated_at": now}
    columns = {column.name: column for column in info.table.c}
    for name, kind in stored.kinds.items():
        if (
            name in _NOT_PERSONAL
            or name in values
            or name in ("id", "created_at", "updated_at", "deleted_at", "version")
        ):
            continue
        if kind in ("text", "date", "json"):
            values[name] = None if columns[name].nullable else ""
    values |= {"version": table.c.version + 1, "deleted_at": sa.func.coalesce(table.c.deleted_at, now)}
    counts[stored.name] += connection.execute(sa.update(table).where(table.c.id == person_id).values(values)).rowcount
    for name, place in rules.places(generation).items():
        if place.type_key == PERSON and place.column == "parent_id" and name in there:
            part = there[name].table
            done = connection.execute(sa.delete(part).where(part.c.parent_id == person_id))
            counts[name] += done.rowcount
        elif place.type_key == PERSON and place.column == "record_id" and name in there:
            _empty_side(connection, there[name], person_id, counts)
    for name in ("records_tag", "records_external_id", "records_search", "duplicates_key"):
        extra = there[name].table
        counts[name] += connection.execute(sa.delete(extra).where(extra.c.record_id == person_id)).rowcount


def _empty_side(connection: sa.Connection, one: StoredTable, person_id: int, counts: Counter[str]) -> None:
    """Texts of fields that other modules add to a person."""
    texts = {name: None for name, kind in one.kinds.items() if kind in ("text", "json") and name not in one.key}
    if not texts:
        return
    try:
        with connection.begin_nested():
            done = connection.execute(sa.update(one.table).where(one.table.c.record_id == person_id).values(texts))
            counts[one.name] += done.rowcount
    except IntegrityError:  # a text that must not be missing: it becomes empty
        empty = {name: "" for name in texts if one.kinds[name] == "text"}
        connection.execute(sa.update(one.table).where(one.table.c.record_id == person_id).values(empty))


def _empty_hanging(
    database: Database, one: StoredTable, column: str, long: Sequence[str], ids: set[int], kept: Kept,
    about: dict[int, set[str]], counts: Counter[str],
) -> set[int]:  # fmt: skip
    """Notes, calls and messages on the person's card: their long texts go, whatever stands in them. Gives their ids."""
    table = one.table
    rows: list[dict[str, Any]] = []
    for chosen in batched(sorted(ids), _SLICE):
        query = sa.select(table.c.id, *(table.c[name] for name in long)).where(table.c[column].in_(chosen))
        with database.reader.connect() as connection:
            rows += [dict(row) for row in connection.execute(query).mappings()]
    rows = [row for row in rows if not kept.covers(one.name, row)]
    for some in batched(rows, _SLICE):
        with database.engine.begin() as connection:
            for row in some:
                values = {name: ERASED for name in long if row[name] and row[name] != ERASED}
                if values:
                    about.setdefault(row["id"], set()).update(values)
                    counts[one.name] += 1
                    changed = {**values, "version": table.c.version + 1}
                    connection.execute(sa.update(table).where(table.c.id == row["id"]).values(changed))
    return {row["id"] for row in rows}


# -- every other place -------------------------------------------------------------------------------------------------


def _clean_tables(
    database: Database, there: Mapping[str, StoredTable], terms: Terms, kept: Kept,
    said: Mapping[str, Mapping[str, Any]], about: dict[int, set[str]], found: Outcome, beat: Beat,
) -> int:  # fmt: skip
    """One round through all tables: found without a lock, changed in short transactions. Gives how many rows."""
    changed = 0
    for one in there.values():
        if one.name in walking.SKIPPED:
            continue
        beat(one.name)
        with tables.snapshot(database) as connection:
            keys = [
                hit.key for hit in walking.hits_in(connection, terms, one) if not kept.covers(one.name, hit.row)
            ]  # keys alone: a table may hold the person a hundred thousand times
        for start in range(0, len(keys), _SLICE):
            with database.engine.begin() as connection:
                for key in keys[start : start + _SLICE]:
                    changed += _clean_row(connection, one, key, terms, said.get(one.name, {}), about, found.counts)
    return changed


def _clean_row(
    connection: sa.Connection, one: StoredTable, key: tuple[Any, ...], terms: Terms, said: Mapping[str, Any],
    about: dict[int, set[str]], counts: Counter[str],
) -> int:  # fmt: skip
    """Clean one row as it is now; somebody may have changed it since it was found."""
    where = _where(one, key)
    query = sa.select(one.table).where(where)
    if connection.dialect.name == "postgresql":
        query = query.with_for_update()
    found = connection.execute(query).mappings().first()
    if found is None:
        return 0
    row: dict[str, Any] = dict(found)
    columns = [name for name, kind in one.kinds.items() if kind in ("text", "json", "binary")]
    hit = Hit(one, row, tuple(name for name in columns if walking.holds(terms, one.kinds[name], row[name])))
    if not hit.columns:
        return 0
    counts[one.name] += 1
    if said.get("erase") == "row":
        connection.execute(sa.delete(one.table).where(where))
        return 1
    values = {name: _cleaned(one.kinds[name], row[name], terms) for name in hit.columns}
    if said.get("erase") == "text" or _is_about(hit, terms):
        long = dict.fromkeys(_long_texts(hit), ERASED)
        values |= long
        if one.kinds.keys() >= RECORD:
            about.setdefault(row["id"], set()).update(long)
    if one.kinds.keys() >= RECORD:
        values["version"] = row["version"] + 1
    try:
        with connection.begin_nested():
            connection.execute(sa.update(one.table).where(where).values(values))
    except IntegrityError:  # two rows would be the same now: a word of their own tells them apart
        fresh = {
            name: f"{value} {secrets.token_hex(4)}" if one.kinds[name] == "text" else value
            for name, value in values.items()
            if name != "version"
        }
        connection.execute(sa.update(one.table).where(where).values(fresh))
    return 1


def _is_about(hit: Hit, terms: Terms) -> bool:
    """Whether a row is about the person: one of its columns is nothing but the address, number or name."""
    return any(hit.table.kinds[name] == "text" and terms.is_whole(str(hit.row[name])) for name in hit.columns)


def _long_texts(hit: Hit) -> Iterable[str]:
    """Texts of a row that people wrote at length: what somebody says about themselves is theirs, too."""
    for name, kind in hit.table.kinds.items():
        value = hit.row[name]
        if kind == "text" and name not in hit.table.key and isinstance(value, str) and len(value) > _LONG:
            yield name


def _cleaned(kind: str, value: Any, terms: Terms) -> Any:
    if kind == "text":
        return terms.cleaned(value)
    if kind == "json":
        return terms.cleaned_json(value)
    return ERASED.encode()  # bytes as they came in: nobody can take a name out of an encoded mail


def _where(one: StoredTable, key: tuple[Any, ...]) -> Any:
    names = one.key or one.columns
    return sa.and_(*(one.table.c[name].is_not_distinct_from(value) for name, value in zip(names, key, strict=True)))


# -- the journal of records that were about the person ----------------------------------------------------------------


def _clean_journal_of(
    database: Database, there: Mapping[str, StoredTable], persons: set[int], about: Mapping[int, set[str]],
    found: Outcome,
) -> None:  # fmt: skip
    """Former values: all of the person's own record, and texts that were replaced as a whole in others."""
    journal = there["records_entry"]
    table = journal.table
    for record_id, names in about.items():
        with database.engine.begin() as connection:
            for row in connection.execute(sa.select(table).where(table.c.record_id == record_id)).mappings().all():
                values: dict[str, Any] = {}
                for side in ("before", "after"):
                    held = row[side]
                    if isinstance(held, dict):
                        whole = record_id in persons
                        values[side] = {
                            name: _forgotten(value) if name in names or (whole and name not in _NOT_PERSONAL) else value
                            for name, value in held.items()
                        }
                if record_id in persons:
                    values["title"] = f"{_('Erased person')} {record_id}"
                    values["names"] = None
                if any(row[name] != value for name, value in values.items()):
                    found.counts["records_entry"] += 1
                    connection.execute(sa.update(table).where(table.c.id == row["id"]).values(values))


def _forgotten(value: Any) -> Any:
    """A former value with its shape, without what it said."""
    if isinstance(value, str):
        return ERASED if value else value
    if isinstance(value, dict):
        return {name: _forgotten(one) for name, one in value.items()}
    return [_forgotten(one) for one in value] if isinstance(value, list) else value


# -- files -------------------------------------------------------------------------------------------------------------


def _clean_files(
    database: Database, home: Path, there: Mapping[str, StoredTable], terms: Terms, persons: Sequence[int],
    kept: Kept, found: Outcome,
) -> None:  # fmt: skip
    """Attachments of the person and those that hold a term lose their bytes; other files with a term are removed."""
    table = there["files_file"].table
    with database.reader.connect() as connection:
        own = sa.select(table.c.sha256).where(table.c.record_type == PERSON, table.c.record_id.in_(persons))
        gone = set(connection.execute(own).scalars())
        held = _kept_files(connection, there, kept)
    gone |= {path.name for path in folders.stored(home) if folders.holds(terms, path)}
    gone -= held
    if gone:
        empty = _empty_file(home)
        with database.engine.begin() as connection:
            for sha256 in sorted(gone):
                values = {"sha256": empty, "size_bytes": len(ERASED), "name": ERASED, "media_type": "text/plain",
                          "version": table.c.version + 1}  # fmt: skip
                done = connection.execute(sa.update(table).where(table.c.sha256 == sha256).values(values))
                found.counts["files_file"] += done.rowcount
    for path in folders.stored(home):
        if path.name in gone:
            path.unlink(missing_ok=True)
            found.counts["files"] += 1
    for path in folders.others(home):
        if folders.holds(terms, path):
            path.unlink(missing_ok=True)
            found.counts[path.relative_to(home).parts[0]] += 1


def _kept_files(connection: sa.Connection, there: Mapping[str, StoredTable], kept: Kept) -> set[str]:
    table, found = there["files_file"].table, set[str]()
    for type_key, ids in kept.records.items():
        query = sa.select(table.c.sha256, table.c.record_id).where(table.c.record_type == type_key)
        found |= {sha256 for sha256, record_id in connection.execute(query) if record_id in ids}
    return found


def _empty_file(home: Path) -> str:
    return FolderStore(home / "files").put(BytesIO(ERASED.encode()), lambda _size: None).sha256
