"""The limit on requests of a token: counted before each view below /api, told in headers of each answer."""

from __future__ import annotations

from flask import Flask, Response, g, request

from kumiko.access import gate
from kumiko.access.limits import Rate, limits
from kumiko.host import settings
from kumiko.host.context import current
from kumiko.host.errors import TooMany
from kumiko.host.i18n import gettext as _

SETTING = "requests_per_minute"
USUAL = 6000  # of one token in a minute; 0 = no limit


def install(app: Flask) -> None:
    """Count before every view below /api, of plugins too, and say in each answer how much is left."""
    app.before_request(_count)
    app.after_request(_tell)


def _count() -> None:
    known = gate.signed_in()
    if known is None or known.token_id is None or not request.path.startswith("/api/"):
        return
    limit = int(settings.get(f"rest.{SETTING}", USUAL) or 0)
    if limit <= 0:
        return
    rate = g.rate = limits(current().database).count(known.token_id, limit)
    if rate.exceeded:
        raise TooMany(
            _(
                "This token may ask %(limit)d times a minute; wait %(wait)d seconds, or ask for more at once "
                "(limit=200, bulk).",
                limit=rate.limit,
                wait=rate.reset_s,
            ),
            retry_after_s=rate.reset_s,
        )


def _tell(response: Response) -> Response:
    rate: Rate | None = g.get("rate")
    if rate is not None:
        response.headers["RateLimit-Limit"] = str(rate.limit)
        response.headers["RateLimit-Remaining"] = str(max(rate.remaining, 0))
        response.headers["RateLimit-Reset"] = str(rate.reset_s)
    return response
