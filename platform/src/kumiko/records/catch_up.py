"""A module that returns is told what it missed: a walk through the journal from where it left, as a job in slices.

The walk makes the same deliveries as a writer would have made, in the order of the journal. Its place is kept with
the mark, in the transaction that makes the deliveries, so a killed worker or a module that is switched off and on
again on the way neither loses nor doubles one. Newer changes wait for it: until the mark is gone, writers leave their
deliveries to the walk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text, update

from kumiko.host import context, processes, revision
from kumiko.host.columns import table_of, utc_now
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs.job import JobContext, sliced
from kumiko.jobs.models import DEAD, READY, RUNNING, job_table
from kumiko.jobs.queue import enqueue, enqueue_many
from kumiko.records import absences
from kumiko.records.events import EVERYTHING, RECORD_EVENTS, deliveries
from kumiko.records.models import Absence, ContractEvent, Entry, Unit

JOB = "records.catch_up"
FIND = "records.find_returned"
WINDOW = 400  # entries per slice
GRACE = timedelta(seconds=3)  # requests in flight end on the generation they began with, and know nothing of the module
PAUSE = timedelta(seconds=0.5)
_absence, _unit, _entry, _event = table_of(Absence), table_of(Unit), table_of(Entry), table_of(ContractEvent)
_FRESH = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
_OLDEST = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


def returned(generation: Any, plugin: str) -> None:
    """In the transaction that switches a module on: when it was here before, let it catch up."""
    if _subscriptions(generation, plugin):
        if trusted(select(_absence.c.plugin).where(_absence.c.plugin == plugin)).first() is not None:
            _start(plugin, generation.numbers.epoch + 1)
    else:
        absences.forget(plugin)


def find_returned(_job: Any) -> None:
    """The job: modules that came back without being switched on (one that failed was repaired) catch up, too."""
    generation = context.current().generation
    if generation is None:
        return
    waiting = set(
        trusted(
            select(job_table.c.plugin).where(job_table.c.name == JOB, job_table.c.status.in_((READY, RUNNING, DEAD)))
        ).scalars()
    )
    for plugin in trusted(select(_absence.c.plugin)).scalars().all():
        if plugin in generation.plugins and plugin not in waiting:
            _start(plugin, generation.numbers.epoch)


def _start(plugin: str, epoch: int) -> None:
    _enqueue({"plugin": plugin, "epoch": epoch, "since": utc_now().isoformat(), "state": {}})


def _enqueue(payload: Mapping[str, Any], run_at: datetime | None = None) -> None:
    plugin = payload["plugin"]
    enqueue(JOB, payload, plugin=plugin, run_at=run_at, order_keys=[f"{JOB}:{plugin}"])


@sliced
def work(job: JobContext) -> None:
    """The job: slices of the journal, until its end is reached and every process knows the module."""
    if not job.state:
        job.checkpoint(job.payload["state"])
    while True:
        with job.slice():
            state = _step(job.payload["plugin"], job)
            if state == "wait":  # another job meanwhile; nobody sits on a worker to wait
                _enqueue({**job.payload, "state": dict(job.state)}, utc_now() + PAUSE)
        if state != "more":
            return


def _step(plugin: str, job: JobContext) -> str:
    """One slice: "more", "wait" (older transactions are still open, or processes do not follow yet) or "done"."""
    place = trusted(select(_absence).where(_absence.c.plugin == plugin).with_for_update()).mappings().first()
    if place is None:
        return "done"
    entry_id, event_id = place["entry_id"], place["event_id"]
    until = _settled(job, entry_id, event_id)
    if until is None:
        return "wait"
    subscriptions = _subscriptions(context.current().generation, plugin)
    if until == (entry_id, event_id):
        if not _all_follow(job):
            return "wait"
        absences.hold_writers()
        ends = _ends()
        while (entry_id, event_id) != ends:
            entry_id, event_id = _walk(subscriptions, (entry_id, event_id), ends)
        trusted(delete(_absence).where(_absence.c.plugin == plugin))
        revision.bump("catalogue")  # writers make its deliveries themselves from now on
        return "done"
    entry_id, event_id = _walk(subscriptions, (entry_id, event_id), until)
    trusted(update(_absence).where(_absence.c.plugin == plugin).values(entry_id=entry_id, event_id=event_id))
    began = job.state["began"]
    note = _("journal since %(day)s", day=f"{place['left_at']:%Y-%m-%d %H:%M}")
    job.progress(entry_id + event_id - began, until[0] + until[1] - began, note)
    return "more"


def _settled(job: JobContext, entry_id: int, event_id: int) -> tuple[int, int] | None:
    """How far the journal may be read: no transaction that is still open can bring an older entry. None: not yet.

    On PostgreSQL ids become visible out of their order, so the ends are read first and used once all transactions
    that were open then have ended.
    """
    state = {"began": entry_id + event_id, **job.state}
    if context.current().database.is_sqlite:
        job.checkpoint(state)
        return _ends()
    until = tuple(state.get("until", (0, 0)))
    if until[0] <= entry_id and until[1] <= event_id:
        until = _ends()
        state |= {"until": until, "below": trusted(_FRESH).scalar_one()}
    job.checkpoint(state)
    return until if trusted(_OLDEST).scalar_one() >= state["below"] else None


def _ends() -> tuple[int, int]:
    one, other = (trusted(select(func.max(table.c.id))).scalar() or 0 for table in (_entry, _event))
    return one, other


def _all_follow(job: JobContext) -> bool:
    if utc_now() < datetime.fromisoformat(job.payload["since"]) + GRACE:
        return False
    return all(one["epoch"] >= job.payload["epoch"] for one in processes.alive(context.current().database))


def _walk(subscriptions: Sequence[Any], place: tuple[int, int], until: tuple[int, int]) -> tuple[int, int]:
    """Make the deliveries of the next window of entries, then of facts; where the walk stands then."""
    entry_id, event_id = place
    if entry_id < until[0]:
        wanted = [one for one in subscriptions if one.item.event in (*RECORD_EVENTS, EVERYTHING)]
        return _window(wanted, _entry, entry_id, until[0]), event_id
    wanted = [one for one in subscriptions if one.item.event not in RECORD_EVENTS]
    return entry_id, _window(wanted, _event, event_id, until[1])


def _window(subscriptions: Sequence[Any], table: Any, after: int, until: int) -> int:
    """Units whose last entry (or fact) lies in the next window, in the order of these.

    At its end a unit holds the locks of all its records: so this is the order of commits for each of them.
    """
    if not subscriptions:
        return until
    rows = trusted(
        select(table.c.id, table.c.unit_id)
        .where(table.c.id > after, table.c.id <= until)
        .order_by(table.c.id)
        .limit(WINDOW)
    ).all()
    if not rows:
        return until
    last = func.max(table.c.id)
    ended = list(
        trusted(
            select(table.c.unit_id)
            .where(table.c.unit_id.in_({row.unit_id for row in rows}))
            .group_by(table.c.unit_id)
            .having(last <= rows[-1].id)
            .order_by(last)
        ).scalars()
    )
    ways = dict(trusted(select(_unit.c.id, _unit.c.via).where(_unit.c.id.in_(ended))).all())
    logs: dict[int, list[Any]] = {}
    columns = (
        (_entry.c.type_key, _entry.c.action, _entry.c.record_id)
        if table is _entry
        else (_event.c.name, _event.c.record_id)
    )
    for unit_id, *rest in trusted(
        select(table.c.unit_id, *columns).where(table.c.unit_id.in_(ended)).order_by(table.c.id)
    ):
        logs.setdefault(unit_id, []).append(tuple(rest))
    jobs = []
    for unit_id in ended:
        log, facts = (logs[unit_id], []) if table is _entry else ([], logs[unit_id])
        jobs += deliveries(unit_id, ways[unit_id], log, facts, subscriptions)
    if jobs:
        enqueue_many(jobs)
    return int(rows[-1].id)


def _subscriptions(generation: Any, plugin: str) -> list[Any]:
    return [one for one in generation.subscriptions.values() if one.plugin == plugin]
