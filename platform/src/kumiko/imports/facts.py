"""What is found in a file once, when it comes in, so that no page has to read it again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import islice
from typing import Any

from kumiko.imports.cells import cell_json
from kumiko.imports.convert import text_of
from kumiko.imports.tables import Table
from kumiko.imports.values import column_date_order, column_decimal_mark

#: Rows that are looked at for first values, words and habits.
LOOKED_AT = 20_000
SAMPLES = 5
SAMPLE_ROWS = 5
MOST_WORDS = 30
_CELL_CHARS = 200


def facts_of(table: Table, sheets: Sequence[str] = ()) -> dict[str, Any]:
    """Columns with their first values, how many cells of the rows looked at hold something, the different words of
    columns that have few, and how days and numbers are written there; the first rows; notes; how it was read.
    """
    columns: list[dict[str, Any]] = [
        {"name": name, "samples": [], "filled": 0, "words": {}, "seen": set()} for name in table.columns
    ]
    rows: list[list[Any]] = []
    looked_at = 0
    for row in islice(table.rows, LOOKED_AT):
        looked_at += 1
        if len(rows) < SAMPLE_ROWS:
            rows.append([_shown(row.values.get(name)) for name in table.columns])
        for column in columns:
            value = row.values.get(column["name"])
            if value is not None:
                _add(column, value)
    return {
        "columns": [
            {
                "name": one["name"], "samples": one["samples"], "filled": one["filled"],
                "words": list(one["words"]) if one["words"] is not None else None,
                "date_order": column_date_order(one["seen"]) or "",
                "decimal_mark": column_decimal_mark(one["seen"]) or "",
            }
            for one in columns
        ],
        "rows": rows,
        "looked_at": looked_at,
        "notes": list(table.notes),
        "reading": table.reading,
        "sheets": list(sheets),
    }  # fmt: skip


def _add(column: dict[str, Any], value: Any) -> None:
    column["filled"] += 1
    text = text_of(value)[:_CELL_CHARS]
    if len(column["samples"]) < SAMPLES and text not in column["samples"]:
        column["samples"].append(text)
    words = column["words"]
    if words is not None:
        words.setdefault(text)
        if len(words) > MOST_WORDS:
            column["words"] = None
    if isinstance(value, str) and len(column["seen"]) < 1000 and len(value) < 40:
        column["seen"].add(value)


def _shown(value: Any) -> Any:
    found = cell_json(value)
    return found[:_CELL_CHARS] if isinstance(found, str) else found


def headings_digest(columns: Sequence[str]) -> str:
    """The same for the same titles, in whatever order and writing."""
    bare = sorted(" ".join(title.casefold().split()) for title in columns)
    return hashlib.sha256("\x1f".join(bare).encode()).hexdigest()
