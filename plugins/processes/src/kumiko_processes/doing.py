"""What a step does to the record, inside an open unit, with the rights of whoever the process acts for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from kumiko import (
    ActionCall,
    Conflict,
    Field,
    Invalid,
    catalogue,
    create,
    loose_values,
    run_action,
    send_notice,
    session,
    unscoped,
    update,
)
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_processes import describe, offers
from kumiko_processes.filling import Filled, fill
from kumiko_processes.tree import Step

USER, TEAM = "access.user", "access.team"
EFFECTS = ("action", "verb", "set", "create", "notify")
NOTIFY = (Field(name="text", kind="longtext", label=_l("Text"), required=True),)


class Absent(Exception):
    """The module that a step needs is off; it waits."""


@dataclass
class Deed:
    """What a step was given and what came of it. `sends`: it reaches people outside; undo takes back what is
    `recallable`; `title`: what it did, in the words of its action, for what cannot be taken back."""

    given: Mapping[str, Any] = field(default_factory=dict)
    output: Mapping[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    sends: bool = False
    recallable: bool = True
    title: str = ""


def fields_of(step: Step, about: str) -> tuple[Field, ...]:
    """The fields whose values a step keeps; Absent while their module is off."""
    kind = step.get("kind")
    if kind == "action":
        action = offers.action_of(str(step.get("action")))
        if action is None:
            raise Absent(offers.why_absent(str(step.get("action"))))
        return action.fields
    if kind == "verb":
        info = catalogue().find(about)
        verb = info.actions.get(str(step.get("verb"))) if info is not None else None
        if verb is None:
            raise Absent(_("The action “%(name)s” is not there; its module is off.", name=str(step.get("verb"))[:80]))
        return tuple(verb.fields)
    if kind in ("set", "create"):
        info = catalogue().find(about if kind == "set" else str(step.get("type")))
        if info is None:
            raise Absent(_("The module that keeps these records is off."))
        return tuple(one.field for one in info.fields.values())
    return NOTIFY if kind in ("notify", "ask") else ()


def sends(step: Step) -> bool:
    """Whether a step reaches people outside, so that it is limited and waits for working hours."""
    action = offers.action_of(str(step.get("action"))) if step.get("kind") == "action" else None
    return action is not None and not action.recallable


def do(step: Step, record: Any, results: Mapping[str, Any], key: str) -> Deed:
    """Do a step about a record (a RecordView of the acting person). Raises what its parts raise."""
    kind, about = step["kind"], record.type.key
    values = plain(step.get("values") or {}, record.type.key, kind, step)
    fields = fields_of(step, about)
    filled = fill(fields, values, record, results)
    deed = Deed(given=describe.in_words(fields, filled.values), missing=filled.missing)
    if kind == "action":
        _act(step, record, filled, key, deed)
    elif kind == "verb":
        run_action(about, record.id, str(step["verb"]), filled.values)
    elif kind == "set":
        update(about, record.id, filled.values)
    elif kind == "create":
        made = create(str(step["type"]), filled.values)
        deed.output = {"id": made.id, "name": made.title, "type": made.type.key}
    elif kind == "notify":
        told = people(step.get("to"), record)
        if not told:
            raise Conflict(_("There is nobody to tell: the record has no owner, or nobody has the role."))
        for user_id in told:
            send_notice(
                user_id, str(filled.values.get("text") or ""), href=f"/{record.type.collection}/{record.id}",
                type_key=about, record_id=record.id, key=f"{key}:{user_id}",
            )  # fmt: skip
        deed.output = {"told": len(told)}
        deed.recallable = False
    return deed


def plain(values: Mapping[str, Any], about: str, kind: str, step: Step) -> dict[str, Any]:
    """Kept values under the plain names of their fields; Invalid names one that is gone, with its module."""
    if kind not in ("set", "create"):
        return dict(values)
    info = catalogue().get(about if kind == "set" else str(step.get("type")))
    found = {}
    for name, value in values.items():
        one = info.find(name)
        if one is None:
            raise Invalid(_("There is no field “%(name)s” any more; change the step.", name=name[:80]))
        found[one.name] = value
    return found


def _act(step: Step, record: Any, filled: Filled, key: str, deed: Deed) -> None:
    action = offers.action_of(str(step["action"]))
    assert action is not None
    values = loose_values(action.fields, {name: value for name, value in filled.values.items() if value != ""})
    call = ActionCall(type_key=record.type.key, record_id=record.id, values=values, key=key)
    found = action.run(call)
    deed.output = dict(found or {})
    deed.sends = deed.sends or not action.recallable
    deed.recallable = action.recallable
    if not action.recallable and action.describe is not None:
        deed.title = str(action.describe(values))[:300]


def people(to: Any, record: Any) -> list[int]:
    """User ids that "owner", "role:head", "team_head" or "user:7" mean for a record; those who may sign in."""
    word = str(to or "owner")
    owner, team = record.link_id("owner"), record.link_id("team")
    if word == "owner":
        wanted: Iterable[int] = [owner] if owner else []
    elif word.startswith("user:") and word[5:].isdecimal():
        wanted = [int(word[5:])]
    elif word == "team_head":
        table = catalogue().get(TEAM).table
        with unscoped("a process tells the head of a record's team"):
            head = session().execute(select(table.c.head_id).where(table.c.id == team)).scalar() if team else None
        wanted = [head] if head else _with_role("head")
    elif word.startswith("role:"):
        wanted = _with_role(word[5:])
    else:
        wanted = []
    return _active(wanted)


def _with_role(role: str) -> list[int]:
    table = catalogue().get(USER).table
    with unscoped("a process tells people by their role"):
        rows = session().execute(select(table.c.id, table.c.roles).where(table.c.active.is_(True))).all()
    return [row.id for row in rows if role in (row.roles or ())]


def _active(ids: Iterable[int]) -> list[int]:
    table, wanted = catalogue().get(USER).table, list(ids)
    with unscoped("a process tells only people who may sign in"):
        query = select(table.c.id).where(table.c.id.in_(wanted), table.c.active.is_(True), table.c.deleted_at.is_(None))
        return sorted(session().execute(query).scalars()) if wanted else []
