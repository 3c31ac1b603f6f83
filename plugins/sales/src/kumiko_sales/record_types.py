"""Pipelines, stages and approvals as record types; what sales adds to a deal; moving, merging, asking."""

from __future__ import annotations

from typing import Any

from kumiko import Choice, Extension, Field, RecordAction, RecordType
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL, LOST, LOST_REASON, OPEN, WON
from kumiko_sales import approvals, boards, deal_rules, dialogs, models, pipelines, rules, services, stays
from kumiko_sales.lines import line_items
from kumiko_sales.models import APPROVAL, APPROVED, ASKED, DECLINED, PIPELINE, STAGE, USED

ROLE, TEAM = "access.role", "access.team"
KINDS = (
    Choice(key=OPEN, label=_l("Open"), hue="blue"),
    Choice(key=WON, label=_l("Won"), hue="green"),
    Choice(key=LOST, label=_l("Lost"), hue="red"),
)
HUES = tuple(
    Choice(key=key, label=label, hue=key)
    for key, label in (
        ("blue", _l("Blue")), ("teal", _l("Teal")), ("green", _l("Green")), ("amber", _l("Amber")),
        ("orange", _l("Orange")), ("red", _l("Red")), ("pink", _l("Pink")), ("violet", _l("Violet")),
    )
)  # fmt: skip
FORECAST = (
    Choice(key="omitted", label=_l("Omitted")),
    Choice(key="pipeline", label=_l("Pipeline")),
    Choice(key="best_case", label=_l("Best case")),
    Choice(key="commit", label=_l("Commit")),
    Choice(key="closed", label=_l("Closed")),
)
STATES = (
    Choice(key=ASKED, label=_l("Asked"), hue="amber"),
    Choice(key=APPROVED, label=_l("Approved"), hue="green"),
    Choice(key=DECLINED, label=_l("Declined"), hue="red"),
    Choice(key=USED, label=_l("Used"), hue="gray"),
)
OFFERED = {"f": "archived", "op": "eq", "v": False}

#: Pipelines and stages are kept by heads and administrators; sellers and analysts use them.
_KEPT_BY_HEADS = {
    "head": {"create": "all", "edit": "all", "delete": "all", "bulk": "all"},
    "seller": dict.fromkeys(("create", "edit", "delete", "bulk", "assign"), "none"),
}


def pipeline() -> RecordType:
    """The record type sales.pipeline."""
    return RecordType(
        key=PIPELINE, collection="pipelines", label=_l("Pipeline"), label_plural=_l("Pipelines"),
        model=models.Pipeline, icon="filter", order=900, prepare=rules.prepare_pipeline, after=rules.after_pipelines,
        public="everybody sees the ways that deals go", dictionary=True, timeline=False, grants=_KEPT_BY_HEADS,
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=100),
            Field(
                name="teams", kind="list", label=_l("Teams"), model=models.PipelineTeam, sortable=False,
                help=_l("Who works in it; empty means everybody."),
                items=(Field(name="team", kind="link", to=TEAM, label=_l("Team")),),
            ),
            Field(name="position", kind="integer", label=_l("Place in the order"), minimum=0, maximum=9999),
            Field(name="is_default", kind="boolean", label=_l("New deals begin here"), default=False),
            Field(
                name="archived", kind="boolean", label=_l("Archived"), default=False,
                help=_l("No longer offered; deals in it stay."),
            ),
        ),
        list_columns=("name", "position", "is_default", "archived"), quick_fields=("name", "is_default"),
        default_sort="position", keys=("external_id", "name"), menu=False, lands_on="/pipelines/{id}/setup",
    )  # fmt: skip


