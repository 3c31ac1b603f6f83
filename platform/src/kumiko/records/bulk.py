"""Acts on many records: at once, or as a job in a group when they are more than a request should carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kumiko.host import context
from kumiko.host.errors import Conflict, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.jobs import queries
from kumiko.jobs.job import JobContext, sliced
from kumiko.jobs.queries import JobView
from kumiko.jobs.queue import enqueue
from kumiko.records import rights, service
from kumiko.records.bulk_outcome import MOST_SAMPLES, Outcome, Preview, changed_since, last_entry
from kumiko.records.bulk_removal import along_with, still_naming
from kumiko.records.catalogue import TypeInfo, catalogue
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
    add: Mapping[str, Sequence[str]] = field(default_factory=dict)  # to fields of several choices
    drop: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "set": dict(self.values), "add_tags": list(self.add_tags), "drop_tags": list(self.drop_tags),
            "delete": self.remove, "add": dict(self.add), "drop": dict(self.drop),
        }  # fmt: skip

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Act:
        return cls(
            values=said["set"], add_tags=said["add_tags"], drop_tags=said["drop_tags"], remove=said["delete"],
            add=said.get("add", {}), drop=said.get("drop", {}),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """A job that does it: its id, and the group that will hold its units (0 for a preview)."""

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
    act: Act
    is_preview: bool = False
    equal: int = 0
    samples: Sequence[int] = ()  # a preview: ids of some records that would change


def act_on(
    info: TypeInfo, ids: Sequence[int], act: Act, *, mark: str = "", unchanged_since: int | None = None
) -> BulkResult | Ordered:
    """Do it now, in one unit, for up to `AT_ONCE` records; for more make a job that works as the acting person.

    Invalid for wrong values and Forbidden without the right `bulk`, in both cases now. `mark`: that of a preview of
    the same; Conflict, with nothing written, when the outcome would be another one by now. `unchanged_since`: the
    journal's mark of a preview that was a job; records that changed since are refused one by one.
    """
    rights.require("bulk", info)
    _clean(info, act)
    if len(ids) <= AT_ONCE and unchanged_since is None:
        with context.transaction():
            seen = Outcome()
            result = _do(info.key, ids, act, seen)
            if mark and seen.mark(result) != mark:
                raise Conflict(_("Somebody changed some of these records since the preview. Look at it again."))
            return result
    if mark:
        raise Conflict(_("Somebody changed some of these records since the preview. Look at it again."))
    with context.transaction(), group(_("bulk edit")) as group_id:
        payload = {
            "type": info.key, "ids": list(ids), **act.as_json(), "group": group_id, "via": context.current().via,
            "since": unchanged_since,
        }  # fmt: skip
        return Ordered(job=enqueue(JOB, payload, actor_id=context.principal().user_id), group=group_id)


def preview(info: TypeInfo, ids: Sequence[int], act: Act) -> Preview | Ordered:
    """What `act_on` would do: it is done and rolled back; above `AT_ONCE` by a job whose page tells."""
    rights.require("bulk", info)
    _clean(info, act)
    if len(ids) <= AT_ONCE:
        return rehearse(info.key, ids, act)
    payload = {
        "type": info.key, "ids": list(ids), **act.as_json(), "group": 0, "via": context.current().via, "preview": True,
    }  # fmt: skip
    with context.transaction():
        return Ordered(job=enqueue(JOB, payload, actor_id=context.principal().user_id), group=0)


def rehearse(type_key: str, ids: Sequence[int], act: Act) -> Preview:
    """Do it and take it back before anybody sees it."""
    seen = Outcome()
    found: list[Preview] = []
    try:
        with context.transaction(), context.session().begin_nested():
            result = _do(type_key, ids, act, seen)
            shown = seen.preview(result)
            if act.remove:
                info = catalogue().get(type_key)
                gone = [record_id for record_id in ids if record_id not in result.refused]
                shown = replace(shown, along=along_with(info, gone, result.unit), naming=still_naming(info, gone))
            found.append(shown)
            raise _RolledBack
    except _RolledBack:
        return found[0]


class _RolledBack(Exception):
    """Ends a rehearsal."""


def confirm(info: TypeInfo, job_id: int) -> Ordered:
    """Do what the preview of a job showed; NotFound when there is none."""
    job = queries.get_job(job_id)
    if job.name != JOB or job.payload["type"] != info.key or not job.payload.get("preview"):
        raise NotFound(_("There is no such preview."))
    if job.state.get("at", 0) < len(job.payload["ids"]):
        raise Conflict(_("The preview is not ready yet."))
    done = act_on(info, job.payload["ids"], Act.of_json(job.payload), unchanged_since=job.state.get("since", 0))
    assert isinstance(done, Ordered)  # `unchanged_since` always makes a job
    return done


def _clean(info: TypeInfo, act: Act) -> None:
    service.clean_bulk(info, act.values, act.add_tags, act.drop_tags, act.add, act.drop)


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
        act=Act.of_json(job.payload),
        is_preview=bool(job.payload.get("preview")),
        equal=job.state.get("equal", 0),
        samples=job.state.get("samples", ()),
    )


def _do(type_key: str, ids: Sequence[int], act: Act, seen: Outcome | None = None) -> BulkResult:
    return service.bulk(
        type_key, ids, values=act.values, remove=act.remove, add_tags=act.add_tags, drop_tags=act.drop_tags,
        add=act.add, drop=act.drop, watch=None if seen is None else seen.note,
    )  # fmt: skip


@sliced
def work(job: JobContext) -> None:
    """The job: one unit per slice, as the person who asked, all in one group."""
    said = job.payload
    ids: list[int] = said["ids"]
    act = Act.of_json(said)
    if said.get("preview"):
        _look(job, act)
        return
    since = said.get("since")
    while True:
        with job.slice():
            at = job.state.get("at", 0)
            if at >= len(ids):
                return
            now = context.current()
            now.group_id, now.via = said["group"], said["via"]
            chosen, stale = ids[at : at + SLICE], set()
            if since is not None:
                stale = changed_since(chosen, since, but=said["group"])
            done = _do(said["type"], [one for one in chosen if one not in stale], act)
            done.refused |= dict.fromkeys(stale, _("changed since the preview"))
            at = min(at + SLICE, len(ids))
            changed = job.state.get("changed", 0) + done.changed
            refused = job.state.get("refused", 0) + len(done.refused)
            reasons = _counted(job.state.get("reasons", {}), done.refused.values())
            job.checkpoint({"at": at, "changed": changed, "refused": refused, "reasons": reasons})
            note = _("%(changed)d changed", changed=changed)
            if refused:
                note = _("%(changed)d changed, %(refused)d refused", changed=changed, refused=refused)
            job.progress(at, len(ids), note)


def _look(job: JobContext, act: Act) -> None:
    """A preview as a job: each slice is done and rolled back; only counts and some ids are kept."""
    said = job.payload
    ids: list[int] = said["ids"]
    while True:
        with job.slice():
            at = job.state.get("at", 0)
            if at >= len(ids):
                return
            context.current().via = said["via"]
            since = job.state.get("since")
            since = last_entry() if since is None else since
            found = rehearse(said["type"], ids[at : at + SLICE], act)
            at = min(at + SLICE, len(ids))
            kept = job.state
            state = {
                "at": at,
                "since": since,
                "changed": kept.get("changed", 0) + found.changed,
                "equal": kept.get("equal", 0) + found.equal,
                "refused": kept.get("refused", 0) + len(found.refused),
                "reasons": _counted(kept.get("reasons", {}), found.refused.values()),
                "samples": [*kept.get("samples", []), *(one.after.id for one in found.samples)][:MOST_SAMPLES],
            }
            job.checkpoint(state)
            job.progress(at, len(ids), _("%(changed)d would change", changed=state["changed"]))


def _counted(known: Mapping[str, int], sentences: Any) -> dict[str, int]:
    found = dict(known)
    for sentence in sentences:
        if sentence in found or len(found) < MOST_REASONS:
            found[sentence] = found.get(sentence, 0) + 1
    return found
