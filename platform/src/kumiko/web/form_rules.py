"""Rules of fields as the script of a form needs them: it reacts at once, the record service has the last word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson

from kumiko.records import field_rules
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.money import Money
from kumiko.records.views import LinkValue


def rules_of(info: TypeInfo, groups: Iterable[tuple[str, Sequence[FieldInfo]]], values: Mapping[str, Any]) -> str:
    """JSON with the rules of the fields of a form, and the values of fields that rules look at; "" without any."""
    names = {one.name for _title, fields in groups for one in fields}
    rules = {name: rule for name, rule in info.rules.items() if name in names}
    if not rules:
        return ""
    told: dict[str, Any] = {}
    looked_at: set[str] = set()
    for name, rule in rules.items():
        parts = {"shown": rule.shown_when, "required": rule.required_when, "locked": rule.locked_when}
        told[name] = {word: field_rules.resolved(info, node) for word, node in parts.items() if node}
        for node in parts.values():
            looked_at |= {info.plain(one) for one in field_rules.fields_in(node)}
    known = {name: _plain(values.get(name)) for name in looked_at if name in info.fields}
    return orjson.dumps({"rules": told, "values": known}).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, LinkValue):
        return value.id
    if isinstance(value, Money):
        return value.value
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool | list) else str(value)
