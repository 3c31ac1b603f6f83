"""Imports from the screens and the API: upload, mapping, check, import in the background, result."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import delete, insert, select, update

from kumiko.host import context
from kumiko.host.columns import utc_now
from kumiko.host.context import transaction
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.imports.models import CHECKED, CHECKING, DONE, FAILED, IMPORTING, UPLOADED, ImportRun
from kumiko.imports.plan import compile_plan, find_collection, require_permission
from kumiko.imports.refused import folder_of
from kumiko.imports.suggest import suggest
from kumiko.imports.tables import MAX_BYTES, Table, open_table
from kumiko.imports.wishes import Wishes
from kumiko.jobs.models import CANCELLED, DEAD, job_table
from kumiko.jobs.queue import enqueue
from kumiko.records import rights
from kumiko.records.catalogue import catalogue
from kumiko.records.field_names import Rename, plain_path, stored_path

_runs: Any = ImportRun.__table__
JOB = "imports.run"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One import as its maker sees it. `checked` and `result` are reports in JSON form."""

    id: int
    collection: str
    file_name: str
    file_bytes: int
    row_count: int
    status: str
    wishes: Wishes
    checked: dict[str, Any] | None
    result: dict[str, Any] | None
    error: str
    job_id: int | None
    group_id: int | None
    user_id: int | None
    created_at: datetime
    done_at: datetime | None
    job_status: str | None
    progress_done: int

    @property
    def is_working(self) -> bool:
        return self.status in (CHECKING, IMPORTING)


def home() -> Path:
    """The installation's folder."""
    generation = context.current().generation
    if generation is None:
        raise NotFound("no generation is running, so there is no home folder")
    found: Path = generation.config.home
    return found


def file_of(run_id: int, file_name: str) -> Path:
    """Where the uploaded file of a run is kept until the import is done."""
    return folder_of(home()) / f"upload-{run_id}{Path(file_name).suffix.lower()}"


def refused_file_of(run_id: int, *, checked: bool) -> Path:
    """Where the refused rows of a check or of an import are kept."""
    return folder_of(home()) / f"run-{run_id}-{'check' if checked else 'import'}-refused.csv"


def upload(collection: str, file_name: str, stream: IO[bytes], *, wishes: Wishes | None = None) -> Run:
    """Take a file for a collection in; Invalid with a sentence when it is no table. Nothing is imported yet."""
    require_permission()
    info = find_collection(collection)
    if not rights.may("create", info.key) and not rights.may("edit", info.key):
        rights.require("create", info)
    name = Path(file_name.replace("\\", "/")).name[:200] or "table.csv"
    handle, kept = tempfile.mkstemp(prefix=f"coming-{secrets.token_hex(4)}-", dir=folder_of(home()))
    try:
        with os.fdopen(handle, "wb") as target:
            _copy(stream, target)
        table = open_table(Path(kept), filename=name)
        found = wishes or suggest(info, table.columns)
        if wishes is not None:
            compile_plan(wishes, table.columns)
        with transaction():
            run_id = trusted(
                insert(_runs)
                .values(
                    collection=collection, file_name=name, file_bytes=Path(kept).stat().st_size,
                    row_count=table.row_count, status=UPLOADED, wishes=_stored(found).as_json(), error="",
                    user_id=context.principal().user_id, created_at=utc_now(),
                )
                .returning(_runs.c.id)
            ).scalar_one()  # fmt: skip
            os.replace(kept, file_of(run_id, name))
    except BaseException:
        Path(kept).unlink(missing_ok=True)
        raise
    return get_run(run_id)


