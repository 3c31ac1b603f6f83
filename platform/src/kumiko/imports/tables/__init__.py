"""Opening a table that somebody brought: CSV in the encodings of this world, XLSX, XLS and ODS.

Everything that is wrong with the file as a whole is said by `open_table`, before anything is written anywhere. What is
wrong with one row (too few or too many cells) stands in `Row.problem`, so that the other rows can come in.
"""

from __future__ import annotations

from kumiko.imports.tables.faults import TableError
from kumiko.imports.tables.opening import MAX_BYTES, MAX_ROWS, SUFFIXES, open_table, sheets_of
from kumiko.imports.tables.table import Row, Table

__all__ = ["MAX_BYTES", "MAX_ROWS", "SUFFIXES", "Row", "Table", "TableError", "open_table", "sheets_of"]
