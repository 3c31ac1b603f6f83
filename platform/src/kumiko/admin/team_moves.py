"""Merging a team into another: members, teams below and records move, then it goes to the bin. One undoable group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import func, select

from kumiko.access.models import TEAM, Team, table
from kumiko.host.context import acting_as, current, narrowed, principal, transaction
from kumiko.host.declarations import ACTIONS
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs import enqueue, sliced
from kumiko.jobs.job import JobContext
from kumiko.records import service
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.units import open_group, unit

JOB = "admin.merge_team"
AT_ONCE = 1000  # records; more are moved by a job
SLICE = 500
_team = table(Team)


def counts(team_id: int) -> Mapping[str, int]:
    """What hangs on a team: type's key -> live records; members are users, teams below it are teams."""
    asked = {info.key: _count(info, team_id) for info in _types()} | {TEAM: _below(team_id)}
    row = trusted(select(*(query.scalar_subquery() for query in asked.values()))).one()  # one statement for all types
    return {key: count for key, count in zip(asked, row, strict=True) if count}


def _types() -> Iterator[TypeInfo]:
    return (info for info in catalogue().types.values() if info.key != TEAM and "team_id" in info.table.c)


def _count(info: TypeInfo, team_id: int) -> Any:
    rows = info.table
    return select(func.count()).select_from(rows).where(rows.c.team_id == team_id, rows.c.deleted_at.is_(None))


def _below(team_id: int) -> Any:
    return select(func.count()).select_from(_team).where(_team.c.parent_id == team_id, _team.c.deleted_at.is_(None))


def subtree(team_id: int) -> frozenset[int]:
    """The team and all teams below it."""
    parents = {row.id: row.parent_id for row in trusted(select(_team.c.id, _team.c.parent_id))}
    found = {team_id}
    while more := {child for child, parent in parents.items() if parent in found and child not in found}:
        found |= more
    return frozenset(found)


def merge(source_id: int, target_id: int | None) -> tuple[int, int | None]:
    """Empty a team into another (None: into no team) and delete it. Returns (group, job); a job when there is much."""
    if target_id is not None and target_id in subtree(source_id):
        raise Invalid(_("A team cannot be merged into itself or a team below it; choose another."))
    name = service.get(TEAM, source_id).title
    if target_id is not None:
        service.get(TEAM, target_id)
    with transaction():
        group_id = open_group(_("team %(name)s dissolved", name=name), via="web")
        if sum(counts(source_id).values()) > AT_ONCE:
            payload = {"source": source_id, "target": target_id, "group": group_id}
            return group_id, enqueue(JOB, payload, actor_id=principal().user_id)
    for _step in _steps(source_id, target_id, group_id):
        pass
    return group_id, None


@sliced
def run(job: JobContext) -> None:
    """The same for a large team, a slice of records per transaction."""
    source_id, target_id = int(job.payload["source"]), job.payload["target"]
    with job.slice():
        total = sum(counts(source_id).values())
    done = 0
    while True:
        with job.slice():
            moved = _step(source_id, target_id, int(job.payload["group"]))
        done += moved
        job.progress(done, max(total, done))
        if not moved:
            return


def _steps(source_id: int, target_id: int | None, group_id: int) -> Iterator[int]:
    while moved := _step(source_id, target_id, group_id):
        yield moved


def _step(source_id: int, target_id: int | None, group_id: int) -> int:
    """Move one slice, or delete the empty team; how many records it touched, 0 when all is done."""
    context = current()
    before, context.group_id = context.group_id, group_id
    try:
        with _allowed_all(), unit():
            for info in _types():
                ids = _some(info, "team_id", source_id)
                if ids:
                    _refuse_partly(service.bulk(info.key, ids, values={"team": target_id}).refused)
                    return len(ids)
            below = _some(catalogue().get(TEAM), "parent_id", source_id)
            if below:
                parent = target_id if target_id is not None else service.get(TEAM, source_id).link_id("parent")
                _refuse_partly(service.bulk(TEAM, below, values={"parent": parent}).refused)
                return len(below)
            if service.find(TEAM, source_id) is not None:
                service.delete(TEAM, source_id)
                return 1
            return 0
    finally:
        context.group_id = before


def _refuse_partly(refused: Mapping[int, str]) -> None:
    if refused:
        raise Invalid(_("The team cannot be dissolved: %(why)s", why=next(iter(refused.values()))))


def _some(info: TypeInfo, column: str, team_id: int) -> list[int]:
    rows = info.table
    query = select(rows.c.id).where(rows.c[column] == team_id, rows.c.deleted_at.is_(None)).order_by(rows.c.id)
    return list(trusted(query.limit(SLICE)).scalars())


def _allowed_all() -> Any:
    """Whoever may change teams moves all that hangs on one, also records they may not read; the journal names them."""
    person = principal()
    return acting_as(narrowed(person, grants={"*": dict.fromkeys(ACTIONS, "all")}, read_only_fields={}, hidden={}))
