"""The page of the log: acts that are no record changes, newest first, narrowed by what, who and when; and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy import select
from werkzeug.wrappers import Response

from kumiko.access import audit
from kumiko.access.audit import KINDS, Wish
from kumiko.admin import desk, words
from kumiko.admin.desk import blueprint, needs
from kumiko.host.columns import table_of
from kumiko.host.models import Audit
from kumiko.host.scoping import trusted
from kumiko.imports.writers import csv_chunks
from kumiko.web.formats import ago_text, moment_text

SHOWN = 100
_audit = table_of(Audit)


@blueprint.get("/log")
@needs("audit.read")
def log_page() -> Response:
    wish = _wish()
    before = desk.number_of(request.args.get("before", ""))
    found = audit.newest(SHOWN + 1, before_id=before, wish=wish)
    rows = [
        {
            "at": row.at,
            "at_text": moment_text(row.at),
            "ago": ago_text(row.at),
            "actor": row.actor,
            "act": words.act_label(row.act),
            "subject": row.subject,
            "details": _details(row.details),
        }
        for row in found[:SHOWN]
    ]
    asked = _query(wish)
    more = f"/admin/log?{urlencode([*asked, ('before', str(found[SHOWN - 1].id))])}" if len(found) > SHOWN else ""
    acts = sorted((words.act_label(one), one) for one in _acts())
    kinds = [(words.kind_label(one), one) for one in KINDS]
    return desk.draw(
        "admin/log.html", rows=rows, more_href=more, wish=wish, acts=acts, kinds=kinds, tabs=desk.tabs("log"),
        file_href=f"/admin/log.csv?{urlencode(asked)}", narrowed=bool(asked),
    )  # fmt: skip


@blueprint.get("/log.csv")
@needs("audit.read")
def log_file() -> Response:
    """The same lines as CSV: that they were taken out is a line of its own."""
    wish = _wish()
    rows = list(audit.every(wish, most=100_000))
    audit.note("log.export", fields=", ".join(name for name, _value in _query(wish)), count=len(rows))
    cells = ([row.at, row.actor, row.act, words.act_label(row.act), row.subject, _details(row.details)] for row in rows)
    columns = ("at", "who", "act", "what", "about", "details")
    body: Iterator[bytes] = csv_chunks(columns, cells, bom=True)
    response = Response(b"".join(body), mimetype="text/csv")
    response.headers["Content-Disposition"] = "attachment; filename=security-log.csv"
    response.headers["Cache-Control"] = "no-store"
    return response


def _wish() -> Wish:
    sent = request.args
    kind = sent.get("kind", "")
    return Wish(
        kind=kind if kind in KINDS else "", act=sent.get("act", "")[:80], who=sent.get("who", "").strip()[:100],
        since=_day(sent.get("since", "")), until=_day(sent.get("until", "")),
    )  # fmt: skip


def _query(wish: Wish) -> list[tuple[str, str]]:
    given: dict[str, Any] = {
        "kind": wish.kind, "act": wish.act, "who": wish.who, "since": wish.since, "until": wish.until,
    }  # fmt: skip
    return [(name, str(value)) for name, value in given.items() if value]


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2199 else None


def _details(details: Any) -> str:
    return ", ".join(f"{key} {value}" for key, value in (details or {}).items() if key != "user_id")


def _acts() -> list[str]:
    newest = select(_audit.c.act).order_by(_audit.c.id.desc()).limit(5000).subquery()
    return list(trusted(select(newest.c.act).distinct()).scalars())
