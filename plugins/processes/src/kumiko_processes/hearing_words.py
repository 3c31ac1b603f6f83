"""What a trigger, or a wait for an event, listens to, and whether a change or fact is the one meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko import catalogue, fields_in, offered
from kumiko_processes.tree import RECORD_TRIGGERS, Tree

Spec = Mapping[str, Any]
FACTS = {"record.created/1": "created", "record.changed/1": "changed", "record.deleted/1": "deleted"}


def of_trigger(tree: Tree, about: str) -> frozenset[str]:
    """Words of the units that a tree's trigger wants to hear: "changed deals.deal", "deals.deal_won/1"."""
    trigger = tree.get("trigger") or {}
    if trigger.get("on") == "match":
        return frozenset((f"created {about}", f"changed {about}", f"restored {about}"))
    return of_spec(trigger, about)


def of_spec(spec: Spec, about: str) -> frozenset[str]:
    """The same for one trigger or wait; empty for what only looks at the clock, and for what is not on offer now."""
    on = str(spec.get("on", ""))
    if on == "created":
        return frozenset((f"created {about}", f"restored {about}"))
    if on in RECORD_TRIGGERS:
        return frozenset((f"{on} {about}",))
    found = offered("declare_triggers").get(on)
    if found is None:
        return frozenset()
    event = found.item.event
    return frozenset((f"{FACTS[event]} {found.item.type}",)) if event in FACTS else frozenset((event,))


def records_meant(spec: Spec, about: str, word: str, told: Any) -> tuple[str, int] | None:
    """The record (type key, id) that a change or fact is about when it is the one meant, else None.

    `told`: a Change or Fact; `word`: as it was heard.
    """
    if word not in of_spec(spec, about):
        return None
    on = str(spec.get("on", ""))
    if on in RECORD_TRIGGERS:
        fits = on != "changed" or _field_fits(spec, about, told)
        return (about, told.record_id) if fits else None
    found = offered("declare_triggers")[on].item
    payload = told.payload if hasattr(told, "payload") else {"before": told.before, "after": told.after}
    if found.matches is not None and not found.matches(payload, dict(spec.get("values") or {})):
        return None
    if found.record is not None:
        named: tuple[str, int] | None = found.record(payload)
        return named
    return (told.type_key, told.record_id)


def _field_fits(spec: Spec, about: str, change: Any) -> bool:
    """Whether the field that is meant has changed, from and to what is meant."""
    wanted = str(spec.get("field") or "")
    if not wanted:
        return True
    info = catalogue().find(about)
    one = info.find(wanted) if info is not None else None
    if one is None:
        return False
    names = [name for name in change.after if name == one.journal_name or name.startswith(f"{one.journal_name}#")]
    if not names:
        return False
    before, after = change.before.get(one.journal_name), change.after.get(one.journal_name)
    return all(
        spec.get(word) in (None, "") or _plain(spec[word]) == _plain(value)
        for word, value in (("from", before), ("to", after))
    )


def same(one: Any, other: Any) -> bool:
    """Whether two values of journal, tree or filter are the same."""
    return _plain(one) == _plain(other)


def _plain(value: Any) -> str:
    """A value of the journal or of a tree as one comparable text."""
    if isinstance(value, Mapping):
        value = value.get("value", value.get("id"))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def fields_heard(tree: Tree, about: str) -> set[str] | None:
    """Names of the fields of its own records that a tree's trigger reacts to; None for any; empty for none."""
    trigger = tree.get("trigger") or {}
    on = trigger.get("on")
    if on == "changed":
        return {str(trigger["field"]).rpartition(":")[2]} if trigger.get("field") else None
    if on == "match":
        return {name.rpartition(":")[2] for name in fields_in(tree.get("if"))}
    found = offered("declare_triggers").get(str(on))
    if found is not None and FACTS.get(found.item.event) == "changed" and found.item.type == about:
        return None if found.item.matches is None else set()
    return set()
