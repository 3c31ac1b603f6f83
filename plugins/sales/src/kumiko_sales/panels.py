"""Parts of cards: the way of a deal through its stages, and the stages of a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kumiko import Panel, feature_on, may, may_use, ngettext, principal, services, utc_now
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL, OPEN
from kumiko_sales import queries
from kumiko_sales.boards import has_plan, idle_days
from kumiko_sales.dialogs import HUES, pipeline_of
from kumiko_sales.funnel import PipelineRow, StageRow, funnel
from kumiko_sales.models import APPROVALS, BOARD, PIPELINE


@dataclass(frozen=True, kw_only=True)
class Step:
    """A stage on the way. `state`: done, here or ahead; `href`: dialog that moves the deal there, "" when it cannot."""

    name: str
    kind: str
    state: str
    href: str
    hue: str


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A figure about the deal; `tone`: "", "warn" or "error"."""

    label: str
    text: str
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """An approval that somebody asked for and nobody answered. `path`: of the approval, when this person may answer."""

    stage: str
    asked_by: str
    asked_at: datetime
    note: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Past:
    """A stay in a stage; `left_at` None: still there."""

    stage: str
    entered_at: datetime
    left_at: datetime | None
    days: int
    by: str


def way_of(record: Any) -> Mapping[str, Any] | None:
    """The panel of a deal; two statements besides the funnel."""
    pipeline, stage = pipeline_of(record), funnel().find_stage(record.link_id("stage"))
    if pipeline is None or stage is None or record.deleted:
        return None
    rows = queries.way_of_deal(record.id)
    past = [_past(row) for row in rows if row.what == "stay"]
    asked = feature_on(APPROVALS)
    questions = [_question(row, record) for row in rows if asked and row.what == "question"]
    contact = services.find("deals/1").last_contacts([record.id]).get(record.id)
    return {
        "pipeline": pipeline.name,
        "steps": _steps(record, pipeline, stage, past),
        "facts": _facts(record, stage, contact),
        "questions": questions,
        "past": past,
        "back": f"/deals/{record.id}",
        "place": _place(pipeline, stage),
    }


def _place(pipeline: PipelineRow, stage: StageRow) -> str:
    """Where the deal is, as a sentence."""
    ids = [one.id for one in pipeline.offered(OPEN)]
    if stage.id not in ids:
        return stage.name
    return _("%(stage)s, stage %(number)d of %(count)d", stage=stage.name, number=ids.index(stage.id) + 1,
             count=len(ids))  # fmt: skip


def _steps(record: Any, pipeline: PipelineRow, stage: StageRow, past: list[Past]) -> list[Step]:
    been = {one.stage for one in past}
    shown = [one for one in pipeline.stages if not one.archived or one.id == stage.id]
    opens = [one for one in shown if one.kind == OPEN]
    here = opens.index(stage) if stage in opens else len(opens)
    can_move = may("edit", DEAL) and not principal().read_only and stage.kind == OPEN
    steps = []
    for place, one in enumerate(shown):
        if one.id == stage.id:
            state = "here"
        elif one.kind == OPEN and (place < here if stage.kind == OPEN else one.name in been):
            state = "done"
        else:
            state = "ahead"
        href = f"/deals/{record.id}/actions/move?stage={one.id}" if can_move and state != "here" else ""
        steps.append(Step(name=one.name, kind=one.kind, state=state, href=href, hue=one.hue or HUES[one.kind]))
    return steps


def _facts(record: Any, stage: StageRow, contact: datetime | None) -> list[Fact]:
    entered = record.get("stage_entered_at")
    days = max((utc_now() - entered).days, 0) if entered is not None else 0
    said = ngettext("%(num)d day", "%(num)d days", days)
    facts = []
    if stage.max_days and stage.kind == OPEN:
        late = days > stage.max_days
        said = _("%(days)s of at most %(most)d", days=said, most=stage.max_days)
        facts.append(Fact(label=_("In this stage"), text=said, tone="error" if late else ""))
    else:
        facts.append(Fact(label=_("In this stage"), text=said))
    if stage.kind != OPEN:
        return facts
    if record.get("probability") is not None:
        own = bool(record.get("sales_own_probability"))
        text = _("%(percent)d %%, its own", percent=record.get("probability")) if own else _(
            "%(percent)d %%, the stage's", percent=record.get("probability"))  # fmt: skip
        facts.append(Fact(label=_("Probability"), text=text))
    idle = idle_days(record, contact)
    rots = bool(stage.max_idle_days and idle > stage.max_idle_days and not has_plan(record))
    text = ngettext("%(num)d day", "%(num)d days", idle)
    if rots:
        text = _("%(days)s, and nothing planned", days=text)
    facts.append(Fact(label=_("Quiet for"), text=text, tone="warn" if rots else ""))
    return facts


def _past(row: Any) -> Past:
    stage = funnel().find_stage(row.stage_id)
    days = max(((row.left_at or utc_now()) - row.entered_at).days, 0)
    return Past(
        stage=stage.name if stage is not None else (row.stage_name or "?"), entered_at=row.entered_at,
        left_at=row.left_at, days=days, by=row.person or "",
    )  # fmt: skip


def _question(row: Any, record: Any) -> Question:
    who = principal()
    answers = (
        may_use(APPROVALS)
        and not who.read_only
        and (who.is_administrator or bool(row.role_key and row.role_key in who.roles))
    )
    return Question(
        stage=row.stage_name or "?", asked_by=row.person or "", asked_at=row.entered_at, note=row.note or "",
        path=f"/stage-approvals/{row.id}/actions" if answers else "",
    )  # fmt: skip


def stages_of(record: Any) -> Mapping[str, Any] | None:
    """The panel of a pipeline: its stages with what they hold, and the ways on; one statement besides the funnel."""
    pipeline = funnel().find_pipeline(record.id)
    if pipeline is None:
        return None
    counts = queries.count_by_stage(record.id)
    return {
        "stages": [
            (one.name, one.hue or HUES[one.kind], ngettext("%(num)d deal", "%(num)d deals", counts.get(one.id, 0)))
            for one in pipeline.offered()
        ],
        "setup_href": f"/pipelines/{record.id}/setup" if may("edit", PIPELINE) else "",
        "board_href": f"/deals/board?scope={record.id}" if may_use(BOARD) and may("read", DEAL) else "",
    }


PANELS = [
    Panel(
        slot="record.deals.deal.aside", key="way", title=_l("Stages"), template="sales/way.html", load=way_of, order=5,
    ),
    Panel(
        slot="record.sales.pipeline.aside", key="stages", title=_l("Stages"), template="sales/stages.html",
        load=stages_of, order=5,
    ),
]  # fmt: skip
