"""The file of refused rows: original columns, row number and reason, beside the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from kumiko.imports.tables import Table
from kumiko.imports.writers import RefusedRow, write_refused


def folder_of(home: Path) -> Path:
    """The folder of imports in an installation's home; made when it is missing, for its owner alone."""
    folder = home / "imports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def refused_path(home: Path, name: str, suffix: str) -> Path:
    """A free path for a file of refused rows: a workbook for workbooks, else CSV."""
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]
    ending = ".xlsx" if suffix.lower() in (".xlsx", ".xlsm", ".xls", ".ods") else ".csv"
    return folder_of(home) / f"{name}-refused-{moment}{ending}"


def write_refused_rows(path: Path, table: Table, refused: Mapping[int, str]) -> int:
    """Write the rows of the table whose numbers are refused, with the reasons; gives how many."""

    def rows() -> Iterator[RefusedRow]:
        for row in table.rows:
            reason = refused.get(row.number)
            if reason is not None:
                yield RefusedRow(row, reason)

    return write_refused(path, table.columns, rows())
