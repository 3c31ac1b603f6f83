"""What comes in: written down first, as it came, in a short transaction; understood by a job afterwards.

So nothing is lost while inquiries/1 is off or a message cannot be read, and what comes twice is kept once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy import update as sql_update
from sqlalchemy.exc import IntegrityError

from kumiko import RawItem, as_system, session, transaction, unit, unscoped
from kumiko import gettext as _
from kumiko_integrations.kept import make
from kumiko_integrations.models import ASIDE, INTAKE, NEW, Intake, Raw

#: Bytes of one item; larger ones are refused by whoever takes them, or shortened with a note.
LARGEST = 32 * 1024 * 1024
#: Bytes that stay once an item was taken in; before, all of it is needed for another try.
LARGEST_KEPT = 1024 * 1024
_TITLE = 200


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One thing that arrived. `aside`: why nobody shall be bothered with it, such as "robot"."""

    channel: str
    account: str
    item: RawItem
    title: str = ""
    aside: str = ""
    owner_id: int | None = None


def digest_of(text: str) -> str:
    """A word of fixed length for names from outside, which may be of any length."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def take_note(arrivals: Iterable[Arrival]) -> list[tuple[int, bool]]:
    """Write down what arrived, in the open transaction or one of its own; gives (id, is new) of each, in order."""
    with unit(reason=_("came in")), as_system("what comes in is nobody's yet"):
        return [_note(one) for one in arrivals]


def take_note_once(arrival: Arrival) -> tuple[int, bool]:
    """The same for one thing, in a transaction of its own; two at the same moment are one."""
    try:
        return take_note([arrival])[0]
    except IntegrityError:
        found = find_noted(arrival.account, arrival.item.external_id)
        if found is None:
            raise
        return found, False


def find_noted(account: str, external_id: str) -> int | None:
    """Id of what came in on an account under this name."""
    with unscoped("what comes in is compared with everything that came in"):
        query = select(Raw.intake_id).where(Raw.account == account, Raw.digest == digest_of(external_id))
        return session().execute(query).scalar()


def _note(one: Arrival) -> tuple[int, bool]:
    known = find_noted(one.account, one.item.external_id)
    if known is not None:
        return known, False
    body = one.item.body
    made = make(
        INTAKE,
        {
            "name": _one_line(one.title) or one.item.external_id[:_TITLE] or "?",
            "channel": one.channel,
            "account": one.account,
            "outside_id": one.item.external_id[:500],
            "received_at": one.item.received_at,
            "state": ASIDE if one.aside else NEW,
            "error": one.aside or None,
            "attempts": 0,
            "bytes": len(body),
            "owner": one.owner_id,
        },
    )
    with unscoped("the raw bytes of what just came in"):
        row = {"intake_id": made.id, "account": one.account, "digest": digest_of(one.item.external_id)}
        session().execute(insert(Raw).values(**row, body=body, meta=dict(one.item.meta)))
    return made.id, True


def _one_line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())[:_TITLE]


def raw_of(intake_id: int) -> RawItem | None:
    """What came in, as it came; the caller has shown that the person may see the intake."""
    with unscoped("read through its intake"):
        query = (
            select(Raw.body, Raw.meta, Intake.outside_id, Intake.received_at)
            .join(Intake, Intake.id == Raw.intake_id)
            .where(Raw.intake_id == intake_id)
        )
        row = session().execute(query).first()
    if row is None:
        return None
    return RawItem(
        external_id=row.outside_id or "", body=bytes(row.body), received_at=row.received_at, meta=row.meta or {}
    )


def shorten_raw(intake_id: int, size: int) -> None:
    """Keep the beginning of what was taken in, when all of it would be too much to keep for ever."""
    if size <= LARGEST_KEPT:
        return
    with transaction() as writing, unscoped("read through its intake"):
        row = writing.execute(select(Raw.body, Raw.meta).where(Raw.intake_id == intake_id)).first()
        if row is not None:
            meta = {**(row.meta or {}), "shortened_from": size}
            kept = bytes(row.body)[:LARGEST_KEPT]
            writing.execute(sql_update(Raw).where(Raw.intake_id == intake_id).values(body=kept, meta=meta))


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What became of what came in by one channel: `came_in` is the sum of the others, always."""

    channel: str
    done: int = 0
    failed: int = 0
    waiting: int = 0
    aside: int = 0

    @property
    def came_in(self) -> int:
        return self.done + self.failed + self.waiting + self.aside


def title_from(values: Mapping[str, Any]) -> str:
    """A line that tells one thing that came in from another."""
    return " · ".join(str(one) for one in values.values() if one)[:_TITLE]


def moment_text(at: datetime) -> str:
    """A moment for JSON."""
    return at.isoformat()
