"""Backups of an installation in its own folder: making them, listing them, keeping some of them.

A backup is the database in one file (`kumiko restore` takes it), a note beside it of what was in every table at that
moment, and the names of the files of records, whose bytes are linked into `backups/files` so that nothing removes them.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from kumiko.archive import tables
from kumiko.host.columns import utc_now
from kumiko.host.config import Config
from kumiko.host.database import Database
from kumiko.host.errors import Conflict, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.operate import backups, migrate

log = logging.getLogger("kumiko.backups")
BY_HAND, BY_SCHEDULE, BEFORE_RESTORE, BEFORE_UPGRADE = "by-hand", "by-schedule", "before-restore", "before-upgrade"
_NAME = re.compile(r"\d{8}T\d{6}Z-[a-z-]{1,20}")
_PIECE = 1024 * 1024
_PAGES = 4000  # of SQLite, copied at a time; the connection sees the same state all along
Told = Callable[[int, int], None]  # done, all


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A backup that is there. `rehearsal` is what came of trying it out last, None when nobody did."""

    name: str
    path: Path
    made_at: datetime
    reason: str
    by: str
    database: str  # sqlite or postgresql
    size_bytes: int
    sha256: str
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)  # name -> rows, sha256
    revisions: dict[str, str] = field(default_factory=dict)
    files: int = 0
    rehearsal: dict[str, Any] | None = None

    @property
    def rows(self) -> int:
        return sum(int(one["rows"]) for one in self.tables.values())


def folder(config: Config) -> Path:
    path = config.home / "backups"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def make(
    config: Config, database: Database, *, reason: str, by: str = "", told: Told = lambda _done, _total: None
) -> Backup:
    """Back up the database as it is now, while people work. The checksums are of the very state that the file holds."""
    place = folder(config)
    _clear(place)
    name = _free_name(place, reason)
    part, final = place / f".{name}.part", place / f"{name}.kumiko"
    made_at = utc_now()
    try:
        with tables.snapshot(database) as connection:
            _copy(connection, database, part, lambda share: told(int(50 * share), 100))
            found = tables.sums(connection, lambda share: told(50 + int(50 * share), 100))
            names = _files_of(connection, found)
            revisions = {one.name: one.current for one in migrate.statuses(connection, migrate.histories())}
        os.chmod(part, 0o600)
        held = _link(config.home / "files", place / "files", names)
        facts = {
            "name": name, "made_at": made_at, "reason": reason, "by": by, "database": database.url.get_backend_name(),
            "size_bytes": part.stat().st_size, "sha256": digest_of(part), "tables": found, "revisions": revisions,
            "files": held,
        }  # fmt: skip
        _write(place / f"{name}.files", "\n".join(names).encode())
        _write(place / f"{name}.json", orjson.dumps(facts, option=orjson.OPT_INDENT_2))
        os.replace(part, final)  # last: a backup is there once all of it is
    finally:
        part.unlink(missing_ok=True)
    return get(config, name)


def listed(config: Config) -> list[Backup]:
    """Backups of the folder, the newest first."""
    found = []
    for path in folder(config).glob("*.kumiko"):
        try:
            found.append(_read(path))
        except (OSError, KeyError, ValueError, TypeError) as fault:
            log.info("%s has no note that can be read: %s", path.name, fault)
    return sorted(found, key=lambda one: one.made_at, reverse=True)


def get(config: Config, name: str) -> Backup:
    """NotFound, with a sentence, when there is no such backup."""
    path = folder(config) / f"{name}.kumiko"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound(_("There is no such backup; it may have been removed from the server."))
    return _read(path)


def remove(config: Config, name: str) -> None:
    one = get(config, name)
    for suffix in (".kumiko", ".json", ".files"):
        one.path.with_suffix(suffix).unlink(missing_ok=True)
    _forget_files(config)


def prune(config: Config, keep: int) -> list[str]:
    """Remove backups of the schedule beyond the newest `keep`; those made by hand or before a restore stay 30 days."""
    mine = [one for one in listed(config) if one.reason == BY_SCHEDULE]
    others = [one for one in listed(config) if one.reason in (BEFORE_RESTORE, BEFORE_UPGRADE)]
    old = [one for one in others if (utc_now() - one.made_at).days >= 30]
    gone = [*mine[max(keep, 1) :], *old]
    for one in gone:
        for suffix in (".kumiko", ".json", ".files"):
            one.path.with_suffix(suffix).unlink(missing_ok=True)
    if gone:
        _forget_files(config)
    return [one.name for one in gone]


