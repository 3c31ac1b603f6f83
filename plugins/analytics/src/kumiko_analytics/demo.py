"""Sample costs per source and month of the last year: the same on every machine, days relative to today."""

from __future__ import annotations

import random
from datetime import timedelta

from kumiko import all_ids, catalogue, company_currency, company_today, create, unit
from kumiko import gettext as _
from kumiko_analytics.record_types import COST_KEY, MARKETING, SALES
from kumiko_contracts.deals import SOURCE

MONTHS = 12


def make() -> None:
    """Make the sample costs, inside the caller's unit: marketing per source, salaries once a month."""
    info = catalogue().find(SOURCE)
    sources = all_ids(info)[:6] if info is not None else []
    dice = random.Random(41)  # noqa: S311 - sample data, the same for everybody
    month = company_today().replace(day=1)
    with unit():
        for _number in range(MONTHS):
            for place, source_id in enumerate(sources):
                if dice.random() < 0.6:
                    _cost(_("Advertising"), MARKETING, dice.randrange(3, 12) * 50 * (1 + place % 3), month, source_id)
            _cost(_("Agency"), MARKETING, 400, month, None)
            _cost(_("Salaries of sales"), SALES, 5200, month, None)
            month = (month - timedelta(days=1)).replace(day=1)


def _cost(name: str, kind: str, value: int, day: object, source_id: int | None) -> None:
    create(COST_KEY, {
        "name": name, "kind": kind, "amount": {"value": f"{value}.00", "currency": company_currency()},
        "spent_on": day, "source": source_id, "tags": ["sample"],
    })  # fmt: skip
