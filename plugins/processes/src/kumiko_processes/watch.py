"""Once a minute: what only the clock starts, and runs that stand still although they should not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from kumiko import Invalid, JobContext, catalogue, company_zone, matching_ids, session, sliced, unscoped, utc_now
from kumiko import gettext as _
from kumiko_processes import describe, live, moments, starting, telling
from kumiko_processes.live import Live
from kumiko_processes.models import FAILED, QUEUED, RUNNING, WAITING, Clock, Mark, Progress
from kumiko_processes.way import again, load, save, set_state

STUCK = timedelta(minutes=20)
MOST_REVIVED = 3
KEPT = timedelta(days=400)


@sliced
def work(job: JobContext) -> None:
    """The job: each process that looks at the clock in a transaction of its own, then runs that stand still."""
    with job.slice():
        wanted = [one for one in live.known(fresh=True).processes
                  if (one.tree.get("trigger") or {}).get("on") in ("date", "schedule", "match")]  # fmt: skip
    for process in wanted:
        with job.slice():
            try:
                look(process)
            except Invalid as fault:
                starting.pause(process, describe.fault_sentence(fault))
    with job.slice():
        stuck = _standing_still()
    for run_id in stuck:
        with job.slice():
            revive(run_id)
    with job.slice(), unscoped("old marks are forgotten"):
        session().execute(delete(Mark).where(Mark.at < utc_now() - KEPT, Mark.key.contains(":")))


def look(process: Live) -> None:
    """Start a process for what has become due since it was looked at last."""
    now, trigger = utc_now(), process.tree["trigger"]
    since = _looked_at(process, now)
    cause = "".join(text for text, _bold in describe.trigger_parts(trigger, process.about))
    if trigger["on"] == "schedule":
        due = moments.next_slot(since, trigger)
        if due > now:
            return
        starting.later(process, [(one, None) for one in _everything(process)], cause)
    elif trigger["on"] == "match":
        fit = _everything(process)
        with unscoped("triggers that look at filters remember what fits"):
            marks = session().execute(select(Mark.key).where(Mark.process_id == process.id)).scalars()
            marked = [int(key) for key in marks if key.isdecimal()]
        gone = sorted(set(marked) - set(fit))
        starting.match(process, [*fit, *gone])
    else:
        _dates(process, trigger, since, now, cause)
    _look_again(process, now)


def first_look(process: Live) -> None:
    """A process was published: what fits already is no news, and what was due before does not count."""
    now = utc_now()
    _looked_at(process, now)
    if process.tree["trigger"]["on"] == "match":
        keys = [str(one) for one in _everything(process)]
        before = starting.marked(process.id, keys)
        starting.mark(process.id, [one for one in keys if one not in before])


def _everything(process: Live) -> list[int]:
    return starting.fitting_all(process)


def _dates(process: Live, trigger: Any, since: datetime, now: datetime, cause: str) -> None:
    """Records whose date, moved by what is asked for, lies between the last look and now; each date once."""
    info = catalogue().find(process.about)
    one = info.find(str(trigger.get("field"))) if info is not None else None
    if info is None or one is None:
        raise Invalid(_("There is no field “%(name)s” any more.", name=str(trigger.get("field"))[:80]))
    amount = int(trigger.get("amount") or 0) * moments.MINUTES[str(trigger.get("unit") or "days")]
    shift = timedelta(minutes=-amount if trigger.get("side") == "before" else amount)
    low, high = since - shift, now - shift
    zone = company_zone()
    if one.kind == "date":
        node: Any = {
            "f": one.name,
            "op": "between",
            "v": [f"{low.astimezone(zone):%Y-%m-%d}", f"{high.astimezone(zone):%Y-%m-%d}"],
        }
    else:
        node = {"f": one.name, "op": "between", "v": [low.isoformat(), high.isoformat()]}
    table, column = info.stored(one)
    with unscoped("triggers look at the dates of everybody's records"):
        ids = matching_ids(process.about, node)
        key = table.c.id if "id" in table.c else table.c.record_id
        values: dict[int, Any] = {}
        for start in range(0, len(ids), 500):
            rows = session().execute(select(key, column).where(key.in_(ids[start : start + 500])))
            values |= {row[0]: row[1] for row in rows}
    due = {}
    for record_id, value in values.items():
        if value is not None and since < moments.at_date(value, trigger) <= now:
            due[f"{record_id}:{value.isoformat()}"] = record_id
    known = starting.marked(process.id, list(due))
    fresh = {name: record_id for name, record_id in due.items() if name not in known}
    starting.mark(process.id, list(fresh))
    if fresh:
        starting.later(process, [(one, None) for one in sorted(fresh.values())], cause)


def _looked_at(process: Live, now: datetime) -> datetime:
    """When it was looked at last in this edition; a new edition begins now."""
    with unscoped("triggers that look at the clock remember when they did"):
        row = session().execute(select(Clock.edition, Clock.looked_at).where(Clock.process_id == process.id)).first()
        if row is not None and row.edition == process.edition:
            at: datetime = row.looked_at
            return at
        session().execute(delete(Clock).where(Clock.process_id == process.id))
        session().execute(insert(Clock), [{"process_id": process.id, "edition": process.edition, "looked_at": now}])
    return now


def _look_again(process: Live, now: datetime) -> None:
    with unscoped("triggers that look at the clock remember when they did"):
        session().execute(update(Clock).where(Clock.process_id == process.id).values(looked_at=now))


def _standing_still() -> list[int]:
    """Runs whose job should have moved them long ago."""
    before = utc_now() - STUCK
    with unscoped("runs that stand still are looked for"):
        rows = session().execute(
            select(Progress.run_id, Progress.state, Progress.wake_at)
            .where(Progress.active.is_(True), Progress.moved_at < before)
            .order_by(Progress.run_id).limit(500)
        ).all()  # fmt: skip
    return [
        row.run_id for row in rows
        if row.state in (QUEUED, RUNNING) or (row.state == WAITING and row.wake_at is not None and row.wake_at < before)
    ]  # fmt: skip


def revive(run_id: int) -> None:
    """A run stands still: its owner is told, and it is put to work again; the third time it has failed."""
    way = load(run_id)
    if way is None or not way.progress.active:
        return
    times = int(way.data.get("revived", 0)) + 1
    way.data["revived"] = times
    sentence = _("This run stood still for more than %(minutes)d minutes.", minutes=int(STUCK.total_seconds() // 60))
    if times > MOST_REVIVED:
        way.progress.active = False
        set_state(way, FAILED, error=sentence, finished_at=utc_now())
        save(way)
        telling.tell_failure(way, sentence)
        return
    telling.tell(way, sentence, key=f"stuck:{run_id}:{times}")
    again(way)
