"""Imports from the screens and the API: upload, mapping, rehearsal, acceptance in the background, result."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
from kumiko.imports import mappings
from kumiko.imports.facts import facts_of
from kumiko.imports.models import (
    CHECKED,
    CHECKING,
    DONE,
    FAILED,
    IMPORTING,
    PAUSED,
    UPLOADED,
    row_table,
    run_table,
)  # fmt: skip
from kumiko.imports.plan import compile_plan, find_collection, require_permission
from kumiko.imports.refused import folder_of
from kumiko.imports.tables import MAX_BYTES, Table, open_table, sheets_of
from kumiko.imports.wishes import Wishes
from kumiko.jobs.models import CANCELLED, DEAD, READY, RUNNING, job_table, key_table
from kumiko.jobs.queue import enqueue
from kumiko.records import rights
from kumiko.records.catalogue import catalogue
from kumiko.records.field_names import Rename, plain_path, stored_path

_runs = run_table
JOB = "imports.run"
READINGS = ("encoding", "delimiter", "sheet")


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
    round: int = 0
    parent_id: int | None = None
    reading: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_working(self) -> bool:
        return self.status in (CHECKING, IMPORTING)

    @property
    def can_go_on(self) -> bool:
        """Whether a check or an import was cut off and can be taken up where it was."""
        return self.status in (PAUSED, FAILED) and bool(self.state.get("done"))

    @property
    def columns(self) -> list[str]:
        return [one["name"] for one in self.facts.get("columns", ())]


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


def upload(
    collection: str,
    file_name: str,
    stream: IO[bytes],
    *,
    wishes: Wishes | None = None,
    reading: Mapping[str, str] | None = None,
    parent_id: int | None = None,
) -> Run:
    """Take a file for a collection in; Invalid with a sentence when it is no table. Nothing is imported yet.

    `reading`: encoding, delimiter, sheet, where they shall not be found out. `parent_id`: the import whose rows it
    corrects.
    """
    require_permission()
    info = find_collection(collection)
    if not rights.may("create", info.key) and not rights.may("edit", info.key):
        rights.require("create", info)
    name = Path(file_name.replace("\\", "/")).name[:200] or "table.csv"
    handle, kept = tempfile.mkstemp(prefix=f"coming-{secrets.token_hex(4)}-", dir=folder_of(home()))
    said: Any = {part: text for part, text in (reading or {}).items() if text and part in READINGS}
    try:
        with os.fdopen(handle, "wb") as target:
            _copy(stream, target)
        table = open_table(Path(kept), filename=name, **said)
        facts = facts_of(table, sheets_of(table))
        if wishes is not None:
            found, origin = wishes, "given"
            compile_plan(wishes, table.columns)
        else:
            found, origin = mappings.propose(info, table.columns)
        with transaction():
            run_id = trusted(
                insert(_runs)
                .values(
                    collection=collection, file_name=name, file_bytes=Path(kept).stat().st_size,
                    row_count=table.row_count, status=UPLOADED, wishes=_stored(found).as_json(), error="",
                    reading=said, facts={**facts, "proposal": origin}, parent_id=parent_id, round=0,
                    user_id=context.principal().user_id, created_at=utc_now(),
                )
                .returning(_runs.c.id)
            ).scalar_one()  # fmt: skip
            os.replace(kept, file_of(run_id, name))
    except BaseException:
        Path(kept).unlink(missing_ok=True)
        raise
    return get_run(run_id)


def read_again(run_id: int, reading: Mapping[str, str]) -> Run:
    """Read the file in another encoding, with another separator, or another sheet of it; the mapping is proposed anew
    when its columns are others then.
    """
    run = resting(run_id)
    said: Any = {part: text for part, text in reading.items() if text and part in READINGS}
    table = open_table(_kept_file(run), filename=run.file_name, **said)
    facts = {**facts_of(table, sheets_of(table)), "proposal": run.facts.get("proposal", "")}
    wishes = run.wishes
    if table.columns != run.columns:
        wishes, facts["proposal"] = mappings.propose(find_collection(run.collection), table.columns)
    _change(run.id, reading=said, facts=facts, wishes=_stored(wishes).as_json(), row_count=table.row_count,
            status=UPLOADED, checked=None, error="", state=None)  # fmt: skip
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
    return renamed(wishes, stored_path)


def renamed(wishes: Wishes, rename: Rename) -> Wishes:
    """Wishes with other names for their paths, as far as their type is known."""
    info = catalogue().by_collection.get(wishes.collection)
    return wishes if info is None else wishes.renamed(lambda path: rename(info, path))


def _run(row: Any) -> Run:
    found = Run(**{
        **row,
        "wishes": renamed(Wishes.from_json(row["wishes"]), plain_path),
        "progress_done": row["progress_done"] or 0,
        **{name: row[name] or {} for name in ("reading", "facts", "state")},
    })  # fmt: skip
    if found.is_working and found.job_status in (DEAD, CANCELLED, None):
        ended = _("It was cancelled.") if found.job_status == CANCELLED else _("It ended before its time.")
        kept = _("What came in so far stays; go on, or take it back.") if found.status == IMPORTING else ""
        return replace(found, status=FAILED, error=f"{ended} {kept}".strip())
    return found


def _kept_file(run: Run) -> Path:
    path = file_of(run.id, run.file_name)
    if not path.exists():
        raise Conflict(_("The file of this import is no longer kept; upload it again."))
    return path


def table_of(run: Run) -> Table:
    """The uploaded table; Conflict when its file is gone because the import is done or too old."""
    reading = {**run.facts.get("reading", {}), **run.reading}
    return open_table(
        _kept_file(run), filename=run.file_name, known_rows=run.row_count if run.facts else None, **reading
    )


def set_wishes(run_id: int, wishes: Wishes) -> Run:
    """Choose another mapping; Invalid with a sentence when it does not fit the file."""
    run = resting(run_id)
    if wishes.collection != run.collection:
        raise Invalid(_("This file was uploaded for %(name)s; upload it again for others.", name=run.collection))
    compile_plan(wishes, run.columns)
    _change(run.id, wishes=_stored(wishes).as_json(), status=UPLOADED, checked=None, error="", state=None)
    return get_run(run_id)


def start(run_id: int, *, check: bool) -> Run:
    """Rehearse (write nothing) or import in the background, with the rights that the person has then.

    After a rehearsal the import writes exactly what that said; without one it takes every row as it comes.
    """
    run = resting(run_id)
    compile_plan(run.wishes, run.columns)
    accepting = not check and run.status == CHECKED
    with transaction():
        if not check:
            mappings.remember(_stored(run.wishes), run.columns)
        more: dict[str, Any] = {} if accepting else {"round": run.round + 1, "checked": None}
        _change(run.id, state={"check": check, "accepting": accepting}, **more)
        _enqueue(run.id, check=check)
    return get_run(run_id)


def go_on(run_id: int) -> Run:
    """Take up a check or an import that was paused or cut off, where it was."""
    run = get_run(run_id)
    _require_mine(run)
    if not run.can_go_on:
        raise Conflict(_("This import is not paused; there is nothing to go on with."))
    with transaction():
        _enqueue(run.id, check=bool(run.state["check"]))
    return get_run(run_id)


def _enqueue(run_id: int, *, check: bool) -> None:
    job_id = enqueue(JOB, {"run": run_id, "check": check}, actor_id=context.principal().user_id, max_attempts=20)
    _change(run_id, status=CHECKING if check else IMPORTING, job_id=job_id, error="")


def pause(run_id: int) -> Run:
    """Stop a check or an import after the chunk that is being written; whole chunks stay, and `go_on` takes it up."""
    run = get_run(run_id)
    _require_mine(run)
    if not run.is_working:
        raise Conflict(_("This import is not at work; there is nothing to stop."))
    with transaction():
        stopped = trusted(
            update(job_table)
            .where(job_table.c.id == run.job_id, job_table.c.status.in_((READY, RUNNING)))
            .values(status=CANCELLED, done_at=utc_now(), lease_until=None)
        ).rowcount
        if not stopped:
            raise Conflict(_("This import has just ended; look at it again."))
        trusted(delete(key_table).where(key_table.c.job_id == run.job_id))
        # What its last commit left; read behind the fence, so that it is the state from which it goes on.
        state = trusted(select(_runs.c.state).where(_runs.c.id == run.id)).scalar_one() or {}
        _change(run.id, status=PAUSED if state.get("done") else CHECKED if run.checked else UPLOADED)
    return get_run(run_id)


def resting(run_id: int) -> Run:
    """A run of one's own that is neither at work nor done; Conflict or Forbidden otherwise."""
    run = get_run(run_id)
    if run.is_working:
        raise Conflict(_("This import is at work; wait until it has ended."))
    if run.status == DONE:
        raise Conflict(_("This import is done; upload the file again for another one."))
    if run.group_id is not None and run.parent_id is None:
        raise Conflict(
            _("A part of this import has come in; go on with it, or take it back and upload the file again.")
        )
    _require_mine(run)
    return run