def check(one: Backup) -> None:
    """Conflict unless the file holds what was written."""
    if digest_of(one.path) != one.sha256:
        raise Conflict(_("The file of this backup is damaged: its checksum is not the one that was noted."))


def note_rehearsal(config: Config, name: str, found: dict[str, Any]) -> None:
    path = get(config, name).path.with_suffix(".json")
    facts = orjson.loads(path.read_bytes())
    _write(path, orjson.dumps({**facts, "rehearsal": found}, option=orjson.OPT_INDENT_2))


def bring_files_back(config: Config, one: Backup) -> int:
    """Put the bytes of files that a backup names where they belong; gives how many are in none of both places."""
    missing = 0
    for name in _names_in(one.path):
        target, kept = _place(config.home / "files", name), _place(folder(config) / "files", name)
        if target.exists():
            continue
        if kept.exists():
            _link_one(kept, target)
        else:
            missing += 1
    return missing


def digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place when all went well."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


# -- inside ----------------------------------------------------------------------------------------------------------


def _copy(connection: sa.Connection, database: Database, part: Path, told: Callable[[float], None]) -> None:
    """The database as this connection sees it."""
    if database.is_sqlite:
        target = sqlite3.connect(part)
        try:
            driver: Any = connection.connection.dbapi_connection
            driver.backup(target, pages=_PAGES, progress=lambda _status, left, all_: told(1 - left / max(all_, 1)))
        finally:
            target.close()
        return
    snapshot = str(connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one())
    backups.dump(database.url, part, snapshot=snapshot)


def _files_of(connection: sa.Connection, found: dict[str, Any]) -> list[str]:
    if "files_file" not in found:
        return []
    return sorted(connection.exec_driver_sql("SELECT DISTINCT sha256 FROM files_file").scalars())


def _link(source: Path, target: Path, names: Iterable[str]) -> int:
    held = 0
    for name in names:
        there, kept = _place(source, name), _place(target, name)
        if kept.exists():
            held += 1
        elif there.exists():
            _link_one(there, kept)
            held += 1
    return held


def _link_one(source: Path, target: Path) -> None:
    """One more name for the same bytes, or a copy where the disk cannot do that."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError:
        with written(target) as part:
            shutil.copyfile(source, part)


def _forget_files(config: Config) -> None:
    """Remove bytes that no backup names any more."""
    place = folder(config)
    named = {name for path in place.glob("*.files") for name in path.read_text().split()}
    for path in (place / "files").glob("*/*"):
        if path.name not in named:
            path.unlink(missing_ok=True)


def _names_in(path: Path) -> list[str]:
    try:
        return path.with_suffix(".files").read_text().split()
    except FileNotFoundError:
        return []


def _place(root: Path, name: str) -> Path:
    return root / name[:2] / name


def _read(path: Path) -> Backup:
    try:
        facts = orjson.loads(path.with_suffix(".json").read_bytes())
    except FileNotFoundError:
        facts = _facts_without_note(path)
    made_at = datetime.fromisoformat(facts.pop("made_at")).astimezone(UTC)
    return Backup(path=path, made_at=made_at, **facts)


def _facts_without_note(path: Path) -> dict[str, Any]:
    """Of a backup that an upgrade made, before anything of an application could be built."""
    moment, _dash, reason = path.stem.partition("-")
    at = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    with path.open("rb") as stream:
        kind = "postgresql" if stream.read(5) == b"PGDMP" else "sqlite"
    facts = {
        "name": path.stem, "made_at": at.isoformat(), "reason": reason, "by": "", "database": kind,
        "size_bytes": path.stat().st_size, "sha256": digest_of(path),
    }  # fmt: skip
    _write(path.with_suffix(".json"), orjson.dumps(facts, option=orjson.OPT_INDENT_2))
    return facts


def _write(path: Path, content: bytes) -> None:
    with written(path) as part:
        part.write_bytes(content)
        os.chmod(part, 0o600)


def _free_name(place: Path, reason: str) -> str:
    now = utc_now()
    while True:
        name = f"{now:%Y%m%dT%H%M%SZ}-{reason}"
        if not (place / f"{name}.json").exists():
            return name
        now = datetime.fromtimestamp(now.timestamp() + 1, UTC)


def _clear(place: Path) -> None:
    """Forget what processes that were killed left behind, an hour ago or more."""
    limit = utc_now().timestamp() - 3600
    for path in place.glob(".*"):
        if path.is_file() and path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
    for path in place.glob("*.json"):
        if not path.with_suffix(".kumiko").exists() and path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
            path.with_suffix(".files").unlink(missing_ok=True)
