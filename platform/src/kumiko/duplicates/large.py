"""Merges that very much follows: a job moves it in slices, then makes one record of them. All or nothing.

Everything is in one group, taken back as one. What the job did is kept with the slice that did it, so a killed worker
goes on where it stopped. What cannot follow, or a record that somebody else changed or threw away meanwhile, ends the
merge: what had moved goes back by itself, in slices, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kumiko.duplicates import merging, moving
from kumiko.duplicates.merging import AT_ONCE, Done, Wish
from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound, Stale, Veto
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs import queries
from kumiko.jobs.job import JobContext, sliced
from kumiko.jobs.queries import JobView
from kumiko.jobs.queue import enqueue
from kumiko.records import undo_jobs
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.models import Unit
from kumiko.records.units import group, open_group, unit
from kumiko.records.writer import write

JOB = "duplicates.merge_large"
SLICE = 500
_unit = table_of(Unit)
_REFUSALS = (Conflict, Forbidden, Invalid, NotFound, Stale, Veto)


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """The job that merges, and the group of its units. `follows`: how many records it moves."""

    job: int
    group: int
    follows: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far such a merge is. `refused`: why nothing was merged; then what had moved goes back, or is back."""

    job: JobView
    info: TypeInfo
    title: str
    winner: int
    group: int
    done: int
    total: int
    refused: str
    is_back: bool


def merge_or_order(wish: Wish, *, most: int | None = None) -> Done | Ordered:
    """Merge now, or have a job do it when more than a thousand records follow; both check all that can be checked."""
    planned = merging.plan(wish, most=AT_ONCE if most is None else most)
    if not planned.is_large:
        return merging.merge(wish)
    merging.require_accepted(planned, wish)
    follows, reason = sum(planned.coming.values()), merging.reason_of(planned)
    with context.transaction():
        group_id = open_group(reason, via="merge")
        payload = {
            "wish": wish.as_json(), "group": group_id, "total": follows, "reason": reason,
            "title": str(planned.winner.before("name") or wish.winner),
        }  # fmt: skip
        keys = [f"{JOB}:{one}" for one in sorted(wish.ids)]
        job_id = enqueue(JOB, payload, actor_id=context.principal().user_id, order_keys=keys)
    return Ordered(job=job_id, group=group_id, follows=follows)


@sliced
def work(job: JobContext) -> None:
    """The job, as the person who asked: some hundred records per transaction."""
    said = {**job.payload, "job": job.id}
    wish = Wish.from_json(said["wish"])
    while not job.state.get("ended"):
        with job.slice():
            state = dict(job.state)
            if catalogue().find(wish.type_key) is None:
                return  # the module is off: nothing of it can be merged
            if state.get("refused"):
                _take_back(said, state)
            else:
                _go_on(wish, said, state)
            job.checkpoint(state)
            job.progress(state.get("done", 0), said["total"], state.get("refused", ""))


def _go_on(wish: Wish, said: Mapping[str, Any], state: dict[str, Any]) -> None:
    """Move the next records, or make the last step; a refusal is noted, and nothing of this slice stays."""
    now = context.current()
    now.group_id, now.via = said["group"], "merge"
    session = now.session
    try:
        if _is_undone(said["group"]):
            raise Conflict(_("Somebody took the merge back while it was under way."))
        with session.begin_nested():
            moved = _move_some(wish, said["reason"])
            if moved < SLICE:  # the rest goes with the records themselves
                merging.merge(wish)
                state["ended"] = True
        state["done"] = state.get("done", 0) + moved
        if state.get("ended"):
            _tell(said, _("“%(title)s” is one record now; %(count)d records follow.",
                                title=said["title"], count=said["total"]))  # fmt: skip
    except _REFUSALS as fault:
        lines = [line for listed in getattr(fault, "errors", {}).values() for line in listed]
        state.pop("ended", None)
        state["refused"] = " ".join(lines) or fault.message


def _move_some(wish: Wish, reason: str) -> int:
    info = catalogue().get(wish.type_key)
    with unit(via="merge", reason=reason) as opened, merging.merging():
        found = moving.naming(info, wish.losers, beside=wish.ids, most=SLICE)
        drafts = moving.moved(found, info, wish.losers, wish.winner, lock=True)
        for one in found:
            write(opened, [draft for draft in drafts if draft.info is one.type])
    return len(drafts)


def _is_undone(group_id: int) -> bool:
    query = select(_unit.c.undone_at).where(_unit.c.id == group_id)
    return trusted(query).scalar_one() is not None


def _take_back(said: Mapping[str, Any], state: dict[str, Any]) -> None:
    """The next slice of taking back what had moved."""
    now = context.current()
    if "back" not in state:
        state["back"] = {}
        if not state.get("done") or _is_undone(said["group"]):
            state["back"], state["ended"] = {"ended": True}, True
        else:
            with group(_("undo of %(id)d", id=said["group"]), via="undo", undo_of=said["group"]) as made:
                state["back_group"] = made
    else:
        now.group_id, now.via = state["back_group"], "undo"
        ordered = {"head": said["group"], "group": state["back_group"], "total": state["done"]}
        state["back"] = undo_jobs.take_slice(ordered, state["back"])
        state["ended"] = bool(state["back"].get("ended"))
    if state.get("ended"):
        _tell(said, _("“%(title)s” could not be merged: %(why)s What had moved is back.",
                            title=said["title"], why=state["refused"]))  # fmt: skip


def _tell(said: Mapping[str, Any], text: str) -> None:
    user_id, generation = context.principal().user_id, context.current().generation
    for tell in generation.state.get("tell", ()) if generation is not None and user_id is not None else ():
        tell(user_id, text, href=f"/duplicates/merges/{said['job']}", key=f"duplicates.merge:{said['group']}")


def get_progress(job_id: int) -> Progress:
    """How far a job is, for the person it works for and for those who manage jobs; NotFound for others."""
    job = queries.get_job(job_id)
    info = catalogue().find(job.payload["wish"]["type"]) if job.name == JOB else None
    if info is None:
        raise NotFound(_("There is no job %(id)d that merges records.", id=job_id))
    state = job.state
    return Progress(
        job=job, info=info, title=job.payload["title"], winner=job.payload["wish"]["winner"],
        group=job.payload["group"], done=job.progress_done, total=job.payload["total"],
        refused=state.get("refused", ""), is_back=bool(state.get("refused") and state.get("ended")),
    )  # fmt: skip
