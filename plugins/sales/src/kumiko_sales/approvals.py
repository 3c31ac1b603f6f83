"""Asking for the approval that a stage needs, answering, and telling whoever it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko import (
    Conflict,
    Forbidden,
    all_ids,
    as_system,
    catalogue,
    create,
    find,
    principal,
    send_notice,
    update,
)
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL
from kumiko_sales import queries
from kumiko_sales.funnel import StageRow, funnel
from kumiko_sales.models import APPROVAL, APPROVED, ASKED, DECLINED

ROLE, USER = "access.role", "access.user"


def ask(record: Any, values: Mapping[str, Any]) -> None:
    """Ask whether a deal may enter a stage; those who have the stage's role for it are told, in the same unit.

    `values`: stage (id), note. Conflict when the stage needs none, or the same was asked and not answered yet.
    """
    stage = funnel().find_stage(values["stage"])
    if stage is None or stage.approver_role_id is None:
        raise Conflict(_("This stage needs no approval."))
    if queries.find_approval(record.id, stage.id, state=ASKED) is not None:
        raise Conflict(_("It was asked already whether this deal may enter “%(stage)s”.", stage=stage.name))
    made = create(APPROVAL, {
        "name": stage.name, "deal": record.id, "stage": stage.id, "note": values.get("note") or None,
    })  # fmt: skip
    text = _("%(who)s asks whether “%(deal)s” may enter “%(stage)s”.",
             who=principal().name, deal=record.title, stage=stage.name)  # fmt: skip
    for user_id in _approvers(stage):
        if user_id != principal().user_id:
            send_notice(user_id, text, href=f"/deals/{record.id}", type_key=DEAL, record_id=record.id,
                        key=f"sales.asked:{made.id}")  # fmt: skip


def answer(record: Any, *, yes: bool, note: str = "") -> None:
    """Answer a question for approval; who asked is told. Forbidden without the role that the stage names."""
    stage = funnel().find_stage(record.link_id("stage"))
    if record.get("state") != ASKED:
        raise Conflict(_("This question was answered already."))
    if stage is None or stage.approver_role_id is None:
        raise Conflict(_("The stage needs no approval any more."))
    key, name = _role(stage.approver_role_id)
    who = principal()
    if not who.is_administrator and key not in who.roles:
        raise Forbidden(_("Only people with the role %(role)s answer this.", role=name))
    values: dict[str, Any] = {"state": APPROVED if yes else DECLINED}
    if note:
        values["note"] = note
    with as_system("the answer counts for deals of others, too"):
        update(APPROVAL, record.id, values)
        deal = find(DEAL, record.link_id("deal"))
    asker = record.link_id("created_by")
    if asker is None or asker == who.user_id or deal is None:
        return
    words = {"who": who.name, "deal": deal.title, "stage": stage.name}
    text = (
        _("%(who)s approved that “%(deal)s” enters “%(stage)s”.", **words)
        if yes
        else _("%(who)s declined that “%(deal)s” enters “%(stage)s”.", **words)
    )
    send_notice(asker, f"{text} {note}".strip(), href=f"/deals/{deal.id}", type_key=DEAL, record_id=deal.id,
                key=f"sales.answered:{record.id}")  # fmt: skip


def _role(role_id: int) -> tuple[str, str]:
    """(key, name) of a role."""
    with as_system("a gate names a role to people who may not read roles"):
        role = find(ROLE, role_id)
    return (role.get("key") or "", role.title) if role is not None else ("", "?")


def _approvers(stage: StageRow) -> list[int]:
    """Ids of the active users who have the role that the stage names."""
    key, _name = _role(stage.approver_role_id or 0)
    with as_system("whom to ask does not depend on who asks"):
        return all_ids(catalogue().get(USER), node={"and": [
            {"f": "roles", "op": "contains", "v": key}, {"f": "active", "op": "eq", "v": True},
        ]}) if key else []  # fmt: skip
