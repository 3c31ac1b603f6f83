"""Erasing records in the bin for good: by an administrator's hand, or after the days that a setting names.

Rows, parts, side rows and what the record layer keeps with them go. Of the journal the heads stay (who did what kind of
thing when), the values go: an undo then says that the record was erased.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, null, select, update
from sqlalchemy.exc import IntegrityError

from kumiko.host import context, settings
from kumiko.host.columns import table_of, utc_now
from kumiko.host.declarations import Field, SettingsSection
from kumiko.host.errors import Forbidden
from kumiko.host.guard import savepoint
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.jobs.job import JobContext, sliced
from kumiko.records import search
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.hanging import hangs_on_any
from kumiko.records.models import ContractEvent, Entry, ExternalId, IdempotencyKey, Share, Tag
from kumiko.records.units import unit

JOB = "records.erase_old"
SETTING = "records.bin_days"
SLICE = 100
_entry, _event, _tag, _share = table_of(Entry), table_of(ContractEvent), table_of(Tag), table_of(Share)
_external, _key = table_of(ExternalId), table_of(IdempotencyKey)


@dataclass
class Erased:
    """How many records went, and why others stayed: (title, sentence)."""

    count: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    unit: int | None = None


def setting() -> SettingsSection:
    """After how many days the bin is emptied."""
    days = Field(
        name="bin_days", kind="integer", label=_l("Erase for good after days in the bin"), default=0, minimum=0,
        maximum=3650, help=_l("0: deleted records stay in the bin until somebody restores or erases them."),
    )  # fmt: skip
    return SettingsSection(title=_l("Bin"), fields=(days,))


def erase(refs: Sequence[tuple[str, int]]) -> Erased:
    """Erase records in the bin, (type key, id). Forbidden for all but administrators; cannot be undone."""
    if not context.principal().is_administrator:
        raise Forbidden(_("Only administrators erase records for good."))
    result = Erased()
    by_type: dict[str, list[int]] = {}
    for type_key, record_id in refs:
        by_type.setdefault(type_key, []).append(record_id)
    with unit(reason=_("erased for good")) as opened:
        for type_key, ids in by_type.items():
            info = catalogue().find(type_key)
            if info is not None:
                _erase_of_type(info, ids, result)
        if result.count:
            result.unit = opened.id
    return result


def _erase_of_type(info: TypeInfo, ids: Sequence[int], result: Erased) -> None:
    rows = info.table
    query = select(rows.c.id, rows.c.name).where(rows.c.id.in_(ids), rows.c.deleted_at.is_not(None))
    for record_id, name in trusted(query).all():
        named = next(_live_links(info, record_id), "")
        if named:
            result.left.append((name or str(record_id), named))
            continue
        try:
            with savepoint():
                _erase_one(info, record_id)
        except IntegrityError:
            result.left.append((name or str(record_id), _("other records of its module are made of it")))
        else:
            result.count += 1


def _live_links(info: TypeInfo, record_id: int) -> Iterator[str]:
    """Sentences about records outside of the bin that name this one."""
    for linking, one, item in catalogue().links_to.get(info.key, ()):
        rows = linking.table
        if item is None:
            query = select(func.count()).select_from(rows)
            if one.extension is not None:
                side = one.extension.table
                query = query.join(side, side.c.record_id == rows.c.id).where(one.at(side) == record_id)
            else:
                query = query.where(one.at(rows) == record_id)
        else:
            part = one.part_table
            query = select(func.count()).select_from(rows).join(part, part.c.parent_id == rows.c.id)
            query = query.where(part.c[item.columns[0].name] == record_id)
        count = trusted(query.where(rows.c.deleted_at.is_(None))).scalar_one()
        if count:
            what = inside(linking.type.label if count == 1 else linking.type.label_plural)
            yield _("%(count)d %(what)s still name it", count=count, what=what)


def _erase_one(info: TypeInfo, record_id: int) -> None:
    for other in catalogue().types.values():
        on = hangs_on_any(other.type)
        if on is not None:
            rows = other.table
            hanging = select(rows.c.id).where(rows.c[on[0]] == info.key, rows.c[on[1]] == record_id)
            for one in trusted(hanging).scalars().all():
                _erase_one(other, one)
    for one in info.lists:
        trusted(delete(one.part_table).where(one.part_table.c.parent_id == record_id))
    for side in info.extensions:
        trusted(delete(side.table).where(side.key == record_id))
    for table in (_tag, _share, _external, _key):
        trusted(delete(table).where(table.c.record_id == record_id))
    search.drop([record_id])
    gone: dict[str, Any] = {"before": null(), "after": null(), "names": null(), "title": ""}
    trusted(update(_entry).where(_entry.c.record_id == record_id).values(gone))
    trusted(update(_event).where(_event.c.record_id == record_id).values(payload=null()))
    trusted(delete(info.table).where(info.table.c.id == record_id))


@sliced
def work(job: JobContext) -> None:
    """Every night: erase what lies in the bin for longer than the setting says."""
    passed: set[int] = set()
    while True:
        with job.slice():
            days = int(settings.get(SETTING, 0) or 0)
            refs = _old(days, passed) if days else []
            if not refs:
                return
            passed |= {record_id for _type_key, record_id in refs}  # those that stay are not tried again tonight
            erase(refs)


def _old(days: int, passed: set[int]) -> list[tuple[str, int]]:
    until = utc_now() - timedelta(days=days)
    found: list[tuple[str, int]] = []
    for info in catalogue().types.values():
        query = select(info.table.c.id).where(info.table.c.deleted_at < until).order_by(info.table.c.id)
        found += [(info.key, one) for one in trusted(query).scalars() if one not in passed][: SLICE - len(found)]
        if len(found) >= SLICE:
            break
    return found
