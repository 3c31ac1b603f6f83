"""Undo of much: slice by slice in short transactions, as a job or in a command, in a group that is redone as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.errors import NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs import queries
from kumiko.jobs.job import JobContext, sliced
from kumiko.jobs.queries import JobView
from kumiko.jobs.queue import enqueue
from kumiko.records.models import Unit
from kumiko.records.undo import (
    NO_CHOICES,
    Choices,
    Undoing,
    UndoResult,
    head_of,
    settle_head,
    settle_units,
    undo,
    write_anew,
)
from kumiko.records.undo_conflicts import Conflict
from kumiko.records.undo_touches import count_touched, place_of, touches_of
from kumiko.records.units import group, unit

JOB = "records.undo"
#: Entries that a request takes back by itself.
AT_ONCE = 1000
SLICE = 500
#: Conflicts that are remembered one by one; the others are counted.
MOST_TOLD = 100
_unit = table_of(Unit)


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """A job that undoes: its id, and the group that will hold what it does."""

    job: int
    group: int


def undo_or_order(unit_or_group: int, *, choices: Choices = NO_CHOICES) -> UndoResult | Ordered:
    """Undo now, or make a job that works as the acting person when there is more than a request should carry."""
    head = head_of(unit_or_group)
    total = count_touched(head)
    if total <= AT_ONCE:
        return undo(unit_or_group, choices=choices)
    with context.transaction():
        head_of(unit_or_group, lock=True)
        group_id = _open(unit_or_group)
        payload = {
            "head": unit_or_group,
            "group": group_id,
            "total": total,
            "via": context.current().via,
            "back": sorted(choices.back),
            "keep": sorted(choices.keep),
        }
        key = f"undo:{unit_or_group}"
        person = context.principal()
        return Ordered(job=enqueue(JOB, payload, actor_id=person.user_id, order_keys=[key]), group=group_id)


def undo_in_slices(unit_or_group: int, report: Callable[[int, int], None] | None = None) -> UndoResult:
    """Undo much in this very process; killed in between, what is done stays done and a second call goes on."""
    head = head_of(unit_or_group)
    with context.transaction():
        said = {"head": unit_or_group, "group": _open(unit_or_group), "total": count_touched(head)}
    state: dict[str, Any] = {}
    now = context.current()
    before = now.group_id
    try:
        now.group_id = said["group"]
        while not state.get("ended"):
            with context.transaction():
                state = take_slice(said, state)
            if report is not None:
                report(min(state["done"], said["total"]), said["total"])
    finally:
        now.group_id = before
    return result_of(said, state)


def _open(unit_or_group: int) -> int:
    with group(_("undo of %(id)d", id=unit_or_group), via="undo", undo_of=unit_or_group) as group_id:
        return group_id


def take_slice(said: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """Undo the next entries inside the open transaction; gives what to remember. `ended`: there was nothing left.

    First all entries in their order, then, again and again, those that a rule refused, until none moves any more.
    """
    head = trusted(select(_unit).where(_unit.c.id == said["head"])).mappings().one()
    at, again, later = state.get("at", 0), list(state.get("again", ())), list(state.get("later", ()))
    result = result_of(said, state)
    choices = Choices(
        back=frozenset((record_id, name) for record_id, name in said.get("back", ())),
        keep=frozenset((record_id, name) for record_id, name in said.get("keep", ())),
    )
    first = not state.get("second")
    touches = (
        touches_of(head, after=at, limit=SLICE)
        if first
        else [one for entry_id in again[:SLICE] for one in touches_of(head, entry_id=entry_id)]
    )
    with unit(via="undo", undo_of=said["head"], reason=_("undo of %(id)d", id=said["head"])) as opened:
        work = Undoing(head, opened, result, choices)
        work.take(touches)
        refused = work.pause()
        settle_units((touch.entry["unit_id"] for touch in touches), said["group"])
        later += [touch.entry["id"] for listed, _reason in refused for touch in listed]
        reasons = {**state.get("reasons", {}), **{str(one[0].entry["id"]): reason for one, reason in refused if one}}
    write_anew(result, choices, said["head"])
    found: dict[str, Any] = {
        "done": state.get("done", 0) + len(touches), "at": place_of(touches[-1]) if first and touches else at,
        "reverted": result.reverted, "put_back": result.put_back, "refused": result.refused, "waiting": result.waiting,
        "reasons": reasons, "conflicts": [*state.get("conflicts", ()), *_kept(result.conflicts)][:MOST_TOLD],
        "kept": len(result.overwritten) + state.get("kept", 0),
    }  # fmt: skip
    rest = again[SLICE:]
    if first and len(touches) == SLICE:
        return found | {"later": later}
    if not first and rest:
        return found | {"second": True, "again": rest, "later": later, "before": state.get("before", 0)}
    if later and (first or len(later) < state.get("before", 0)):  # some moved: try the others once more
        return found | {"second": True, "again": later, "before": len(later), "later": []}
    for entry_id in later:
        _count(found["refused"], reasons.get(str(entry_id), _("a rule does not allow it now")))
    if not found["refused"] and not found["waiting"] and not choices.keep:
        settle_head(head, said["group"])
    return found | {"ended": True}


def _count(refused: list[dict[str, Any]], reason: str) -> None:
    for one in refused:
        if one["reason"] == reason:
            one["count"] += 1
            return
    refused.append({"count": 1, "reason": reason})


def _kept(conflicts: list[Conflict]) -> list[list[Any]]:
    return [[one.type_key, one.record_id, one.title, one.field, one.now, one.back, one.by] for one in conflicts]


def result_of(said: Mapping[str, Any], state: Mapping[str, Any]) -> UndoResult:
    """What an undo in slices did so far. `overwritten` holds the first hundred of the fields."""
    told = [Conflict(*one) for one in state.get("conflicts", ())] if state.get("ended") else []
    kept = [
        {"type": one.type_key, "id": one.record_id, "field": one.field, "by": one.by}
        for one in told
        if not one.is_existence
    ]
    return UndoResult(
        unit=said["group"], reverted=state.get("reverted", 0), overwritten=kept,
        refused=[dict(one) for one in state.get("refused", ())], waiting=list(state.get("waiting", ())), conflicts=told,
        put_back=state.get("put_back", 0),
    )  # fmt: skip


@sliced
def work(job: JobContext) -> None:
    """The job: one unit per slice, as the person who asked."""
    said = job.payload
    while not job.state.get("ended"):
        with job.slice():
            now = context.current()
            now.group_id, now.via = said["group"], said["via"]
            state = take_slice(said, job.state)
            job.checkpoint(state)
            total = said["total"]
            job.progress(min(state["done"], total), total, _("%(count)d taken back", count=state["reverted"]))


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far such a job is, and what it did so far."""

    job: JobView
    head: int
    group: int
    done: int
    total: int
    kept: int
    result: UndoResult


def get_progress(job_id: int) -> Progress:
    """How far a job is, for the person it works for and for those who manage jobs; NotFound for others."""
    job = queries.get_job(job_id)
    if job.name != JOB:
        raise NotFound(_("There is no job %(id)d that undoes something.", id=job_id))
    return Progress(
        job=job, head=job.payload["head"], group=job.payload["group"], done=job.progress_done,
        total=job.payload["total"], kept=job.state.get("kept", 0), result=result_of(job.payload, job.state),
    )  # fmt: skip
