"""Acts on many records: at once, or as a job in a group when they are more than a request should carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kumiko.host import context
from kumiko.host.i18n import gettext as _
from kumiko.jobs import queries
from kumiko.jobs.job import JobContext, sliced
from kumiko.jobs.queries import JobView
from kumiko.jobs.queue import enqueue
from kumiko.records import rights, service
from kumiko.records.catalogue import TypeInfo
from kumiko.records.service import BulkResult
from kumiko.records.units import group

JOB = "records.bulk"
AT_ONCE = 1000
SLICE = 500
#: Different reasons for refusals that a job remembers.
MOST_REASONS = 10


@dataclass(frozen=True, kw_only=True)
class Act:
    """What shall happen to many records: values set, tags added and taken off, or all put into the bin.

    Values and tags in input form; `remove` stands alone.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    add_tags: Sequence[str] = ()
    drop_tags: Sequence[str] = ()
    remove: bool = False


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """A job that does it: its id, and the group that will hold its units."""

    job: int
    group: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far such a job is. `refused`: sentence -> count, those of the first few different sentences."""

    job: JobView
    group: int
    remove: bool
    done: int
    total: int
    changed: int
    refused_count: int
    refused: Mapping[str, int]


def act_on(info: TypeInfo, ids: Sequence[int], act: Act) -> BulkResult | Ordered:
    """Do it now, in one unit, for up to `AT_ONCE` records; for more make a job that works as the acting person.

    Invalid for wrong values and Forbidden without the right `bulk`, in both cases now.
    """
    rights.require("bulk", info)
    service.clean_bulk(info, act.values, act.add_tags, act.drop_tags)
    if len(ids) <= AT_ONCE:
        return _do(info.key, ids, act)
    with context.transaction(), group(_("bulk edit")) as group_id:
        payload = {
            "type": info.key,
            "ids": list(ids),
            "set": dict(act.values),
            "add_tags": list(act.add_tags),
            "drop_tags": list(act.drop_tags),
            "delete": act.remove,
            "group": group_id,
            "via": context.current().via,
        }
        return Ordered(job=enqueue(JOB, payload, actor_id=context.principal().user_id), group=group_id)


def find_progress(info: TypeInfo, job_id: int) -> Progress | None:
    """How far a job is, for the person it works for and for those who manage jobs; None when it is no bulk act here."""
    job = queries.get_job(job_id)
    if job.name != JOB or job.payload["type"] != info.key:
        return None
    return Progress(
        job=job,
        group=job.payload["group"],
        remove=job.payload["delete"],
        done=job.progress_done,
        total=len(job.payload["ids"]),
        changed=job.state.get("changed", 0),
        refused_count=job.state.get("refused", 0),
        refused=job.state.get("reasons", {}),
    )


def _do(type_key: str, ids: Sequence[int], act: Act) -> BulkResult:
    return service.bulk(
        type_key, ids, values=act.values, remove=act.remove, add_tags=act.add_tags, drop_tags=act.drop_tags
    )


@sliced
def work(job: JobContext) -> None:
    """The job: one unit per slice, as the person who asked, all in one group."""
    said = job.payload
    ids: list[int] = said["ids"]
    act = Act(values=said["set"], add_tags=said["add_tags"], drop_tags=said["drop_tags"], remove=said["delete"])
    while True:
        with job.slice():
            at = job.state.get("at", 0)
            if at >= len(ids):
                return
            now = context.current()
            now.group_id, now.via = said["group"], said["via"]
            done = _do(said["type"], ids[at : at + SLICE], act)
            at = min(at + SLICE, len(ids))
            changed = job.state.get("changed", 0) + done.changed
            refused = job.state.get("refused", 0) + len(done.refused)
            reasons = _counted(job.state.get("reasons", {}), done.refused.values())
            job.checkpoint({"at": at, "changed": changed, "refused": refused, "reasons": reasons})
            note = _("%(changed)d changed", changed=changed)
            if refused:
                note = _("%(changed)d changed, %(refused)d refused", changed=changed, refused=refused)
            job.progress(at, len(ids), note)


def _counted(known: Mapping[str, int], sentences: Any) -> dict[str, int]:
    found = dict(known)
    for sentence in sentences:
        if sentence in found or len(found) < MOST_REASONS:
            found[sentence] = found.get(sentence, 0) + 1
    return found
