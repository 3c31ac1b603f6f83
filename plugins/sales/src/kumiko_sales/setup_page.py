"""The screen of one pipeline: its own fields and its stages in order, as inputs that are ready to be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from kumiko import (
    Action,
    FieldView,
    Link,
    Option,
    RecordView,
    catalogue,
    feature_on,
    field_inputs,
    field_values,
    may_use,
    ngettext,
    principal,
    session,
    unscoped,
)
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL, LOST, OPEN, WON
from kumiko_sales import queries
from kumiko_sales.funnel import PipelineRow, StageRow, funnel
from kumiko_sales.models import APPROVALS, BOARD, PIPELINE, STAGE

OWN = ("name", "is_default", "teams")
MAIN = ("name", "probability", "hue")
RULES = ("wip_limit", "max_idle_days", "max_days", "needs_next_step")
PLAIN = (*MAIN, *RULES, "kind")
ROLES = ("role", "approver_role")
NEW = ("name", "kind", "probability")
ROLE = "access.role"
#: What every deal has, or what nobody fills in: no stage can ask for it.
_NEVER_ASKED = frozenset({
    "name", "owner", "team", "co_owners", "created_by", "updated_by", "outcome", "pipeline", "stage", "probability",
    "stage_entered_at", "position", "closed_on", "lost_reason",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A form that was sent and not accepted: which (a stage's id, 0 the pipeline, None the new stage), and why."""

    stage_id: int | None
    typed: Any
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class StageForm:
    """A stage as a row of inputs. `told`: what its rules are, in words; `open`: show the rules at once."""

    id: int
    name: str
    kind: str
    version: int
    path: str
    deals: str
    deals_href: str
    told: tuple[str, ...]
    menu: tuple[Action, ...]
    main: tuple[FieldView, ...]
    rules: tuple[FieldView, ...]
    archived: bool
    summary: str = ""
    open: bool = False


@dataclass(frozen=True, kw_only=True)
class StageGroup:
    """The stages of a kind that are offered."""

    kind: str
    title: str
    help: str
    stages: tuple[StageForm, ...]


@dataclass(frozen=True, kw_only=True)
class SetupView:
    """Everything the screen shows."""

    id: int
    name: str
    path: str
    version: int
    fields: tuple[FieldView, ...]
    summary: str
    groups: tuple[StageGroup, ...]
    archived: tuple[StageForm, ...]
    new: tuple[FieldView, ...]
    new_summary: str
    pipelines: tuple[Link, ...]
    actions: tuple[Action, ...]
    menu: tuple[Action, ...]


def setup_view(record: RecordView, refused: Refused | None = None) -> SetupView:
    """The screen of a pipeline that the person may change; seven statements, however many stages it has."""
    known = funnel()
    pipeline = known.find_pipeline(record.id)
    assert pipeline is not None, record.id
    forms = stage_forms(pipeline, refused)
    own = refused if refused is not None and refused.stage_id == 0 else None
    new = refused if refused is not None and refused.stage_id is None else None
    fields = field_inputs(PIPELINE, OWN, record.values, typed=_typed(own), errors=own.errors if own else None)
    blank = field_inputs(
        STAGE, NEW, {"kind": OPEN}, prefix="new-", typed=_typed(new), errors=new.errors if new else None
    )
    titles = {OPEN: _("Open stages"), WON: _("Won"), LOST: _("Lost")}
    helps = {
        OPEN: _("A deal goes through them from top to bottom."),
        WON: _("A deal that comes here is won."),
        LOST: _("A deal that comes here is lost; the reason is asked for."),
    }
    return SetupView(
        id=record.id,
        name=record.title,
        path=f"/pipelines/{record.id}/setup",
        version=record.version,
        fields=tuple(fields.values()),
        summary=_loose(own, OWN),
        groups=tuple(
            StageGroup(
                kind=kind,
                title=titles[kind],
                help=helps[kind],
                stages=tuple(one for one in forms if one.kind == kind and not one.archived),
            )
            for kind in (OPEN, WON, LOST)
        ),
        archived=tuple(one for one in forms if one.archived),
        new=tuple(blank.values()),
        new_summary=_loose(new, NEW),
        pipelines=tuple(
            Link(one.name, f"/pipelines/{one.id}/setup", active=one.id == record.id)
            for one in known.pipelines
            if not one.archived or one.id == record.id
        ),
        actions=tuple(_page_actions(record)),
        menu=(_shelf(record, archived=pipeline.archived),),
    )


