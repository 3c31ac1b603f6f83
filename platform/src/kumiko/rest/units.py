"""GET /units/U, GET and POST /units/U/undo; groups (imports, bulk edits) share the ids of units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response

from kumiko.host.i18n import gettext as _
from kumiko.records import undo, undo_jobs, undo_preview
from kumiko.records.forms import moment_text
from kumiko.records.history import UnitSummary, unit_summary
from kumiko.records.undo_conflicts import Conflict, told
from kumiko.rest import idempotency
from kumiko.rest.answers import answer
from kumiko.rest.changes import entry_json
from kumiko.rest.inputs import LARGEST_ID, id_of, invalid, json_body, only, parameters, text_of, whole

MOST_CHOSEN = 200


def read(unit_id: int) -> Response:
    """What a unit did; its newest 200 entries of records that the person may see."""
    parameters(())
    return answer(_unit_json(unit_summary(unit_id)))


def preview(unit_id: int) -> Response:
    """What an undo would do, and the values that later changes hold; nothing is written."""
    given = parameters(("entry", "field"))
    entry_id = whole("entry", given["entry"], least=1, most=LARGEST_ID) if "entry" in given else None
    name = given.get("field")
    if name is not None and entry_id is None:
        raise invalid("field", "name the entry, too")
    found = undo_preview.preview(unit_id, entry_id=entry_id, name=name)
    return answer(
        {
            "unit": unit_id,
            "records": found.records,
            "conflicts": _conflicts_json(found.conflicts),
            "refused": list(found.refused),
            "waiting": list(found.waiting),
            "whole": found.whole,
        }
    )


def undo_unit(unit_id: int) -> Response:
    """Undo all of it, or the entry and field named in the body; above 1,000 entries as a job (202)."""
    parameters(())
    body = json_body(optional=True)
    only(body, ("entry", "field", "put_back", "keep"))
    if "field" in body and "entry" not in body:
        raise invalid("field", "name the entry, too")
    entry_id = id_of("entry", body["entry"]) if "entry" in body else None
    name = text_of("field", body["field"], most=200) if "field" in body else None
    choices = undo.Choices(back=_pairs(body, "put_back"), keep=_pairs(body, "keep"))
    return idempotency.once(["undo", unit_id, entry_id, name, body], lambda: _undone(unit_id, entry_id, name, choices))


def _undone(unit_id: int, entry_id: int | None, name: str | None, choices: undo.Choices) -> Response:
    if entry_id is None:
        done = undo_jobs.undo_or_order(unit_id, choices=choices)
        if isinstance(done, undo_jobs.Ordered):
            made = answer({"unit": done.group, "job": done.job}, 202)
            made.headers["Location"] = f"/api/v1/jobs/{done.job}"
            return made
    else:
        done = undo.undo(unit_id, entry_id=entry_id, name=name, choices=choices)
    return answer(
        {
            "unit": done.unit,
            "reverted": done.reverted,
            "overwritten": done.overwritten,
            "refused": done.refused,
            "waiting": done.waiting,
            "put_back": done.put_back,
            "conflicts": _conflicts_json(done.conflicts),
        }
    )


def _pairs(body: dict[str, Any], member: str) -> frozenset[tuple[int, str]]:
    """[{"id", "field"}] of values to be put back, or records ("field": "@exists") to be kept."""
    given = body.get(member, [])
    if not isinstance(given, list) or len(given) > MOST_CHOSEN:
        raise invalid(member, _("wanted a list of at most %(most)d objects {id, field}", most=MOST_CHOSEN))
    found = set()
    for one in given:
        if not isinstance(one, dict) or set(one) != {"id", "field"}:
            raise invalid(member, _("wanted a list of at most %(most)d objects {id, field}", most=MOST_CHOSEN))
        found.add((id_of(member, one["id"]), text_of(member, one["field"], most=200)))
    return frozenset(found)


def _conflicts_json(conflicts: Sequence[Conflict]) -> list[dict[str, Any]]:
    return [
        {
            "type": one.conflict.type_key,
            "id": one.conflict.record_id,
            "field": one.conflict.field,
            "now": one.now_json,
            "back": one.back_json,
            "by": one.conflict.by,
            "actor": one.actor,
            "at": moment_text(one.at),
            "via": one.via,
        }
        for one in told(conflicts[:MOST_CHOSEN])
    ]


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
