"""The three forms of a value: Python (in the service), columns (in a row) and JSON (in the journal).

Journal form: money {"value", "currency"}, date "2026-11-22", moment "2026-11-22T09:30:00Z", link the target's id,
record "deals.deal:17".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from kumiko.records.catalogue import FieldInfo, item_fields
from kumiko.records.money import Money
from kumiko.records.record_refs import RecordRef, ref_of

_AS_THEY_ARE = frozenset({str, int, bool, float})


def from_row(info: FieldInfo, row: Mapping[str, Any], prefix: str = "") -> Any:
    """The Python value of a field, read from a row's columns by name."""
    if info.custom is not None:
        return info.custom.from_stored(row["custom"])
    if info.kind == "money":
        minor, currency = row[prefix + info.columns[0].name], row[prefix + info.columns[1].name]
        return None if minor is None else Money(minor, currency or "")
    if info.kind == "record":
        record_id, type_key = row[prefix + info.columns[0].name], row[prefix + info.columns[1].name]
        return None if record_id is None else RecordRef(type_key or "", record_id)
    return row[prefix + info.columns[0].name]


def to_columns(info: FieldInfo, value: Any) -> dict[str, Any]:
    """Column name -> stored value."""
    found: dict[str, Any] = {}
    put_columns(info, value, found)
    return found


def put_columns(info: FieldInfo, value: Any, row: dict[str, Any]) -> None:
    """Put what a field stores into a row that is being made; an amount that is emptied keeps its currency."""
    if info.kind == "record":
        row[info.columns[0].name], row[info.columns[1].name] = (value.id, value.type_key) if value else (None, None)
        return
    if info.kind != "money":
        row[info.columns[0].name] = value
        return
    minor, currency = info.columns
    row[minor.name] = value.minor if value else None
    if value:
        row[currency.name] = value.currency


def to_journal(info: FieldInfo, value: Any) -> Any:
    """The value as JSON for the journal."""
    if value is None or value.__class__ in _AS_THEY_ARE:
        return value
    if isinstance(value, Money):
        return value.as_json()
    if isinstance(value, RecordRef):
        return value.text
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def from_journal(info: FieldInfo, value: Any) -> Any:
    """The Python value of what the journal kept."""
    if value is None:
        return None
    if info.custom is not None:
        return info.custom.from_journal(value)
    if info.kind == "money":
        return Money.of(value["value"], value["currency"])
    if info.kind == "record":
        return ref_of(value)
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
    found: dict[str, Any] = {}
    for one in item_fields(info):
        value = row.get(one.name)
        if value is not None:
            found[one.name] = to_journal(one, value)
    found["position"] = row.get("position", 0)
    return found


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
        value = row.get(one.name)
        if one.kind == "money":
            minor, currency = one.columns
            columns[minor.name], columns[currency.name] = (value.minor, value.currency) if value else (None, None)
        else:
            columns[one.columns[0].name] = value
    return columns


def split_key(journal_name: str) -> tuple[str, str | None]:
    """ "emails#12" -> ("emails", "12"); "name" -> ("name", None)."""
    name, mark, key = journal_name.partition("#")
    return name, key if mark else None