def _page_actions(record: RecordView) -> list[Action]:
    copying = Action(_("Copy"), f"/pipelines/{record.id}/actions/copy", "copy", dialog=True)
    if catalogue().find(DEAL) is None:
        return [copying]
    board = Action(_("Board"), f"/deals/board?scope={record.id}", "layout-kanban")
    return [copying, board] if may_use(BOARD) else [copying]


def _shelf(record: RecordView, *, archived: bool) -> Action:
    path = f"/pipelines/{record.id}/setup/archived?archived={'false' if archived else 'true'}&_version={record.version}"
    if archived:
        return Action(_("Offer again"), path, "archive-off", method="post")
    return Action(_("Archive the pipeline"), path, "archive", method="post")


def stage_forms(pipeline: PipelineRow, refused: Refused | None = None, only: int | None = None) -> list[StageForm]:
    """The stages of a pipeline as forms, or the one stage of it."""
    versions, counts = queries.stage_versions(pipeline.id), queries.count_all_by_stage(pipeline.id)
    roles = _role_names()
    return [
        _stage_form(
            stage, versions.get(stage.id, 0), counts.get(stage.id, 0), roles,
            refused if refused is not None and refused.stage_id == stage.id else None,
        )
        for stage in pipeline.stages
        if only in (None, stage.id)
    ]  # fmt: skip


def _stage_form(
    stage: StageRow, version: int, count: int, roles: Mapping[int, str], refused: Refused | None
) -> StageForm:
    prefix = f"s{stage.id}-"
    stored = {name: getattr(stage, name) for name in PLAIN} | {"hue": stage.hue or None}
    errors = refused.errors if refused is not None else {}
    typed = _typed(refused)
    plain = field_inputs(STAGE, PLAIN, stored, prefix=prefix, typed=typed, errors=errors)
    if stage.kind != OPEN:  # 100 and 0 are what won and lost mean
        del plain["probability"]
    needed = typed.getlist(f"{prefix}needs_fields") if typed is not None else list(stage.needs_fields)
    rules = [
        *(plain[name] for name in RULES if stage.kind == OPEN),
        _needs_fields(prefix, needed, errors.get("needs_fields", [])),
        *(
            _role_input(
                name, prefix, roles, typed.get(f"{prefix}{name}", "") if typed is not None else _role_of(stage, name),
                errors.get(name, []),
            )
            for name in ROLES
        ),
        plain["kind"],
    ]  # fmt: skip
    shown = {one.name.removeprefix(prefix) for one in (*plain.values(), *rules)}
    return StageForm(
        id=stage.id,
        name=stage.name,
        kind=stage.kind,
        version=version,
        path=f"/pipelines/{stage.pipeline_id}/setup/stages/{stage.id}",
        deals=ngettext("%(num)d deal", "%(num)d deals", count),
        deals_href=f"/deals?stage={stage.id}",
        told=tuple(_told(stage, roles)),
        menu=tuple(_menu(stage, version, count)),
        main=tuple(plain[name] for name in MAIN if name in plain),
        rules=tuple(rules),
        archived=stage.archived,
        summary=_loose(refused, shown),
        open=any(one.errors for one in rules),
    )


def _menu(stage: StageRow, version: int, count: int) -> list[Action]:
    """What else can be done: a stage in use is archived or merged, never deleted."""
    here = f"/pipelines/{stage.pipeline_id}/setup"
    path = f"{here}/stages/{stage.id}"
    shelf = f"{path}/archived?archived={'false' if stage.archived else 'true'}&_version={version}"
    found = [Action(_("Offer again"), shelf, "archive-off", method="post") if stage.archived
             else Action(_("Archive"), shelf, "archive", method="post")]  # fmt: skip
    found.append(Action(_("Merge and delete"), f"/stages/{stage.id}/actions/merge?_back={here}", "arrow-merge",
                        dialog=True))  # fmt: skip
    if not count:
        found.append(Action(_("Delete"), f"{path}/delete", "trash", method="post", danger=True))
    return found


