"""The page of notices. Reading it changes nothing; ticking off is a post."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from kumiko.notify import services

blueprint = Blueprint("notify", __name__, template_folder="templates")
PAGE = 50


@blueprint.get("/notices")
def notices_page() -> str:
    before = request.args.get("before", "")
    found = services.own_notices(limit=PAGE + 1, before=int(before) if before.isdigit() and len(before) < 19 else None)
    more = f"/notices?before={found[PAGE - 1].id}" if len(found) > PAGE else ""
    return render_template("notify/notices.html", notices=found[:PAGE], unread=services.count_unread(), more_href=more)


@blueprint.post("/notices/read")
def read() -> Response:
    wanted = [int(one) for one in request.form.getlist("id") if one.isdigit() and len(one) < 19]
    services.mark_read(wanted if "id" in request.form else None)
    return redirect("/notices", 303)
