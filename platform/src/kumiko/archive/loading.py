"""Reading an archive into an empty installation, whatever its database: all of it, or nothing.

The tables are made as they were when the archive was written, filled in one transaction, and then brought to their
newest form. What is wrong with the archive is said before anything is written.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson
import sqlalchemy as sa

from kumiko.archive import tables
from kumiko.archive.tables import StoredTable
from kumiko.archive.writing import FORMAT, FORMAT_VERSION, MADE, MANIFEST, Told, read_manifest
from kumiko.files.store import FolderStore
from kumiko.host import manifest as manifests
from kumiko.host.config import Config
from kumiko.host.database import engine_for_migration, normalise_url
from kumiko.host.errors import KumikoError, MigrationFailed
from kumiko.host.i18n import gettext as _
from kumiko.operate import instance, migrate, settling

_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, AttributeError, orjson.JSONDecodeError,
    NotImplementedError, UnicodeError,
)  # fmt: skip
_PIECE = 256 * 1024


@dataclass(frozen=True)
class Found:
    """What an archive holds, and every reason why it cannot be read in here, as sentences."""

    manifest: Mapping[str, Any]
    made: Mapping[str, Any]
    problems: tuple[str, ...]


def look(file: str | Path, core: Any) -> Found:
    """Read what an archive says about itself; KumikoError when it is none. Reads every byte once."""
    with _opened(file) as zipped:
        said = read_manifest(zipped)
        if said.get("format") != FORMAT:
            raise KeyError(MANIFEST)
        return Found(said, orjson.loads(zipped.read(MADE)), tuple(_problems(zipped, said, core)))


def load(config: Config, file: str | Path, core: Any, told: Told | None = None) -> dict[str, Any]:
    """Fill the empty installation of `config`. Returns counts (tables, rows, files) and `notes`, sentences.

    KumikoError lists everything that stands in the way; then nothing was written.
    """
    tell = told or (lambda *_: None)
    found = look(file, core)
    problems = [*found.problems, *_not_empty(config)]
    if problems:
        raise KumikoError("\n".join(problems))
    said = found.manifest
    url = config.database_url
    for history in _histories(said, core):
        revision = said["modules"][history.name]["revision"]
        if revision:
            migrate.upgrade(url, history, revision)
    with _opened(file) as zipped:
        files = _files(zipped, config.home / "files", tell)  # before the rows that name them
        rows = _rows(url, zipped, said, tell)
    instance.upgrade(config, core)
    notes = settling.settle(config, core)  # before anybody sees it: an older archive brings back who was erased
    return {"tables": len(said["tables"]), "rows": rows, "files": files, "notes": notes}


@contextmanager
def _opened(file: str | Path) -> Iterator[zipfile.ZipFile]:
    """The zip of an archive; whatever a damaged or foreign one makes go wrong is one sentence."""
    try:
        with zipfile.ZipFile(file) as zipped:
            yield zipped
    except _DAMAGE as fault:
        raise KumikoError(_("%(file)s is no archive of Kumiko, or it is damaged.", file=str(file))) from fault


def _problems(zipped: zipfile.ZipFile, said: Mapping[str, Any], core: Any) -> Iterator[str]:
    if said["format_version"] > FORMAT_VERSION:
        yield _("A newer Kumiko wrote this archive (form %(number)d); install that.", number=said["format_version"])
        return
    known = {one.name: one for one in migrate.histories(core=core)}
    titles = manifests.scan(core).manifests
    for name, one in said["modules"].items():
        if name not in known:
            if any(said["tables"][table]["rows"] for table in one["tables"]):
                yield _(
                    "The archive holds data of the module %(name)s (version %(version)s), which is not installed here; "
                    "install it first.", name=name, version=one["version"] or "?",
                )  # fmt: skip
        elif one["revision"] and one["revision"] not in migrate.revisions(known[name]):
            yield _(
                "The data of %(name)s were written by its version %(theirs)s; version %(ours)s is installed here and "
                "does not know their form. Install the newer one.", name=name, theirs=one["version"] or "?",
                ours=titles[name].version if name in titles else "?",
            )  # fmt: skip
    for name, one in said["tables"].items():
        digest = hashlib.sha256()
        with zipped.open(f"tables/{name}.jsonl") as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
        if digest.hexdigest() != one["sha256"]:
            yield _("The archive is damaged: the rows of %(name)s are not those that were written.", name=name)


def _not_empty(config: Config) -> Iterator[str]:
    url = normalise_url(config.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return
    with tables.stranger(config.database_url) as database, database.reader.connect() as connection:
        there = tables.stored_tables(connection)
        for name in ("access_user", "records_unit"):
            if name in there and connection.execute(sa.select(there[name].table).limit(1)).first() is not None:
                yield _(
                    "This installation is not empty. An archive is read into an empty one: choose another folder "
                    "(KUMIKO_HOME) or an empty database (KUMIKO_DATABASE_URL)."
                )
                return


def _histories(said: Mapping[str, Any], core: Any) -> list[migrate.History]:
    return [one for one in migrate.histories(core=core) if one.name in said["modules"]]


def _rows(url: str, zipped: zipfile.ZipFile, said: Mapping[str, Any], told: Told) -> int:
    """Fill the tables in one transaction: what is killed halfway leaves them empty."""
    engine = engine_for_migration(normalise_url(url))
    try:
        with engine.begin() as connection:
            there = tables.stored_tables(connection)
            ordered = [one for one in tables.by_references(there) if one.name in said["tables"]]
            for one in reversed(ordered):
                connection.execute(sa.delete(one.table))  # what migrations put there
            count = 0
            for number, one in enumerate(ordered):
                told(number, len(ordered), one.name)
                with zipped.open(f"tables/{one.name}.jsonl") as stream:
                    count += _fill(connection, one, said["tables"][one.name], stream)
            _go_on_counting(connection, there, said["last_id"])
            if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise MigrationFailed(_("A row of the archive names one that is not in it; nothing was kept."))
            return count
    finally:
        engine.dispose()


def _fill(connection: sa.Connection, one: StoredTable, said: Mapping[str, Any], stream: IO[bytes]) -> int:
    kinds = {name: one.kinds.get(name, kind) for name, kind in said["columns"].items()}
    if one.name == "records_unit" and connection.dialect.name == "postgresql":
        kinds["xact"] = "integer"  # 0 is older than every transaction: the feed gives such units first
    target = tables.described(one.name, one.key, kinds).table
    insert, waiting, count = sa.insert(target), [], 0
    for line in stream:
        values = tables.values_of(orjson.loads(line), kinds)
        if one.name == "records_unit" and "xact" in kinds:
            values["xact"] = 0 if connection.dialect.name == "postgresql" else None
        waiting.append(values)
        count += 1
        if len(waiting) == tables.PIECE:
            connection.execute(insert, waiting)
            waiting.clear()
    if waiting:
        connection.execute(insert, waiting)
    return count


def _go_on_counting(connection: sa.Connection, there: Mapping[str, StoredTable], last_id: int) -> None:
    """Ids and numbers of rows go on behind those of the archive."""
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("UPDATE host_counter SET value = :n WHERE name = 'ids'"), {"n": last_id})
        return
    connection.execute(sa.text("SELECT setval('host_ids', :n, :called)"), {"n": max(last_id, 1), "called": last_id > 0})
    for one in there.values():
        tables.go_on_numbering(connection, one)


def _files(zipped: zipfile.ZipFile, folder: Path, told: Told) -> int:
    store, names = FolderStore(folder), [name for name in zipped.namelist() if name.startswith("files/")]
    for number, name in enumerate(names):
        told(number, len(names), "files")
        with zipped.open(name) as stream:
            stored = store.put(stream, lambda _size: None)
        if stored.sha256 != name.removeprefix("files/"):
            store.remove(stored.sha256)
            raise KumikoError(_("The archive is damaged: a file is not the one that was kept (%(name)s).", name=name))
    return len(names)
