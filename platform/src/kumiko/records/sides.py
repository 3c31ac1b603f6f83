"""Side tables of extensions after a pause: rows that are missing are made, copies that went stale are put right.

While a plugin is off nobody writes its side tables. Enabling it runs `settle` in the enabling transaction, before its
fields show (extension-study 3.3, cure a). Other processes follow within half a second; what they write until then
knows nothing of the extension. So a job settles again once every process has said that it follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Insert, Select, Update, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from kumiko.host import context, processes
from kumiko.host.columns import utc_now
from kumiko.host.scoping import trusted
from kumiko.jobs.queue import enqueue
from kumiko.records.catalogue import Catalogue, ExtensionInfo, TypeInfo, catalogue

JOB = "records.settle"
AGAIN_AFTER = timedelta(seconds=3)
MOST_WAITS = 60  # a process that has been silent for two minutes is gone
SLICE = 1000


def settle(generation: Any, plugin: str) -> None:
    """Bring every side table of a plugin in step with its base table; `generation` already knows the plugin."""
    known: Catalogue = generation.state["records"]
    found = list(_sides_of(known, plugin))
    for info, side in found:
        trusted(_missing(info, side))
        if side.mirrors:
            trusted(_refresh(info, side, _stale_ids(info, side)))
    if found:
        _look_again(plugin, generation.numbers.epoch + 1, waits=0)


def settle_again(job: Any) -> None:
    """The job: once all processes follow the switch, put right what was written past the extension."""
    plugin, epoch, waits = job.payload["plugin"], job.payload["epoch"], job.payload["waits"]
    alive = processes.alive(context.current().database)
    if any(one["epoch"] < epoch for one in alive) and waits < MOST_WAITS:
        _look_again(plugin, epoch, waits=waits + 1)
        return
    for info, side in _sides_of(catalogue(), plugin):
        trusted(_missing(info, side))
        if side.mirrors:
            _refresh_slices(info, side)


def make_rows(info: TypeInfo, side: ExtensionInfo, record_ids: Sequence[int]) -> None:
    """Side rows for records that have none, without values but with their copies."""
    trusted(_missing(info, side, record_ids))


def differences(info: TypeInfo, side: ExtensionInfo) -> tuple[int, int]:
    """How many records have no side row, and how many copies differ from their record."""
    count = func.count()
    absent: int = trusted(select(count).select_from(info.table).where(_is_absent(info, side))).scalar_one()
    stale = 0
    if side.mirrors:
        stale = trusted(select(count).select_from(_stale_ids(info, side).subquery())).scalar_one()
    return absent, stale


def examine() -> Iterator[tuple[str, str, str]]:
    """For `kumiko doctor`: state, what, detail of each side table."""
    for info in catalogue().types.values():
        for side in info.extensions:
            absent, stale = differences(info, side)
            what = f"side table {side.table.name}"
            if absent or stale:
                why = f"{absent} records without a row, {stale} rows with stale copies"
                yield "wrong", what, f"{why}: switch {side.plugin} off and on to put them right"
            else:
                yield "fine", what, f"in step with {info.key}"


def _sides_of(known: Catalogue, plugin: str) -> Iterator[tuple[TypeInfo, ExtensionInfo]]:
    for info in known.types.values():
        for side in info.extensions:
            if side.plugin == plugin:
                yield info, side


def _look_again(plugin: str, epoch: int, *, waits: int) -> None:
    payload = {"plugin": plugin, "epoch": epoch, "waits": waits}
    enqueue(JOB, payload, run_at=utc_now() + AGAIN_AFTER, plugin=plugin)


def _is_absent(info: TypeInfo, side: ExtensionInfo) -> ColumnElement[bool]:
    return ~select(side.key).where(side.key == info.table.c.id).exists()


def _missing(info: TypeInfo, side: ExtensionInfo, record_ids: Sequence[int] | None = None) -> Insert:
    """Rows for records that have none; with the fields' plain defaults unless for single records."""
    base, table = info.table, side.table
    defaults = {
        column.name: one.default
        for one in side.extension.fields
        if record_ids is None
        and one.default is not None
        and not callable(one.default)
        and one.kind not in ("money", "link", "record", "list")
        for column in (table.c[one.name],)
    }
    names = ["record_id", *side.extension.mirrors, *defaults]
    values = [
        base.c.id,
        *(base.c[name] for name in side.extension.mirrors),
        *(literal(value, type_=table.c[name].type) for name, value in defaults.items()),
    ]
    rows = select(*values).where(_is_absent(info, side))
    if record_ids is not None:
        rows = rows.where(base.c.id.in_(list(record_ids)))
    # Somebody else may be making the same row for a change of its own.
    if context.current().database.is_sqlite:
        return sqlite_insert(table).from_select(names, rows).on_conflict_do_nothing()
    return pg_insert(table).from_select(names, rows).on_conflict_do_nothing()


def _stale_ids(info: TypeInfo, side: ExtensionInfo) -> Select[Any]:
    """Ids of rows whose copies differ from their base columns."""
    base, table = info.table, side.table
    differs = or_(*(table.c[name].is_distinct_from(base.c[name]) for name in side.extension.mirrors))
    return select(base.c.id).join_from(base, table, base.c.id == side.key).where(differs)


def _refresh(info: TypeInfo, side: ExtensionInfo, chosen: Any) -> Update:
    base, table = info.table, side.table
    fresh = {name: select(base.c[name]).where(base.c.id == side.key).scalar_subquery() for name in side.mirrors}
    return update(table).where(side.key.in_(chosen)).values(fresh)


def _refresh_slices(info: TypeInfo, side: ExtensionInfo) -> None:
    """Under the eyes of writers: base rows are locked first, as they do, or a fresh copy could be overwritten."""
    chosen = _stale_ids(info, side).order_by(info.table.c.id).limit(SLICE)
    if not context.current().database.is_sqlite:
        chosen = chosen.with_for_update(of=info.table)
    while record_ids := list(trusted(chosen).scalars()):
        trusted(_refresh(info, side, record_ids))
