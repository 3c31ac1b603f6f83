"""Everything that is kept about a person, as places with numbers, and as a package to hand out."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from kumiko.archive import policy, tables
from kumiko.archive.tables import StoredTable
from kumiko.host.columns import utc_now
from kumiko.host.database import Database
from kumiko.host.generation import Generation
from kumiko.host.i18n import gettext as _
from kumiko.privacy import folders, persons, rules, walking
from kumiko.privacy.erasing import DEPTH, batched
from kumiko.privacy.overview import Overview
from kumiko.privacy.persons import Meant, Someone
from kumiko.privacy.rules import PERSON, RECORD
from kumiko.privacy.terms import Terms

_SAMPLES = 5


@dataclass(frozen=True)
class Sample:
    """One record of a place, with its address."""

    title: str
    href: str


@dataclass
class Found:
    """A table or folder that holds the person: how often, and some of the records."""

    key: str
    label: str
    count: int = 0
    samples: list[Sample] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """All that is kept about somebody. `linked`: records that name the person's record, by the label of their type."""

    persons: list[Someone]
    meant: Meant
    places: list[Found]
    linked: dict[str, int]
    kept_by_law: list[str]

    @property
    def count(self) -> int:
        return sum(one.count for one in self.places)


def find(database: Database, generation: Generation, home: Path, terms: Terms, person_ids: list[int]) -> Report:
    """Search everything. Takes seconds on a large database; nothing is changed."""
    with tables.snapshot(database) as connection:
        there = tables.stored_tables(connection)
        meant = persons.meant(connection, there, terms, person_ids)
        ids, terms = meant.ids, meant.terms
        someone = meant.choice or persons.some(connection, there, ids)
        known = rules.places(generation)
        found: dict[str, Found] = {}
        for hit in walking.hits(connection, terms, there):
            one = found.setdefault(hit.table.name, Found(hit.table.name, label_of(hit.table.name, known, generation)))
            one.count += 1
            sample = _sample(hit, known, generation) if len(one.samples) < _SAMPLES else None
            if sample is not None and sample not in one.samples:
                one.samples.append(sample)
        linked = dict(_linked(connection, there, ids))
        laws = [str(law.reason) for law in rules.laws(generation) if law.table in found]
    for path in (*folders.stored(home), *folders.others(home)):
        if folders.holds(terms, path):
            folder = path.relative_to(home).parts[0]
            found.setdefault(f"/{folder}", Found(f"/{folder}", _folder_label(folder))).count += 1
    ordered = sorted(found.values(), key=lambda one: (-one.count, one.label))
    return Report(someone, meant, ordered, linked, laws)


def write_package(
    path: Path, database: Database, generation: Generation, home: Path, terms: Terms, person_ids: list[int]
) -> dict[str, int]:
    """Write all of it as a zip of JSON lines and files; gives what is in it: name of a part -> number."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    counts: Counter[str] = Counter()
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
            _write(zipped, database, generation, home, terms, person_ids, counts)
        Path(half).replace(path)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise
    return dict(counts)


def _write(
    zipped: zipfile.ZipFile, database: Database, generation: Generation, home: Path, terms: Terms,
    person_ids: list[int], counts: Counter[str],
) -> None:  # fmt: skip
    declared, known = policy.declarations(generation), rules.places(generation)
    with tables.snapshot(database) as connection:
        there = tables.stored_tables(connection)
        meant = persons.meant(connection, there, terms, person_ids)
        person_ids, terms = meant.ids, meant.terms
        names = _own_files(connection, there, person_ids)
        who = ", ".join(one.name for one in persons.some(connection, there, person_ids)) or ", ".join(terms.words)
        page = Overview(generation, known)
        hanging = _hanging(connection, there, generation, person_ids)
        for one in there.values():
            rule = policy.rule_of(one, declared)
            if one.name in walking.SKIPPED or (rule.left_out and rule.left_out != policy.REASONS[policy.TRANSIENT]):
                continue
            columns = rule.columns or one.columns
            rows = [
                {name: row[name] for name in columns}
                for row in _rows(connection, one, terms, known, person_ids, hanging.get(one.name, set()))
            ]
            lines = [policy.without_secrets(tables.line(row)) for row in rows]
            if lines:
                page.add(one.name, label_of(one.name, known, generation), rows)
                place = "records" if one.name in known else "other"
                zipped.writestr(f"{place}/{one.name}.jsonl", b"".join(lines))
                counts[one.name] = len(lines)
    held: list[str] = []
    for stored in folders.stored(home):
        if stored.parent.parent == home / "files" and (stored.name in names or folders.holds(terms, stored)):
            name = f"files/{stored.name[:12]}-{names.get(stored.name, 'file').replace('/', '-')}"
            zipped.write(stored, name)
            held.append(name)
            counts["files"] += 1
    page.add_files(held)
    zipped.writestr("overview.html", page.html(who, str(_company(generation)), f"{utc_now():%Y-%m-%d}"))
    about = {"made_at": utc_now(), "company": str(_company(generation)), "parts": dict(counts)}
    zipped.writestr("about.json", orjson.dumps(about, option=orjson.OPT_INDENT_2))


def _rows(
    connection: sa.Connection, one: StoredTable, terms: Terms, known: Mapping[str, rules.Place], person_ids: list[int],
    hanging: set[int],
) -> Iterator[Mapping[str, Any]]:  # fmt: skip
    """Rows with a term, those of the person's own record, and those with one of the ids `hanging`."""
    seen = set()
    for hit in walking.hits_in(connection, terms, one):
        seen.add(hit.key)
        yield hit.row
    place = known.get(one.name)
    wanted: list[tuple[Any, Any]] = []
    if place is not None and place.type_key == PERSON:
        wanted.append((one.table.c[place.column], person_ids))
    wanted += [(one.table.c.id, some) for some in batched(sorted(hanging), 500)]
    for column, ids in wanted:
        for piece in tables.pieces(connection, one, where=column.in_(ids)):
            yield from (row for row in piece if tuple(row[name] for name in one.key) not in seen)


