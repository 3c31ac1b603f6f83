"""Record types whose records may stand for something that left the house: a mail that was sent cannot be taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from kumiko.host.declarations import RecordType
from kumiko.host.errors import NotFound
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.views import RecordView

MOST = 20


@dataclass(frozen=True, kw_only=True)
class OutgoingRecordType(RecordType):
    """`left_house(record)` gives a sentence for a record that stands for what was sent or done elsewhere, else ""."""

    left_house: Callable[[RecordView], str]


def what_left(entries: Iterable[Any]) -> list[str]:
    """Sentences about what changes (history entries) sent out, which their undo cannot take back; at most twenty."""
    found: dict[int, str] = {}
    for entry in entries:
        info = catalogue().find(entry.type_key)
        if info is None or not isinstance(info.type, OutgoingRecordType) or entry.record_id in found:
            continue
        try:
            record = service.find(info.key, entry.record_id) or service.get(info.key, entry.record_id, deleted=True)
        except NotFound:
            continue
        found[entry.record_id] = info.type.left_house(record)
        if len(found) >= MOST:
            break
    return [sentence for sentence in found.values() if sentence]
