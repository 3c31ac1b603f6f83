"""`/live`: what an open page asks every few seconds."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response, jsonify

from kumiko.host.context import current
from kumiko.host.scoping import trusted
from kumiko.notify import services as notices
from kumiko.records.models import Unit
from kumiko.web.shell import live_mark

_unit = Unit.__table__
_NEWEST = sa.select(sa.func.max(_unit.c.id))


def live() -> Response:
    """{"live": mark of the running application, "unit": id of the newest change, "unread": notices not read yet}."""
    generation = current().generation
    said: dict[str, Any] = {"live": live_mark(), "unit": trusted(_NEWEST).scalar() or 0}
    if generation is not None and generation.is_on("notify"):
        said["unread"] = notices.count_unread()
    response: Response = jsonify(said)
    response.headers["Cache-Control"] = "no-store"
    return response