def _require_mine(run: Run) -> None:
    if run.user_id != context.principal().user_id:
        raise Forbidden(_("Only the person who uploaded a file can import it."))


def forget(run_id: int) -> None:
    """Drop a run that has not been imported, and its file."""
    run = get_run(run_id)
    if run.is_working or run.status == DONE or run.group_id is not None:
        raise Conflict(_("This import is at work or done; it is kept."))
    with transaction():
        trusted(delete(_runs).where(_runs.c.id == run_id))
        trusted(delete(row_table).where(row_table.c.run_id == run_id))
    file_of(run.id, run.file_name).unlink(missing_ok=True)


def save_state(run_id: int, state: Mapping[str, Any], *, group_id: int | None) -> None:
    """Where a job of the run goes on; in the transaction of the chunk that it describes."""
    values: dict[str, Any] = {"state": dict(state)}
    if group_id is not None:
        values["group_id"] = group_id
    _change(run_id, **values)


def finish(run_id: int, *, check: bool, report: dict[str, Any] | None, error: str = "") -> None:
    """Write down how a check or an import ended; inside the job's last transaction."""
    values: dict[str, Any] = {"error": error, "done_at": None}
    if error:
        values["status"] = FAILED
    elif check:
        values |= {"status": CHECKED, "checked": report, "state": None}
    else:
        values |= {"status": DONE, "result": report, "done_at": utc_now(), "state": None}
    if report is not None and not check:
        values["group_id"] = report.get("group")
    _change(run_id, **values)


def _change(run_id: int, **values: Any) -> None:
    with transaction():
        trusted(update(_runs).where(_runs.c.id == run_id).values(**values))
