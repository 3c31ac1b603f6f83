"""Beginning runs: conditions under the runner's rights, limits, then runs and their first jobs in few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select

from kumiko import (
    Invalid,
    JobContext,
    NewJob,
    acting_as,
    as_system,
    catalogue,
    create_many,
    current,
    enqueue,
    enqueue_many,
    matching_ids,
    send_notice,
    session,
    sliced,
    unit,
    unscoped,
    update,
    utc_now,
)
from kumiko import gettext as _
from kumiko_processes import describe, live
from kumiko_processes.live import Live
from kumiko_processes.models import PROCESS, QUEUED, RUN, STOPPED, Mark, Progress
from kumiko_processes.rules import by_engine
from kumiko_processes.tree import first
from kumiko_processes.way import JOB

BEGIN = "processes.begin"
SLICE = 200
MOST_DEPTH = 3  # a run whose steps started a run whose steps started a run
HOUR = timedelta(hours=1)


def later(process: Live, records: Sequence[tuple[int, Any]], cause: str) -> None:
    """Let a job begin runs of a process about these records (id, payload of the event or None)."""
    payload = {
        "process": process.id,
        "edition": process.edition,
        "records": [list(one) for one in records],
        "cause": cause,
    }
    enqueue(BEGIN, payload)


@sliced
def work(job: JobContext) -> None:
    """The job: slices of the records. Payload: process, edition, records, cause."""
    wanted = job.payload["records"]
    done = int(job.state.get("done", 0))
    while done < len(wanted):
        with job.slice():
            process = find(job.payload["process"])
            if process is None:
                return
            begin(process, [(one[0], one[1]) for one in wanted[done : done + SLICE]], job.payload["cause"])
            done += SLICE
            job.checkpoint({"done": done})


def find(process_id: int) -> Live | None:
    """The process if it is on, as it is now."""
    return next((one for one in live.known(fresh=True).processes if one.id == process_id), None)


def begin(process: Live, records: Sequence[tuple[int, Any]], cause: str) -> list[int]:
    """Begin runs about those of the records that the conditions fit; their ids. Inside a transaction."""
    payloads = dict(records)
    try:
        ids = fitting(process, list(payloads))
    except Invalid as fault:
        pause(process, describe.fault_sentence(fault))
        return []
    if not ids:
        return []
    refused = _refused(process, ids)
    owners = _owners(process.about, ids)
    rows = [
        {
            "name": f"{process.name}: {owners[one][1]}"[:300], "process": process.id, "edition": process.edition,
            "about_type": process.about, "about_id": one, "cause": cause[:300], "owner": owners[one][0],
            "state": STOPPED if one in refused else QUEUED, "error": refused.get(one),
        }
        for one in ids
    ]  # fmt: skip
    with as_system("runs are begun by the engine"), unit(via="process", reason=process.name), by_engine():
        run_ids = create_many(RUN, rows)
    _keep(process, ids, run_ids, refused, payloads)
    begun = [run_id for run_id, about_id in zip(run_ids, ids, strict=True) if about_id not in refused]
    enqueue_many([NewJob(name=JOB, payload={"run": run_id, "turn": 1}) for run_id in begun])
    return run_ids


def fitting_all(process: Live) -> list[int]:
    """All records that the conditions fit and whom the process runs as may see."""
    return fitting(process, None)


def fitting(process: Live, ids: list[int] | None) -> list[int]:
    """Those of the records that the conditions fit and whom the process runs as may see."""
    look_up = current().generation.state.get("principal_for_user")  # type: ignore[union-attr]
    person = look_up(process.runs_as_id) if look_up is not None and process.runs_as_id else None
    if person is None:
        raise Invalid(_("Whom it runs as may no longer sign in; choose somebody else."))
    if catalogue().find(process.about) is None:
        return []
    with acting_as(person, via="process"):
        return matching_ids(process.about, process.tree.get("if"), ids)


def pause(process: Live, sentence: str) -> None:
    """Say at the process what keeps it from running, once, and tell its owner."""
    with (
        as_system("what is wrong with a process is written down"),
        unit(via="process", reason=process.name),
        by_engine(),
    ):
        update(PROCESS, process.id, {"fault": sentence[:500]})
        if process.owner_id:
            send_notice(
                process.owner_id, _("“%(name)s” is paused: %(why)s", name=process.name, why=sentence),
                href=f"/processes/{process.id}", type_key=PROCESS, record_id=process.id,
                key=f"processes.fault:{process.id}:{process.edition}:{hash(sentence) & 0xFFFF}",
            )  # fmt: skip


def _refused(process: Live, ids: Sequence[int]) -> dict[int, str]:
    """Records whose run is not let go, with why: too deep, too often, too many."""
    depth = current().depth
    if depth > MOST_DEPTH:
        sentence = _(
            "Stopped before its first step: this change was made by a process, which a process had started, and so "
            "on, %(depth)d times. Two processes start each other, or one starts itself; change one of their triggers.",
            depth=MOST_DEPTH,
        )  # fmt: skip
        return dict.fromkeys(ids, sentence)
    since = utc_now() - HOUR
    with unscoped("runs of a process are counted"):
        total = session().execute(
            select(func.count()).where(Progress.process_id == process.id, Progress.began_at > since)
        ).scalar_one()  # fmt: skip
        often = dict(
            session().execute(
                select(Progress.about_id, func.count())
                .where(Progress.process_id == process.id, Progress.about_id.in_(ids), Progress.began_at > since)
                .group_by(Progress.about_id)
            ).all()
        )  # fmt: skip
    refused: dict[int, str] = {}
    room = process.runs_per_hour - total
    for one in ids:
        if often.get(one, 0) >= process.per_record_per_hour:
            refused[one] = _(
                "Stopped before its first step: this process ran %(most)d times for this record within an hour, which "
                "is its limit. Does one of its steps start it again?", most=process.per_record_per_hour,
            )  # fmt: skip
        elif room <= 0:
            refused[one] = _(
                "Stopped before its first step: more than %(most)d runs within an hour, which is the limit of this "
                "process. Try it again later, or raise the limit.", most=process.runs_per_hour,
            )  # fmt: skip
        room -= one not in refused
    return refused


def _owners(about: str, ids: Sequence[int]) -> dict[int, tuple[int | None, str]]:
    """Owner and title of records."""
    table = catalogue().get(about).table
    with unscoped("a run belongs to the owner of its record"):
        rows = session().execute(select(table.c.id, table.c.owner_id, table.c.name).where(table.c.id.in_(ids)))
        return {row.id: (row.owner_id, row.name or "") for row in rows}


def _keep(
    process: Live, ids: Sequence[int], run_ids: Sequence[int], refused: Mapping[int, str], payloads: Mapping[int, Any]
) -> None:
    now, step = utc_now(), first(process.tree.get("steps"), "")
    rows = []
    for about_id, run_id in zip(ids, run_ids, strict=True):
        stopped, payload = about_id in refused, payloads.get(about_id)
        rows.append({
            "run_id": run_id, "process_id": process.id, "edition": process.edition, "about_type": process.about,
            "about_id": about_id, "step": step, "state": STOPPED if stopped else QUEUED, "turn": 1, "tries": 0,
            "active": not stopped, "depth": current().depth, "group_id": None, "wake_at": None, "began_at": now,
            "moved_at": now, "data": {"results": {"event": payload}} if payload else {},
        })  # fmt: skip
    with unscoped("the engine keeps the place of every run"):
        session().execute(insert(Progress), rows)


def marked(process_id: int, keys: Sequence[str]) -> set[str]:
    """Those of the keys that were noticed before."""
    found: set[str] = set()
    with unscoped("triggers that look at the clock remember what they saw"):
        for start in range(0, len(keys), 500):
            query = select(Mark.key).where(Mark.process_id == process_id, Mark.key.in_(keys[start : start + 500]))
            found |= set(session().execute(query).scalars())
    return found


def mark(process_id: int, keys: Sequence[str]) -> None:
    """Remember what was noticed."""
    if keys:
        now = utc_now()
        with unscoped("triggers that look at the clock remember what they saw"):
            session().execute(insert(Mark), [{"process_id": process_id, "key": key, "at": now} for key in keys])


def unmark(process_id: int, keys: Sequence[str]) -> None:
    """Forget what was noticed."""
    with unscoped("triggers that look at the clock remember what they saw"):
        for start_at in range(0, len(keys), 500):
            wanted = keys[start_at : start_at + 500]
            session().execute(delete(Mark).where(Mark.process_id == process_id, Mark.key.in_(wanted)))


def match(process: Live, ids: Sequence[int]) -> None:
    """Start a process for those of the records that fit its conditions now and did not before."""
    wanted = sorted(set(ids))
    fit = set(fitting(process, wanted))
    before = {int(key) for key in marked(process.id, [str(one) for one in wanted])}
    unmark(process.id, [str(one) for one in before - fit])
    fresh = sorted(fit - before)
    mark(process.id, [str(one) for one in fresh])
    if fresh:
        cause = "".join(text for text, _bold in describe.trigger_parts(process.tree["trigger"], process.about))
        later(process, [(one, None) for one in fresh], cause)
