"""Who has an e-mail address or a phone number: one statement over the keys that records are recognized by."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, String, bindparam, literal, or_, select, union_all

from kumiko.duplicates import normal
from kumiko.duplicates.models import key_table
from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.parties.models import Organization, Person
from kumiko_contracts.parties import ORGANIZATION, PERSON, Match

MOST = 10


def matches(email: str, phone: str) -> tuple[Match, ...]:
    """See `kumiko_contracts.parties.Parties.matches`."""
    wanted = {"email": normal.email(email) or None, "phone": normal.phone(phone) or None}
    if not any(wanted.values()):
        return ()
    found: dict[int, Match] = {}
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
    parts = [_part(PERSON, Person), _part(ORGANIZATION, Organization)]
    whole = union_all(*(select(part.limit(2 * MOST + 2).subquery()) for part in parts)).subquery()
    return select(whole).order_by(whole.c.by, whole.c.id)


def _part(type_key: str, record: type) -> Select[Any]:
    base, keys = table_of(record), key_table.alias()
    organization = base.c.organization_id if type_key == PERSON else base.c.id
    same = [
        (keys.c.kind == kind) & (keys.c.value == bindparam(kind, type_=String)) for kind in ("email", "phone")
    ]  # fmt: skip
    return (
        select(
            literal(type_key).label("type"), base.c.id.label("id"), base.c.name.label("name"), keys.c.kind.label("by"),
            base.c.owner_id.label("owner_id"), base.c.team_id.label("team_id"),
            organization.label("organization_id"),
        )
        .select_from(keys.join(base, base.c.id == keys.c.record_id))
        .where(keys.c.type_key == type_key, or_(*same), base.c.deleted_at.is_(None))
        .order_by(keys.c.kind, base.c.id)
    )  # fmt: skip
