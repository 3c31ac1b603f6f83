"""The test console of an incoming web hook: what came last, and what the mapping makes of a text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import select

from kumiko import Conflict, NotFound, draw_page, get_for_setup, session
from kumiko import gettext as _
from kumiko_integrations.accounts import account_of, get_connection
from kumiko_integrations.hook_channel import KEY, mapped
from kumiko_integrations.intake import raw_of
from kumiko_integrations.models import Intake

blueprint = Blueprint("integrations_try", __name__)
SHOWN = 5


@blueprint.get("/connections/<int:connection_id>/try")
def console(connection_id: int) -> Response:
    """GET the page."""
    return _draw(connection_id, "")


@blueprint.post("/connections/<int:connection_id>/try")
def attempt(connection_id: int) -> Response:
    """POST: what the mapping finds in a text; nothing is kept."""
    return _draw(connection_id, request.form.get("body", "")[:200_000])


def _draw(connection_id: int, body: str) -> Response:
    record = get_for_setup("connections", connection_id)
    if record.deleted:
        raise Conflict(_("This connection is in the bin; restore it first."))
    if record.get("channel") != KEY:
        raise NotFound(_("Only incoming web hooks have a test console."))
    account = account_of(get_connection(connection_id))
    query = select(Intake.id, Intake.state, Intake.error, Intake.created_at).where(
        Intake.account == account.key, Intake.deleted_at.is_(None)
    )
    rows = session().execute(query.order_by(Intake.id.desc()).limit(SHOWN)).all()
    came = []
    for row in rows:
        item = raw_of(row.id)
        text = item.body[:5000].decode("utf-8", "replace").replace("\x00", "") if item is not None else ""
        found, problem = _found(account, text)
        came.append((row, text, found, problem))
    found, problem = _found(account, body) if body else ({}, "")
    return draw_page(
        "integrations/try.html", record=record, came=came, body=body, found=found, problem=problem,
        words={"new": _("arrived"), "waiting": _("waits"), "done": _("taken in"), "failed": _("failed"),
               "aside": _("set aside")},
    )  # fmt: skip


def _found(account: Any, text: str) -> tuple[Mapping[str, str], str]:
    try:
        return mapped(account, json.loads(text)), ""
    except ValueError as fault:
        return {}, str(_("wanted JSON, found something else: %(why)s", why=str(fault)[:200]))
