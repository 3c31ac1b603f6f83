"""Who has an e-mail address or a phone number: one statement over all addresses and numbers, by their indexes."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, String, bindparam, literal, select, union_all

from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.parties.models import Organization, OrganizationEmail, OrganizationPhone, Person, PersonEmail, PersonPhone
from kumiko_contracts.parties import ORGANIZATION, PERSON, Match

MOST = 10


def matches(email: str, phone: str) -> tuple[Match, ...]:
    """See `kumiko_contracts.parties.Parties.matches`."""
    email, phone = email.strip(), phone.strip()
    if not email and not phone:
        return ()
    found: dict[int, Match] = {}
    wanted = {"email": email.lower() or None, "typed": email or None, "phone": phone or None}
    for row in trusted(_query(), wanted):
        found.setdefault(
            row.id,
            Match(
                type=row.type, id=row.id, name=row.name, by=row.by, owner_id=row.owner_id, team_id=row.team_id,
                organization_id=row.organization_id if row.type == PERSON else None,
            ),
        )  # fmt: skip
    persons = [one for one in found.values() if one.type == PERSON]
    return tuple(persons or found.values())[:MOST]


@cache
def _query() -> Any:
    parts = [
        _part(PERSON, Person, PersonEmail, "address", "email"),
        _part(PERSON, Person, PersonPhone, "number", "phone"),
        _part(ORGANIZATION, Organization, OrganizationEmail, "address", "email"),
        _part(ORGANIZATION, Organization, OrganizationPhone, "number", "phone"),
    ]
    whole = union_all(*(select(part.limit(MOST + 1).subquery()) for part in parts)).subquery()
    return select(whole).order_by(whole.c.by, whole.c.id)


def _part(type_key: str, record: type, rows: type, column: str, by: str) -> Select[Any]:
    base, part = table_of(record), table_of(rows)
    value = part.c[column]
    organization = base.c.organization_id if type_key == PERSON else base.c.id
    is_it: Any = value.in_((bindparam("email", type_=String), bindparam("typed", type_=String)))
    if by == "phone":
        is_it = value == bindparam("phone", type_=String)
    return (
        select(
            literal(type_key).label("type"), base.c.id.label("id"), base.c.name.label("name"), literal(by).label("by"),
            base.c.owner_id.label("owner_id"), base.c.team_id.label("team_id"),
            organization.label("organization_id"),
        )
        .select_from(part.join(base, base.c.id == part.c.parent_id))
        .where(is_it, base.c.deleted_at.is_(None))
        .order_by(base.c.id)
    )  # fmt: skip
