"""Sample data: made by what plugins declare in `declare_demo`, removed by undoing the group they were made in.

Whether a part is there is asked of the journal: undoing the group from anywhere removes it, redoing brings it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from kumiko.host import guard, settings
from kumiko.host.columns import table_of
from kumiko.host.context import current, transaction
from kumiko.host.declarations import DemoData
from kumiko.host.errors import KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.loader import checked_list
from kumiko.host.scoping import trusted
from kumiko.records.models import Entry, Unit
from kumiko.records.undo import UndoResult, undo
from kumiko.records.units import open_group, unit

if TYPE_CHECKING:
    from kumiko.host.generation import Generation

PARTS = "host.demo_parts"  # "plugin.part" -> id of the group it was made in
_unit, _entry = table_of(Unit), table_of(Entry)

Part = tuple[str, DemoData]  # the plugin's name and one of its parts


@dataclass
class Removal:
    """What removing the sample data, or bringing them back, did: changes made, and the units that take it back."""

    units: list[int] = field(default_factory=list)
    reverted: int = 0
    refused: int = 0
    waiting: list[str] = field(default_factory=list)


def groups() -> Sequence[int]:
    """Ids of the groups of sample data that are there now, oldest first."""
    known = sorted(set(settings.get(PARTS, {}).values()))
    if not known:
        return []
    query = select(_unit.c.id).where(_unit.c.id.in_(bindparam("ids", expanding=True)), _unit.c.undone_at.is_(None))
    return list(trusted(query.order_by(_unit.c.id), {"ids": known}).scalars())


def removals() -> dict[int, datetime]:
    """The undos that took the sample data away: unit's id -> when, the newest last. Undone, the data are back."""
    known = sorted(set(settings.get(PARTS, {}).values()))
    if not known:
        return {}
    query = (
        select(_unit.c.undone_by, _unit.c.undone_at)
        .where(_unit.c.id.in_(bindparam("ids", expanding=True)), _unit.c.undone_by.is_not(None))
        .order_by(_unit.c.undone_by)
    )
    return {row.undone_by: row.undone_at for row in trusted(query, {"ids": known})}


def present() -> bool:
    """Whether this installation holds sample data."""
    return bool(groups())


def counts() -> Mapping[str, int]:
    """How many sample records there are: record type's key -> number made."""
    found: Counter[str] = Counter()
    for group_id in groups():
        query = (
            select(_entry.c.type_key, func.count().label("n"))
            .join_from(_unit, _entry, _entry.c.unit_id == _unit.c.id)
            .where(_unit.c.group_id == group_id, _entry.c.action == "created")
            .group_by(_entry.c.type_key)
        )
        for row in trusted(query):
            found[row.type_key] += row.n
    return dict(found)


def missing() -> list[Part]:
    """Parts that enabled plugins declare and that are not there now, in their order."""
    generation = current().generation
    if generation is None:
        raise KumikoError("sample data are made inside a running generation; none is running in this context.")
    alive, made = set(groups()), settings.get(PARTS, {})
    return [(name, part) for name, part in declared(generation) if made.get(f"{name}.{part.name}") not in alive]


def make() -> list[str]:
    """Make the sample data that are missing, as whoever is acting. Returns lines about what could not be made.

    Each plugin's part is one unit of the group "sample data": a part that fails leaves nothing and stops no other.
    """
    parts = missing()
    if not parts:
        return []
    with transaction():
        group_id = open_group(_("sample data"), via="system")
    return [line for part in parts if (line := make_part(group_id, part, lambda: None))]


def make_part(group_id: int, part: Part, then: Callable[[], None]) -> str:
    """Make one part in one unit, and do `then` in the same transaction; a sentence when it failed, else ""."""
    name, demo = part
    context = current()
    before, context.group_id = context.group_id, group_id
    try:
        with unit(reason=_("sample data"), via="system"):
            demo.make()
            settings.put({PARTS: {**settings.get(PARTS, {}), f"{name}.{demo.name}": group_id}})
            then()
    except Exception as fault:  # noqa: BLE001 (a plugin may raise anything)
        guard.record(name, "declare_demo", fault)
        return f"Warning: no sample data of {name} ({demo.name}): {fault}"
    finally:
        context.group_id = before
    return ""


def remove() -> Removal:
    """Undo all sample data in one transaction. Records that people changed since go to the bin with the others."""
    return _undo_all(tuple(reversed(groups())))


def bring_back() -> Removal:
    """Undo all removals in one transaction; the sample data are as they were when they went."""
    return _undo_all(tuple(reversed(removals())))


def _undo_all(units: Sequence[int]) -> Removal:
    removal = Removal()
    with transaction():
        for unit_id in units:
            result: UndoResult = undo(unit_id)
            removal.reverted += result.reverted
            removal.refused += sum(int(one["count"]) for one in result.refused)
            removal.waiting += [name for name in result.waiting if name not in removal.waiting]
            if result.unit is not None:
                removal.units.append(result.unit)
        settings.put({})  # tells every process that something about the sample data changed
    return removal


def declared(generation: Generation) -> list[Part]:
    """Parts of the sample data in their order, each with its plugin's name; a plugin that raises is left out."""
    found: list[Part] = []
    for loaded in generation.plugins.values():
        try:
            found += [(loaded.name, part) for part in checked_list(loaded, "declare_demo")]
        except Exception as fault:  # noqa: BLE001 (a plugin may raise anything)
            guard.record(loaded.name, "declare_demo", fault)
    return sorted(found, key=lambda one: (one[1].order, one[0], one[1].name))
