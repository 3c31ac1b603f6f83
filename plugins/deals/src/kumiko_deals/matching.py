"""Who is this? What joins by itself: exactly one customer or open lead with the same e-mail or number, or the same
words of the same sender within minutes. Anything else is only proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from kumiko import gettext as _
from kumiko import joins_by_itself, services, session, unscoped
from kumiko_contracts.inquiries import REJECTED
from kumiko_contracts.parties import PERSON, Match
from kumiko_deals.inquiry_models import Inquiry, Lead

SAME_WITHIN = timedelta(minutes=10)
OPEN_LEAD = ("new", "contacted", "nurture", "qualified")


@dataclass(frozen=True, kw_only=True)
class Known:
    """Whom an inquiry belongs to, and why, as a sentence. With `candidates` it may be one of several."""

    remark: str
    lead_id: int | None = None
    person_id: int | None = None
    organization_id: int | None = None
    deal_id: int | None = None
    conversation_id: int | None = None
    owner_id: int | None = None
    team_id: int | None = None
    candidates: tuple[Any, ...] = ()


def find_repeated(fingerprint: str | None, received_at: datetime, inquiry_id: int) -> Any:
    """Another inquiry with the same words of the same sender within minutes, None when there is none."""
    if fingerprint is None:
        return None
    query = (
        select(
            Inquiry.id, Inquiry.name, Inquiry.lead_id, Inquiry.person_id, Inquiry.organization_id, Inquiry.owner_id,
            Inquiry.team_id, Inquiry.conversation_id,
        )
        .where(
            Inquiry.fingerprint == fingerprint, Inquiry.id != inquiry_id,
            Inquiry.received_at.between(received_at - SAME_WITHIN, received_at + SAME_WITHIN),
            Inquiry.deleted_at.is_(None), Inquiry.state != REJECTED,
        )
        .order_by(Inquiry.id)
        .limit(1)
    )  # fmt: skip
    with unscoped("what came twice is told apart whoever sees it"):
        return session().execute(query).first()


def candidates(email: str, phone: str) -> tuple[Match | Any, ...]:
    """Customers and open leads that have this e-mail or number, whoever may see them: parties first."""
    if not email and not phone:
        return ()
    parties = services.get("parties/1").matches(email=email, phone=phone)
    return (*parties, *open_leads(email, phone, [one.id for one in parties]))


def open_leads(email: str, phone: str, known: Sequence[int] = ()) -> list[Any]:
    """Open leads with this e-mail or number, except those of customers that are `known`."""
    same = [
        column == value for column, value in ((Lead.contact_email, email.lower()), (Lead.contact_phone, phone)) if value
    ]
    query = (
        select(
            Lead.id, Lead.name, Lead.person_id, Lead.organization_id, Lead.owner_id, Lead.team_id, Lead.contact_email
        )
        .where(or_(*same), Lead.status.in_(OPEN_LEAD), Lead.deleted_at.is_(None))
        .order_by(Lead.id)
        .limit(10)
    )
    with unscoped("who writes is recognized whoever sees the lead"):
        return [row for row in session().execute(query) if row.person_id is None or row.person_id not in known]


def recognize(email: str, phone: str) -> Known | None:
    """Whom somebody with this e-mail and number is; None for a stranger."""
    found = candidates(email, phone)
    if not found:
        return None
    if len(found) > 1:
        return Known(
            remark=str(_("%(count)d customers or leads have this e-mail or number; choose which.", count=len(found))),
            candidates=found,
        )
    one = found[0]
    by = one.by if isinstance(one, Match) else "email" if email and one.contact_email == email.lower() else "phone"
    if not joins_by_itself(by):
        return Known(
            remark=str(_("%(why)s as somebody known; rules say that a person decides.", why=word_for(by))),
            candidates=found,
        )
    if isinstance(one, Match):
        return Known(
            remark=str(_("%(why)s as a known customer", why=word_for(one.by))),
            person_id=one.id if one.type == PERSON else None,
            organization_id=one.organization_id if one.type == PERSON else one.id,
            owner_id=one.owner_id,
            team_id=one.team_id,
        )
    return Known(
        remark=str(_("%(why)s as an open lead", why=word_for(by))), lead_id=one.id, person_id=one.person_id,
        organization_id=one.organization_id, owner_id=one.owner_id, team_id=one.team_id,
    )  # fmt: skip


def word_for(by: str) -> str:
    """ "Same e-mail"."""
    return str(_("Same e-mail") if by == "email" else _("Same phone number"))
