"""GET /changes: everything that happened, gap-free, from a cursor on."""

from __future__ import annotations

import base64
from typing import Any

import orjson
from flask import Response

from kumiko.host.i18n import gettext as _
from kumiko.records.forms import moment_text
from kumiko.records.history import HistoryEntry, changes_after
from kumiko.rest.answers import answer
from kumiko.rest.inputs import LARGEST_ID, invalid, parameters, whole


def read_changes() -> Response:
    """{"data", "next", "more"}: entries of records that the person may see, oldest first.

    `next` always is a cursor: ask again with it, now when there is `more`, else later.
    """
    given = parameters(("after", "limit"))
    limit = whole("limit", given["limit"], least=1, most=500) if "limit" in given else 200
    entry_id, xact = _read_cursor(given.get("after", ""))
    entries, cursor, more = changes_after(entry_id, xact, limit=limit)
    return answer({"data": [entry_json(one) for one in entries], "next": _cursor(*cursor), "more": more})


def entry_json(entry: HistoryEntry) -> dict[str, Any]:
    """One journal entry in REST form."""
    return {
        "id": entry.id,
        "unit": entry.unit,
        "group": entry.group,
        "at": moment_text(entry.at),
        "actor": {"id": entry.actor_id, "name": entry.actor},
        "via": entry.via,
        "reason": entry.reason,
        "type": entry.type_key,
        "record": {"id": entry.record_id, "name": entry.title},
        "action": entry.action,
        "version": entry.version,
        "undone": entry.undone,
        "undo_of": entry.undo_of,
        "changes": [
            {
                "field": change.name,
                "label": change.label,
                "before": change.before_json,
                "after": change.after_json,
                "undone": change.undone,
            }
            for change in entry.changes
        ],
    }


def _cursor(entry_id: int, xact: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([entry_id, xact])).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[int, int]:
    if not text:
        return 0, 0
    try:
        entry_id, xact = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        good = all(type(one) is int and 0 <= one < LARGEST_ID for one in (entry_id, xact))
    except (ValueError, TypeError):
        good = False
    if not good:
        raise invalid("after", _("the cursor is not readable; take it from “next” of the answer before"))
    return entry_id, xact