def _told(stage: StageRow, roles: Mapping[int, str]) -> list[str]:
    """The rules of a stage in words, so that one sees them without opening anything."""
    told = []
    if stage.wip_limit:
        told.append(_("at most %(most)d deals", most=stage.wip_limit))
    if stage.max_idle_days:
        told.append(_("rots after %(days)d quiet days", days=stage.max_idle_days))
    if stage.max_days:
        told.append(_("at most %(days)d days", days=stage.max_days))
    if stage.needs_next_step:
        told.append(_("next step needed"))
    labels = {one.key: one.label for one in deal_fields(stage.needs_fields)}
    told += [_("%(field)s needed", field=labels.get(name, name)) for name in stage.needs_fields]
    if stage.role_id:
        told.append(_("only %(role)s", role=roles.get(stage.role_id, "?")))
    if stage.approver_role_id and feature_on(APPROVALS):
        told.append(_("approval of %(role)s", role=roles.get(stage.approver_role_id, "?")))
    return told


def deal_fields(chosen: tuple[str, ...] | list[str]) -> tuple[Option, ...]:
    """The fields of a deal that a stage can ask for, by label; those chosen before stay offered."""
    info = catalogue().find(DEAL)
    if info is None:
        return tuple(Option(name, name, chosen=True) for name in chosen)
    readable = info.readable(principal())
    offered = [
        Option(one.name, str(one.field.label), chosen=one.name in chosen)
        for one in info.fields.values()
        if one.name in chosen
        or (
            one.name in readable and one.name not in _NEVER_ASKED and one.field.writable and one.field.by_hand
            and not one.field.derived and one.kind not in ("boolean", "external_ids")
        )
    ]  # fmt: skip
    return tuple(sorted(offered, key=lambda option: option.label.casefold()))


def stage_values(stage_id: int, typed: Any) -> dict[str, Any]:
    """What was sent for a stage, for the record service."""
    prefix = f"s{stage_id}-"
    values = field_values(STAGE, PLAIN, typed, prefix=prefix)
    values["needs_fields"] = [name for name in typed.getlist(f"{prefix}needs_fields") if name]
    for name in ROLES:
        text = typed.get(f"{prefix}{name}", "")
        values[name] = int(text) if text.isdecimal() and len(text) < 19 else None
    return values


def _needs_fields(prefix: str, chosen: list[str], errors: list[str]) -> FieldView:
    one = catalogue().get(STAGE).fields["needs_fields"]
    return FieldView(
        name=f"{prefix}needs_fields", label=str(one.field.label), kind="multichoice", options=deal_fields(chosen),
        errors=tuple(errors), wide=True,
    )  # fmt: skip


def _role_input(name: str, prefix: str, roles: Mapping[int, str], chosen: str, errors: list[str]) -> FieldView:
    one = catalogue().get(STAGE).fields[name]
    options = tuple(Option(str(role_id), title, chosen=str(role_id) == chosen) for role_id, title in roles.items())
    return FieldView(
        name=f"{prefix}{name}", label=str(one.field.label), kind="choice", value=chosen, options=options,
        errors=tuple(errors),
    )  # fmt: skip


def _role_of(stage: StageRow, name: str) -> str:
    found = stage.role_id if name == "role" else stage.approver_role_id
    return str(found) if found is not None else ""


def _role_names() -> dict[int, str]:
    """Roles by id: whoever sets up a stage may name them without reading what they allow."""
    table = catalogue().get(ROLE).table
    with unscoped("a stage names roles to people who may not read what they allow"):
        rows = session().execute(select(table.c.id, table.c.name).where(table.c.deleted_at.is_(None)))
        return {row.id: row.name for row in sorted(rows, key=lambda row: row.name.casefold())}


def _typed(refused: Refused | None) -> Any:
    return refused.typed if refused is not None else None


def _loose(refused: Refused | None, shown: Any) -> str:
    """What is wrong beside the fields that are shown."""
    if refused is None:
        return ""
    lines = [line for name, found in refused.errors.items() if name not in shown for line in found]
    return " ".join(lines) or ("" if refused.errors else refused.message)
