"""The page of the journal: every change that one made (for administrators: anybody), each with its undo."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from flask import Response, request

from kumiko.host.context import principal
from kumiko.host.i18n import gettext as _
from kumiko.records import journal_pages, rights
from kumiko.records.catalogue import catalogue
from kumiko.records.history import UnitSummary
from kumiko.records.journal_pages import Wanted
from kumiko.web.answers import page
from kumiko.web.journal import unit_view, via_text
from kumiko.web.viewmodels import Empty, Option
from kumiko.web.viewmodels.journal import JournalView, UnitRow

PATH = "/journal"
PAGE = 30


def show() -> Response:
    """GET /journal?via=&who=&about=&mine=&before=."""
    sent = request.args
    all_of_house = principal().is_administrator
    about = catalogue().by_collection.get(sent.get("about", ""))
    wanted = Wanted(
        via=sent.get("via", "")[:20],
        who=sent.get("who", "").strip()[:100] if all_of_house else "",
        type_key=about.key if about is not None else "",
    )
    before = sent.get("before", "")
    before_id = int(before) if before.isdecimal() and len(before) < 19 else None
    found = journal_pages.newest(PAGE + 1, before=before_id, wanted=wanted)
    asked = [(name, sent.get(name, "")) for name in ("via", "who", "about") if sent.get(name)]
    more = f"{PATH}?{urlencode([*asked, ('before', str(found[PAGE - 1].id))])}" if len(found) > PAGE else ""
    readable = [info for info in catalogue().types.values() if rights.level(info, principal(), "read") != "none"]
    types = sorted((str(info.type.label_plural), info.collection) for info in readable)
    view = JournalView(
        title=_("Journal"),
        action=PATH,
        units=tuple(_row(one) for one in found[:PAGE]),
        ways=tuple(Option(one, via_text(one), chosen=one == wanted.via) for one in journal_pages.ways()),
        types=tuple(Option(key, label, chosen=key == sent.get("about")) for label, key in types),
        who=wanted.who if all_of_house else None,
        narrowed=bool(asked),
        more_href=more,
        empty=Empty(_("No changes of that kind") if asked else _("No changes yet"), icon="history"),
    )
    return page("kumiko/journal.html", v=view)


def _row(one: UnitSummary) -> UnitRow:
    """A line; a reason that is the title is not said twice, and "on screen" goes without saying."""
    row = unit_view(one).unit
    return replace(
        row, reason="" if row.reason == row.title else row.reason, via="web" if one.via == "web" else row.via
    )
