"""What became of one field of records, as the journal has it: for plugins whose tables are a reading of the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.records.catalogue import catalogue
from kumiko.records.history import readable_ids
from kumiko.records.models import Entry, Unit

_entry, _unit = table_of(Entry), table_of(Unit)
SLICE = 500


@dataclass(frozen=True, kw_only=True)
class FieldStep:
    """One change of the field that holds: values in journal form. `beside`: other fields that the entry set, too."""

    unit_id: int
    at: datetime
    actor_id: int | None
    via: str
    before: Any
    after: Any
    beside: Mapping[str, Any]


def field_log(
    type_key: str, ids: Sequence[int], name: str, *, beside: Sequence[str] = ()
) -> dict[int, list[FieldStep]]:
    """Record id -> the changes of a field that were not undone, oldest first; records without any are absent.

    Limited to records that the acting person may read, except inside `unscoped(reason)`.
    """
    info = catalogue().get(type_key)
    wanted = sorted(ids) if context.current().unscoped_reason else sorted(readable_ids(info, set(ids)))
    journal_name = info.fields[name].journal_name
    others = {one: info.fields[one].journal_name for one in beside}
    found: dict[int, list[FieldStep]] = {}
    query = (
        select(_entry.c.record_id, _entry.c.unit_id, _entry.c.before, _entry.c.after, _entry.c.undone, _unit.c.at,
               _unit.c.actor_id, _unit.c.via)
        .join_from(_entry, _unit, _unit.c.id == _entry.c.unit_id)
        .where(_entry.c.record_id.in_(bindparam("ids", expanding=True)), _entry.c.derived.is_(False))
        .order_by(_entry.c.id)
    )  # fmt: skip
    for start in range(0, len(wanted), SLICE):
        for row in trusted(query, {"ids": wanted[start : start + SLICE]}).mappings():
            after = row["after"] or {}
            if journal_name not in after or journal_name in (row["undone"] or ()):
                continue
            step = FieldStep(
                unit_id=row["unit_id"], at=row["at"], actor_id=row["actor_id"], via=row["via"],
                before=(row["before"] or {}).get(journal_name), after=after[journal_name],
                beside={one: after.get(key) for one, key in others.items()},
            )  # fmt: skip
            found.setdefault(row["record_id"], []).append(step)
    return found
