"""The service of deals/1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from kumiko import Conflict, Draft, NotFound, company_today, session, unit, update
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL, LOST, OPEN, WON, Deal
from kumiko_deals_lite.models import Contact, Opportunity
from kumiko_deals_lite.rules import DECIDED, deciding


class Service:
    """Provides deals/1; see `kumiko_contracts.deals.Deals`."""

    def get_deal(self, deal_id: int) -> Deal:
        row = _row(deal_id)
        return Deal(
            id=row.id, name=row.name, outcome=row.outcome, amount_minor=row.amount_minor,
            currency=row.amount_currency or "", person_id=row.person_id, organization_id=row.organization_id,
            closed_on=row.closed_on,
        )  # fmt: skip

    def win(self, deal_id: int, *, closed_on: date | None = None) -> None:
        win(deal_id, closed_on=closed_on)

    def lose(
        self, deal_id: int, *, lost_reason_id: int | None, closed_on: date | None = None, competitor: str = ""
    ) -> None:
        lose(deal_id, lost_reason_id=lost_reason_id, closed_on=closed_on, competitor=competitor)

    def reopen(self, deal_id: int) -> None:
        reopen(deal_id)

    def decide(self, draft: Draft, outcome: str) -> str:
        before = draft.before("outcome") or OPEN
        if outcome != before and not draft.replaying and (why := refusal(before)):
            return why
        draft.set("outcome", outcome)
        draft.marks.add(DECIDED)
        if outcome == OPEN:
            draft.set("closed_on", None)
            draft.set("lost_reason", None)
        elif draft.get("closed_on") is None and not draft.replaying:
            draft.set("closed_on", company_today())
        return ""

    def last_contacts(self, deal_ids: Iterable[int]) -> Mapping[int, datetime]:
        query = (
            select(Contact.deal_id, func.max(Contact.started_at))
            .where(Contact.deal_id.in_(list(deal_ids)), Contact.deleted_at.is_(None))
            .group_by(Contact.deal_id)
        )
        return {deal_id: at for deal_id, at in session().execute(query) if deal_id is not None and at is not None}


def win(deal_id: int, *, closed_on: date | None = None) -> None:
    """Close a deal as won. Conflict when it is closed already."""
    _decide(deal_id, {"outcome": WON, "closed_on": closed_on or company_today()}, reason=_("won"))


def lose(deal_id: int, *, lost_reason_id: int | None, closed_on: date | None = None, competitor: str = "") -> None:
    """Close a deal as lost. Conflict when it is closed already."""
    values = {"outcome": LOST, "closed_on": closed_on or company_today(), "lost_reason": lost_reason_id}
    _decide(deal_id, values | ({"competitor": competitor} if competitor else {}), reason=_("lost"))


def reopen(deal_id: int) -> None:
    """Make a closed deal open again. Conflict when it is open."""
    _decide(deal_id, {"outcome": OPEN, "closed_on": None, "lost_reason": None}, reason=_("reopened"))


def refusal(outcome: str | None) -> str:
    """Why a deal with this outcome cannot be won or lost, as a sentence; "" when it can."""
    if outcome in (OPEN, None):
        return ""
    return str(
        _("This deal was won; reopen it first.") if outcome == WON else _("This deal was lost; reopen it first.")
    )


def nothing_to_reopen() -> str:
    """Why an open deal cannot be reopened."""
    return str(_("This deal is open; there is nothing to reopen."))


def _row(deal_id: int) -> Any:
    columns = [getattr(Opportunity, name) for name in Opportunity.__table__.c.keys()]  # noqa: SIM118 (a column collection iterates columns)
    row = session().execute(select(*columns).where(Opportunity.id == deal_id, Opportunity.deleted_at.is_(None))).first()
    if row is None:
        raise NotFound(_("There is no deal %(id)d that you may see.", id=deal_id))
    return row


def _decide(deal_id: int, values: Mapping[str, Any], *, reason: str) -> None:
    with unit(reason=reason):
        row = _row(deal_id)
        why = refusal(row.outcome) if values["outcome"] != OPEN else nothing_to_reopen() if row.outcome == OPEN else ""
        if why:
            raise Conflict(why)
        token = deciding.set(True)
        try:
            update(DEAL, deal_id, values, if_match=row.version)
        finally:
            deciding.reset(token)
