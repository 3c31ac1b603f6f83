"""When a rule of assignment holds: plain comparisons, and a filter in the house's language on the inquiry itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kumiko import Invalid, matching_filters
from kumiko import gettext as _
from kumiko_contracts.inquiries import INQUIRY


def holding(rules: Sequence[Any], asked: Mapping[str, Any]) -> frozenset[int]:
    """Ids of the rules whose filter the values meet; all of them in one statement, none when no rule has one."""
    nodes = {rule.id: rule.condition for rule in rules if rule.condition}
    if not nodes:
        return frozenset()
    return frozenset(matching_filters(INQUIRY, asked, nodes))


def why_not(rule: Any, asked: Mapping[str, Any], holding: frozenset[int]) -> str:
    """Why a rule does not hold for these values, as a part of a sentence; "" when it does."""
    if rule.channels and asked.get("channel") not in rule.channels:
        return str(_("other channels"))
    if rule.source_id is not None and asked.get("source") != rule.source_id:
        return str(_("another source"))
    if rule.language and not _same_language(rule.language, asked.get("language")):
        return str(_("another language"))
    if rule.campaign and (asked.get("campaign") or "").strip().casefold() != rule.campaign.strip().casefold():
        return str(_("another campaign"))
    if rule.condition and rule.id not in holding:
        return str(_("its filter does not match"))
    return ""


def _same_language(wanted: str, found: str | None) -> bool:
    """ "de" holds for de_AT and de-CH, too."""
    return (found or "").replace("-", "_").casefold().split("_")[0] == wanted.replace("-", "_").casefold().split("_")[0]


def check(node: Any) -> Any:
    """A filter as it is kept; Invalid when it is none on inquiries."""
    if not node:
        return None
    if not isinstance(node, Mapping):
        raise Invalid(_("The filter must be a JSON object such as %(example)s.",
                        example='{"f": "sender_organization", "op": "nempty"}'))  # fmt: skip
    matching_filters(INQUIRY, {}, {0: node})
    return dict(node)
