"""The command palette: records, places and commands for what was typed."""

from __future__ import annotations

from flask import Response, request

from kumiko import features
from kumiko.host.context import current, principal
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import links, rights
from kumiko.records import search as records_search
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.search import normalise
from kumiko.web.answers import page
from kumiko.web.filters_form import query_of
from kumiko.web.search import QUESTION_LENGTH, hit_of
from kumiko.web.shell import creatable, shell
from kumiko.web.viewmodels import Hit, HitGroup

MOST = 8
MOST_RECENT = 10


def palette() -> Response:
    """GET /palette?q=&at=PATH&recent=PATH,PATH

    `recent`: cards that this browser opened, newest first; only those that the person may still see are named.
    """
    q = request.args.get("q", "").strip()[:QUESTION_LENGTH]
    info, asked = _narrowed(q)
    groups: list[tuple[str, list[Hit]]] = [(_("This page"), _of_record(request.args.get("at", ""))), *_commands()]
    if not q:
        groups.insert(1, (_("Recently opened"), _recent(request.args.get("recent", ""))))
    wanted = normalise(q)
    made = [HitGroup(title, tuple(_matching(hits, wanted))) for title, hits in groups]
    types = [info.key] if info is not None else None
    found = [hit_of(one) for one in records_search.search(asked, types=types, limit=MOST)] if asked else []
    heading = str(info.type.label_plural) if info is not None else _("Records")
    records = (HitGroup(heading, tuple(found), all_href=f"/search?{query_of([('q', asked), ('kind', kind_of(info))])}"),
               ) if found else ()  # fmt: skip
    return page("kumiko/palette.html", groups=[one for one in (*records, *made) if one.hits], q=q)


def _narrowed(q: str) -> tuple[TypeInfo | None, str]:
    """`deals: acme` searches one kind of records only; the word before the colon is its name or its address."""
    word, colon, rest = q.partition(":")
    wanted = normalise(word)
    if colon and wanted:
        for info in catalogue().types.values():
            names = (str(info.type.label), str(info.type.label_plural), info.collection)
            if wanted in (normalise(name) for name in names) and rights.level(info, principal(), "read") != "none":
                return info, rest.strip()
    return None, q


def kind_of(info: TypeInfo | None) -> str:
    """What the search page calls a type."""
    return info.collection if info is not None else ""


def _recent(text: str) -> list[Hit]:
    """Cards opened lately, by their paths, as far as the person may see them; one statement."""
    places: list[tuple[TypeInfo, int]] = []
    for path in text[:1000].split(",")[:MOST_RECENT]:
        collection, _slash, number = path.strip("/").partition("/")
        info = catalogue().by_collection.get(collection)
        if info is None or not number.isdecimal() or len(number) > 18:
            continue
        if rights.level(info, principal(), "read") != "none":
            places.append((info, int(number)))
    names = links.names_of((info, info, record_id) for info, record_id in places) if places else {}
    return [
        Hit(names[info.key, record_id], f"/{info.collection}/{record_id}", info.type.icon, hint=str(info.type.label))
        for info, record_id in places
        if (info.key, record_id) in names
    ]


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
