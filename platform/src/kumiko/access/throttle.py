"""Slows guessing of passwords: failures are counted per account and per address, in the database, before the check.

Counting first means that many guesses sent at once are all counted; a success takes its account's count back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from kumiko.access.models import Attempt, table
from kumiko.access.principals import digest
from kumiko.host.columns import utc_now
from kumiko.host.context import current, transaction
from kumiko.host.errors import TooMany
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted

WINDOW = timedelta(minutes=30)  # failures older than this are forgotten; longer than any wait
LONGEST_WAIT_S = 900
_FIRST_WAIT_S = 30
_attempt = table(Attempt)


@dataclass(frozen=True)
class Limit:
    """How many failures within the window go unpunished, for one kind of key."""

    kind: str
    free: int


ACCOUNT = Limit("account", 5)
ADDRESS = Limit("address", 30)  # an office of many people behind one address


def count_attempt(account: str, address: str, *, now: datetime | None = None) -> None:
    """Count one attempt as if it had failed; TooMany, with the seconds to wait, when it does not even get a look."""
    at = now or utc_now()
    keys = sorted((_key(limit, value), limit) for limit, value in ((ACCOUNT, account), (ADDRESS, address)) if value)
    refused: TooMany | None = None
    with transaction():
        for key, limit in keys:  # in one order, or two processes would wait for each other
            wait_s = _count(key, limit, at)
            if wait_s and (refused is None or wait_s > refused.retry_after_s):
                refused = _refusal(limit, wait_s)
    if refused is not None:
        raise refused


def wait_of(account: str) -> int:
    """Seconds for which nobody gets a look at an account; 0 while attempts may be made."""
    query = select(_attempt.c.blocked_until).where(_attempt.c.key == bindparam("key"))
    until = trusted(query, {"key": _key(ACCOUNT, account)}).scalar()
    left_s = 0.0 if until is None else (until - utc_now()).total_seconds()
    return max(0, int(left_s + 0.999))


def forgive(account: str, address: str) -> None:
    """Take back what `count_attempt` counted, after a success: all of the account's failures, one of the address's."""
    with transaction():
        trusted(delete(_attempt).where(_attempt.c.key == _key(ACCOUNT, account)))
        if address:
            trusted(
                update(_attempt)
                .where(_attempt.c.key == _key(ADDRESS, address), _attempt.c.failures > 0)
                .values(
                    failures=_attempt.c.failures - 1,
                    blocked_until=case((_attempt.c.failures > ADDRESS.free, _attempt.c.blocked_until), else_=None),
                )
            )


def forget_old(now: datetime) -> None:
    """Delete counts nobody needs any more."""
    with transaction():
        trusted(delete(_attempt).where(_attempt.c.last_at < now - WINDOW - timedelta(seconds=LONGEST_WAIT_S)))


def _key(limit: Limit, value: str) -> str:
    return f"{limit.kind}:{digest(value.strip().lower())}"


def _count(key: str, limit: Limit, at: datetime) -> int:
    """Seconds to wait; 0 when the attempt may be made, which is then counted."""
    make = sqlite_insert if current().database.is_sqlite else pg_insert
    trusted(make(_attempt).values(key=key, failures=0, last_at=at).on_conflict_do_nothing())
    row = trusted(
        select(_attempt.c.failures, _attempt.c.last_at, _attempt.c.blocked_until)
        .where(_attempt.c.key == bindparam("key"))
        .with_for_update(),
        {"key": key},
    ).one()
    if row.blocked_until is not None and row.blocked_until > at:
        return max(1, int((row.blocked_until - at).total_seconds() + 0.999))
    failures = (row.failures if at - row.last_at < WINDOW else 0) + 1
    blocked_until = None
    if failures >= limit.free:
        wait_s = min(_FIRST_WAIT_S * 2 ** min(failures - limit.free, 10), LONGEST_WAIT_S)
        blocked_until = at + timedelta(seconds=wait_s)
    trusted(
        update(_attempt).where(_attempt.c.key == key).values(failures=failures, last_at=at, blocked_until=blocked_until)
    )
    return 0


def _refusal(limit: Limit, wait_s: int) -> TooMany:
    if limit is ACCOUNT:
        sentence = _("Too many failed attempts for this account. Try again in %(wait)s.", wait=_spoken(wait_s))
    else:
        sentence = _("Too many failed attempts from your network. Try again in %(wait)s.", wait=_spoken(wait_s))
    return TooMany(sentence, retry_after_s=wait_s)


def _spoken(wait_s: int) -> str:
    if wait_s < 90:
        return _("%(count)d seconds", count=wait_s)
    return _("%(count)d minutes", count=-(-wait_s // 60))
