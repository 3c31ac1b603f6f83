"""How often strangers may ask: counted per address of the internet in the database, so that every process counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, delete
from sqlalchemy.dialects import postgresql, sqlite

from kumiko import TooMany, current, transaction, unscoped, utc_now
from kumiko import gettext as _
from kumiko_integrations.intake import digest_of
from kumiko_integrations.models import Hit


@dataclass(frozen=True)
class Limit:
    """So many times within so many seconds, for one kind of question."""

    kind: str
    most: int
    window_s: int


SUBMISSIONS = Limit("form", 60, 600)
HOOKS = Limit("hook", 1200, 60)
VISITS = Limit("chat", 30, 600)
LINES = Limit("line", 120, 600)


def count_hit(limit: Limit, address: str) -> None:
    """Count one; TooMany with the seconds to wait when there were enough. Counts also what is refused later."""
    now = utc_now()
    dialect = sqlite if current().database.is_sqlite else postgresql
    is_over = Hit.begun_at < now - timedelta(seconds=limit.window_s)
    query = dialect.insert(Hit).values(key=f"{limit.kind}:{digest_of(address)}", begun_at=now, hits=1)
    # One statement: every form and line of a chat comes by here, and two at the same moment are counted as two.
    counting = query.on_conflict_do_update(
        index_elements=["key"],
        set_={"begun_at": case((is_over, now), else_=Hit.begun_at), "hits": case((is_over, 1), else_=Hit.hits + 1)},
    ).returning(Hit.hits, Hit.begun_at)
    with transaction() as writing, unscoped("hits are counted for whoever asks"):
        hits, begun = writing.execute(counting).one()
    if hits > limit.most:
        wait_s = max(1, limit.window_s - int((now - begun).total_seconds()))
        raise TooMany(_("Too many messages from your network. Try again in %(wait)d seconds.", wait=wait_s), wait_s)


def forget_old() -> None:
    """Delete counts nobody needs any more."""
    with transaction() as writing, unscoped("hits are counted for whoever asks"):
        writing.execute(delete(Hit).where(Hit.begun_at < utc_now() - timedelta(days=1)))
