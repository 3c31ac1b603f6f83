"""Lists that a company starts with; all of them can be renamed, archived and added to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko import create, unit
from kumiko import gettext as _
from kumiko_deals import queries
from kumiko_deals.inquiry_models import RULE, AssignmentRule
from kumiko_deals.models import LOST_REASON, SOURCE, LostReason, Source


def make_lists() -> None:
    """Fill the lists that never held a value; what somebody deleted does not come back."""
    sources = {
        _("Call"): "call", _("E-mail"): "mail", _("Existing customer"): None, _("Partner"): None,
        _("Public relations"): None, _("Web site"): "form", _("Campaign"): None, _("Other"): None,
    }  # fmt: skip
    reasons = dict.fromkeys((
        _("Price"), _("Chose a competitor"), _("No budget"), _("No decision"), _("No need any more"),
        _("Product does not fit"), _("No answer"), _("Other"),
    ))  # fmt: skip
    with unit(reason=_("lists that come with deals")):
        _fill(SOURCE, Source, sources)
        _fill(LOST_REASON, LostReason, reasons)
        if not queries.has_values(AssignmentRule):
            create(RULE, {"name": _("Everybody who sells, in turn"), "way": "round_robin", "position": 1000})


def _fill(type_key: str, model: type[Any], names: Mapping[str, str | None]) -> None:
    if not queries.has_values(model):
        for name, channel in names.items():
            create(type_key, {"name": name, "channel": channel} if channel else {"name": name})
