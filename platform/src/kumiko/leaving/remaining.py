"""What a hand-over leaves with whoever leaves, and what becomes of it: nothing of theirs is passed over in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from kumiko.access.models import Session, Token, table
from kumiko.host.columns import table_of, utc_now
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs.models import READY, RUNNING, job_table
from kumiko.leaving import inventory
from kumiko.leaving.models import HAND_OVER
from kumiko.records import service
from kumiko.records.catalogue import USER, FieldInfo, TypeInfo, catalogue
from kumiko.records.models import Share

STAMPS = frozenset({"created_by", "updated_by"})
_session, _token, _share = table(Session), table(Token), table_of(Share)


@dataclass(frozen=True)
class Remaining:
    """Something that stays: what it is, how much, and what becomes of it, as a sentence."""

    what: str
    count: int
    becomes: str


def remaining(user_id: int) -> list[Remaining]:
    """What stays with a user who leaves; what there is none of is left out."""
    return [one for one in _all(user_id) if one.count]


def _all(user_id: int) -> Iterator[Remaining]:
    now = utc_now()
    sessions = select(func.count()).where(_session.c.user_id == user_id, _session.c.expires_at > now)
    yield Remaining(_("Sessions"), _count(sessions), _("They end; every device is signed out."))
    tokens = select(func.count()).where(
        _token.c.user_id == user_id, _token.c.expires_at.is_(None) | (_token.c.expires_at > now)
    )
    yield Remaining(_("Access tokens of programs"), _count(tokens),
                    _("They stop working with the account; give those programs a token of somebody else."))  # fmt: skip
    jobs = select(func.count()).where(job_table.c.actor_id == user_id, job_table.c.status.in_((READY, RUNNING)))
    yield Remaining(_("Background work with their rights"), _count(jobs),
                    _("What has not ended by then stops: their rights are gone."))  # fmt: skip
    yield Remaining(_("Records in which they are one of several people"), _count(_several(user_id)),
                    _("They stay named there, so that the past stays true; they see nothing any more."))  # fmt: skip
    for info, one in _named():
        yield Remaining(
            f"{info.type.label_plural}: {one.field.label}", _count(_naming(info, one, user_id)),
            _("It says what was, and stays as it is."),
        )  # fmt: skip
    email = str(service.get(USER, user_id).get("email") or "").lower()
    for info, one, item in _addressed():
        query = select(func.count(func.distinct(one.part_table.c.parent_id))).join(
            info.table, info.table.c.id == one.part_table.c.parent_id
        )
        found = query.where(func.lower(item.columns[0]) == email, info.table.c.deleted_at.is_(None))
        yield Remaining(
            f"{info.type.label_plural}: {one.field.label}", _count(found) if email else 0,
            _("They go on to this person's address; take it out there."),
        )  # fmt: skip


def _count(query: Select[Any]) -> int:
    return int(trusted(query).scalar_one())


def _several(user_id: int) -> Select[Any]:
    return select(func.count(func.distinct(_share.c.record_id))).where(_share.c.user_id == user_id)


def _named() -> Iterator[tuple[TypeInfo, FieldInfo]]:
    """Fields that name a user and that no hand-over changes."""
    moving = {one.key for one in inventory.places()}
    for info in catalogue().types.values():
        if info.key in (USER, HAND_OVER):
            continue
        for one in info.fields.values():
            names_user = one.kind == "link" and one.field.to == USER and one.name not in STAMPS and one.columns
            if names_user and f"{info.key}:{one.name}" not in moving:
                yield info, one


def _naming(info: TypeInfo, one: FieldInfo, user_id: int) -> Select[Any]:
    holding = inventory.Holding(info, one)
    return select(inventory.count(holding, user_id))


def _addressed() -> Iterator[tuple[TypeInfo, FieldInfo, FieldInfo]]:
    """Lists of recipients: what is mailed to addresses by itself."""
    for info in catalogue().types.values():
        for one in info.lists:
            for item in one.items:
                if item.kind == "email" and one.name == "recipients":
                    yield info, one, item
