"""Records of one sheet of a workbook: XLSX, XLS, ODS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from kumiko.imports.cells import Cell
from kumiko.imports.tables.archive import inspect_archive
from kumiko.imports.tables.faults import TableError
from kumiko.imports.tables.table import Record

# A double holds whole numbers exactly up to here.
_MAX_WHOLE = 2**53
_SHOWN_SHEETS = 10

RawCell = int | float | str | bool | time | date | datetime | timedelta


class WorkbookSource:
    """One sheet: dates as dates, formulas as the values they had when the file was saved.

    The sheet is held once, in compact form, and turned into records one at a time.
    """

    def __init__(self, opener: Callable[[], BinaryIO], *, filename: str, sheet: str | None) -> None:
        self.notes: list[str] = []
        self.reading: dict[str, str] = {}
        self.sheets: list[str] = []
        with opener() as stream:
            self._sheet = self._load(stream, filename, sheet)
        self._note_merged()

    def records(self) -> Iterator[Record]:
        """(row number as the spreadsheet shows it, cells)."""
        for index, cells in enumerate(self._sheet.iter_rows()):
            yield index + 1, [_cell(cell) for cell in cells]

    def _load(self, stream: BinaryIO, filename: str, sheet: str | None) -> CalamineSheet:
        is_archive = stream.read(2) == b"PK"
        stream.seek(0)
        try:
            archive = inspect_archive(stream, filename) if is_archive else None
            if archive:
                archive.check_open_document()
            stream.seek(0)
            workbook = CalamineWorkbook.from_filelike(stream)
            name = self._pick(workbook, filename, sheet)
            self.reading = {"sheet": name}
            errors = archive.check_sheet(name) if archive else 0
            if errors:
                self.notes.append(f"{errors:,} cells show an error such as #DIV/0! or #REF! and were read as empty.")
            return workbook.get_sheet_by_name(name)
        except PasswordError as error:
            raise TableError(f"{filename} is protected by a password. Save it without one and try again.") from error
        except CalamineError as error:
            raise TableError(
                f"{filename} cannot be read as a workbook ({error}). Open it in a spreadsheet program and save it "
                "again as XLSX, without a password."
            ) from error

    def _pick(self, workbook: CalamineWorkbook, filename: str, wanted: str | None) -> str:
        sheets = [meta for meta in workbook.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
        names = [meta.name for meta in sheets]
        self.sheets = names
        if not names:
            raise TableError(f"{filename} has no sheet with cells. One with column titles and rows is wanted.")
        if wanted is not None:
            if wanted not in names:
                raise TableError(f'{filename} has no sheet "{wanted}". Its sheets are: {_listed(names)}.')
            return wanted
        visible = [meta.name for meta in sheets if meta.visible == SheetVisibleEnum.Visible]
        picked = (visible or names)[0]
        if len(names) > 1:
            others = [name for name in names if name != picked]
            self.notes.append(f'Sheet "{picked}" was read; the workbook also has: {_listed(others)}.')
        return picked

    def _note_merged(self) -> None:
        merged = self._sheet.merged_cell_ranges
        if merged:
            self.notes.append(
                f"{len(merged):,} merged areas: the value stands in the first cell of each, the others are empty."
            )


def _cell(cell: RawCell) -> Cell:
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) <= _MAX_WHOLE else cell
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(int(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(cell, time):
        return cell.isoformat()
    return cell


def _listed(names: list[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:_SHOWN_SHEETS])
    return shown if len(names) <= _SHOWN_SHEETS else f"{shown} and {len(names) - _SHOWN_SHEETS} more"
