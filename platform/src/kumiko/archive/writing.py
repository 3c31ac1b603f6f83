"""Writing the archive of the company: a zip of JSON lines, the files, and a manifest that says what is in it.

Everything is read in one snapshot, row by row, so that people go on working and memory stays flat. The same data give
the same bytes, whichever database they lie in; only `made.json` says when and where it was made.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import orjson
import sqlalchemy as sa

from kumiko.archive import policy, tables
from kumiko.archive.tables import StoredTable
from kumiko.host import settings
from kumiko.host.columns import utc_now
from kumiko.host.context import current
from kumiko.host.errors import NotFound
from kumiko.host.generation import Generation
from kumiko.host.i18n import gettext as _
from kumiko.operate import migrate

FORMAT, FORMAT_VERSION = "kumiko-archive", 1
MANIFEST, MADE, README = "manifest.json", "made.json", "README.txt"
Told = Callable[[int, int, str], None]  # done, all, what
_PIECE = 256 * 1024
_WHEN = (1980, 1, 1, 0, 0, 0)  # of every member, so that the same data are the same bytes
_README = """\
This is everything one company keeps in Kumiko.

manifest.json   what is in here: modules with the state of their tables, tables with columns, number of rows, checksum
made.json       when and where this archive was made
tables/*.jsonl  one table each, one row per line, as JSON; moments are UTC, money is in the smallest unit (cents)
files/*         the files of records, named by their SHA-256; tables/files_file.jsonl says whose they are

Passwords, tokens, second factors and connection secrets are not in here. `kumiko archive load FILE` reads it into an
empty installation, on SQLite or PostgreSQL. Kumiko's docs/operations/archive.md describes all of it.
"""


def write(path: Path, told: Told | None = None) -> dict[str, Any]:
    """Write the archive; gives its manifest. A file that is there is replaced when all is written."""
    generation = current().generation
    if generation is None:
        raise NotFound(_("No application is built yet."))
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # only its owner may read it
    try:
        with (
            os.fdopen(handle, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as zipped,
        ):
            manifest = _write(zipped, generation, told or (lambda *_: None))
        Path(half).replace(path)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise
    return manifest


def read_manifest(zipped: zipfile.ZipFile) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(zipped.read(MANIFEST))
    return found


def _write(zipped: zipfile.ZipFile, generation: Generation, told: Told) -> dict[str, Any]:
    database, declared = current().database, policy.declarations(generation)
    _put(zipped, README, _README.encode())
    said: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    with tables.snapshot(database) as connection:
        there = tables.stored_tables(connection)
        for number, one in enumerate(there.values()):
            told(number, len(there), one.name)
            rule = policy.rule_of(one, declared)
            if rule.left_out:
                left_out[one.name] = rule.left_out
            else:
                said[one.name] = _table(zipped, connection, one, rule, partial(told, 0, 0, one.name))
        names = list(_names_of_files(connection, there))
        last_id = _last_id(connection)
        modules = _modules(connection, generation, said)
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "company": str(settings.get("host.company") or ""),
        "modules": modules,
        "tables": said,
        "left_out": left_out,
        "files": _files(zipped, generation.config.home / "files", names, told),
        "last_id": last_id,
    }
    _put(zipped, MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    made = {"made_at": utc_now(), "database": database.url.get_backend_name()}
    _put(zipped, MADE, orjson.dumps(made, option=orjson.OPT_INDENT_2))
    return manifest


def _table(
    zipped: zipfile.ZipFile, connection: sa.Connection, one: StoredTable, rule: policy.Rule, beat: Callable[[], None]
) -> dict[str, Any]:
    digest, count = hashlib.sha256(), 0
    with zipped.open(_entry(f"tables/{one.name}.jsonl"), "w", force_zip64=True) as stream:
        for piece in tables.pieces(connection, one, columns=rule.columns, where=rule.where):
            lines = b"".join(policy.without_secrets(tables.line({**row, **rule.blank})) for row in piece)
            digest.update(lines)
            stream.write(lines)
            count += len(piece)
            beat()
    return {
        "rows": count,
        "sha256": digest.hexdigest(),
        "key": list(one.key),
        "columns": {name: one.kinds[name] for name in rule.columns},
    }


def _names_of_files(connection: sa.Connection, there: dict[str, StoredTable]) -> Iterator[str]:
    """Names of the bytes of all files, those in the bin among them."""
    if "files_file" in there:
        query = sa.select(there["files_file"].table.c.sha256).distinct()
        yield from sorted(connection.execute(query).scalars())


def _files(zipped: zipfile.ZipFile, folder: Path, names: list[str], told: Told) -> dict[str, Any]:
    size, missing = 0, []
    for number, name in enumerate(names):
        told(number, len(names), "files")
        try:
            with (folder / name[:2] / name).open("rb") as source, zipped.open(_entry(f"files/{name}"), "w") as stream:
                size += _copy(source, stream)
        except FileNotFoundError:
            missing.append(name)
    return {"count": len(names) - len(missing), "bytes": size, "missing": missing}


def _last_id(connection: sa.Connection) -> int:
    """The last id that was given to a record: none is ever given again, in the copy neither."""
    if connection.dialect.name == "sqlite":
        query = "SELECT value FROM host_counter WHERE name = 'ids'"
    else:
        query = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM host_ids"
    return int(connection.exec_driver_sql(query).scalar_one())


def _modules(connection: sa.Connection, generation: Generation, said: dict[str, Any]) -> dict[str, Any]:
    """Module -> title, version and state of its tables, of every one that has a table or is on."""
    manifests = generation.installed.manifests
    prefixes = {one.prefix: name for name, one in manifests.items()} | {migrate.HOST: migrate.HOST}
    status = {one.name: one.current for one in migrate.statuses(connection, migrate.histories())}
    owned: dict[str, list[str]] = {name: [] for name in generation.plugins if status.get(name)}
    for table in said:
        claims = [prefix for prefix in prefixes if table.startswith(f"{prefix}_")]
        owner = prefixes[max(claims, key=len)] if claims else table.partition("_")[0]  # a package that is gone
        owned.setdefault(owner, []).append(table)
    return {
        name: {
            "version": manifests[name].version if name in manifests else "",
            "revision": status.get(name, ""),
            "tables": owned[name],
        }
        for name in sorted(owned)
    }


def _entry(name: str) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(name, _WHEN)
    found.compress_type = zipfile.ZIP_DEFLATED
    found.external_attr = 0o600 << 16
    return found


def _put(zipped: zipfile.ZipFile, name: str, content: bytes) -> None:
    zipped.writestr(_entry(name), content)


def _copy(source: IO[bytes], target: IO[bytes]) -> int:
    size = 0
    while piece := source.read(_PIECE):
        target.write(piece)
        size += len(piece)
    return size