def _hanging(
    connection: sa.Connection, there: Mapping[str, StoredTable], generation: Generation, person_ids: list[int]
) -> dict[str, set[int]]:
    """Table -> ids of notes, calls, conversations and messages on the person's card, whatever stands in them."""
    found: dict[str, set[int]] = {}
    wave: dict[str, set[int]] = {PERSON: set(person_ids)}
    for _depth in range(DEPTH):
        following: dict[str, set[int]] = {}
        for type_key, ids in wave.items():
            for key, name, column, _long in rules.hanging_on(generation, type_key):
                if name not in there:
                    continue
                table = there[name].table
                for some in batched(sorted(ids), 500):
                    more = set(connection.execute(sa.select(table.c.id).where(table.c[column].in_(some))).scalars())
                    found.setdefault(name, set()).update(more)
                    following.setdefault(key, set()).update(more)
        wave = following
    return found


def _own_files(connection: sa.Connection, there: Mapping[str, StoredTable], person_ids: list[int]) -> dict[str, str]:
    table = there["files_file"].table
    query = sa.select(table.c.sha256, table.c.name)
    query = query.where(table.c.record_type == PERSON, table.c.record_id.in_(person_ids))
    return {row.sha256: row.name for row in connection.execute(query)}


def _company(generation: Generation) -> str:
    from kumiko.host import settings

    return str(settings.get("host.company") or generation.config.base_url)


def _linked(connection: sa.Connection, there: Mapping[str, StoredTable], ids: list[int]) -> Iterator[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for info, name, one in rules.linking_to(PERSON) if ids else ():
        table = there[name].table
        query = sa.select(sa.func.count()).select_from(table).where(one.at(table).in_(ids))
        counts[str(info.type.label_plural)] += int(connection.execute(query).scalar_one())
    yield from ((label, count) for label, count in counts.most_common() if count)


def _sample(hit: walking.Hit, known: Mapping[str, rules.Place], generation: Generation) -> Sample | None:
    types = generation.state["records"].types
    place = known.get(hit.table.name)
    if place is not None and hit.table.kinds.keys() >= RECORD:
        info = types.get(place.type_key)
        if info is not None:
            return Sample(str(hit.row["name"] or hit.row["id"]), f"/{info.collection}/{hit.row['id']}")
    if hit.table.name == "records_entry":
        info = types.get(hit.row["type_key"])
        if info is not None:
            return Sample(str(hit.row["title"] or hit.row["record_id"]), f"/{info.collection}/{hit.row['record_id']}")
    return None


def label_of(name: str, known: Mapping[str, rules.Place], generation: Generation) -> str:
    """A table or folder in words."""
    if "_" not in name:
        return _folder_label(name)
    place = known.get(name)
    if place is not None:
        part = {"parent_id": _("%(what)s, lists"), "record_id": _("%(what)s, fields of other modules")}
        return part[place.column] % {"what": place.label} if place.column in part else place.label
    words = {
        "records_entry": _("History"),
        "records_unit": _("History, reasons"),
        "records_search": _("Search"),
        "records_event": _("Events"),
        "jobs_job": _("Background work"),
        "notify_notice": _("Notices"),
        "mailing_mail": _("System mail"),
        "imports_run": _("Imports"),
        "host_audit": _("Log"),
    }
    if name in words:
        return words[name]
    manifests = generation.installed.manifests.values()
    owner = max((two for two in manifests if name.startswith(f"{two.prefix}_")), key=lambda two: len(two.prefix),
                default=None)  # fmt: skip
    return f"{owner.title}: {name}" if owner is not None else name


def _folder_label(folder: str) -> str:
    words = {
        "files": _("Attached files"),
        "imports": _("Files of imports"),
        "exports": _("Exports and archives"),
        "mail": _("Mails in the folder"),
        "backups": _("Attached files, kept for backups"),
    }
    return words.get(folder, _("Folder %(name)s", name=folder))
