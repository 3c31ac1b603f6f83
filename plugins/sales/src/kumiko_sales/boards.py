"""The board of deals: a pipeline each, stages as lanes, remarks on cards about age, time limits and rotting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kumiko import Badge, Board, BoardScope, Lane, company_today, services, utc_now
from kumiko import gettext as _
from kumiko_contracts.deals import OPEN
from kumiko_sales.funnel import PipelineRow, StageRow, funnel
from kumiko_sales.models import PIPELINE

_HUES = {"open": "blue", "won": "green", "lost": "red"}


def board() -> Board:
    """How deals stand on a board."""
    return Board(
        feature="board",
        by="stage", scopes=scopes, action="move", position="position", amount="amount", weight="probability",
        fields=("organization", "amount", "expected_close_on", "next_step", "next_step_on", "owner",
                "stage_entered_at"),
        badges=badges, manage="/pipelines/{key}/setup", manages=PIPELINE,
    )  # fmt: skip


def scopes() -> tuple[BoardScope, ...]:
    """The pipelines that the person works in, the default one first."""
    known = funnel()
    mine = [one for one in known.pipelines if not one.archived and one.is_mine]
    mine.sort(key=lambda one: (one is not known.default, one.position, one.id))
    return tuple(_scope(one) for one in mine)


def _scope(pipeline: PipelineRow) -> BoardScope:
    lanes = tuple(
        Lane(
            value=stage.id, label=stage.name, hue=stage.hue or _HUES[stage.kind], closed=stage.kind != OPEN,
            limit=stage.wip_limit, note=_("%(percent)d %%", percent=stage.probability) if stage.kind == OPEN else "",
        )
        for stage in pipeline.offered()
    )  # fmt: skip
    return BoardScope(
        key=str(pipeline.id), label=pipeline.name, lanes=lanes, node={"f": "pipeline", "op": "eq", "v": pipeline.id}
    )


def badges(rows: Sequence[Any]) -> Mapping[int, tuple[Badge, ...]]:
    """Remarks on these cards. Each row has `id` and the board's fields by name (`get`)."""
    known = funnel()
    contacts = services.find("deals/1").last_contacts([row.id for row in rows])
    found: dict[int, tuple[Badge, ...]] = {}
    for row in rows:
        stage = known.find_stage(row.link_id("stage"))
        if stage is not None and stage.kind == OPEN:
            found[row.id] = tuple(_remarks(row, stage, contacts.get(row.id)))
    return found


def _remarks(row: Any, stage: StageRow, contact: datetime | None) -> Sequence[Badge]:
    remarks: list[Badge] = []
    entered = row.get("stage_entered_at")
    days = max((utc_now() - entered).days, 0) if entered is not None else 0
    if stage.max_days and days > stage.max_days:
        remarks.append(Badge(text=_("%(days)d of at most %(most)d days", days=days, most=stage.max_days), tone="error",
                             icon="clock"))  # fmt: skip
    elif days:
        remarks.append(Badge(text=_("%(days)d d here", days=days), icon="clock"))
    idle = idle_days(row, contact)
    if stage.max_idle_days and idle > stage.max_idle_days and not has_plan(row):
        remarks.append(Badge(text=_("quiet for %(days)d days", days=idle), tone="warn", icon="alert-circle"))
    elif row.get("next_step_on") is not None and row.get("next_step_on") < company_today():
        remarks.append(Badge(text=_("next step overdue"), tone="error", icon="alert-circle"))
    elif not row.get("next_step"):
        remarks.append(Badge(text=_("no next step")))
    return remarks


def idle_days(row: Any, contact: datetime | None) -> int:
    """Whole days since the deal was moved or somebody spoke with the customer; an import is neither."""
    seen = [at for at in (row.get("stage_entered_at"), contact) if at is not None]
    return max((utc_now() - max(seen)).days, 0) if seen else 0


def has_plan(row: Any) -> bool:
    """Whether something is planned that is still to come: such a deal does not rot."""
    day = row.get("next_step_on")
    return day is not None and day >= company_today()
