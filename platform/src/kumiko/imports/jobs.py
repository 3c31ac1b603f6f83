"""Background work of imports: check or import a file in short transactions, go on after a crash; forget old files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from kumiko.host.errors import KumikoError
from kumiko.imports import runs
from kumiko.imports.engine import Importer
from kumiko.imports.plan import compile_plan
from kumiko.imports.refused import folder_of, write_refused_rows
from kumiko.jobs.job import JobContext, Stopped, sliced

UPLOADS_KEPT_S = 7 * 24 * 3600
REFUSED_KEPT_S = 30 * 24 * 3600


@sliced
def run_import(job: JobContext) -> None:
    """Check or import the file of a run, as the person who asked for it. Its state: rows done, counts, group."""
    check = bool(job.payload["check"])
    run_id = int(job.payload["run"])
    with job.slice():
        pass  # takes the newest generation and the person's rights
    try:
        report = _work(job, run_id, check=check)
    except Stopped:
        raise
    except KumikoError as refusal:
        # A wrong file or a missing right does not become better by trying again.
        with job.settle():
            runs.finish(run_id, check=check, report=None, error=refusal.message)
        return
    with job.settle():
        runs.finish(run_id, check=check, report=report)
    if not check:
        run = runs.get_run(run_id)
        runs.file_of(run_id, run.file_name).unlink(missing_ok=True)
    _notes_of(run_id, check=check).unlink(missing_ok=True)


def _work(job: JobContext, run_id: int, *, check: bool) -> dict[str, Any]:
    run = runs.get_run(run_id)
    table = runs.table_of(run)
    importer = Importer(
        table, compile_plan(run.wishes, table.columns), dry_run=check, reason=f"import of {run.file_name}"
    )
    report = importer.report
    done = int(job.state.get("done", 0))
    notes = _notes_of(run_id, check=check)
    if done:
        report.go_on_from(job.state["report"])
        importer.go_on_from(report.made)
        report.refused = _read_notes(notes, done)
    else:
        notes.unlink(missing_ok=True)
    job.progress(done, table.row_count)
    for rows in importer.chunks(skip=done):
        before = len(report.refused)

        def settle(end: int = done + len(rows), first: int = before) -> None:
            _write_notes(notes, end, dict(list(report.refused.items())[first:]))
            job.checkpoint({"done": end, "report": report.state()})

        importer.process(rows, job.slice, settle)
        done += len(rows)
        job.progress(done, table.row_count)
    if report.refused:
        path = runs.refused_file_of(run_id, checked=check)
        write_refused_rows(path, table, report.refused)
        report.refused_file = path.name
    return report.as_json()


def _notes_of(run_id: int, *, check: bool) -> Path:
    """Refused rows so far, one JSON line each: [rows done with their chunk, row number, sentence]."""
    return folder_of(runs.home()) / f"run-{run_id}-{'check' if check else 'import'}.jsonl"


def _write_notes(path: Path, end: int, refused: Mapping[int, str]) -> None:
    if refused:
        with path.open("ab") as stream:
            stream.writelines(orjson.dumps([end, number, text]) + b"\n" for number, text in refused.items())


def _read_notes(path: Path, done: int) -> dict[int, str]:
    """Sentences of the chunks that were committed; a chunk that was cut short is read again from the file."""
    found: dict[int, str] = {}
    if path.exists():
        for line in path.read_bytes().splitlines():
            try:
                end, number, text = orjson.loads(line)
            except ValueError:
                continue  # the line that was being written when the process ended
            if end <= done:
                found[number] = text
    return found


def forget_files(_job: JobContext) -> None:
    """Remove uploads that nobody imported for a week, and files of refused rows after a month."""
    now = time.time()
    for path in folder_of(runs.home()).iterdir():
        kept_s = UPLOADS_KEPT_S if path.name.startswith(("upload-", "coming-")) else REFUSED_KEPT_S
        if path.is_file() and now - path.stat().st_mtime > kept_s:
            path.unlink(missing_ok=True)
