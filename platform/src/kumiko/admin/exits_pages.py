"""Pages of exports and reading: what left, who waits for leave, who read how much, and whose mark a file bears.

Administrators see everybody's lines, heads those of their teams.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from kumiko.access.models import User, table
from kumiko.admin import desk
from kumiko.exits import exporting, marks, reading
from kumiko.exits.models import ALLOWED, DENIED, DONE, REFUSED, RUNNING, WAITING
from kumiko.exits.watchers import watched_by_me
from kumiko.host.columns import utc_now
from kumiko.host.context import principal
from kumiko.host.errors import Forbidden, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records.catalogue import catalogue
from kumiko.web import answers
from kumiko.web.conditions import conditions_words
from kumiko.web.formats import ago_text, moment_text, number_text
from kumiko.web.viewmodels import Link, Toast

blueprint = Blueprint("admin_exits", __name__, url_prefix="/exports", template_folder="templates")
SHOWN = 100
_user = table(User)


@blueprint.before_request
def check() -> None:
    """For administrators and heads."""
    if watched_by_me() == set():
        raise Forbidden(_("This page is for administrators and heads of teams."))


@blueprint.get("")
def exports_page() -> Response:
    return _exports()


@blueprint.post("/<int:export_id>/allow")
def allow(export_id: int) -> Response:
    return _decide(export_id, allow=True)


@blueprint.post("/<int:export_id>/deny")
def deny(export_id: int) -> Response:
    return _decide(export_id, allow=False)


@blueprint.post("/mark")
def read_mark() -> Response:
    """Whose mark an uploaded file bears; the file is not kept."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return answers.done("/exports", Toast(_("Choose a file first."), tone="error"))
    found = marks.read(sent.stream, current_app.config["SECRET_KEY"])
    lines = [_mark_line(one) for one in found[:10]]
    return _exports(sent.filename[:200], lines or [_("No mark of this installation is in the file.")])


@blueprint.get("/reading")
def reading_page() -> Response:
    before = desk.number_of(request.args.get("before", ""))
    user_id = desk.number_of(request.args.get("user", ""))
    found = reading.newest(SHOWN + 1, user_id=user_id, before=before)
    week = reading.per_user(utc_now() - timedelta(days=7))
    alarms = reading.newest_alarms(20)
    names = _names({row["user_id"] for row in [*found, *week]})
    rows = [
        {
            **_when(row["at"]),
            "who": names.get(row["user_id"], ""),
            "what": _type_label(row["type_key"]),
            "href": _href(row["type_key"], row["record_id"]),
            "number": row["record_id"] or "",
            "rows": number_text(row["row_count"]) if row["record_id"] is None else "",
            "via": row["via"],
        }
        for row in found[:SHOWN]
    ]
    last = found[SHOWN - 1]["id"] if len(found) > SHOWN else 0
    more = f"/exports/reading?before={last}" + (f"&user={user_id}" if user_id else "")
    return desk.draw(
        "admin/reading.html",
        rows=rows,
        week=[
            {"id": row["user_id"], "who": names.get(row["user_id"], ""), "opened": number_text(row["opened"]),
             "rows": number_text(row["rows"])}
            for row in week
        ],
        alarms=[
            {**_when(row["at"]), "text": _("%(name)s opened %(count)d records in %(minutes)d minutes",
                                           name=row["user_name"], count=row["record_count"], minutes=row["minutes"])}
            for row in alarms
        ],
        more_href=more if last else "",
        tabs=_tabs("reading"),
        admin_tabs=_admin_tabs(),
    )  # fmt: skip


def _exports(file: str = "", mark_lines: list[str] | None = None) -> Response:
    before = desk.number_of(request.args.get("before", ""))
    found = exporting.newest(SHOWN + 1, before=before)
    rows = [_row(row) for row in found[:SHOWN]]
    return desk.draw(
        "admin/exports.html",
        rows=rows,
        file=file,
        mark_lines=mark_lines or [],
        more_href=f"/exports?before={found[SHOWN - 1]['id']}" if len(found) > SHOWN else "",
        tabs=_tabs("exports"),
        admin_tabs=_admin_tabs(),
    )


def _row(row: Any) -> dict[str, Any]:
    words = {
        DONE: (_("left"), "green"), RUNNING: (_("was broken off"), "amber"), REFUSED: (_("refused"), "red"),
        WAITING: (_("waits for a word"), "amber"), ALLOWED: (_("allowed, not fetched yet"), "blue"),
        DENIED: (_("denied"), "red"),
    }  # fmt: skip
    info = catalogue().by_collection.get(row["collection"])
    state, hue = words[row["status"]]
    question = row["question"] or {}
    asked = _filter_words(info, question.get("filter"))
    asked += [f"“{question['q']}”"] if question.get("q") else []
    return {
        **_when(row["at"]),
        "id": row["id"],
        "who": row["user_name"] or _("command line"),
        "what": str(info.type.label_plural) if info is not None else row["collection"],
        "rows": number_text(row["row_count"]),
        "columns": ", ".join(row["fields"] or ()),
        "column_count": len(row["fields"] or ()),
        "format": row["file_format"].upper(),
        "question": " ".join(asked),
        "state": state,
        "hue": hue,
        "waits": row["status"] == WAITING and row["user_id"] != principal().user_id,
    }


def _filter_words(info: Any, node: Any) -> list[str]:
    if not node:
        return []
    if info is None:
        return [json.dumps(node, ensure_ascii=False)]
    return [f"{word.field} {word.op} {word.value}".strip() + ";" for word in conditions_words(info.key, node)]


def _decide(export_id: int, *, allow: bool) -> Response:
    try:
        name = exporting.decide(export_id, allow=allow)
    except KumikoError as refusal:
        return desk.refused("/exports", refusal)
    said = _("%(name)s may fetch this export within a day.", name=name) if allow else _("%(name)s was told.", name=name)
    return answers.done("/exports", Toast(said))


def _mark_line(mark: marks.Mark) -> str:
    row = exporting.line_of(mark)
    at = moment_text(mark.at)
    if row is None:
        name = _names({mark.user_id}).get(mark.user_id, _("user %(id)d", id=mark.user_id))
        return _("%(name)s took it out on %(at)s.", name=name, at=at)
    return _(
        "%(name)s took it out on %(at)s: %(rows)s records of %(what)s.",
        name=row["user_name"], at=at, rows=number_text(row["row_count"]), what=row["collection"],
    )  # fmt: skip


def _when(at: Any) -> dict[str, Any]:
    return {"at": at, "at_text": moment_text(at), "ago": ago_text(at)}


def _names(ids: set[int]) -> dict[int, str]:
    return {row.id: row.name for row in trusted(select(_user.c.id, _user.c.name).where(_user.c.id.in_(ids)))}


def _type_label(type_key: str) -> str:
    info = catalogue().find(type_key)
    return str(info.type.label) if info is not None else type_key


def _href(type_key: str, record_id: int | None) -> str:
    info = catalogue().find(type_key)
    return f"/{info.collection}/{record_id}" if info is not None and record_id else ""


def _tabs(active: str) -> tuple[Link, ...]:
    return (
        Link(_("Exports"), "/exports", active=active == "exports"),
        Link(_("Reading"), "/exports/reading", active=active == "reading"),
    )


def _admin_tabs() -> tuple[Link, ...]:
    return desk.tabs("exits") if principal().may("audit.read") else ()
