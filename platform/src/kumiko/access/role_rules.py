"""Rules of a role as they are stored: `grants` of a type may hold them beside its levels.

{"deals.deal": {"read": "own", "rules": [{"name": "Large ones", "access": "read", "filter": {...}}]}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko.access.directory import RULES
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records.access_rules import read_rules, why_paused
from kumiko.records.catalogue import catalogue
from kumiko.records.drafts import Draft

MOST_RULES = 20


def check(type_key: str, rules: Any) -> None:
    """A list of {name, access, filter}; a filter that its type cannot work with today is refused."""
    good = isinstance(rules, list) and all(
        isinstance(one, Mapping)
        and set(one) == {"name", "access", "filter"}
        and isinstance(one["name"], str)
        and 0 < len(one["name"].strip()) <= 120
        and one["access"] in ("read", "edit")
        and isinstance(one["filter"], Mapping)
        and one["filter"]
        for one in rules
    )
    if not good:
        wanted = '[{"name": "...", "access": "read", "filter": {"f": "...", "op": "eq", "v": "..."}}]'
        raise Invalid(
            _("%(type)s: rules are a list like %(wanted)s; access is read or edit", type=type_key, wanted=wanted)
        )
    if len(rules) > MOST_RULES:
        raise Invalid(_("%(type)s: a role holds at most %(most)d rules for a type", type=type_key, most=MOST_RULES))


def refuse_broken(draft: Draft) -> None:
    """New and changed rules must work; old ones that are paused, because a module is off, stay as they are."""
    before = draft.before("grants") or {}
    for type_key, stored in (draft.get("grants") or {}).items():
        for one in stored.get(RULES, ()):
            info = catalogue().find(type_key)
            if one in (before.get(type_key) or {}).get(RULES, ()):
                continue
            reason = _("its module is off") if info is None else why_paused(info, read_rules([one])[0])
            if reason:
                draft.refuse("grants", _("The rule %(name)s does not work: %(why)s", name=one["name"], why=reason))
