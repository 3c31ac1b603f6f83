"""An empty table to fill in: titles from the fields that the person may fill today, own and custom ones included."""

from __future__ import annotations

from typing import IO, Any

from kumiko.host import context, settings
from kumiko.host.columns import utc_now
from kumiko.imports.cells import OutCell
from kumiko.imports.convert import zone_of_person
from kumiko.imports.plan import EXTERNAL
from kumiko.imports.writers import write_csv, write_xlsx
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.custom import public_name

FORMATS = ("csv", "xlsx")


def columns_of(info: TypeInfo) -> list[str]:
    """Titles that an import of this type knows by themselves."""
    titles = [EXTERNAL]
    for name, one in info.writable(context.principal()).items():
        if one.kind not in ("external_ids", "record") and one.field.by_hand:
            title = public_name(name)
            titles += (title, f"{title}.currency") if one.kind == "money" else (title,)
    return titles


def example_of(info: TypeInfo) -> list[OutCell]:
    """One row that shows how values are written."""
    cells: list[OutCell] = ["A-1"]
    for name, one in info.writable(context.principal()).items():
        if one.kind in ("external_ids", "record") or not one.field.by_hand:
            continue
        if one.kind == "money":
            cells += ["1054.00", str(settings.get("host.currency") or "EUR")]
        else:
            cells.append(_example(name, one))
    return cells


def write_sample(stream: IO[bytes], info: TypeInfo, file_format: str) -> None:
    """Write the table with its example to a binary stream, as csv or xlsx."""
    columns, rows = columns_of(info), [example_of(info)]
    if file_format == "xlsx":
        write_xlsx(stream, columns, rows, zone=zone_of_person(), sheet=str(info.type.label_plural)[:31])
    else:
        write_csv(stream, columns, rows, bom=True)


def _example(name: str, one: FieldInfo) -> OutCell:
    if one.kind in ("choice", "multichoice"):
        return next(iter(one.choices), None)
    found: dict[str, Any] = {
        "integer": 3, "number": 1.5, "percent": 20, "boolean": True, "date": utc_now().date(), "moment": utc_now(),
        "email": "ann@example.com", "phone": "+49 30 1234567", "url": "https://example.com", "tags": "first; second",
    }  # fmt: skip
    if one.kind in found:
        cell: OutCell = found[one.kind]
        return cell
    if one.kind in ("text", "longtext"):
        return str(one.field.label) if one.kind == "text" and one.field.required else None
    return None
