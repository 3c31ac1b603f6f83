"""Who would get it? Rules of assignment tried on an example; nobody's turn is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kumiko import FieldView, as_system, field_inputs, field_values
from kumiko import gettext as _
from kumiko_contracts.inquiries import INQUIRY
from kumiko_deals.assigning import Assignment, Tried, decide
from kumiko_deals.people import find_somebody

ASKED = ("channel", "source", "language", "campaign", "sender_organization", "sender_email", "body")


@dataclass(frozen=True, kw_only=True)
class TrialView:
    """The page: the example's fields, and what the rules say to it once it was asked."""

    fields: tuple[FieldView, ...]
    asked: bool
    found: Assignment | None = None
    name: str = ""
    tried: tuple[Tried, ...] = ()


def trial_view(form: Any) -> TrialView:
    """The page for an example that was sent, or an empty one."""
    asked = any(form.get(name) for name in ASKED)
    fields = tuple(field_inputs(INQUIRY, ASKED, typed=form if asked else None, values={}).values())
    if not asked:
        return TrialView(fields=fields, asked=False)
    values = field_values(INQUIRY, ASKED, form)
    with as_system("rules decide for everybody"):
        found, tried = decide(_plain(values), dry=True)
        somebody = find_somebody(found.user_id) if found.user_id is not None else None
    return TrialView(
        fields=fields, asked=True, found=found, name=somebody.name if somebody is not None else _("Nobody"),
        tried=tuple(tried),
    )  # fmt: skip


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in values.items() if value not in (None, "")}
    if str(found.get("source", "")).isdecimal():
        found["source"] = int(found["source"])
    return found
