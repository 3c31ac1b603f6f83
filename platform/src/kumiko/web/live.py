"""`/live`: what an open page asks every few seconds."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response, jsonify

from kumiko.host.context import current, principal
from kumiko.host.scoping import trusted
from kumiko.notify import services as notices
from kumiko.records.models import Unit
from kumiko.web.shell import live_mark

_unit = Unit.__table__
_NEWEST = sa.select(sa.func.max(_unit.c.id).label("unit"))
_WITH_NOTICES = sa.select(_NEWEST.scalar_subquery().label("unit"), *notices.PULSE)


def live() -> Response:
    """{"live": mark of the running application, "unit": id of the newest change, "unread": how many notices are not
    read yet, "notice": id of the newest of them}. One statement.
    """
    generation = current().generation
    said: dict[str, Any] = {"live": live_mark()}
    if generation is not None and generation.is_on("notify"):
        row = trusted(_WITH_NOTICES, {"me": principal().user_id}).one()
        said |= {"unit": row.unit or 0, "unread": row.unread, "notice": row.newest_notice or 0}
    else:
        said["unit"] = trusted(_NEWEST).scalar() or 0
    response: Response = jsonify(said)
    response.headers["Cache-Control"] = "no-store"
    return response
