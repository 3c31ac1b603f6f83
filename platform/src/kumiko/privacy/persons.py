"""Who is meant: the persons that a term names, and the terms that a person is known by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kumiko.archive.tables import StoredTable
from kumiko.host.errors import Conflict
from kumiko.host.i18n import gettext as _
from kumiko.privacy.rules import PERSON
from kumiko.privacy.terms import Terms

_TABLE = "parties_person"
_EMAILS, _PHONES, _MESSENGERS = "parties_person_email", "parties_person_phone", "parties_person_messenger"


@dataclass(frozen=True)
class Someone:
    """A person among the records, in the bin or not."""

    id: int
    name: str
    email: str
    phone: str
    deleted: bool


def terms_of(connection: sa.Connection, there: Mapping[str, StoredTable], person_id: int) -> Terms:
    """Everything that a person's own record is known by; no terms when there is none."""
    if _TABLE not in there:
        return Terms()
    table = there[_TABLE].table
    row = connection.execute(sa.select(table).where(table.c.id == person_id)).mappings().first()
    if row is None:
        return Terms()
    parts = [str(row[name] or "") for name in ("first_name", "middle_name", "last_name")]
    names = [row["name"], " ".join(filter(None, parts)), " ".join(filter(None, (parts[0], parts[2])))]
    emails = [row["email"], *_values(connection, there, _EMAILS, "address", person_id)]
    phones = [row["phone"], *_values(connection, there, _PHONES, "number", person_id)]
    return Terms.of(emails=emails, phones=phones, names=names)


def matching(connection: sa.Connection, there: Mapping[str, StoredTable], terms: Terms) -> list[Someone]:
    """Persons who are known by one of the terms, at most 50."""
    if _TABLE not in there or not terms:
        return []
    table = there[_TABLE].table
    lowered = sa.func.lower(table.c.email)
    ids = set(connection.execute(sa.select(table.c.id).where(lowered.in_(terms.emails))).scalars())
    for name, column in ((_EMAILS, "address"), (_PHONES, "number")):
        part = there[name].table
        wanted = list(terms.emails) if column == "address" else [f"%{one}" for one in terms.digits]
        if not wanted:
            continue
        bare: Any = sa.func.lower(part.c[column])
        if column == "number":
            for sign in " -/().":
                bare = sa.func.replace(bare, sign, "")
        condition = bare.in_(wanted) if column == "address" else sa.or_(*(bare.like(one) for one in wanted))
        ids |= set(connection.execute(sa.select(part.c.parent_id).where(condition)).scalars())
    if terms.names:
        names = [one.lower() for one in terms.names]
        ids |= set(connection.execute(sa.select(table.c.id).where(sa.func.lower(table.c.name).in_(names))).scalars())
    query = sa.select(table).where(table.c.id.in_(sorted(ids)[:50])).order_by(table.c.id)
    return [_someone(row) for row in connection.execute(query).mappings()]


@dataclass(frozen=True)
class Meant:
    """Who is meant: ids of records, what they alone are known by, what others are known by as well, and `choice`: the
    persons among whom somebody has to choose first."""

    ids: list[int]
    terms: Terms
    shared: Terms
    choice: list[Someone]


def meant(connection: sa.Connection, there: Mapping[str, StoredTable], terms: Terms, ids: list[int]) -> Meant:
    """One person, by id or by terms that name one record at most. A name or number that another person's record has,
    too, is no sign of this one: it counts in their own record only."""
    found = [] if ids else matching(connection, there, terms)
    if len(found) > 1:
        return Meant([], terms, Terms(), found)
    ids = sorted({*ids, *(one.id for one in found)})
    for person_id in ids:
        terms |= terms_of(connection, there, person_id)
    shared = Terms()
    for one in terms.each():
        if any(other.id not in ids for other in matching(connection, there, one)):
            shared |= one
    return Meant(ids, terms.without(shared), shared, [])


def some(connection: sa.Connection, there: Mapping[str, StoredTable], ids: list[int]) -> list[Someone]:
    """These persons, in the bin or not."""
    table = there[_TABLE].table
    query = sa.select(table).where(table.c.id.in_(ids)).order_by(table.c.id)
    return [_someone(row) for row in connection.execute(query).mappings()]


def _someone(row: Any) -> Someone:
    return Someone(row["id"], row["name"], row["email"] or "", row["phone"] or "", row["deleted_at"] is not None)


def refuse_users(connection: sa.Connection, there: Mapping[str, StoredTable], terms: Terms) -> None:
    """Conflict when somebody who works here has one of the addresses: they leave before they are erased."""
    table = there["access_user"].table
    query = sa.select(table.c.name).where(sa.func.lower(table.c.email).in_(terms.emails or {""}))
    found = connection.execute(query).scalars().first()
    if found is not None:
        raise Conflict(
            _("%(name)s is a user of this installation. Take the e-mail address out of the user first, then erase.",
              name=found)
        )  # fmt: skip


def _values(
    connection: sa.Connection, there: Mapping[str, StoredTable], name: str, column: str, person_id: int
) -> list[Any]:
    part = there[name].table
    return list(connection.execute(sa.select(part.c[column]).where(part.c.parent_id == person_id)).scalars())


__all__ = ["PERSON", "Someone", "matching", "refuse_users", "terms_of"]
