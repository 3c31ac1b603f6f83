"""What a file can carry: a value that comes back only as exact as its file holds it has not changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from kumiko.imports.cells import Cell
from kumiko.imports.plan import Node

#: A workbook keeps moments to the thousandth of a second, and what reads it may cut that off or round it.
_WORKBOOK_STEP = timedelta(milliseconds=1)
#: A spreadsheet keeps and shows 15 digits of a number.
_SHARE = 1e-14


def keep_exact(node: Node, values: dict[str, Any], row: Mapping[str, Cell], before: Mapping[str, Any]) -> None:
    """Where a cell brings what the record holds, rounded as its file must round it, the record's own value stays."""
    for name, leaf in node.leaves.items():
        held = before.get(name)
        if held is None or values.get(name) is None:
            continue
        cell = leaf.source.cell(row)
        if isinstance(cell, datetime | float) and _is_the_same(held, values[name]):
            values[name] = held


def _is_the_same(held: Any, brought: Any) -> bool:
    if isinstance(held, datetime) and isinstance(brought, datetime):
        return abs(held - brought) <= _WORKBOOK_STEP
    if isinstance(held, float) and isinstance(brought, float):
        return math.isclose(held, brought, rel_tol=_SHARE)
    return False
