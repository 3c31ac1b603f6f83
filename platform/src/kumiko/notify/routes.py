"""The page of notices. Reading it changes nothing; ticking off is a post."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response

from kumiko.host.context import principal
from kumiko.jobs import alive
from kumiko.jobs.queries import MANAGE
from kumiko.notify import deliveries, services

blueprint = Blueprint("notify", __name__, template_folder="templates")
PAGE = 50
SHOWN_AT_ONCE = 3  # messages of an open page; the rest stands on the page of notices


@blueprint.get("/notices")
def notices_page() -> str:
    before = request.args.get("before", "")
    found = services.own_notices(limit=PAGE + 1, before=int(before) if before.isdigit() and len(before) < 19 else None)
    more = f"/notices?before={found[PAGE - 1].id}" if len(found) > PAGE else ""
    return render_template(
        "notify/notices.html",
        notices=found[:PAGE],
        mailed=deliveries.by_mail([one.id for one in found[:PAGE]]),
        unread=services.count_unread(),
        more_href=more,
        silence=alive.silence(),
        may_look=principal().may(MANAGE),
    )


@blueprint.get("/notices/news")
def news() -> Response:
    """What came after the notice `after` and is not read yet, the newest last, for the messages of an open page."""
    after = request.args.get("after", "")
    known = int(after) if after.isdigit() and len(after) < 19 else 0
    found = services.own_notices(limit=SHOWN_AT_ONCE, after=known)
    answer: Response = jsonify({"notices": [{"id": one.id, "text": one.text, "href": one.href} for one in found[::-1]]})
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/notices/read")
def read() -> Response:
    wanted = [int(one) for one in request.form.getlist("id") if one.isdigit() and len(one) < 19]
    services.mark_read(wanted if "id" in request.form else None)
    return redirect("/notices", 303)
