"""What stages mean for deals: a deal in a won stage is won, a lost deal is in a lost stage; outcome is the truth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time

from kumiko import Draft, company_zone, current, emit, services, update, utc_now
from kumiko import gettext as _
from kumiko_contracts.deals import LOST, OPEN, WON
from kumiko_contracts.sales import STAGE_CHANGED
from kumiko_sales import deal_lines, gates, places, queries
from kumiko_sales.funnel import Funnel, PipelineRow, StageRow, funnel
from kumiko_sales.models import STAGE
from kumiko_sales.stays import keep_stays


def before_deal(draft: Draft) -> None:
    """Ahead of the deal's own rules: the stage follows the outcome, or the outcome the stage, and the pipeline both;
    the amount follows the lines."""
    if draft.action == "deleted":
        return
    deal_lines.price(draft)
    known = funnel()
    if draft.via == "undo" or draft.action == "restored":
        _follow_outcome(draft, known)
        return
    if draft.values.get("stage") is not None and (draft.is_new or draft.changes("stage")):
        _enter(draft, known)
    elif draft.values.get("pipeline") is not None and (draft.is_new or draft.changes("pipeline")):
        _change_pipeline(draft, known)
    else:
        for name in ("stage", "pipeline"):  # emptied: no deal is nowhere
            if draft.values.get(name, ...) is None:
                del draft.values[name]
        _follow_outcome(draft, known)


def _enter(draft: Draft, known: Funnel) -> None:
    stage = known.find_stage(draft.get("stage"))
    if stage is None or (stage.archived and not draft.replaying):
        draft.refuse("stage", _("This stage is archived or gone; choose another one."))
        return
    given = draft.values.get("pipeline")
    if given is not None and given != stage.pipeline_id and (draft.is_new or draft.changes("pipeline")):
        draft.refuse("stage", _("The stage “%(stage)s” belongs to the pipeline “%(pipeline)s”; choose a stage of the "
                                "pipeline that you named.", stage=stage.name,
                                pipeline=_name(known.find_pipeline(stage.pipeline_id))))  # fmt: skip
        return
    outcome = _given_outcome(draft)
    if outcome is not None and outcome != stage.kind:
        stage = _reconciled(draft, known, stage, outcome)
    elif outcome is None and stage.kind != (draft.before("outcome") or OPEN):
        why = services.find("deals/1").decide(draft, stage.kind)
        if why:
            draft.refuse("stage", why)
    draft.set("stage", stage.id)
    draft.set("pipeline", stage.pipeline_id)


def _given_outcome(draft: Draft) -> str | None:
    """The outcome that this change brings itself; a new deal is open by default, which says nothing."""
    given: str | None = draft.values.get("outcome")
    if draft.is_new:
        return given if given in (WON, LOST) else None
    return given if given is not None and draft.changes("outcome") else None


def _reconciled(draft: Draft, known: Funnel, stage: StageRow, outcome: str) -> StageRow:
    """Stage and outcome of one change disagree: a stage that this import made takes the deal's kind, else the outcome
    counts."""
    made_now = draft.replaying and ("created", STAGE, stage.id) in _made_stages()
    if made_now and stage.kind == OPEN and outcome in (WON, LOST) and not queries.count_deals(stage.id):
        update(STAGE, stage.id, {"kind": outcome})
        return funnel().find_stage(stage.id) or stage
    pipeline = known.find_pipeline(stage.pipeline_id)
    right = pipeline.first(outcome) if pipeline is not None else None
    sentence = _("The stage “%(stage)s” does not fit the outcome; the outcome counts.", stage=stage.name)
    draft.guard("stage", sentence)
    return right or stage


def _made_stages() -> set[tuple[str, str, int]]:
    opened = current().unit
    return {(action, type_key, record_id) for type_key, action, record_id in opened.log} if opened else set()


def _change_pipeline(draft: Draft, known: Funnel) -> None:
    """Into another pipeline without saying where: its first stage for what became of the deal."""
    pipeline = known.find_pipeline(draft.get("pipeline"))
    if pipeline is None or (pipeline.archived and not draft.replaying):
        draft.refuse("pipeline", _("This pipeline is archived or gone; choose another one."))
        return
    stage = pipeline.first(draft.get("outcome") or OPEN)
    if stage is not None:
        draft.set("stage", stage.id)


def _follow_outcome(draft: Draft, known: Funnel) -> None:
    """The deal stands in a stage of the kind that its outcome says: won, lost, reopened, new or brought back."""
    outcome = draft.get("outcome") or OPEN
    stage = known.find_stage(draft.get("stage"))
    if stage is not None and stage.kind == outcome:
        if draft.get("pipeline") != stage.pipeline_id:
            draft.set("pipeline", stage.pipeline_id)
        return
    pipeline = known.find_pipeline(stage.pipeline_id if stage else draft.get("pipeline")) or known.default
    if pipeline is None:
        return
    chosen = _last_open(draft, pipeline) if outcome == OPEN else None
    chosen = chosen or pipeline.first(outcome)
    if chosen is not None:
        draft.set("stage", chosen.id)
        draft.set("pipeline", pipeline.id)


def _last_open(draft: Draft, pipeline: PipelineRow) -> StageRow | None:
    """Where a reopened deal was before it was closed."""
    if draft.is_new:
        return None
    offered = {one.id: one for one in pipeline.offered(OPEN)}
    return offered.get(queries.last_open_stage(draft.record_id or 0, set(offered)) or 0)


def prepare_deal(draft: Draft) -> None:
    """Behind the deal's own rules: gates, the moment of entering, probability, a place on the board."""
    if draft.action == "deleted" or "stage" in draft.errors:
        return
    known = funnel()
    stage = known.find_stage(draft.get("stage"))
    if stage is None:
        return
    enters = draft.is_new or draft.changes("stage")
    if draft.via != "undo":
        if enters:
            _mark_entry(draft, stage)
            gates.check_entry(draft, stage, known)
        elif draft.changes("next_step", "next_step_on"):
            gates.check_next_step(draft, stage)
    _weigh(draft, stage, enters=enters)


