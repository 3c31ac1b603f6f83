"""The pipelines and stages as they stand: read once per unit of work, or once per request that only reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import and_, select

from kumiko import current, moment_now, principal, rows_at, session, unscoped
from kumiko_contracts.deals import LOST, OPEN, WON
from kumiko_sales.models import Pipeline, PipelineTeam, Stage

_MEMO = "sales.funnel"
_ORDER = {OPEN: 0, WON: 1, LOST: 2}


@dataclass(frozen=True, kw_only=True)
class StageRow:
    """A stage; `kind` is open, won or lost, `probability` a whole percent, `needs_fields` names fields of a deal."""

    id: int
    name: str
    pipeline_id: int
    position: int
    kind: str
    probability: int
    hue: str
    wip_limit: int | None
    max_idle_days: int | None
    max_days: int | None
    needs_next_step: bool
    needs_fields: tuple[str, ...]
    role_id: int | None
    approver_role_id: int | None
    archived: bool


@dataclass(frozen=True, kw_only=True)
class PipelineRow:
    """A pipeline with its stages in order: open ones first, then won, then lost. `team_ids` empty: everybody's."""

    id: int
    name: str
    position: int
    is_default: bool
    archived: bool
    team_ids: frozenset[int] = frozenset()
    stages: tuple[StageRow, ...] = ()

    def offered(self, kind: str = "") -> list[StageRow]:
        """Stages that are not archived, of one kind or of all."""
        return [one for one in self.stages if not one.archived and kind in ("", one.kind)]

    def first(self, kind: str) -> StageRow | None:
        """The first stage of a kind that is offered."""
        return next(iter(self.offered(kind)), None)

    @property
    def is_mine(self) -> bool:
        """Whether the acting person works in this pipeline."""
        who = principal()
        return not self.team_ids or who.is_administrator or bool(self.team_ids & {*who.team_ids, *who.subtree_team_ids})


@dataclass(frozen=True)
class Funnel:
    """All live pipelines, in order, with their stages."""

    pipelines: tuple[PipelineRow, ...] = field(default=())

    @cached_property
    def _stages(self) -> dict[int, StageRow]:
        return {stage.id: stage for pipeline in self.pipelines for stage in pipeline.stages}

    def find_stage(self, stage_id: int | None) -> StageRow | None:
        """The stage, or None when there is none that is live."""
        return self._stages.get(stage_id or 0)

    def find_pipeline(self, pipeline_id: int | None) -> PipelineRow | None:
        """The pipeline, or None when there is none that is live."""
        return next((one for one in self.pipelines if one.id == pipeline_id), None)

    @property
    def default(self) -> PipelineRow | None:
        """Where a deal goes when nobody says: the default pipeline, if the person works there, else an own one."""
        offered = [one for one in self.pipelines if not one.archived]
        mine = [one for one in offered if one.is_mine] or offered
        return next((one for one in mine if one.is_default), next(iter(mine), None))


def funnel() -> Funnel:
    """The funnel of the open unit or of this request; rules of stages and pipelines forget it when they change one."""
    context = current()
    memo: dict[Any, Any] = context.cache if context.unit is None else context.unit.memo
    found: Funnel | None = memo.get(_MEMO)
    if found is None:
        found = memo[_MEMO] = _read()
    return found


def forget_funnel() -> None:
    """Read it again at the next call: a stage or pipeline was changed in this unit."""
    context = current()
    context.cache.pop(_MEMO, None)
    if context.unit is not None:
        context.unit.memo.pop(_MEMO, None)


_HEAD = (Pipeline.id, Pipeline.name, Pipeline.position, Pipeline.is_default, Pipeline.archived, PipelineTeam.team_id)
_STAGE = (
    "id", "name", "pipeline_id", "position", "kind", "probability", "hue", "wip_limit", "max_idle_days",
    "max_days", "needs_next_step", "needs_fields", "role_id", "approver_role_id", "archived",
)  # fmt: skip
#: One statement for all of it, made once: every change of a deal and every card asks. A row for each team and stage.
_QUERY = (
    select(*_HEAD, *(getattr(Stage, name).label(f"stage_{name}") for name in _STAGE))
    .outerjoin(PipelineTeam, PipelineTeam.parent_id == Pipeline.id)
    .outerjoin(Stage, and_(Stage.pipeline_id == Pipeline.id, Stage.deleted_at.is_(None)))
    .where(Pipeline.deleted_at.is_(None))
    .order_by(Pipeline.position, Pipeline.id)
)


def _rows_then() -> Any:
    """The same rows while records are read as of a moment."""
    pipeline, stage, team = rows_at(Pipeline), rows_at(Stage), rows_at(PipelineTeam)
    shown: list[Any] = [pipeline.c[name] for name in ("id", "name", "position", "is_default", "archived")]
    shown += [team.c.team_id, *(stage.c[name].label(f"stage_{name}") for name in _STAGE)]
    query: Any = (
        select(*shown)
        .outerjoin(team, team.c.parent_id == pipeline.c.id)
        .outerjoin(stage, and_(stage.c.pipeline_id == pipeline.c.id, stage.c.deleted_at.is_(None)))
        .where(pipeline.c.deleted_at.is_(None))
        .order_by(pipeline.c.position, pipeline.c.id)
    )
    with unscoped("pipelines and stages are everybody's to read, also as they were"):
        return session().execute(query).all()


def _read() -> Funnel:
    heads: dict[int, Any] = {}
    teams: dict[int, set[int]] = {}
    stages: dict[int, dict[int, StageRow]] = {}
    rows: Any
    rows = _rows_then() if moment_now() is not None else session().execute(_QUERY).all()
    for row in rows:
        heads.setdefault(row.id, row)
        if row.team_id is not None:
            teams.setdefault(row.id, set()).add(row.team_id)
        known = stages.setdefault(row.id, {})
        if row.stage_id is not None and row.stage_id not in known:
            known[row.stage_id] = _stage(dict(zip(_STAGE, row[len(_HEAD) :], strict=True)))
    made = [
        PipelineRow(
            id=row.id, name=row.name, position=row.position or 0, is_default=bool(row.is_default),
            archived=bool(row.archived), team_ids=frozenset(teams.get(row.id, ())),
            stages=tuple(sorted(stages[row.id].values(), key=lambda one: (_ORDER[one.kind], one.position, one.id))),
        )
        for row in heads.values()
    ]  # fmt: skip
    return Funnel(tuple(made))


def _stage(row: dict[str, Any]) -> StageRow:
    return StageRow(
        **{
            **row,
            "position": row["position"] or 0,
            "probability": row["probability"] or 0,
            "hue": row["hue"] or "",
            "needs_next_step": bool(row["needs_next_step"]),
            "needs_fields": tuple(row["needs_fields"] or ()),
            "archived": bool(row["archived"]),
        }
    )
