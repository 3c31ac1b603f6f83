"""What is read of deals beyond the generic lists; every query is limited to what the acting person may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select

from kumiko import session, utc_now
from kumiko_contracts.inquiries import WAITING
from kumiko_deals.inquiry_models import Inquiry, Lead
from kumiko_deals.models import OPEN, Deal, Interaction, Source

SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class OpenDeal:
    """A line of the panel; `amount_minor` counts `currency`."""

    id: int
    name: str
    amount_minor: int | None
    currency: str
    expected_close_on: date | None


@dataclass(frozen=True, kw_only=True)
class CurrencySum:
    """Sum of open deals of one currency. Two currencies are never added."""

    currency: str
    amount_minor: int
    count: int


def open_deals_of(column: str, party_id: int) -> tuple[list[OpenDeal], list[CurrencySum], int]:
    """The next open deals of a customer, sums over all of them per currency, and their number.

    `column`: "organization_id" or "person_id".
    """
    of_party = (getattr(Deal, column) == party_id, Deal.outcome == OPEN, Deal.deleted_at.is_(None))
    totals = session().execute(
        select(Deal.amount_currency, func.coalesce(func.sum(Deal.amount_minor), 0), func.count(Deal.id))
        .where(*of_party)
        .group_by(Deal.amount_currency)
        .order_by(Deal.amount_currency)
    )
    rows = [(currency, int(total or 0), int(number)) for currency, total, number in totals]
    count = sum(number for _currency, _total, number in rows)
    if not count:
        return [], [], 0
    sums = [CurrencySum(currency=c, amount_minor=total, count=number) for c, total, number in rows if c]
    shown = session().execute(
        select(Deal.id, Deal.name, Deal.amount_minor, Deal.amount_currency, Deal.expected_close_on)
        .where(*of_party)
        .order_by(Deal.expected_close_on.is_(None), Deal.expected_close_on, Deal.id)
        .limit(SHOWN)
    )
    deals = [
        OpenDeal(id=row.id, name=row.name, amount_minor=row.amount_minor, currency=row.amount_currency or "",
                 expected_close_on=row.expected_close_on)
        for row in shown
    ]  # fmt: skip
    return deals, sums, count


def find_deal(deal_id: int) -> Any:
    """The stored row of a deal (all columns by name), whatever fields are hidden; None when it is out of sight."""
    columns = Deal.__table__.columns.keys()
    query = select(*(getattr(Deal, name) for name in columns)).where(Deal.id == deal_id, Deal.deleted_at.is_(None))
    return session().execute(query).first()


def customer_of(deal_id: int) -> tuple[int | None, int | None]:
    """(person id, organization id) of a deal; None for both when it names none or is out of sight."""
    row = session().execute(select(Deal.person_id, Deal.organization_id).where(Deal.id == deal_id)).first()
    return (None, None) if row is None else (row.person_id, row.organization_id)


def last_contacts(deal_ids: Sequence[int]) -> dict[int, datetime]:
    """The newest moment of a readable interaction on each of these deals."""
    if not deal_ids:
        return {}
    query = (
        select(Interaction.deal_id, func.max(Interaction.started_at))
        .where(Interaction.deal_id.in_(deal_ids), Interaction.deleted_at.is_(None))
        .group_by(Interaction.deal_id)
    )
    return {deal_id: at for deal_id, at in session().execute(query) if deal_id is not None and at is not None}


def is_archived(model: type[Any], value_id: int) -> bool:
    """Whether a dictionary value is no longer offered."""
    return bool(session().execute(select(model.archived).where(model.id == value_id)).scalar())


def find_value(model: type[Any], name: str) -> int | None:
    """Id of the live dictionary value with this name, whatever its case; None when there is none."""
    wanted = name.strip().casefold()
    values = session().execute(select(model.id, model.name).where(model.deleted_at.is_(None))).all()
    return next((row.id for row in values if row.name.strip().casefold() == wanted), None)


def has_values(model: type[Any]) -> bool:
    """Whether a dictionary holds, or ever held, any value; asked by the system, which sees the bin too."""
    return session().execute(select(model.id).limit(1)).first() is not None


def value_ids(model: type[Any]) -> Sequence[int]:
    """Ids of the values that are offered, in the order they were made."""
    query = select(model.id).where(model.archived.is_(False), model.deleted_at.is_(None)).order_by(model.id)
    return session().execute(query).scalars().all()


def source_for(name: str, channel: str) -> Any:
    """The offered source (id, name) of this name, whatever its case, else the one usual for a channel; else None."""
    wanted = name.strip().casefold()
    query = (
        select(Source.id, Source.name, Source.channel)
        .where(Source.archived.is_(False), Source.deleted_at.is_(None))
        .order_by(Source.id)
    )
    rows = session().execute(query).all()
    by_name = next((row for row in rows if wanted and row.name.strip().casefold() == wanted), None)
    return by_name if by_name is not None else next((row for row in rows if row.channel == channel), None)


def unanswered_leads(user_id: int | None) -> tuple[list[Any], int]:
    """New leads without a first answer (id, name, organization_name, due_at, is_late), the most urgent first, at most
    SHOWN; and how many of all of them are late. Those of one user, or with None of all that the person sees."""
    now = utc_now()
    waits = (
        Lead.status == "new", Lead.first_responded_at.is_(None), Lead.deleted_at.is_(None),
    )  # fmt: skip
    query = (
        select(
            Lead.id, Lead.name, Lead.organization_name, Lead.first_response_due_at.label("due_at"),
            (Lead.first_response_due_at < now).label("is_late"),
            func.count(Lead.id).filter(Lead.first_response_due_at < now).over().label("late"),
        )
        .where(*waits)
        .order_by(Lead.first_response_due_at.is_(None), Lead.first_response_due_at, Lead.id)
        .limit(SHOWN)
    )  # fmt: skip
    if user_id is not None:
        query = query.where(Lead.owner_id == user_id)
    rows = list(session().execute(query))
    return rows, int(rows[0].late or 0) if rows else 0


def stalled_deals(user_id: int | None, today: date) -> tuple[list[Any], int]:
    """Open deals whose next step is missing or past (id, name, next_step, next_step_on), the longest past first, then
    those without one by amount; at most SHOWN, and how many there are. `user_id` as for `unanswered_leads`."""
    stalled = (
        Deal.outcome == OPEN, Deal.deleted_at.is_(None),
        or_(Deal.next_step.is_(None), Deal.next_step_on.is_(None), Deal.next_step_on < today),
    )  # fmt: skip
    query = (
        select(Deal.id, Deal.name, Deal.next_step, Deal.next_step_on, func.count(Deal.id).over().label("all"))
        .where(*stalled)
        .order_by(Deal.next_step_on.is_(None), Deal.next_step_on, Deal.amount_minor.desc(), Deal.id)
        .limit(SHOWN)
    )
    if user_id is not None:
        query = query.where(Deal.owner_id == user_id)
    rows = list(session().execute(query))
    return rows, int(rows[0].all) if rows else 0


def waiting_inquiries() -> int:
    """How many inquiries wait in the inbox, of those that the person sees."""
    query = select(func.count(Inquiry.id)).where(Inquiry.state == WAITING, Inquiry.deleted_at.is_(None))
    return int(session().execute(query).scalar() or 0)
