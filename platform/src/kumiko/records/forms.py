"""The three forms of a value: Python (in the service), columns (in a row) and JSON (in the journal).

Journal form: money {"value", "currency"}, date "2026-11-22", moment "2026-11-22T09:30:00Z", link the target's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from kumiko.records.catalogue import FieldInfo, item_fields
from kumiko.records.money import Money


def from_row(info: FieldInfo, row: Mapping[str, Any], prefix: str = "") -> Any:
    """The Python value of a field, read from a row's columns by name."""
    if info.kind == "money":
        minor, currency = row[prefix + info.columns[0].name], row[prefix + info.columns[1].name]
        return None if minor is None else Money(minor, currency or "")
    return row[prefix + info.columns[0].name]


def to_columns(info: FieldInfo, value: Any) -> dict[str, Any]:
    """Column name -> stored value."""
    if info.kind == "money":
        minor, currency = info.columns
        return {minor.name: value.minor, currency.name: value.currency} if value else {minor.name: None}
    return {info.columns[0].name: value}


def to_journal(info: FieldInfo, value: Any) -> Any:
    """The value as JSON for the journal."""
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, Money):
        return value.as_json()
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def from_journal(info: FieldInfo, value: Any) -> Any:
    """The Python value of what the journal kept."""
    if value is None:
        return None
    if info.kind == "money":
        return Money.of(value["value"], value["currency"])
    if info.kind == "date":
        return date.fromisoformat(value)
    if info.kind == "moment":
        return datetime.fromisoformat(value).astimezone(UTC)
    return value


def moment_text(value: datetime) -> str:
    """RFC 3339 in UTC: 2026-11-22T09:30:00Z."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def item_to_journal(info: FieldInfo, row: Mapping[str, Any]) -> dict[str, Any]:
    """One row of a list field (Python values) as JSON; empty values are left out, the position stays."""
    found = {one.name: to_journal(one, row.get(one.name)) for one in item_fields(info)}
    return {
        **{name: value for name, value in found.items() if value is not None},
        "position": row.get("position", 0),
    }


def item_from_journal(info: FieldInfo, kept: Mapping[str, Any]) -> dict[str, Any]:
    """One row of a list field as Python values."""
    return {
        **{one.name: from_journal(one, kept.get(one.name)) for one in item_fields(info)},
        "position": kept.get("position", 0),
    }


def item_to_columns(info: FieldInfo, row: Mapping[str, Any]) -> dict[str, Any]:
    """One row of a list field as columns of its part table, without id and parent."""
    columns: dict[str, Any] = {"position": row.get("position", 0)}
    for one in item_fields(info):
        columns.update(to_columns(one, row.get(one.name)))
        if one.kind == "money" and row.get(one.name) is None:
            columns[one.columns[1].name] = None
    return columns


def split_key(journal_name: str) -> tuple[str, str | None]:
    """ "emails#12" -> ("emails", "12"); "name" -> ("name", None)."""
    name, mark, key = journal_name.partition("#")
    return name, key if mark else None
