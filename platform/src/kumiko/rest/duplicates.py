"""Duplicates in the API: looked for before a record is made, and where merged ones went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Response

from kumiko.duplicates import recognizing
from kumiko.duplicates.leading import merged_into
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import service
from kumiko.records.catalogue import TypeInfo
from kumiko.rest.answers import answer

WAYS = ("allow", "report", "refuse")


@dataclass(frozen=True)
class Known:
    """What was found: an answer that refuses, or a header that names the records."""

    refusal: Response | None = None
    header: str = ""


def look(info: TypeInfo, body: Mapping[str, Any], way: str, *, is_repeated: Callable[[], bool]) -> Known:
    """Look for records that this may be a second one of, as `?duplicates=` wishes; a repeated request made its own."""
    if way and way not in WAYS:
        sentence = _("wanted one of %(words)s, found %(found)r", words=", ".join(WAYS), found=way[:40])
        raise Invalid(_("Some parameters are not accepted."), {"duplicates": [sentence]})
    if way in ("", "allow") or is_repeated():
        return Known()
    service.require_creation(info)
    found = recognizing.shown(recognizing.recognize_input(info, body))
    if not found:
        return Known()
    if way == "report":
        return Known(header=", ".join(str(one.id) for one in found if one.id is not None) or "hidden")
    problem = {
        "type": "/problems/duplicates", "title": "Conflict", "status": 409,
        "detail": _("This may exist already. Use one of these, or send it with duplicates=allow."),
        "duplicates": recognizing.as_json(found),
    }  # fmt: skip
    return Known(Response(orjson.dumps(problem), 409, mimetype="application/problem+json"))


def moved(info: TypeInfo, record_id: int) -> Response | None:
    """301 to the record that a merged one became part of, when the person may see that one."""
    winner = merged_into(info.key, record_id)
    if winner is None or service.find(info.key, winner) is None:
        return None
    made = answer({"merged_into": {"id": winner, "type": info.key}}, 301)
    made.headers["Location"] = f"/api/v1/{info.collection}/{winner}"
    return made
