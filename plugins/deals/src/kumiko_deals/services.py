"""Winning, losing and reopening deals: the only ways to an outcome, and what other modules ask (contract deals/1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from kumiko import Conflict, Draft, NotFound, company_today, unit, update
from kumiko import gettext as _
from kumiko_contracts.deals import Deal
from kumiko_deals import queries
from kumiko_deals.models import DEAL, LOST, OPEN, WON
from kumiko_deals.rules import DECIDED, changing_outcome


class DealsService:
    """Provides deals/1; see `kumiko_contracts.deals.Deals`."""

    def get_deal(self, deal_id: int) -> Deal:
        row = _get(deal_id)
        return Deal(
            id=row.id,
            name=row.name,
            outcome=row.outcome,
            amount_minor=row.amount_minor,
            currency=row.amount_currency or "",
            person_id=row.person_id,
            organization_id=row.organization_id,
            closed_on=row.closed_on,
        )

    def win(self, deal_id: int, *, closed_on: date | None = None) -> None:
        win(deal_id, closed_on=closed_on)

    def lose(
        self, deal_id: int, *, lost_reason_id: int | None, closed_on: date | None = None, competitor: str = ""
    ) -> None:
        lose(deal_id, lost_reason_id=lost_reason_id, closed_on=closed_on, competitor=competitor)

    def reopen(self, deal_id: int) -> None:
        reopen(deal_id)

    def decide(self, draft: Draft, outcome: str) -> str:
        return decide(draft, outcome)

    def last_contacts(self, deal_ids: Iterable[int]) -> Mapping[int, datetime]:
        return queries.last_contacts(list(deal_ids))


def win(deal_id: int, *, closed_on: date | None = None) -> None:
    """Close a deal as won; its customer becomes one. Conflict when it is closed already."""
    with unit(reason=_("won")):
        _change(_get_open(deal_id), {"outcome": WON, "closed_on": closed_on or company_today()})


def lose(deal_id: int, *, lost_reason_id: int | None, closed_on: date | None = None, competitor: str = "") -> None:
    """Close a deal as lost, to whom and why. Conflict when it is closed already."""
    with unit(reason=_("lost")):
        values: dict[str, Any] = {
            "outcome": LOST, "closed_on": closed_on or company_today(), "lost_reason": lost_reason_id
        }  # fmt: skip
        if competitor:
            values["competitor"] = competitor
        _change(_get_open(deal_id), values)


def reopen(deal_id: int) -> None:
    """Make a closed deal open again: it has no closing day and no reason any more. Conflict when it is open."""
    with unit(reason=_("reopened")):
        row = _get(deal_id)
        if row.outcome == OPEN:
            raise Conflict(nothing_to_reopen())
        _change(row, {"outcome": OPEN, "closed_on": None, "lost_reason": None})


def decide(draft: Draft, outcome: str) -> str:
    """See `kumiko_contracts.deals.Deals.decide`."""
    before = draft.before("outcome") or OPEN
    if not draft.replaying:
        why = refusal(before, draft.before("closed_on")) if outcome != before else ""
        if why:
            return why
    draft.set("outcome", outcome)
    draft.marks.add(DECIDED)
    if outcome == OPEN:
        draft.set("closed_on", None)
        draft.set("lost_reason", None)
    elif draft.get("closed_on") is None and not draft.replaying:
        draft.set("closed_on", company_today())
    return ""


def refusal(outcome: str | None, closed_on: date | None) -> str:
    """Why a deal in this state cannot be won or lost, as a sentence; "" when it can."""
    if outcome in (OPEN, None):
        return ""
    day = closed_on.isoformat() if closed_on else _("an unknown day")
    if outcome == WON:
        return str(_("This deal was won on %(day)s; reopen it first.", day=day))
    return str(_("This deal was lost on %(day)s; reopen it first.", day=day))


def nothing_to_reopen() -> str:
    """Why an open deal cannot be reopened."""
    return str(_("This deal is open; there is nothing to reopen."))


def _get(deal_id: int) -> Any:
    row = queries.find_deal(deal_id)
    if row is None:
        raise NotFound(_("There is no deal %(id)d that you may see.", id=deal_id))
    return row


def _get_open(deal_id: int) -> Any:
    row = _get(deal_id)
    why = refusal(row.outcome, row.closed_on)
    if why:
        raise Conflict(why)
    return row


def _change(row: Any, values: Mapping[str, Any]) -> None:
    """Write the outcome. The version read must still be the stored one, or two would both win it."""
    with changing_outcome():
        update(DEAL, row.id, values, if_match=row.version)
