"""Rules of pipelines, stages and approvals: every pipeline can always be entered, won and lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kumiko import Conflict, Draft, Invalid, catalogue, create, current, principal, update
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL, LOST, OPEN, WON
from kumiko_sales import queries
from kumiko_sales.funnel import PipelineRow, forget_funnel, funnel
from kumiko_sales.models import ASKED, PIPELINE, STAGE

#: In the memo of a unit: the pipeline that is being made gets its stages from whoever makes it.
BRINGS_STAGES = "sales.brings_stages"
_FIXED = {WON: 100, LOST: 0}


def prepare_pipeline(draft: Draft) -> None:
    """Each name once, a place in the order, one default."""
    if draft.action == "deleted":
        _refuse_losing_default(draft)
        return
    _refuse_taken(draft, [(one.id, one.name) for one in funnel().pipelines])
    if draft.get("position") is None:
        draft.set("position", max((one.position for one in funnel().pipelines), default=0) + 1)
    draft.set("archived", bool(draft.get("archived")))
    draft.set("is_default", bool(draft.get("is_default")))
    others = [one for one in funnel().pipelines if one.id != draft.record_id]
    if not draft.replaying and not draft.get("is_default") and not any(one.is_default for one in others):
        if draft.before("is_default"):
            draft.refuse("is_default", _("One pipeline is where new deals begin; choose another one as default first."))
        else:
            draft.set("is_default", True)
    if draft.get("is_default") and draft.get("archived"):
        draft.refuse("archived", _("New deals begin in this pipeline; choose another default first."))


def _refuse_losing_default(draft: Draft) -> None:
    if draft.before("is_default") and draft.via != "undo":
        raise Conflict(_("New deals begin in this pipeline; choose another default before deleting it."))


def after_pipelines(drafts: Sequence[Draft]) -> None:
    """One default only; a pipeline made by hand or by an import begins with a stage to enter, to win and to lose in."""
    forget_funnel()
    for draft in drafts:
        if draft.action == "deleted":
            continue
        if draft.via != "undo" and draft.get("is_default") and draft.changes("is_default"):
            for other in funnel().pipelines:
                if other.is_default and other.id != draft.record_id:
                    update(PIPELINE, other.id, {"is_default": False})
        if draft.is_new and not current().unit.memo.get(BRINGS_STAGES):
            make_stages(draft.record_id or 0, ((_("New"), OPEN, 10), (_("Won"), WON, 100), (_("Lost"), LOST, 0)))


def make_stages(pipeline_id: int, stages: Sequence[tuple[str, str, int]]) -> None:
    """Stages (name, kind, probability) for a pipeline that has none of them yet."""
    known = funnel().find_pipeline(pipeline_id)
    kinds = {one.kind for one in known.stages} if known else set()
    for name, kind, probability in stages:
        if kind not in kinds:
            create(STAGE, {"name": name, "pipeline": pipeline_id, "kind": kind, "probability": probability})


def prepare_stage(draft: Draft) -> None:
    """Where a stage stands, of which kind it is, and what may not be taken from a pipeline."""
    if draft.action == "deleted":
        _refuse_taking(draft, "")
        return
    _place(draft)
    pipeline = funnel().find_pipeline(draft.get("pipeline"))
    if pipeline is None:
        return
    _refuse_taken(draft, [(one.id, one.name) for one in pipeline.stages])
    _check_kind(draft, pipeline)
    _check_probability(draft)
    draft.set("archived", bool(draft.get("archived")))
    draft.set("needs_next_step", bool(draft.get("needs_next_step")))
    if draft.changes("archived") and draft.get("archived") and not draft.is_new:
        _refuse_taking(draft, "archived")


def _place(draft: Draft) -> None:
    if draft.get("pipeline") is None and draft.is_new:
        default = funnel().default
        if default is not None:
            draft.set("pipeline", default.id)
    if not draft.is_new and draft.changes("pipeline") and not draft.replaying:
        draft.refuse("pipeline", _("A stage stays in its pipeline; make one of the same name in the other."))
    if draft.get("kind") is None:
        draft.set("kind", _kind_by_name(draft.get("name") or ""))
    pipeline = funnel().find_pipeline(draft.get("pipeline"))
    if draft.get("position") is None and pipeline is not None:
        same = [one.position for one in pipeline.stages if one.kind == draft.get("kind")]
        draft.set("position", max(same, default=0) + 1)


def _kind_by_name(name: str) -> str:
    """The kind of a stage that an import makes by its name alone."""
    words = {"won": WON, "closed won": WON, _("Won").casefold(): WON, "lost": LOST, "closed lost": LOST}
    words[_("Lost").casefold()] = LOST
    return words.get(name.strip().casefold(), OPEN)


def _check_kind(draft: Draft, pipeline: PipelineRow) -> None:
    if draft.is_new or not draft.changes("kind") or draft.replaying:
        return
    held = queries.count_deals(draft.record_id or 0)
    if held:
        draft.refuse("kind", _("%(count)d deals are in this stage; move them before it becomes another kind.",
                               count=held))  # fmt: skip
    elif len([one for one in pipeline.offered(draft.before("kind")) if one.id != draft.record_id]) == 0:
        draft.refuse("kind", _last_of_its_kind(draft.before("kind")))


def _check_probability(draft: Draft) -> None:
    fixed = _FIXED.get(draft.get("kind"))
    if fixed is not None:
        given = draft.values.get("probability")
        if given not in (None, fixed) and not draft.replaying:
            draft.refuse("probability", _("A won stage is 100 % likely and a lost one 0 %; leave it out."))
        draft.set("probability", fixed)
    elif draft.get("probability") is None:
        draft.set("probability", 10)


def _refuse_taking(draft: Draft, field: str) -> None:
    """The last stage of its kind must stay offered, or nobody could open, win or lose a deal there."""
    pipeline = funnel().find_pipeline(draft.before("pipeline"))
    if pipeline is None or draft.replaying:
        return
    kind = draft.before("kind")
    if [one for one in pipeline.offered(kind) if one.id != draft.record_id]:
        return
    if field:
        draft.refuse(field, _last_of_its_kind(kind))
    else:
        raise Conflict(_last_of_its_kind(kind))


def _last_of_its_kind(kind: str) -> str:
    sentences = {
        OPEN: _("This is the only open stage of its pipeline; make another one first, or no deal could begin."),
        WON: _("This is the only won stage of its pipeline; make another one first, or no deal could be won."),
        LOST: _("This is the only lost stage of its pipeline; make another one first, or no deal could be lost."),
    }
    return str(sentences[kind])


def after_stages(drafts: Sequence[Draft]) -> None:
    """What rules read of stages is stale now; deals without a probability of their own follow their stage's."""
    forget_funnel()
    from kumiko_sales.follow import follow_probability  # local: jobs are only needed when a probability changes

    for draft in drafts:
        if draft.action == "changed" and draft.changes("probability") and draft.via != "undo":
            follow_probability(draft.record_id or 0)


