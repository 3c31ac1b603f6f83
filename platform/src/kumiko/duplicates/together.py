"""Merging many sure pairs: a job that makes one record of each cluster, all in one group that is undone as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kumiko.duplicates import merging, pairs
from kumiko.duplicates.merging import Merge, Wish
from kumiko.host import context
from kumiko.host.errors import KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.jobs.job import JobContext, sliced
from kumiko.jobs.queue import enqueue
from kumiko.records import service
from kumiko.records.catalogue import TypeInfo
from kumiko.records.units import group

JOB = "duplicates.merge_many"
MOST_REASONS = 10


@dataclass(frozen=True)
class Planned:
    """One cluster: what merging it does, or why it cannot be merged."""

    ids: tuple[int, ...]
    plan: Merge | None
    refused: str = ""


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """The job that does it, and the group of its units."""

    job: int
    group: int


def look(info: TypeInfo, *, least: int, most: int = 50) -> list[Planned]:
    """What merging the sure pairs would do: the plans, not written."""
    return [_planned(info, ids) for ids in pairs.clusters(info, least=least, most=most)]


def _planned(info: TypeInfo, ids: Sequence[int]) -> Planned:
    try:
        winner = merging.who_remains([service.get(info.key, one) for one in ids])
        ids = [winner, *(one for one in ids if one != winner)]
        made = merging.plan(Wish(type_key=info.key, winner=winner, losers=tuple(ids[1:])))
    except KumikoError as fault:
        return Planned(tuple(ids), None, fault.message)
    refused = next(iter(made.warnings.values()), "")
    if made.is_large:
        refused = _("%(count)d records follow: merge these by themselves, in the background.",
                    count=sum(made.coming.values()))  # fmt: skip
    return Planned(tuple(ids), None if refused else made, refused)


def order(info: TypeInfo, clusters: Sequence[Sequence[int]]) -> Ordered:
    """Make the job; the winner of each cluster is named first."""
    with context.transaction(), group(_("merged duplicates"), via="merge") as group_id:
        payload = {"type": info.key, "clusters": [list(one) for one in clusters], "group": group_id}
        return Ordered(job=enqueue(JOB, payload, actor_id=context.principal().user_id), group=group_id)


@sliced
def work(job: JobContext) -> None:
    """The job: one unit per cluster, as the person who asked."""
    clusters: list[list[int]] = job.payload["clusters"]
    while True:
        with job.slice():
            at = job.state.get("at", 0)
            if at >= len(clusters):
                return
            ids = clusters[at]
            state = {"merged": 0, "refused": {}, **job.state, "at": at + 1}
            context.current().group_id = job.payload["group"]
            refused = _merge(job.payload["type"], ids)
            if not refused:
                state["merged"] += 1
            elif refused in state["refused"] or len(state["refused"]) < MOST_REASONS:
                state["refused"] = {**state["refused"], refused: state["refused"].get(refused, 0) + 1}
            job.checkpoint(state)
            job.progress(at + 1, len(clusters), _("%(merged)d merged", merged=state["merged"]))


def _merge(type_key: str, ids: Sequence[int]) -> str:
    """Merge a cluster; gives why not, as a sentence."""
    session = context.current().session
    try:
        with session.begin_nested():
            merging.merge(Wish(type_key=type_key, winner=ids[0], losers=tuple(ids[1:])))
    except KumikoError as fault:
        return fault.message
    return ""
