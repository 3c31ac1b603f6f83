"""What became of goals (K29, K30): each fact is the sum of a list of records, and leads to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from kumiko import (
    Conflict,
    all_ids,
    as_system,
    base_currency,
    catalogue,
    company_today,
    company_zone,
    convert,
    list_count,
    list_totals,
    working_minutes,
)
from kumiko_contracts.deals import DEAL, INTERACTION
from kumiko_contracts.parties import ORGANIZATION
from kumiko_sales import goals
from kumiko_sales.models import INVOICE, ISSUED, PAID, PART_PAID, PAYMENT

Condition = tuple[str, str, Any]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a measure comes from: records of a type on a day, of which amounts are summed (`amount`) or which count."""

    type_key: str
    day: str
    amount: str = ""
    conditions: tuple[Condition, ...] = ()


SOURCES: Mapping[str, Source] = {
    goals.WON_AMOUNT: Source(type_key=DEAL, day="closed_on", amount="amount", conditions=(("outcome", "eq", "won"),)),
    goals.WON_DEALS: Source(type_key=DEAL, day="closed_on", conditions=(("outcome", "eq", "won"),)),
    goals.REVENUE: Source(
        type_key=INVOICE, day="issued_on", amount="net", conditions=(("state", "in", [ISSUED, PART_PAID, PAID]),)
    ),
    goals.CASH: Source(type_key=PAYMENT, day="received_on", amount="amount"),
    goals.NEW_CUSTOMERS: Source(type_key=ORGANIZATION, day="customer_since"),
    goals.CALLS: Source(type_key=INTERACTION, day="started_at", conditions=(("kind", "eq", "call"),)),
    goals.MEETINGS: Source(type_key=INTERACTION, day="started_at", conditions=(("kind", "eq", "meeting"),)),
}


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A goal and what became of it so far. `attainment` and `pace` are shares (0.7 is 70 %); None: no value.

    `fact`, `target`, `missing`: minor units of `currency`, or a number while that is "". `href`: the records behind it.
    """

    fact: int
    target: int
    currency: str
    attainment: float | None
    elapsed: float | None
    pace: float | None
    href: str
    rates: str = ""

    @property
    def missing(self) -> int:
        return max(self.target - self.fact, 0)


def progress_of(goal: Any, *, today: date | None = None) -> Progress:
    """What became of a goal, of the records that the person may see."""
    source = SOURCES[goal.get("measure")]
    money = goal.get("target_amount")
    currency = money.currency if source.amount and money is not None else ""
    target = money.minor if currency else int(goal.get("target_count") or 0)
    node = node_of(goal, source)
    fact, rates = fact_of(source, node, currency)
    elapsed = elapsed_share(goal.get("from_on"), goal.get("until_on"), today or company_today())
    attainment = attainment_of(fact, target)
    return Progress(
        fact=fact, target=target, currency=currency, attainment=attainment, elapsed=elapsed,
        pace=pace_of(attainment, elapsed), href=list_of(source, node), rates=rates,
    )  # fmt: skip


def attainment_of(fact: float, target: float) -> float | None:
    """K29: what was reached of what was set; no value without a target."""
    return fact / target if target else None


def pace_of(attainment: float | None, elapsed: float | None) -> float | None:
    """K30: attainment per share of the period that has passed; no value before it began."""
    return attainment / elapsed if attainment is not None and elapsed else None


def _worked(start: date, end: date) -> int:
    """Minutes of working time in the days `[start, end)`."""
    return working_minutes(_midnight(start), _midnight(end))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=company_zone()).astimezone(UTC)


def elapsed_share(start: date, end: date, today: date, minutes: Callable[[date, date], int] = _worked) -> float:
    """Share of a period (both days included) that has passed when `today` is over, by working time.

    By calendar days when the company's calendar has no working time in the period.
    """
    after = min(max(today + timedelta(days=1), start), end + timedelta(days=1))
    try:
        whole = minutes(start, end + timedelta(days=1))
        passed = minutes(start, after) if whole else 0
    except Conflict:
        whole = passed = 0
    if not whole:
        whole, passed = (end - start).days + 1, (after - start).days
    return passed / whole


def node_of(goal: Any, source: Source) -> dict[str, Any]:
    """The filter of the records that count for a goal: of its person, of its team and those below it, or all."""
    conditions: list[Condition] = [
        *source.conditions,
        (source.day, "gte", goal.get("from_on").isoformat()),
        (source.day, "lte", goal.get("until_on").isoformat()),
    ]
    if goal.get("who") == goals.PERSONAL:
        conditions.append(("owner", "eq", goal.link_id("for_user") or 0))
    elif goal.get("who") == goals.OF_TEAM:
        conditions.append(("team", "in", teams_below(goal.link_id("for_team") or 0)))
    if goal.link_id("pipeline") is not None and source.type_key == DEAL:
        conditions.append(("pipeline", "eq", goal.link_id("pipeline")))
    return {"and": [{"f": name, "op": operator, "v": value} for name, operator, value in conditions]}


def fact_of(source: Source, node: Mapping[str, Any], currency: str) -> tuple[int, str]:
    """The sum in one currency, or how many there are, 0 while nobody keeps such records; and the rates that were used.

    A goal in the company's currency counts amounts of other currencies by the rate of their day, where there is one.
    """
    info = catalogue().find(source.type_key)
    if info is None:
        return 0, ""
    if not source.amount:
        return list_count(info, node=node, cap=1_000_000), ""
    found = list_totals(info, [source.amount], node=node, base=base_currency(), day=source.day)
    by = {(one.currency, one.day): one.minor for _group, one in found}
    if currency != base_currency():
        return sum(minor for (code, _day), minor in by.items() if code == currency), ""
    made = convert(by)
    return made.minor().get(currency, 0), made.note


def list_of(source: Source, node: Mapping[str, Any]) -> str:
    """Address of the list of the records that count."""
    info = catalogue().find(source.type_key)
    if info is None:
        return ""
    return f"/{info.collection}?{urlencode({'filter': json.dumps(node, separators=(',', ':'))})}"


def teams_below(team_id: int) -> list[int]:
    """A team and all teams below it."""
    info = catalogue().get(goals.TEAM)
    found = [team_id]
    with as_system("a team's goal counts what is below the team"):
        above = [team_id]
        while above:
            above = [one for one in all_ids(info, node={"f": "parent", "op": "in", "v": above}) if one not in found]
            found += above
    return found
