"""Telling users, reading what one was told, ticking it off.

A notice hangs on a record: whoever may no longer see the record sees that there was a notice, but not what it said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kumiko.host.columns import Id, utc_now
from kumiko.host.context import current, principal, transaction
from kumiko.host.errors import ScopeError
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.notify import deliveries, wishes
from kumiko.notify.models import notices
from kumiko.records.catalogue import catalogue
from kumiko.records.history import readable_ids
from kumiko.records.leftovers import free_types

UNREAD_CAP = 99
MAX_LIMIT = 200


@dataclass(frozen=True, kw_only=True)
class NoticeView:
    """A notice as its reader sees it. `hidden`: the record is out of sight, `text` says only that and `href` is ""."""

    id: int
    at: datetime
    text: str
    href: str
    read: bool
    hidden: bool = False


def send_notice(
    user_id: int, text: str, *, href: str = "", type_key: str = "", record_id: int | None = None,
    key: str | None = None, kind: str = "",
) -> None:  # fmt: skip
    """Tell a user, as part of the open transaction. `href`: a path on this site. `key`: the occasion, told once.

    It stands under the bell at once; whoever chose so also gets it by mail, once, after the transaction, or not at all.
    `kind`: what people choose the way by; left out, it is the module that the key or the type names.
    """
    notify_people([user_id], text, href=href, type_key=type_key, record_id=record_id, key=key, kind=kind)


def notify_people(
    user_ids: Iterable[int],
    text: str,
    *,
    href: str = "",
    type_key: str = "",
    record_id: int | None = None,
    key: str | None = None,
    kind: str = "",
) -> None:
    """Tell several users the same; see `send_notice`. Everybody once, however often they are named."""
    context = current()
    if not context.in_transaction:
        raise ScopeError("a notice is sent inside `with transaction()`, together with what it tells")
    common = {
        "at": utc_now(), "text": text[:2000], "href": href[:500], "type_key": type_key, "record_id": record_id,
        "key": key[:200] if key else None, "read_at": None, "kind": kind[:40] or wishes.kind_of(key, type_key),
    }  # fmt: skip
    people = list(dict.fromkeys(user_ids))
    if not people:
        return
    chosen = wishes.Chosen(str(common["kind"]))
    rows = [{"user_id": user_id, **common} for user_id in people if chosen.wants(user_id)]
    if rows:
        insert = sqlite.insert if context.database.is_sqlite else postgresql.insert
        once = insert(notices).on_conflict_do_nothing(index_elements=["user_id", "key"])
        deliveries.queue(trusted(once.returning(notices.c.id, notices.c.user_id), rows).all(), chosen)


def tell_of_safety(user_id: int, text: str, href: str) -> None:
    """Tell a user about the safety of their account: as other notices, by the ways that they chose."""
    send_notice(user_id, text, href=href, kind=wishes.SAFETY)


def own_notices(*, limit: int = 50, before: int | None = None, after: int | None = None) -> list[NoticeView]:
    """The acting person's notices, newest first; `before`: id of the last one of the page before.

    `after`: only those not read yet that are newer than this one.
    """
    person = principal()
    if person.user_id is None:
        return []
    query = select(notices).where(notices.c.user_id == bindparam("me")).order_by(notices.c.id.desc())
    if before is not None:
        query = query.where(notices.c.id < before)
    if after is not None:
        query = query.where(notices.c.id > after, notices.c.read_at.is_(None))
    rows = trusted(query.limit(min(max(limit, 1), MAX_LIMIT)), {"me": person.user_id}).mappings().all()
    seen = _readable(rows)
    return [_view(row, seen) for row in rows]


def count_unread() -> int:
    """How many notices the acting person has not read, at most UNREAD_CAP."""
    person = principal()
    if person.user_id is None:
        return 0
    return int(trusted(_UNREAD, {"me": person.user_id}).scalar_one())


#: For `/live`, which asks everything in one statement: how many are not read yet, and the newest of those.
_some = (
    select(notices.c.id)
    .where(notices.c.user_id == bindparam("me", type_=Id), notices.c.read_at.is_(None))
    .limit(UNREAD_CAP)
    .subquery()
)
_UNREAD = select(func.count()).select_from(_some)
PULSE = (
    _UNREAD.scalar_subquery().label("unread"),
    select(func.max(notices.c.id))
    .where(notices.c.user_id == bindparam("me", type_=Id), notices.c.read_at.is_(None))
    .scalar_subquery()
    .label("newest_notice"),
)


def mark_read(ids: Iterable[int] | None = None) -> int:
    """Tick off the acting person's notices (None: all of them); gives how many were unread."""
    person = principal()
    if person.user_id is None:
        return 0
    statement = (
        update(notices)
        .where(notices.c.user_id == person.user_id, notices.c.read_at.is_(None))
        .values(read_at=utc_now())
    )
    if ids is not None:
        statement = statement.where(notices.c.id.in_(list(ids)))
    with transaction():
        return int(trusted(statement).rowcount)


def view_of(row: Any) -> NoticeView:
    """A row of the table as the acting person may see it."""
    return _view(row, _readable([row]))


def _readable(rows: Sequence[Any]) -> set[tuple[str, int]]:
    by_type: dict[str, set[int]] = {}
    for row in rows:
        if row["record_id"] is not None:
            by_type.setdefault(row["type_key"], set()).add(row["record_id"])
    found: set[tuple[str, int]] = set()
    for type_key, ids in by_type.items():
        info = catalogue().find(type_key)
        if info is not None:
            found |= {(type_key, record_id) for record_id in readable_ids(info, ids)}
    return found


def _view(row: Any, seen: set[tuple[str, int]]) -> NoticeView:
    common = {"id": row["id"], "at": row["at"], "read": row["read_at"] is not None}
    if row["record_id"] is not None and (row["type_key"], row["record_id"]) not in seen:
        return NoticeView(
            **common, text=_("About something that you may not see, or that is gone."), href="", hidden=True
        )
    return NoticeView(**common, text=row["text"], href=row["href"])


def forget_types(loaded: Any) -> None:
    """Delete the notices about records of a module whose data are deleted."""
    keys = [key for key, _label, _table in free_types(loaded)]
    with transaction():
        deliveries.forget(select(notices.c.id).where(notices.c.type_key.in_(keys)))
        trusted(delete(notices).where(notices.c.type_key.in_(keys)))
