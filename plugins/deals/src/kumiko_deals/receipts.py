"""Once only: what is taken in is written down by account and id, and the database refuses the second one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite

from kumiko import current, session, unscoped
from kumiko_deals.inquiry_models import Receipt


def claim(account: str | None, item_id: str) -> bool:
    """Whether it is the first time. Another process that is just taking the same in is waited for."""
    insert = sqlite.insert if current().database.is_sqlite else postgresql.insert
    row = {"account": (account or "")[:80], "item_id": item_id[:500]}
    with unscoped("what is received twice is told apart for everybody"):
        made = session().execute(insert(Receipt).values(row).on_conflict_do_nothing().returning(Receipt.item_id))
        return made.first() is not None


def hold(*names: str) -> None:
    """Until the end of the transaction nobody else takes in anything of the same sender, so that two clicks make one.

    SQLite has one writer anyway. The names are taken in a fixed order, or two could wait for each other.
    """
    if current().database.is_sqlite:
        return
    for number in _numbers(names):
        with unscoped("a lock reads nothing"):
            session().execute(select(func.pg_advisory_xact_lock(cast(number, BigInteger))))


def _numbers(names: Sequence[str]) -> list[int]:
    found = {hashlib.sha256(name.casefold().encode("utf-8", "replace")).digest()[:8] for name in names if name}
    return sorted(int.from_bytes(one, "big", signed=True) for one in found)
