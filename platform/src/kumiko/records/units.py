"""Units of work: one commit with its actor, way, reason and journal entries; groups bracket several units."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, literal_column
from sqlalchemy.exc import OperationalError

from kumiko.host import context, revision
from kumiko.host.columns import table_of, utc_now
from kumiko.host.context import Via
from kumiko.host.errors import Busy, Conflict, Outdated
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs.job import Hopeless
from kumiko.records.catalogue import reading_instead
from kumiko.records.insertion import insert_rows
from kumiko.records.models import ContractEvent, Entry, Unit

_LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL: a lock was waited for too long
REACTION_ENTRIES = 1000  # what the handler of one delivery may write: it holds locks meanwhile
_unit, _entry, _event = table_of(Unit), table_of(Entry), table_of(ContractEvent)


class OpenUnit:
    """The unit being written. Its row is made with the first entry, so that a unit without effect leaves nothing."""

    def __init__(self, *, reason: str, via: str, group_id: int | None, undo_of: int | None) -> None:
        self.reason = reason
        self.via = via
        self.told_as = via  # what subscribers hear it as: an import may be told like what people type
        self.group_id = group_id
        self.undo_of = undo_of
        self.at: datetime = utc_now()
        self._id: int | None = None
        self.log: list[tuple[str, str, int]] = []  # (type key, action, record id) of each entry, in order
        self.events: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        self.memo: dict[Any, Any] = {}  # what rules read once per unit (the stages of a pipeline); gone with it

    @property
    def id(self) -> int:
        """The unit's id; makes its row when there is none yet."""
        if self._id is None:
            self._id = _insert_unit(self)
        return self._id

    @property
    def has_effect(self) -> bool:
        return self._id is not None

    def add_entries(self, rows: list[dict[str, Any]]) -> None:
        """Write journal entries (all columns but unit_id and derived)."""
        ctx = context.current()
        if ctx.entries_left is not None:
            ctx.entries_left -= len(rows)
            if ctx.entries_left < 0:
                raise Hopeless(_too_much())
        derived = self.via == "undo"
        unit_id = self.id
        for row in rows:
            row["unit_id"] = unit_id
            row["derived"] = derived
            self.log.append((row["type_key"], row["action"], row["record_id"]))
        insert_rows(_entry, rows)

    def add_event(self, name: str, type_key: str, record_id: int, payload: Any) -> None:
        self.events.append(
            {"unit_id": self.id, "name": name, "type_key": type_key, "record_id": record_id, "payload": payload}
        )

    def finish(self) -> None:
        """Write contract events and the jobs of subscribers; called once, before the commit."""
        if not self.has_effect:
            return
        if self.events:
            trusted(insert(_event), self.events)
        from kumiko.records.events import enqueue_deliveries  # local: cycle

        enqueue_deliveries(self)


def _too_much() -> str:
    return _(
        "A reaction to an event wanted to change more than %(most)d records at once, and nothing of it was kept. "
        "Report it to whoever made the module: long work belongs into a job of its own, in slices.",
        most=REACTION_ENTRIES,
    )


def _insert_unit(unit: OpenUnit, *, is_group: bool = False) -> int:
    ctx = context.current()
    person = ctx.principal
    values: dict[str, Any] = {
        "at": unit.at,
        "actor_id": person.user_id if person else None,
        "actor": person.name if person else "",
        "via": unit.via,
        "reason": unit.reason[:500],
        "request_id": ctx.request_id[:64],
        "is_group": is_group,
        "group_id": unit.group_id,
        "undo_of": unit.undo_of,
    }
    if not ctx.database.is_sqlite:
        values["xact"] = literal_column("pg_current_xact_id()::text::bigint")
    providers = revision.providers_now(sqlite=ctx.database.is_sqlite)
    try:
        row = trusted(insert(_unit).values(**values).returning(_unit.c.id, providers.label("providers"))).one()
    except OperationalError as fault:
        if getattr(fault.orig, "sqlstate", "") == _LOCK_NOT_AVAILABLE:
            raise Busy(_("One module is taking over from another; try again in a few seconds."), 5) from fault
        raise
    if ctx.generation is not None and row.providers != ctx.generation.numbers.providers:
        ctx.outdated = not ctx.has_written
        raise Outdated(_("One module has just taken over from another; try again in a second."), 1)
    made: int = row.id
    return made


@contextmanager
def unit(*, reason: str = "", via: Via | None = None, undo_of: int | None = None) -> Iterator[OpenUnit]:
    """One commit through the record service; a nested call joins the open unit."""
    ctx = context.current()
    if reading_instead() is not None:
        raise Conflict(_("Nothing can be written while records are read as of a moment."))
    if ctx.unit is not None:
        yield ctx.unit
        return
    way_before = ctx.via
    if via is not None:
        ctx.via = via
    try:
        with context.transaction():
            opened = OpenUnit(reason=reason, via=ctx.via, group_id=ctx.group_id, undo_of=undo_of)
            ctx.unit = opened
            try:
                yield opened
                opened.finish()
            finally:
                ctx.unit = None
        ctx.has_written = ctx.has_written or opened.has_effect
    finally:
        ctx.via = way_before


def open_group(reason: str, *, via: Via = "import") -> int:
    """Make a group in the open transaction; gives its id, to be set as `OpenUnit.group_id` of units to come."""
    return _insert_unit(OpenUnit(reason=reason, via=via, group_id=None, undo_of=None), is_group=True)


def drop_group(group_id: int) -> None:
    """Take back a group made in the open transaction that nothing came into."""
    trusted(delete(_unit).where(_unit.c.id == group_id))


@contextmanager
def group(reason: str, *, via: Via | None = None, undo_of: int | None = None) -> Iterator[int]:
    """A bracket around several units (an import, a bulk edit); gives its id. One undo takes all of them."""
    ctx = context.current()
    way_before, group_before = ctx.via, ctx.group_id
    if via is not None:
        ctx.via = via
    try:
        with context.transaction():
            opened = OpenUnit(reason=reason, via=ctx.via, group_id=None, undo_of=undo_of)
            group_id = _insert_unit(opened, is_group=True)
        ctx.group_id = group_id
        yield group_id
    finally:
        ctx.via, ctx.group_id = way_before, group_before
