"""The command palette: records, places and commands for what was typed."""

from __future__ import annotations

from flask import Response, request

from kumiko import features
from kumiko.host.context import current
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import search as records_search
from kumiko.records.catalogue import catalogue
from kumiko.records.search import normalise
from kumiko.web.answers import page
from kumiko.web.search import QUESTION_LENGTH, hit_of
from kumiko.web.shell import creatable, shell
from kumiko.web.viewmodels import Hit, HitGroup

MOST = 8


def palette() -> Response:
    """GET /palette?q=&at=PATH"""
    q = request.args.get("q", "").strip()[:QUESTION_LENGTH]
    groups: list[tuple[str, list[Hit]]] = [(_("This page"), _of_record(request.args.get("at", ""))), *_commands()]
    wanted = normalise(q)
    made = [HitGroup(title, tuple(_matching(hits, wanted))) for title, hits in groups]
    found = [hit_of(one) for one in records_search.search(q, limit=MOST)] if q else []
    records = (HitGroup(_("Records"), tuple(found)),) if found else ()
    return page("kumiko/palette.html", groups=[one for one in (*records, *made) if one.hits], q=q)


def _matching(hits: list[Hit], wanted: str) -> list[Hit]:
    words = wanted.split()
    return [hit for hit in hits if all(word in normalise(hit.label) for word in words)][: 30 if wanted else MOST]


def _commands() -> list[tuple[str, list[Hit]]]:
    frame, generation = shell(), current().generation
    places = [
        Hit(link.label, link.href, link.icon, keys=f"g {link.keys}" if link.keys else "")
        for section in frame.sections
        for link in section.items
    ]
    places += [Hit(link.label, link.href, link.icon) for link in frame.foot]
    new = [Hit(_("New %(what)s", what=inside(link.label)), link.href, link.icon) for link in creatable()]
    groups = [(_("Go to"), places), (_("New"), new)]
    own: dict[str, list[Hit]] = {}
    for one in () if generation is None else generation.palette:
        item = one.item
        if features.usable(item):
            own.setdefault(str(item.group) or _("Commands"), []).append(
                Hit(str(item.label), item.href, item.icon, keys=item.keys)
            )
    groups += list(own.items())
    general = [
        Hit(_("Keyboard shortcuts"), icon="keyboard", cmd="help", keys="?"),
        Hit(_("Switch theme"), icon="moon", cmd="theme"),
        Hit(_("Sign out"), "/sign-out", "logout", method="post"),
    ]
    return [*groups, (_("Kumiko"), general)]


def _of_record(path: str) -> list[Hit]:
    """What can be done with the record of the page."""
    from kumiko.host.errors import KumikoError  # local: only here
    from kumiko.web.abilities import may
    from kumiko.web.cards import record_actions
    from kumiko.web.types import record_of

    parts = path.strip("/").split("/")
    if len(parts) < 2 or parts[0] not in catalogue().by_collection or not parts[1].isdecimal() or len(parts[1]) > 18:
        return []
    try:
        _info, record = record_of(parts[0], int(parts[1]))
    except KumikoError:
        return []
    buttons, menu = record_actions(record, editable=not record.deleted and may("edit", record))
    return [
        Hit(one.label, one.href, one.icon or "bolt", hint=record.title, method=one.method) for one in (*buttons, *menu)
    ]
