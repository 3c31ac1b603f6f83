"""The order of rows that name each other: parents before children, in levels."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from kumiko.imports.convert import text_of
from kumiko.imports.plan import LinkNode, Plan
from kumiko.imports.seen import FirstRows
from kumiko.imports.tables import Row, Table

#: Rows of files up to this size are kept while they are put in order; larger files are read once for each level.
KEPT_ROWS = 50_000


def own_names(plan: Plan, link: LinkNode, row: Row) -> dict[str, str]:
    """Lookup field -> text by which other rows may name this one."""
    found: dict[str, str] = {}
    for name in link.lookups:
        leaf = plan.root.leaves.get(name)
        if leaf is not None and (cell := leaf.source.cell(row.values)) is not None:
            text = " ".join(text_of(cell).split())
            found[name] = text.lower() if leaf.one is not None and leaf.one.kind == "email" else text
    return found


class Order:
    """Rows in levels: those of a level name only rows of earlier ones. Rows that stand below themselves are told.

    Of the rows only numbers are held, eight bytes for each and link, however large the file is.
    """

    def __init__(self, plan: Plan, table: Table) -> None:
        self._table = table
        self._numbers = array("I")
        above = self._read(plan)
        self._levels = array("i", bytes(4 * len(self._numbers)))
        self._circles: set[int] = set()
        _settle_all(above, self._levels, self._circles)
        self._circles = {self._numbers[at] for at in self._circles}
        self._depth = max(self._levels, default=0)

    def in_circle(self, number: int) -> bool:
        """Whether the row of this number stands below itself."""
        return number in self._circles

    def levels(self) -> Iterator[Iterator[Row]]:
        """The rows of each level, in the order of the file."""
        kept = list(self._table.rows) if len(self._numbers) <= KEPT_ROWS else None
        for level in range(self._depth + 1):
            yield self._rows(level, kept)

    def _rows(self, level: int, kept: list[Row] | None) -> Iterator[Row]:
        for at, row in enumerate(kept if kept is not None else self._table.rows):
            if self._levels[at] == level:
                yield row

    def _read(self, plan: Plan) -> list[array[int]]:
        """For each link: position of a row -> 1 + position of the row that it names, 0 for none."""
        links = plan.self_links()
        places = [FirstRows() for _link in links]
        for at, row in enumerate(self._table.rows):
            self._numbers.append(row.number)
            for link, place in zip(links, places, strict=True):
                for text in own_names(plan, link, row).values():
                    place.first(text, at + 1)
        above = [array("I", bytes(4 * len(self._numbers))) for _link in links]
        for at, row in enumerate(self._table.rows):
            for number, link in enumerate(links):
                source = link.naming()
                cell = source.cell(row.values) if source is not None else None
                if cell is not None:
                    above[number][at] = places[number].find(" ".join(text_of(cell).split())) or 0
        return above


def _settle_all(above: list[array[int]], levels: array[int], circles: set[int]) -> None:
    """Give all rows their level, without recursion, for chains may be long."""
    settled = bytearray(len(levels))
    for start in range(len(levels)):
        if not settled[start]:
            _settle(start, above, levels, settled, circles)


def _settle(start: int, above: list[array[int]], levels: array[int], settled: bytearray, circles: set[int]) -> None:
    path: list[int] = []
    on_path: set[int] = set()
    stack: list[tuple[int, Iterator[int]]] = []

    def parents_of(at: int) -> list[int]:
        return [one[at] - 1 for one in above if one[at]]

    def enter(at: int) -> None:
        path.append(at)
        on_path.add(at)
        stack.append((at, iter(parents_of(at))))

    enter(start)
    while stack:
        at, parents = stack[-1]
        parent = next(parents, None)
        if parent is None:
            stack.pop()
            path.pop()
            on_path.discard(at)
            levels[at] = 1 + max((levels[one] if settled[one] else -1 for one in parents_of(at)), default=-1)
            settled[at] = 1
        elif parent in on_path:
            circles.update(path[path.index(parent) :])
        elif not settled[parent]:
            enter(parent)
