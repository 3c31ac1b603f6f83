"""The page of the log: acts that are no record changes, newest first."""

from __future__ import annotations

from flask import request
from sqlalchemy import select
from werkzeug.wrappers import Response

from kumiko.access import audit
from kumiko.admin import desk, words
from kumiko.admin.desk import blueprint, needs
from kumiko.host.columns import table_of
from kumiko.host.models import Audit
from kumiko.host.scoping import trusted
from kumiko.web.formats import ago_text, moment_text

SHOWN = 100
_audit = table_of(Audit)


@blueprint.get("/log")
@needs("audit.read")
def log_page() -> Response:
    act = request.args.get("act", "")[:80]
    before = desk.number_of(request.args.get("before", ""))
    found = audit.newest(SHOWN + 1, before_id=before, act=act)
    rows = [
        {
            "at": row.at,
            "at_text": moment_text(row.at),
            "ago": ago_text(row.at),
            "actor": row.actor,
            "act": words.act_label(row.act),
            "subject": row.subject,
            "details": ", ".join(f"{key} {value}" for key, value in (row.details or {}).items() if key != "user_id"),
        }
        for row in found[:SHOWN]
    ]
    more = f"/admin/log?before={found[SHOWN - 1].id}&act={act}" if len(found) > SHOWN else ""
    acts = sorted((words.act_label(one), one) for one in _acts())
    return desk.draw("admin/log.html", rows=rows, more_href=more, act=act, acts=acts, tabs=desk.tabs("log"))


def _acts() -> list[str]:
    newest = select(_audit.c.act).order_by(_audit.c.id.desc()).limit(5000).subquery()
    return list(trusted(select(newest.c.act).distinct()).scalars())
