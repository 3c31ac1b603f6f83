"""Sample goals: of the company and of those who own sample deals, for the year."""

from __future__ import annotations

from collections import defaultdict

from kumiko import all_ids, catalogue, company_today, create, get, unit
from kumiko_contracts.deals import DEAL, WON
from kumiko_sales import goals
from kumiko_sales.demo import SAMPLE


def make() -> None:
    """Make them, inside the caller's unit; nothing while there are no sample deals."""
    info = catalogue().find(DEAL)
    if info is None:
        return
    year = company_today().replace(month=1, day=1)
    period = {"from_on": year.isoformat(), "until_on": year.replace(month=12, day=31).isoformat(), "tags": ["sample"]}
    won: dict[int | None, int] = defaultdict(int)
    for deal_id in all_ids(info, node=SAMPLE):
        deal = get(DEAL, deal_id)
        amount, closed = deal.get("amount"), deal.get("closed_on")
        if deal.get("outcome") == WON and amount is not None and amount.currency == "EUR" and closed >= year:
            won[deal.link_id("owner")] += amount.minor
    if not won:
        return
    with unit():
        whole = _rounded(sum(won.values()) * 1.15)
        create(goals.GOAL, {"measure": goals.WON_AMOUNT, "target_amount": f"{whole} EUR", **period})
        create(goals.GOAL, {"measure": goals.NEW_CUSTOMERS, "target_count": 30, **period})
        for place, (owner, minor) in enumerate(sorted(won.items(), key=lambda one: one[0] or 0)):
            if owner is None:
                continue
            target = _rounded(minor * (1.25, 0.95, 1.1, 1.4)[place % 4])
            create(goals.GOAL, {
                "for_user": owner, "measure": goals.WON_AMOUNT, "target_amount": f"{target} EUR", **period,
            })  # fmt: skip
            create(goals.GOAL, {"for_user": owner, "measure": goals.CALLS, "target_count": 20, **period})


def _rounded(minor: float) -> int:
    """Whole thousands."""
    return max(round(minor / 100_000), 1) * 1000
