"""Background work: rehearse or import a file in short transactions, go on after a crash; forget old files."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sqlalchemy import func, select

from kumiko.host.columns import table_of, utc_now
from kumiko.host.errors import KumikoError
from kumiko.host.scoping import trusted
from kumiko.imports import runs
from kumiko.imports.engine import Importer
from kumiko.imports.models import run_table
from kumiko.imports.plan import compile_plan
from kumiko.imports.refused import folder_of
from kumiko.imports.rehearsal import RowBook, forget_rounds
from kumiko.jobs.job import JobContext, Stopped, sliced
from kumiko.records.models import Entry, Unit

UPLOADS_KEPT_S = 7 * 24 * 3600
REFUSED_KEPT_S = 30 * 24 * 3600
_unit, _entry = table_of(Unit), table_of(Entry)


@sliced
def run_import(job: JobContext) -> None:
    """Rehearse or import the file of a run, as the person who asked for it. The run keeps where it is."""
    check = bool(job.payload["check"])
    run_id = int(job.payload["run"])
    with job.slice():
        pass  # takes the newest generation and the person's rights
    try:
        importer = _work(job, run_id, check=check)
    except Stopped:
        raise
    except KumikoError as refusal:
        # A wrong file or a missing right does not become better by trying again.
        with job.settle():
            runs.finish(run_id, check=check, report=None, error=refusal.message)
        return
    with job.settle():
        report = importer.report.as_json()
        if not check:
            base = runs.get_run(run_id).state.get("counted", {})
            report["counted"] = _difference(counted(importer.report.group_id), base)
        runs.finish(run_id, check=check, report=report)
    if not check:
        run = runs.get_run(run_id)
        runs.file_of(run_id, run.file_name).unlink(missing_ok=True)


def _work(job: JobContext, run_id: int, *, check: bool) -> Importer:
    run = runs.get_run(run_id)
    group_id = None if run.parent_id is None else runs.get_run(run.parent_id).group_id
    state = dict(run.state)
    done = int(state.get("done", 0))
    if not done:
        while _forget_former(job, run_id, run.round):
            pass
        state["counted"] = counted(group_id)
    table = runs.table_of(run)
    accepting = bool(state.get("accepting"))
    book = RowBook(run_id, run.round, table.columns, accepting=accepting, brief=not check and not accepting)
    importer = Importer(
        table, compile_plan(run.wishes, table.columns), dry_run=check, reason=f"import of {run.file_name}",
        group_id=group_id, book=book,
    )  # fmt: skip
    report = importer.report
    if done:
        report.go_on_from(state["report"])
        importer.go_on_from(report.made)
    job.progress(done, table.row_count)
    for rows in importer.chunks(skip=done):

        def settle(end: int = done + len(rows)) -> None:
            made = {**state, "done": end, "report": report.state()}
            runs.save_state(run_id, made, group_id=None if check else report.group_id)

        importer.process(rows, job.slice, settle)
        done += len(rows)
        job.progress(done, table.row_count)
    return importer


def _forget_former(job: JobContext, run_id: int, number: int) -> bool:
    with job.slice():
        return forget_rounds(run_id, number)


def counted(group_id: int | None) -> dict[str, int]:
    """What the history holds of a group, counted in the database: "ACTION TYPE" -> records."""
    if group_id is None:
        return {}
    query = (
        select(_entry.c.action, _entry.c.type_key, func.count(func.distinct(_entry.c.record_id)).label("number"))
        .join_from(_entry, _unit, _entry.c.unit_id == _unit.c.id)
        .where(_unit.c.group_id == group_id, _unit.c.undone_at.is_(None))
        .group_by(_entry.c.action, _entry.c.type_key)
    )
    return {f"{row.action} {row.type_key}": row.number for row in trusted(query)}


def _difference(now: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    found = {name: count - before.get(name, 0) for name, count in now.items()}
    return {name: count for name, count in found.items() if count}


@sliced
def forget_files(job: JobContext) -> None:
    """Remove uploads that nobody imported for a week, and rows and files of refused ones after a month."""
    now = time.time()
    for path in folder_of(runs.home()).iterdir():
        kept_s = UPLOADS_KEPT_S if path.name.startswith(("upload-", "coming-")) else REFUSED_KEPT_S
        if path.is_file() and now - path.stat().st_mtime > kept_s:
            path.unlink(missing_ok=True)
    old_at = utc_now().timestamp() - REFUSED_KEPT_S
    with job.slice():
        query = select(run_table.c.id, run_table.c.created_at)
        old = [row.id for row in trusted(query) if row.created_at.timestamp() < old_at]
    for run_id in old:
        while _forget_former(job, run_id, 1 << 30):
            pass
