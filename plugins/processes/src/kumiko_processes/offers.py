"""What is on offer to processes now: actions and triggers of modules that are on, and how absent ones are named."""

from __future__ import annotations

from typing import Any

from kumiko import ActionType, TriggerType, catalogue, current, offered
from kumiko import gettext as _


def action_of(key: str) -> ActionType | None:
    """The action, or None while nobody who is on offers it."""
    found = offered("declare_actions").get(key)
    return None if found is None else found.item


def trigger_of(key: str) -> TriggerType | None:
    """The trigger, or None while nobody who is on offers it."""
    found = offered("declare_triggers").get(key)
    return None if found is None else found.item


def actions_for(about: str) -> list[ActionType]:
    """Actions that can be done with a type of records, by label."""
    found = [one.item for one in offered("declare_actions").values() if not one.item.types or about in one.item.types]
    return sorted(found, key=lambda one: str(one.label).casefold())


def triggers_for(about: str = "") -> list[TriggerType]:
    """Triggers (about a type of records), by label."""
    found = [one.item for one in offered("declare_triggers").values() if not about or one.item.type == about]
    return sorted(found, key=lambda one: str(one.label).casefold())


def module_of(key: str) -> str:
    """The title of the module that a key must belong to, as far as that is known; else the key's first word."""
    generation = current().generation
    word = key.partition(".")[0]
    for one in (generation.off if generation is not None else {}).values():
        if word in (one.name, one.prefix):
            return str(one.title)
    return word


def why_absent(key: str) -> str:
    """A sentence about an action or trigger that nobody offers now."""
    return _("“%(key)s” is not there: it needs the module %(module)s.", key=key[:80], module=module_of(key))


def type_label(about: str, *, many: bool = False) -> str:
    """The record type in words; its key while its module is off."""
    info: Any = catalogue().find(about)
    return about if info is None else str(info.type.label_plural if many else info.type.label)


def plain_key(key: str) -> str:
    """A key in words, for what is not on offer now: "integrations: send mail"."""
    word, _dot, rest = key.partition(".")
    return f"{word}: {rest.replace('_', ' ')}" if rest else key
