"""GET /units/U and POST /units/U/undo; groups (imports, bulk edits) share the ids of units."""

from __future__ import annotations

from typing import Any

from flask import Response

from kumiko.records import undo
from kumiko.records.forms import moment_text
from kumiko.records.history import UnitSummary, unit_summary
from kumiko.rest import idempotency
from kumiko.rest.answers import answer
from kumiko.rest.changes import entry_json
from kumiko.rest.inputs import id_of, invalid, json_body, only, parameters, text_of


def read(unit_id: int) -> Response:
    """What a unit did; its newest 200 entries of records that the person may see."""
    parameters(())
    return answer(_unit_json(unit_summary(unit_id)))


def undo_unit(unit_id: int) -> Response:
    """Undo all of it, or the entry and field named in the body."""
    parameters(())
    body = json_body(optional=True)
    only(body, ("entry", "field"))
    if "field" in body and "entry" not in body:
        raise invalid("field", "name the entry, too")
    entry_id = id_of("entry", body["entry"]) if "entry" in body else None
    name = text_of("field", body["field"], most=200) if "field" in body else None
    return idempotency.once(["undo", unit_id, entry_id, name], lambda: _undone(unit_id, entry_id, name))


def _undone(unit_id: int, entry_id: int | None, name: str | None) -> Response:
    done = undo.undo(unit_id, entry_id=entry_id, name=name)
    return answer(
        {
            "unit": done.unit,
            "reverted": done.reverted,
            "overwritten": done.overwritten,
            "refused": done.refused,
            "waiting": done.waiting,
        }
    )


def _unit_json(said: UnitSummary) -> dict[str, Any]:
    return {
        "id": said.id,
        "at": moment_text(said.at),
        "actor": said.actor,
        "via": said.via,
        "reason": said.reason,
        "group": said.is_group,
        "undone_at": None if said.undone_at is None else moment_text(said.undone_at),
        "undo_of": said.undo_of,
        "count": said.count,
        "entries": [entry_json(entry) for entry in said.entries],
    }
