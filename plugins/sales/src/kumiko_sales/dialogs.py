"""What the dialogs of moving, asking and merging offer and ask for: stages of the deal's own pipeline, no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kumiko import Choice, catalogue, ngettext, views_naming
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL, LOST, OPEN
from kumiko_sales import queries
from kumiko_sales.funnel import PipelineRow, StageRow, funnel

HUES = {OPEN: "blue", "won": "green", "lost": "red"}


def pipeline_of(record: Any) -> PipelineRow | None:
    """The pipeline that a deal is in, else the one where new deals begin."""
    known = funnel()
    return known.find_pipeline(record.link_id("pipeline")) or known.default


def stages_to_enter(record: Any) -> Sequence[Choice]:
    """The other stages of a deal's pipeline."""
    return _choices([one for one in _offered(record) if one.id != record.link_id("stage")])


def stages_to_approve(record: Any) -> Sequence[Choice]:
    """The other stages of a deal's pipeline that need somebody's approval."""
    others = [one for one in _offered(record) if one.approver_role_id and one.id != record.link_id("stage")]
    return _choices(others)


def asks_to_move(record: Any, values: Mapping[str, Any]) -> Sequence[str]:
    """A closed stage wants to know when, a lost one also why and to whom."""
    stage = funnel().find_stage(values.get("stage"))
    if stage is None or stage.kind == OPEN or stage.kind == record.get("outcome"):
        return ("stage",)
    return ("stage", "lost_reason", "competitor", "closed_on") if stage.kind == LOST else ("stage", "closed_on")


def can_ask(record: Any) -> bool:
    """Whether there is a stage to ask approval for."""
    return record.get("outcome") == OPEN and bool(stages_to_approve(record))


def stages_to_merge_into(record: Any) -> Sequence[Choice]:
    """Stages of the same pipeline and kind."""
    return _choices(_same_kind(record))


def can_merge(record: Any) -> bool:
    """Whether there is a stage that could take its deals."""
    return bool(_same_kind(record))


def about_merging(record: Any) -> str:
    """How many deals go, and which saved views name the stage."""
    held = queries.count_deals(record.id)
    told = [ngettext("%(num)d deal is in “%(stage)s”.", "%(num)d deals are in “%(stage)s”.", held, stage=record.title)]
    info = catalogue().find(DEAL)
    naming = views_naming(info, "stage", [record.id]) if info is not None else []
    names = ", ".join(f"“{one.name}”" for one in naming if one.visible)
    hidden = sum(1 for one in naming if not one.visible)
    if names:
        told.append(_("Saved views that name it and will find nothing: %(names)s.", names=names))
    if hidden:
        told.append(ngettext("%(num)d saved view of somebody else names it, too.",
                             "%(num)d saved views of others name it, too.", hidden))  # fmt: skip
    return " ".join(told)


def _offered(record: Any) -> list[StageRow]:
    pipeline = pipeline_of(record)
    return pipeline.offered() if pipeline is not None else []


def _same_kind(record: Any) -> list[StageRow]:
    pipeline = funnel().find_pipeline(record.link_id("pipeline"))
    offered = pipeline.offered(record.get("kind") or OPEN) if pipeline is not None else []
    return [one for one in offered if one.id != record.id]


def _choices(stages: Sequence[StageRow]) -> list[Choice]:
    return [Choice(key=str(one.id), label=one.name, hue=one.hue or HUES[one.kind]) for one in stages]