def stage() -> RecordType:
    """The record type sales.stage."""
    return RecordType(
        key=STAGE, collection="stages", label=_l("Stage"), label_plural=_l("Stages"), model=models.Stage,
        icon="flag", order=905, prepare=rules.prepare_stage, after=rules.after_stages,
        public="everybody sees the ways that deals go", dictionary=True, timeline=False, grants=_KEPT_BY_HEADS,
        prefers=rules.stage_meant,
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=100),
            Field(name="pipeline", kind="link", to=PIPELINE, label=_l("Pipeline"), target_filter=OFFERED),
            Field(name="kind", kind="choice", label=_l("Kind"), choices=KINDS,
                  help=_l("A deal in a won stage is won, in a lost stage lost.")),
            Field(name="position", kind="integer", label=_l("Place in the order"), minimum=0, maximum=9999),
            Field(
                name="probability", kind="percent", label=_l("Probability"), validate=rules.whole_percent,
                help=_l("How likely deals in it are won; each deal may have its own."),
            ),
            Field(name="hue", kind="choice", label=_l("Colour"), choices=HUES),
            Field(
                name="wip_limit", kind="integer", label=_l("Most deals at once"), minimum=1, maximum=100_000,
                help=_l("More are refused; empty means no limit."),
            ),
            Field(
                name="max_idle_days", kind="integer", label=_l("Days until it rots"), minimum=1, maximum=3650,
                help=_l("Days without a contact or a move after which a deal without a planned next step is marked."),
            ),
            Field(
                name="max_days", kind="integer", label=_l("Most days in it"), minimum=1, maximum=3650,
                help=_l("After that the deal is marked and its owner is told."),
            ),
            Field(name="needs_next_step", kind="boolean", label=_l("Needs a next step"), default=False),
            Field(
                name="needs_fields", kind="json", label=_l("Needs these fields"), validate=rules.field_names,
                sortable=False, filterable=False, help=_l('Names of fields of a deal, such as ["amount"].'),
            ),
            Field(name="role", kind="link", to=ROLE, label=_l("Only this role moves deals here")),
            Field(name="approver_role", kind="link", to=ROLE, label=_l("Needs the approval of this role")),
            Field(
                name="archived", kind="boolean", label=_l("Archived"), default=False,
                help=_l("No longer offered; deals in it stay."),
            ),
            Field(name="merged_into", kind="link", to=STAGE, label=_l("Merged into"), by_hand=False),
        ),
        list_columns=("name", "pipeline", "kind", "position", "probability", "wip_limit", "max_idle_days", "archived"),
        quick_fields=("name", "pipeline", "kind", "probability"), subtitle="kind",
        default_sort="position", keys=("external_id", "name"), menu=False,
    )  # fmt: skip


def approval() -> RecordType:
    """The record type sales.approval."""
    return RecordType(
        key=APPROVAL, collection="stage-approvals", label=_l("Approval"), label_plural=_l("Approvals"),
        model=models.Approval, icon="checks", order=45, prepare=rules.prepare_approval, parents=("deal",),
        timeline=False, timeline_links=("deal",), timeline_kind="state", menu=False, importable=False,
        fields=(
            Field(name="name", kind="text", label=_l("Stage asked for"), max_length=300),
            Field(name="deal", kind="link", to=DEAL, label=_l("Deal"), required=True),
            Field(name="stage", kind="link", to=STAGE, label=_l("Stage"), required=True),
            Field(name="state", kind="choice", label=_l("Answer"), choices=STATES, default=ASKED, by_hand=False),
            Field(name="note", kind="text", label=_l("Note"), max_length=500),
        ),
        list_columns=("name", "deal", "stage", "state", "created_by"), quick_fields=("deal", "stage", "note"),
    )  # fmt: skip


