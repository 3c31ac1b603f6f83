"""Panels on the cards of others: the open deals of a customer, and writing to customers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kumiko import Panel
from kumiko import lazy_gettext as _l
from kumiko_deals import mail_way, queries


def _loader(column: str) -> Callable[[Any], Mapping[str, Any] | None]:
    def load(record: Any) -> Mapping[str, Any] | None:
        deals, sums, count = queries.open_deals_of(column, record.id)
        return {"deals": deals, "sums": sums, "count": count, "more": count - len(deals)}

    return load


PANELS = [
    Panel(
        slot="record.parties.organization.aside", key="deals_of_organization", title=_l("Open deals"),
        template="deals/open_deals.html", load=_loader("organization_id"), order=20,
        feature="open_deals",
    ),
    Panel(
        slot="record.parties.person.aside", key="deals_of_person", title=_l("Open deals"),
        template="deals/open_deals.html", load=_loader("person_id"), order=20,
        feature="open_deals",
    ),
    *mail_way.PANELS,
]  # fmt: skip