def stage_meant(stage_ids: Sequence[int]) -> int | None:
    """Which of several stages of one name an import means: that of the default pipeline; None when it has none."""
    default = funnel().default
    return next((one.id for one in default.stages if one.id in stage_ids), None) if default is not None else None


def _refuse_taken(draft: Draft, names: Sequence[tuple[int, str]]) -> None:
    name = (draft.get("name") or "").strip().casefold()
    if not (draft.changes("name") or draft.action == "restored"):
        return
    if any(one.strip().casefold() == name and record_id != draft.record_id for record_id, one in names):
        draft.refuse("name", _("There is already one with the name “%(name)s”; take another name.",
                               name=draft.get("name")))  # fmt: skip


def prepare_approval(draft: Draft) -> None:
    """An approval begins as a question about a deal and a stage; only the actions that answer change what it says."""
    if draft.action in ("deleted", "restored") or draft.via == "undo":
        return
    if principal().kind != "system":
        _refuse_answering(draft)
    if draft.get("state") is None:
        draft.set("state", ASKED)
    stage = funnel().find_stage(draft.get("stage"))
    if stage is not None and not draft.get("name"):
        draft.set("name", stage.name)


def _refuse_answering(draft: Draft) -> None:
    if draft.is_new and draft.values.get("state") not in (None, ASKED):
        draft.refuse("state", _("An approval begins as a question; those with the stage's role answer it."))
    elif not draft.is_new and draft.changes("state"):
        draft.refuse("state", _("Answer by “Approve” or “Decline”; only people with the stage's role can."))
    for name in ("deal", "stage"):
        if not draft.is_new and draft.changes(name) and draft.via not in ("merge", "undo"):  # two deals become one
            draft.refuse(name, _("A question stays about its deal and its stage; ask another one."))


def whole_percent(value: Any) -> int:
    """A probability: a whole percent from 0 to 100 (the range is checked by the kind)."""
    if value != int(value):
        raise Invalid(_("wanted whole percents such as 40, found %(value)s", value=value))
    return int(value)


def field_names(value: Any) -> list[str]:
    """Names of fields of a deal, each once, in order."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Invalid(_('wanted a list of field names such as ["amount", "organization"]'))
    info = catalogue().find(DEAL)
    unknown = [one for one in value if info is not None and one not in info.fields]
    if unknown:
        raise Invalid(_("deals have no field %(name)r", name=unknown[0]))
    return list(dict.fromkeys(value))
