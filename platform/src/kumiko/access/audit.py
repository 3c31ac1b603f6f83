"""The log of acts that are no record changes: sign-ins, looking as somebody else, tokens, exports, switched modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select

from kumiko.host.columns import utc_now
from kumiko.host.context import Principal, current, principal, transaction
from kumiko.host.errors import Forbidden
from kumiko.host.i18n import gettext as _
from kumiko.host.models import Audit
from kumiko.host.scoping import trusted
from kumiko.records.days import company_zone

_audit: Any = Audit.__table__


def note(act: str, subject: str = "", *, actor: Principal | None = None, **details: Any) -> None:
    """Write one line of the log, in the open transaction or one of its own. `details` must be JSON."""
    who = actor or current().principal
    row = {
        "at": utc_now(),
        "actor_id": who.user_id if who else None,
        "actor": (who.name if who else "")[:200],
        "act": act,
        "subject": subject[:200],
        "details": {key: value for key, value in details.items() if value not in (None, "")},
    }
    with transaction():
        trusted(insert(_audit).values(row))


#: What a security officer looks for together: kind -> acts.
KINDS: Mapping[str, tuple[str, ...]] = {
    "sign_ins": ("sign_in.ok", "sessions.ended"),
    "failures": ("sign_in.failed", "sign_in.locked"),
    "passwords": ("password.set", "password.changed", "reset.asked", "invitation.sent", "link.made"),
    "factors": (
        "second_factor.on", "second_factor.off", "second_factor.codes", "second_factor.recovered",
        "second_factor.reset",
    ),
    "rights": ("roles.given", "role.changed", "user.active", "provider.user_made", "provider.linked",
               "provider.roles_kept"),
    "tokens": ("token.made", "token.revoked"),
    "view_as": ("view_as.start", "view_as.stop"),
    "exports": ("export", "log.export"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Which lines of the log. `kind`: a word of KINDS; `who`: part of the name of who did it, or of whom it is about;
    `since` and `until`: whole days of the company, both included."""

    kind: str = ""
    act: str = ""
    who: str = ""
    since: date | None = None
    until: date | None = None


def newest(limit: int = 100, *, before_id: int | None = None, act: str = "", wish: Wish | None = None) -> Sequence[Any]:
    """Rows of the log, newest first (id at actor act subject details); Forbidden without the permission audit.read."""
    if not principal().may("audit.read"):
        raise Forbidden(_("Your role does not allow you to read the log."))
    query = select(_audit).order_by(_audit.c.id.desc()).limit(min(limit, 500))
    if before_id is not None:
        query = query.where(_audit.c.id < before_id)
    if act:
        query = query.where(_audit.c.act == act)
    for condition in _conditions(wish) if wish is not None else ():
        query = query.where(condition)
    return trusted(query).all()


def every(wish: Wish, *, most: int = 1_000_000) -> Iterator[Any]:
    """All rows that were wished for, newest first, a few hundred at a time."""
    before: int | None = None
    left = most
    while left > 0:
        rows = newest(min(500, left), before_id=before, wish=wish)
        yield from rows
        if len(rows) < 500:
            return
        left, before = left - len(rows), rows[-1].id


def _conditions(wish: Wish) -> Iterator[Any]:
    if wish.kind in KINDS:
        yield _audit.c.act.in_(KINDS[wish.kind])
    if wish.act:
        yield _audit.c.act == wish.act
    if wish.who:
        yield or_(*(
            func.lower(column).contains(wish.who.lower(), autoescape=True)
            for column in (_audit.c.actor, _audit.c.subject)
        ))  # fmt: skip
    if wish.since is not None:
        yield _audit.c.at >= _start_of(wish.since)
    if wish.until is not None:
        yield _audit.c.at < _start_of(wish.until + timedelta(days=1))


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=company_zone()).astimezone(UTC)
