"""What must be there before a deal may enter a stage. History that is brought in is only warned about."""

from __future__ import annotations

from typing import Any

from kumiko import Draft, as_system, company_today, current, feature_on, find, principal, update
from kumiko import gettext as _
from kumiko_sales import queries
from kumiko_sales.funnel import Funnel, StageRow
from kumiko_sales.models import APPROVAL, APPROVALS, USED

ROLE = "access.role"


def check_entry(draft: Draft, stage: StageRow, known: Funnel) -> None:
    """Every sentence that stands between this deal and the stage."""
    _check_team(draft, stage, known)
    _check_fields(draft, stage)
    check_next_step(draft, stage)
    _check_role(draft, stage)
    _check_approval(draft, stage)
    if not draft.errors:
        _check_limit(draft, stage)


def check_next_step(draft: Draft, stage: StageRow) -> None:
    """In such a stage a deal has a next step with a day that is not over."""
    if not stage.needs_next_step:
        return
    step, day = draft.get("next_step"), draft.get("next_step_on")
    if not step:
        draft.guard("next_step", _("“%(stage)s” needs a next step: write what comes next.", stage=stage.name))
    if day is None:
        draft.guard("next_step_on", _("“%(stage)s” needs the day of the next step.", stage=stage.name))
    elif day < company_today() and draft.changes("next_step_on", "stage"):
        draft.guard("next_step_on", _("“%(stage)s” needs a next step that is still to come; found %(day)s.",
                                      stage=stage.name, day=day))  # fmt: skip


def _check_fields(draft: Draft, stage: StageRow) -> None:
    for name in stage.needs_fields:
        one = draft.info.find(name)
        if one is not None and draft.get(name) in (None, "", [], frozenset()):
            draft.guard(name, _("“%(stage)s” needs %(field)s: fill it in.", stage=stage.name, field=one.field.label))


def _check_team(draft: Draft, stage: StageRow, known: Funnel) -> None:
    pipeline = known.find_pipeline(stage.pipeline_id)
    if pipeline is not None and not pipeline.is_mine:
        draft.guard("stage", _("The pipeline “%(name)s” belongs to other teams; choose one of yours.",
                               name=pipeline.name))  # fmt: skip


def _check_role(draft: Draft, stage: StageRow) -> None:
    if stage.role_id is not None and not _has_role(stage.role_id):
        draft.guard("stage", _("Only people with the role %(role)s move deals to “%(stage)s”; ask one of them.",
                               role=_role_name(stage.role_id), stage=stage.name))  # fmt: skip


def _check_approval(draft: Draft, stage: StageRow) -> None:
    role_id = stage.approver_role_id
    if role_id is None or draft.replaying or not feature_on(APPROVALS) or _has_role(role_id):
        return
    found = queries.find_approval(draft.record_id, stage.id) if draft.record_id else None
    if found is None:
        draft.guard("stage", _("“%(stage)s” needs the approval of somebody with the role %(role)s; "
                               "use “Ask for approval” on the deal.",
                               role=_role_name(role_id), stage=stage.name))  # fmt: skip
    else:
        draft.marks.add(f"sales.approval:{found}")


def _check_limit(draft: Draft, stage: StageRow) -> None:
    if stage.wip_limit is None or draft.replaying:
        return
    memo: dict[Any, Any] = current().unit.memo
    key = ("sales.held", stage.id)
    if key not in memo:
        memo[key] = queries.count_deals(stage.id, lock=True)
    if memo[key] >= stage.wip_limit:
        draft.guard("stage", _("“%(stage)s” holds %(held)d of at most %(most)d deals; move one on first.",
                               stage=stage.name, held=memo[key], most=stage.wip_limit))  # fmt: skip
    else:
        memo[key] += 1


def use_up(draft: Draft) -> None:
    """An approval lets a deal in once."""
    for mark in draft.marks:
        word, _colon, approval_id = mark.partition(":")
        if word == "sales.approval":
            with as_system("an approval is used up by the move it allowed"):
                update(APPROVAL, int(approval_id), {"state": USED})


def _has_role(role_id: int) -> bool:
    who = principal()
    if who.is_administrator:
        return True
    with as_system("a gate names a role to people who may not read roles"):
        role = find(ROLE, role_id)
    return role is not None and role.get("key") in who.roles


def _role_name(role_id: int) -> str:
    with as_system("a gate names a role to people who may not read roles"):
        role = find(ROLE, role_id)
    return role.title if role is not None else str(role_id)
