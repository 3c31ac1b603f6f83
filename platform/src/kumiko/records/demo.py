"""Sample data: made by what plugins declare in `declare_demo`, removed by undoing the group it was made in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kumiko.host import guard, settings
from kumiko.host.context import current
from kumiko.host.declarations import DemoData
from kumiko.host.errors import KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.loader import checked_list
from kumiko.records.undo import undo
from kumiko.records.units import group, unit

if TYPE_CHECKING:
    from kumiko.host.generation import Generation

log = logging.getLogger("kumiko.demo")
GROUPS, MADE = "host.demo_groups", "host.demo_made"


def present() -> bool:
    """Whether this installation holds sample data."""
    return bool(settings.get(GROUPS, []))


def make() -> list[str]:
    """Make the sample data that are missing, as whoever is acting. Returns lines about what could not be made.

    Each plugin's part is one unit of the group "sample data": a part that fails leaves nothing and stops no other.
    """
    generation = current().generation
    if generation is None:
        raise KumikoError("sample data are made inside a running generation; none is running in this context.")
    made = list(settings.get(MADE, []))
    missing = [(name, part) for name, part in declared(generation) if f"{name}.{part.name}" not in made]
    if not missing:
        return []
    lines = []
    with group(_("sample data")) as group_id:
        settings.put({GROUPS: [*settings.get(GROUPS, []), group_id]})
        for name, part in missing:
            try:
                with unit(reason=_("sample data")):
                    part.make()
                    settings.put({MADE: [*made, f"{name}.{part.name}"]})
            except Exception as fault:  # noqa: BLE001 (a plugin may raise anything)
                guard.record(name, "declare_demo", fault)
                lines.append(f"Warning: no sample data of {name} ({part.name}): {fault}")
            else:
                made.append(f"{name}.{part.name}")
    return lines


def remove() -> tuple[int, int]:
    """Undo all sample data. Returns (changes taken back, changes kept because people worked on them since)."""
    taken = kept = 0
    for group_id in reversed(settings.get(GROUPS, [])):
        result = undo(group_id)
        taken += result.reverted
        kept += len(result.overwritten) + sum(int(one["count"]) for one in result.refused)
    settings.put({GROUPS: [], MADE: []})
    return taken, kept


def declared(generation: Generation) -> list[tuple[str, DemoData]]:
    """Parts of the sample data in their order, each with its plugin's name; a plugin that raises is left out."""
    found: list[tuple[str, DemoData]] = []
    for loaded in generation.plugins.values():
        try:
            found += [(loaded.name, part) for part in checked_list(loaded, "declare_demo")]
        except Exception as fault:  # noqa: BLE001 (a plugin may raise anything)
            guard.record(loaded.name, "declare_demo", fault)
    return sorted(found, key=lambda one: (one[1].order, one[0], one[1].name))
