"""The list of erasures: marks and record ids, beside the database as well as in it, so that a backup that was made
before an erasure, and restored after it, is cleaned again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from kumiko.archive import tables
from kumiko.archive.tables import StoredTable
from kumiko.host.columns import utc_now
from kumiko.host.config import Config
from kumiko.host.database import Database
from kumiko.host.generation import Generation
from kumiko.privacy import erasing, persons, walking
from kumiko.privacy.erasing import Outcome
from kumiko.privacy.models import erasures
from kumiko.privacy.rules import PERSON
from kumiko.privacy.terms import Terms, marked_in, marks_of

_FILE = "erased.json"


def note(
    database: Database, config: Config, terms: Terms, person_ids: Sequence[int], found: Outcome, *, by: str,
    reason: str, keep: bool, word: str,
) -> int:  # fmt: skip
    """Write down what was done; gives the id of the erasure. The list beside the database is written first. The same
    `word` is written down once, however often a job that was killed does it."""
    entry = {
        "word": word,
        "at": utc_now(),
        "by": by[:200],
        "reason": reason[:500],
        "marks": marks_of(terms, config.secret_key),
        "records": [[PERSON, one] for one in person_ids],
        "keep": keep,
    }
    _write(config.home, [*(one for one in listed(config.home) if one["word"] != word), entry])
    with database.engine.begin() as connection:
        return _insert(connection, entry, found)


def listed(home: Path) -> list[dict[str, Any]]:
    """The list beside the database and the copy beside the backups, which travels with them; oldest first."""
    found: dict[str, dict[str, Any]] = {}
    for path in (home / _FILE, home / "backups" / _FILE):
        if path.exists():
            found |= {str(one["word"]): one for one in orjson.loads(path.read_bytes()) if one["word"] not in found}
    return sorted(found.values(), key=lambda one: str(one["at"]))


def remember(database: Database, home: Path) -> None:
    """Add to the list beside the database what the table alone knows: it came with an archive, or the file was lost."""
    with database.reader.connect() as connection:
        rows = list(connection.execute(sa.select(erasures).order_by(erasures.c.id)).mappings())
    known = {one["word"] for one in listed(home)}
    names = ("word", "at", "by", "reason", "marks", "records")
    more = [{**{name: row[name] for name in names}, "keep": True} for row in rows if row["word"] not in known]
    if more:
        _write(home, [*listed(home), *more])


def waiting(database: Database, home: Path) -> list[dict[str, Any]]:
    """Erasures that this database has not seen: it is older than they are."""
    with database.reader.connect() as connection:
        known = set(connection.execute(sa.select(erasures.c.word)).scalars())
    return [one for one in listed(home) if one["word"] not in known]


def again(
    database: Database, generation: Generation, config: Config, *, files: bool = True
) -> list[tuple[int, Outcome]]:
    """Erase again whoever a restored backup brought back; gives (id of the erasure, what was done) of each."""
    done = []
    for entry in waiting(database, config.home):
        ids = [int(record_id) for type_key, record_id in entry["records"] if type_key == PERSON]
        with tables.snapshot(database) as connection:
            there = tables.stored_tables(connection)
            terms = persons.meant(connection, there, Terms(), ids).terms if ids else Terms()
            terms |= recognised(connection, there, frozenset(entry["marks"]), config.secret_key)
        found = (
            erasing.erase(database, generation, config.home, terms, ids, keep=entry["keep"])
            if terms or ids
            else Outcome()
        )
        with database.engine.begin() as connection:
            done.append((_insert(connection, entry, found), found))
    return done


def recognised(connection: sa.Connection, there: Mapping[str, StoredTable], marks: frozenset[str], key: str) -> Terms:
    """Terms that stand anywhere in the database and whose marks are among these."""
    found = Terms()
    for one in there.values():
        looked = [name for name, kind in one.kinds.items() if kind in ("text", "json", "binary")]
        if one.name in walking.SKIPPED or not looked:
            continue
        for piece in tables.pieces(connection, one, columns=looked):
            for row in piece:
                for name in looked:
                    for text in walking.texts_of(one.kinds[name], row[name]):
                        if len(text) > 4:
                            found |= marked_in(text, marks, key)
    return found


def _insert(connection: sa.Connection, entry: Mapping[str, Any], found: Outcome) -> int:
    at = entry["at"] if isinstance(entry["at"], datetime) else datetime.fromisoformat(entry["at"])
    values = {
        "word": entry["word"], "at": at, "by": entry["by"], "reason": entry["reason"], "marks": entry["marks"],
        "records": entry["records"], "counts": {str(name): count for name, count in found.counts.items() if count},
        "kept": {str(name): count for name, count in found.kept.items()},
        "left": sum(found.left.values()),
        "looked": {
            "tables": found.tables, "rows": found.rows, "files": found.files,
            "scrubbed": found.scrubbed,
            "left": {str(name): count for name, count in found.left.items()},
        },
    }  # fmt: skip
    connection.execute(sa.delete(erasures).where(erasures.c.word == entry["word"]))
    made: int = connection.execute(sa.insert(erasures).values(values).returning(erasures.c.id)).scalar_one()
    return made


def _write(home: Path, entries: Sequence[Mapping[str, Any]]) -> None:
    for folder in (home, home / "backups"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = folder / f".{_FILE}.{os.getpid()}"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(orjson.dumps(list(entries)))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, folder / _FILE)
