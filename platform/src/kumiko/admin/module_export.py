"""Everything of one module as an archive: its collections in REST form, the fields it adds to others, its own rows.

It works while the module is off: a generation with it is built beside the running one, and only read.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

import orjson
import sqlalchemy as sa

from kumiko.access import audit
from kumiko.host import revision
from kumiko.host.context import SYSTEM, acting_as, current, transaction
from kumiko.host.errors import KumikoError, NotFound
from kumiko.host.generation import Generation, build
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.imports import export
from kumiko.jobs import enqueue, sliced
from kumiko.jobs.job import JobContext
from kumiko.operate import lifecycle
from kumiko.records.catalogue import ExtensionInfo, TypeInfo, item_fields
from kumiko.records.dumps import json_value

JOB = "admin.export_module"
LABEL = _l("Write the archive of a module")
_PIECE = 500
Told = Callable[[int, int, str], None]  # done, all, what


def order(name: str) -> int:
    """Have the archive written by a worker; gives the job's id."""
    audit.note("export", name, what="module")
    with transaction():
        return enqueue(JOB, {"module": name}, max_attempts=2)


@sliced
def run(job: JobContext) -> None:
    """The job: writes the archive beside its final place, then moves it there."""
    name = job.payload["module"]

    def told(done: int, total: int, what: str) -> None:
        job.progress(done, total, what[:200])
        job.heartbeat()

    lines = write(name, folder() / f"{name}-{job.id}.zip", told)
    job.progress(len(lines), len(lines), ", ".join(lines)[:200])


def folder() -> Path:
    """Where archives lie: below the instance's home, for its owner only."""
    generation = current().generation
    if generation is None:
        raise NotFound(_("No application is built yet."))
    path = generation.config.home / "exports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def archives(name: str) -> list[Path]:
    """Finished archives of a module, the newest first; those of deals-lite are none of deals."""
    found = [path for path in folder().glob(f"{name}-*.zip") if path.stem.removeprefix(f"{name}-").isdigit()]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def moment_of(path: Path) -> datetime:
    """When an archive was finished."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def write(name: str, path: Path, told: Told | None = None) -> list[str]:
    """Write the archive of a module; gives a line per part. A file that is there is replaced when all is written."""
    path = Path(path)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # only its owner may read it
    try:
        with _generation_with(name) as generation, os.fdopen(handle, "wb") as file:
            lines = _write(generation, name, file, told)
        Path(half).replace(path)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise
    return lines


def _write(generation: Generation, name: str, file: IO[bytes], told: Told | None) -> list[str]:
    lines: list[str] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = list(_parts(generation, name))
        for number, (file_name, dump) in enumerate(parts):
            if told is not None:
                told(number, len(parts), file_name)
            with archive.open(file_name, "w", force_zip64=True) as stream:
                count = dump(stream)
            lines.append(f"{file_name}: {count}")
        about = {"module": name, "version": generation.plugins[name].manifest.version, "files": lines}
        archive.writestr("about.json", orjson.dumps(about, option=orjson.OPT_INDENT_2))
    return lines


@contextmanager
def _generation_with(name: str) -> Iterator[Generation]:
    """The running generation, or one beside it in which the module is on; the context sees it, as the system."""
    context = current()
    running = context.generation
    if running is None:
        raise NotFound(_("No application is built yet."))
    if name not in running.installed.manifests:
        raise NotFound(_("There is no module %(name)s here.", name=name[:80]))
    wanted = running
    if name not in running.plugins:
        on = {one for one, loaded in running.plugins.items() if not loaded.manifest.core}
        wanted = build(
            running.config,
            context.database,
            revision.read(context.database),
            core=tuple(one.package for one in running.installed.manifests.values() if one.core),
            enabled={*on, name, *_needed(running, name)},
        )
        if name in wanted.failed:
            raise KumikoError(wanted.failed[name].reason)
    context.generation = wanted
    try:
        with acting_as(SYSTEM):
            yield wanted
    finally:
        context.generation = running


def _needed(running: Generation, name: str) -> set[str]:
    """Modules that this one cannot run without, however deep, and those it adds fields to, as far as they have data."""
    manifests, found, waiting = running.installed.manifests, set[str](), [name]
    offered = {capability for loaded in running.plugins.values() for capability in loaded.manifest.provides}
    while waiting:
        one = manifests[waiting.pop()]
        for capability in (*one.requires, *one.wants):
            if capability in offered:
                continue  # of two providers only one can be on, and that one is
            provider = next((other for other in manifests.values() if capability in other.provides), None)
            if provider is None or provider.core or provider.name in found:
                continue
            if capability in one.requires or lifecycle.state_of(provider.name) in ("enabled", "disabled"):
                found.add(provider.name)
                waiting.append(provider.name)
    return found


def _parts(generation: Generation, name: str) -> Iterator[tuple[str, Callable[[IO[bytes]], int]]]:
    """(file name, function that writes it and counts) of everything the module keeps."""
    told: set[str] = set()
    for info in generation.state["records"].types.values():
        if info.plugin == name:
            yield f"{info.collection}.json", partial(_collection, info)
            told |= {info.table.name, *(_part_tables(info))}
        for side in info.extensions:
            if side.plugin == name:
                yield f"fields of {info.collection}.json", partial(_fields, info, side)
                told.add(side.table.name)
    for table in generation.plugins[name].tables:
        if table.name not in told:
            yield f"tables/{table.name}.json", partial(_rows, table)


def _part_tables(info: TypeInfo) -> Iterator[str]:
    for one in info.lists:
        if item_fields(one):
            yield one.part_table.name


def _collection(info: TypeInfo, stream: IO[bytes]) -> int:
    count, _notes = export.export_to(stream, info.collection, "json")
    return count


def _fields(info: TypeInfo, side: ExtensionInfo, stream: IO[bytes]) -> int:
    names = [one.name for one in info.fields.values() if one.extension is side]

    def made() -> Iterator[dict[str, Any]]:
        for view in export.records(info):
            values = {name: json_value(view.values.get(name)) for name in names}
            yield {"id": view.id, "type": info.key, "name": view.title, **values}

    return _list(stream, made())


def _rows(table: sa.Table, stream: IO[bytes]) -> int:
    columns = list(table.primary_key) or list(table.c)

    def made() -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            rows: Sequence[Any] = (
                trusted(sa.select(table).order_by(*columns).limit(_PIECE).offset(offset)).mappings().all()
            )
            yield from ({key: json_value(value) for key, value in row.items()} for row in rows)
            if len(rows) < _PIECE:
                return
            offset += _PIECE

    return _list(stream, made())


def _list(stream: IO[bytes], items: Iterator[dict[str, Any]]) -> int:
    count = 0
    stream.write(b"[")
    for one in items:
        stream.write(b",\n" if count else b"\n")
        stream.write(orjson.dumps(one))
        count += 1
    stream.write(b"\n]\n")
    return count
