"""Values of a step, filled in for one record: texts with placeholders, values taken from the record, days from now.

"Call {{ person.name }}"   text and longtext: a text with placeholders (kumiko.texts)
"=owner"                   any other kind: the record's own value of a field; "=s1.invoice": a result of a step
"+7", "today"              date: days from today; moment: days from now, "+30m" and "+2h" minutes and hours
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from kumiko import Field, Invalid, Money, company_today, record_values, render_text, utc_now
from kumiko import gettext as _

TEXTS = ("text", "longtext")
_FROM_NOW = re.compile(r"^([+-]\d{1,5})([mhd]?)$")


@dataclass
class Filled:
    """Values ready for use, and the placeholders and fields that were empty for this record."""

    values: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


class Names(Mapping[str, Any]):
    """What a text may name: the record, and the results of the steps before as `s1.invoice`, the event as `event`."""

    def __init__(self, record: Mapping[str, Any], results: Mapping[str, Any]) -> None:
        self._record, self._results = record, results

    def __getitem__(self, name: str) -> Any:
        return self._results[name] if name in self._results else self._record[name]

    def __contains__(self, name: object) -> bool:
        return name in self._results or name in self._record

    def __iter__(self) -> Any:
        yield from self._results
        yield from self._record

    def __len__(self) -> int:
        return len(self._results) + len(self._record)


def fill(fields: Sequence[Field], kept: Mapping[str, Any], record: Any, results: Mapping[str, Any]) -> Filled:
    """The kept values of these fields for a record (a RecordView); Invalid with a sentence for what cannot be."""
    found, names = Filled(), None
    for one in fields:
        if one.name not in kept:
            continue
        value = kept[one.name]
        if one.kind in TEXTS and isinstance(value, str):
            if "{{" in value or "{%" in value:
                if names is None:
                    names = Names(record_values(record.type.key, record.id), results)
                made = render_text(value, names)
                found.missing += [name for name in made.missing if name not in found.missing]
                value = made.text
        elif isinstance(value, str) and value.startswith("="):
            value = taken(value[1:], record, results)
            if value is None:
                found.missing.append(str(kept[one.name])[1:])
        elif one.kind in ("date", "moment") and isinstance(value, str):
            value = moment_of(value, one.kind)
        found.values[one.name] = value
    return found


def taken(path: str, record: Any, results: Mapping[str, Any]) -> Any:
    """The value of a field of the record, or of a result of a step before, in the form that REST takes."""
    head, dot, rest = path.partition(".")
    if dot and head in results:
        found = results[head]
        return found.get(rest) if isinstance(found, Mapping) else None
    one = record.type.find(path)
    if one is None:
        raise Invalid(_("There is no field “%(name)s” to take a value from.", name=path[:80]))
    return sent(record.get(one.name))


def sent(value: Any) -> Any:
    """A value of a RecordView in the form that REST takes."""
    if isinstance(value, Money):
        return value.as_json()
    if hasattr(value, "hidden"):
        return None if value.hidden else value.id
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value


def moment_of(text: str, kind: str) -> str:
    """A day or moment that is said relative to now, as REST takes it; anything else stays as it is."""
    text = text.strip()
    if text in ("today", "now"):
        return company_today().isoformat() if kind == "date" else utc_now().isoformat()
    found = _FROM_NOW.match(text)
    if found is None:
        return text
    amount, unit = int(found[1]), found[2] or "d"
    if kind == "date":
        return (company_today() + timedelta(days=amount)).isoformat()
    step = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[unit]
    return (utc_now() + amount * step).isoformat()


def is_filled_later(value: Any, kind: str) -> bool:
    """Whether a kept value is only known for a record, so that it cannot be checked beforehand."""
    if not isinstance(value, str):
        return False
    if kind in TEXTS:
        return "{{" in value or "{%" in value
    return value.startswith("=") or (kind in ("date", "moment") and moment_of(value, kind) != value)
