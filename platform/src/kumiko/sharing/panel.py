"""On the card: whom the record is shared with, and the way to "why do I see this"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko.records.views import RecordView
from kumiko.sharing.record_types import may_share
from kumiko.sharing.services import shares_of


def load(record: RecordView) -> Mapping[str, Any] | None:
    """Variables of sharing/panel.html."""
    if record.type.type.dictionary:
        return None
    return {
        "record": record,
        "shares": shares_of(record.id),
        "may_share": not record.deleted and may_share(record.type, record.id),
    }