def deal_fields() -> Extension:
    """What sales adds to a deal."""
    return Extension(
        target=DEAL, model=models.DealSide, before=deal_rules.before_deal, prepare=deal_rules.prepare_deal,
        after=deal_rules.after_deals, reread=stays.reread, board=boards.board(), list_columns=("stage",),
        mirrors=(
            "amount_minor", "amount_currency", "outcome", "expected_close_on", "opened_on", "closed_on", "owner_id",
            "team_id", "deleted_at",
        ),
        fields=(
            Field(name="pipeline", kind="link", to=PIPELINE, label=_l("Pipeline"), target_filter=OFFERED),
            Field(name="stage", kind="link", to=STAGE, label=_l("Stage"), target_filter=OFFERED),
            Field(
                name="probability", kind="percent", label=_l("Probability"), validate=rules.whole_percent,
                help=_l("The stage's, unless you give this deal its own; empty it to return to the stage's."),
            ),
            Field(name="sales_own_probability", kind="boolean", label=_l("Own probability"), writable=False),
            Field(name="stage_entered_at", kind="moment", label=_l("In the stage since"), by_hand=False),
            Field(name="position", kind="number", label=_l("Place on the board"), by_hand=False, history=False),
            Field(name="forecast_category", kind="choice", label=_l("Forecast category"), choices=FORECAST),
            Field(
                name="sales_lines", kind="list", label=_l("Lines"), model=models.DealLine, sortable=False,
                items=line_items(), help=_l("What is offered; the amount of the deal is their total without tax."),
            ),
        ),
    )  # fmt: skip


def actions() -> list[RecordAction]:
    """Move a deal, ask for approval and answer, copy a pipeline, merge a stage."""
    return [
        RecordAction(
            type=DEAL, name="move", label=_l("Move"), icon="arrow-right", run=services.move,
            offers={"stage": dialogs.stages_to_enter}, asks=dialogs.asks_to_move,
            fields=(
                Field(name="stage", kind="link", to=STAGE, label=_l("Stage"), target_filter=OFFERED),
                Field(name="before", kind="integer", label=_l("Above the deal"), by_hand=False),
                Field(name="after", kind="integer", label=_l("Below the deal"), by_hand=False),
                Field(name="lost_reason", kind="link", to=LOST_REASON, label=_l("Lost reason"), target_filter=OFFERED),
                Field(name="competitor", kind="text", label=_l("Competitor"), max_length=200),
                Field(name="closed_on", kind="date", label=_l("Closed on"), help=_l("Empty means today.")),
            ),
        ),
        RecordAction(
            type=DEAL, name="ask_approval", label=_l("Ask for approval"), icon="checks", run=approvals.ask,
            feature="approvals",
            offers={"stage": dialogs.stages_to_approve},
            fields=(
                Field(
                    name="stage", kind="link", to=STAGE, label=_l("Stage"), required=True,
                    target_filter={"f": "approver_role", "op": "nempty"},
                ),
                Field(name="note", kind="text", label=_l("Note"), max_length=500),
            ),
            available=dialogs.can_ask, refusal=lambda _record: _("No other stage of its pipeline needs an approval."),
        ),
        RecordAction(
            type=PIPELINE, name="copy", label=_l("Copy"), icon="copy", right="create", run=pipelines.copy,
            makes=PIPELINE, confirm=_l("Its name, teams and stages are copied; deals stay where they are."),
            fields=(Field(name="name", kind="text", label=_l("Name"), required=True, max_length=100),),
        ),
        RecordAction(
            type=STAGE, name="merge", label=_l("Merge and delete"), icon="arrow-merge", right="delete",
            run=services.merge_stage, offers={"into": dialogs.stages_to_merge_into}, confirm=dialogs.about_merging,
            fields=(
                Field(name="into", kind="link", to=STAGE, label=_l("Its deals go to"), required=True,
                      target_filter=OFFERED),
            ),
            available=dialogs.can_merge,
            refusal=lambda _record: _("No other stage of this pipeline and kind could take its deals."),
        ),
        RecordAction(
            type=APPROVAL, name="approve", label=_l("Approve"), icon="check", primary=True, right="read",
            feature="approvals",
            available=_is_asked, refusal=_answered,
            run=lambda record, _values: approvals.answer(record, yes=True),
        ),
        RecordAction(
            type=APPROVAL, name="decline", label=_l("Decline"), icon="x", right="read", feature="approvals",
            available=_is_asked, refusal=_answered, fields=(
                Field(name="note", kind="text", label=_l("Why"), max_length=500),
            ),
            run=lambda record, values: approvals.answer(record, yes=False, note=values["note"] or ""),
        ),
    ]  # fmt: skip


def _is_asked(record: Any) -> bool:
    return bool(record.get("state") == ASKED)


def _answered(_record: Any) -> str:
    return str(_("This question was answered already."))