def _copy(stream: IO[bytes], target: IO[bytes]) -> None:
    shutil.copyfileobj(stream, target, 1 << 20)
    if target.tell() > MAX_BYTES:
        raise Invalid(
            _("The file has more than %(most)d MB; split it into smaller files.", most=MAX_BYTES // (1024 * 1024))
        )


def get_run(run_id: int) -> Run:
    """A run of one's own; administrators get all. NotFound otherwise."""
    row = trusted(_query().where(_runs.c.id == run_id)).mappings().first()
    person = context.principal()
    if row is None or (row["user_id"] != person.user_id and not person.is_administrator):
        raise NotFound(_("There is no import %(id)d that you may see.", id=run_id))
    return _run(row)


def list_runs(limit: int = 50) -> list[Run]:
    """The newest runs of one's own; administrators get all."""
    person = context.principal()
    query = _query().order_by(_runs.c.id.desc()).limit(limit)
    if not person.is_administrator:
        query = query.where(_runs.c.user_id == person.user_id)
    return [_run(row) for row in trusted(query).mappings()]


def _query() -> Any:
    job = job_table
    columns = (job.c.status.label("job_status"), job.c.progress_done)
    return select(_runs, *columns).outerjoin_from(_runs, job, job.c.id == _runs.c.job_id)


def _stored(wishes: Wishes) -> Wishes:
    """With the names that no other module can take over while one is off."""
    return _renamed(wishes, stored_path)


def _renamed(wishes: Wishes, rename: Rename) -> Wishes:
    info = catalogue().by_collection.get(wishes.collection)
    return wishes if info is None else wishes.renamed(lambda path: rename(info, path))


def _run(row: Any) -> Run:
    found = Run(**{
        **row,
        "wishes": _renamed(Wishes.from_json(row["wishes"]), plain_path),
        "progress_done": row["progress_done"] or 0,
    })  # fmt: skip
    if found.is_working and found.job_status in (DEAD, CANCELLED, None):
        ended = _("It was cancelled.") if found.job_status == CANCELLED else _("It ended before its time.")
        kept = _("What was imported so far stays; with a key, importing the file again completes it.")
        return replace(found, status=FAILED, error=f"{ended} {kept}")
    return found


def table_of(run: Run) -> Table:
    """The uploaded table; Conflict when its file is gone because the import is done or too old."""
    path = file_of(run.id, run.file_name)
    if not path.exists():
        raise Conflict(_("The file of this import is no longer kept; upload it again."))
    return open_table(path, filename=run.file_name)


def samples_of(table: Table, count: int = 5) -> dict[str, list[Any]]:
    """The first values of each column, without empty ones."""
    found: dict[str, list[Any]] = {name: [] for name in table.columns}
    for number, row in enumerate(table.rows):
        if number >= 200 or all(len(values) >= count for values in found.values()):
            break
        for name, values in found.items():
            value = row.values.get(name)
            if value is not None and value not in values and len(values) < count:
                values.append(value)
    return found


def set_wishes(run_id: int, wishes: Wishes) -> Run:
    """Choose another mapping; Invalid with a sentence when it does not fit the file."""
    run = _resting(run_id)
    if wishes.collection != run.collection:
        raise Invalid(_("This file was uploaded for %(name)s; upload it again for others.", name=run.collection))
    compile_plan(wishes, table_of(run).columns)
    _change(run.id, wishes=_stored(wishes).as_json(), status=UPLOADED, checked=None, error="")
    return get_run(run_id)


def start(run_id: int, *, check: bool) -> Run:
    """Check (write nothing) or import in the background, with the rights that the person has then."""
    run = _resting(run_id)
    compile_plan(run.wishes, table_of(run).columns)
    with transaction():
        job_id = enqueue(JOB, {"run": run.id, "check": check}, actor_id=context.principal().user_id, max_attempts=3)
        _change(run.id, status=CHECKING if check else IMPORTING, job_id=job_id, error="")
    return get_run(run_id)


def _resting(run_id: int) -> Run:
    run = get_run(run_id)
    if run.is_working:
        raise Conflict(_("This import is at work; wait until it has ended."))
    if run.status == DONE:
        raise Conflict(_("This import is done; upload the file again for another one."))
    if run.user_id != context.principal().user_id:
        raise Forbidden(_("Only the person who uploaded a file can import it."))
    return run


def forget(run_id: int) -> None:
    """Drop a run that has not been imported, and its file."""
    run = get_run(run_id)
    if run.is_working or run.status == DONE:
        raise Conflict(_("This import is at work or done; it is kept."))
    with transaction():
        trusted(delete(_runs).where(_runs.c.id == run_id))
    file_of(run.id, run.file_name).unlink(missing_ok=True)


def finish(run_id: int, *, check: bool, report: dict[str, Any] | None, error: str = "") -> None:
    """Write down how a check or an import ended; inside the job's last transaction."""
    values: dict[str, Any] = {"error": error, "done_at": None}
    if error:
        values["status"] = FAILED
    elif check:
        values |= {"status": CHECKED, "checked": report}
    else:
        values |= {"status": DONE, "result": report, "done_at": utc_now()}
    if report is not None and not check:
        values["group_id"] = report.get("group")
    _change(run_id, **values)


def _change(run_id: int, **values: Any) -> None:
    with transaction():
        trusted(update(_runs).where(_runs.c.id == run_id).values(**values))


def distinct_words(table: Table, column: str, limit: int = 50) -> Sequence[str]:
    """The different values of a column, as text, in the order of their first appearance."""
    found: dict[str, None] = {}
    for row in table.rows:
        value = row.values.get(column)
        if value is not None:
            found.setdefault(str(value))
            if len(found) >= limit:
                break
    return list(found)
