"""The order of rows that name each other: parents before children, in levels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kumiko.host.i18n import gettext as _
from kumiko.imports.convert import text_of
from kumiko.imports.plan import LinkNode, Plan
from kumiko.imports.tables import Row


def own_names(plan: Plan, link: LinkNode, row: Row) -> dict[str, str]:
    """Lookup field -> text by which other rows may name this one."""
    found: dict[str, str] = {}
    for name in link.lookups:
        leaf = plan.root.leaves.get(name)
        if leaf is not None and (cell := leaf.source.cell(row.values)) is not None:
            text = " ".join(text_of(cell).split())
            found[name] = text.lower() if leaf.one is not None and leaf.one.kind == "email" else text
    return found


def in_levels(plan: Plan, rows: Iterable[Row]) -> tuple[list[list[Row]], dict[int, str]]:
    """Rows in levels (those of a level name only rows of earlier ones), and sentences for rows that form a circle."""
    listed = list(rows)
    above = _above(plan, listed)
    levels: dict[int, int] = {}
    circles: dict[int, str] = {}
    for start in range(len(listed)):
        _settle(start, above, levels, circles, listed)
    depth = max(levels.values(), default=0)
    ordered: list[list[Row]] = [[] for _level in range(depth + 1)]
    for at, row in enumerate(listed):
        ordered[levels.get(at, 0)].append(row)
    return ordered, circles


def _above(plan: Plan, listed: Sequence[Row]) -> dict[int, list[int]]:
    """Position of a row -> positions of the rows that it names."""
    above: dict[int, list[int]] = {}
    for link in plan.self_links():
        places: dict[str, int] = {}
        for at, row in enumerate(listed):
            for text in own_names(plan, link, row).values():
                places.setdefault(text, at)
        source = link.naming()
        for at, row in enumerate(listed):
            cell = source.cell(row.values) if source is not None else None
            place = places.get(" ".join(text_of(cell).split())) if cell is not None else None
            if place is not None:
                above.setdefault(at, []).append(place)
    return above


def _settle(
    start: int, above: dict[int, list[int]], levels: dict[int, int], circles: dict[int, str], listed: Sequence[Row]
) -> None:
    """Give `start` and all rows above it their level; walks without recursion, for chains may be long."""
    path: list[int] = []
    on_path: set[int] = set()
    stack: list[tuple[int, Iterator[int]]] = []

    def enter(at: int) -> None:
        path.append(at)
        on_path.add(at)
        stack.append((at, iter(above.get(at, ()))))

    if start not in levels:
        enter(start)
    while stack:
        at, parents = stack[-1]
        parent = next(parents, None)
        if parent is None:
            stack.pop()
            path.pop()
            on_path.discard(at)
            levels[at] = 1 + max((levels.get(one, -1) for one in above.get(at, ())), default=-1)
        elif parent in on_path:
            for member in path[path.index(parent) :]:
                circles[listed[member].number] = _("this row stands below itself in the file")
        elif parent not in levels:
            enter(parent)