def _mark_entry(draft: Draft, stage: StageRow) -> None:
    given = draft.values.get("stage_entered_at")
    if given is None or not draft.changes("stage_entered_at"):
        draft.set("stage_entered_at", _entered_at(draft, stage))
    elif given > utc_now():
        draft.guard("stage_entered_at", _("A deal cannot have entered a stage in the future; found %(at)s.", at=given))
    if "position" not in draft.values or draft.values["position"] is None:
        draft.set("position", places.on_top())


def _entered_at(draft: Draft, stage: StageRow) -> datetime:
    """Now; for history that is brought in, the day it was closed on says when a closed deal came there."""
    closed_on = draft.get("closed_on")
    if draft.replaying and stage.kind != OPEN and closed_on is not None:
        return datetime.combine(closed_on, time(), tzinfo=company_zone()).astimezone(UTC)
    return utc_now()


def _weigh(draft: Draft, stage: StageRow, *, enters: bool) -> None:
    """The stage's probability, unless somebody gave this deal one of its own."""
    if stage.kind != OPEN:
        given = draft.values.get("probability")
        if given is not None and given != stage.probability and draft.changes("probability") and not enters:
            draft.guard("probability", _("A closed deal is won or lost; its probability cannot be changed."))
        draft.set("probability", stage.probability)
        draft.set("sales_own_probability", False)
        return
    if "probability" in draft.values and draft.changes("probability"):
        own = draft.values["probability"] is not None
        if draft.via != "undo":
            draft.set("sales_own_probability", own)
        if not own:
            draft.set("probability", stage.probability)
    elif enters and not draft.get("sales_own_probability"):
        draft.set("probability", stage.probability)
        draft.set("sales_own_probability", False)


def after_deals(drafts: Sequence[Draft]) -> None:
    """The history of stages, approvals that were used, and the fact for whoever reacts to it."""
    keep_stays(drafts, funnel())
    for draft in drafts:
        if draft.action not in ("created", "changed") or not draft.changes("stage"):
            continue
        gates.use_up(draft)
        if not draft.replaying:
            emit(STAGE_CHANGED, draft, {
                "pipeline_id": draft.get("pipeline"), "stage_id": draft.get("stage"),
                "from_stage_id": draft.before("stage"), "owner_id": draft.get("owner"),
            })  # fmt: skip


def _name(pipeline: PipelineRow | None) -> str:
    return pipeline.name if pipeline is not None else ""
