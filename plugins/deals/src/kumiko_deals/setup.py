"""Lists that a company starts with; all of them can be renamed, archived and added to."""

from __future__ import annotations

from typing import Any

from kumiko import create, unit
from kumiko import gettext as _
from kumiko_deals import queries
from kumiko_deals.models import LOST_REASON, SOURCE, LostReason, Source


def make_lists() -> None:
    """Fill the lists that never held a value; what somebody deleted does not come back."""
    sources = (
        _("Call"), _("E-mail"), _("Existing customer"), _("Partner"), _("Public relations"), _("Web site"),
        _("Campaign"), _("Other"),
    )  # fmt: skip
    reasons = (
        _("Price"), _("Chose a competitor"), _("No budget"), _("No decision"), _("No need any more"),
        _("Product does not fit"), _("No answer"), _("Other"),
    )  # fmt: skip
    with unit(reason=_("lists that come with deals")):
        _fill(SOURCE, Source, sources)
        _fill(LOST_REASON, LostReason, reasons)


def _fill(type_key: str, model: type[Any], names: tuple[str, ...]) -> None:
    if not queries.has_values(model):
        for name in names:
            create(type_key, {"name": name})
