"""One search over all types, as a page."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response, request

from kumiko.host.i18n import gettext as _
from kumiko.records import search as records_search
from kumiko.records.catalogue import catalogue
from kumiko.records.search import Hit as Found
from kumiko.web.answers import page
from kumiko.web.filters_form import query_of
from kumiko.web.i18n import ngettext
from kumiko.web.types import path_of
from kumiko.web.viewmodels import Empty, Hit, HitGroup, Link, SearchView

MOST = 60
PER_KIND = 10
QUESTION_LENGTH = 200


def hit_of(found: Found) -> Hit:
    """A found record as a line."""
    info = found.type
    return Hit(
        found.title or f"{info.type.label} {found.id}", path_of(info.key, found.id), info.type.icon, hint=found.subtitle
    )


def search() -> Response:
    """GET /search?q=&kind="""
    q, kind = request.args.get("q", "").strip()[:QUESTION_LENGTH], request.args.get("kind", "")
    info = catalogue().by_collection.get(kind)
    found = records_search.search(q, types=[info.key] if info is not None else None, limit=MOST)
    groups: dict[str, list[Found]] = {}
    every: Iterable[str]
    for one in found:
        groups.setdefault(one.type.key, []).append(one)
    every = groups
    if info is not None and q:  # the other kinds stay within reach
        every = dict.fromkeys(one.type.key for one in records_search.search(q, limit=MOST))
        every.setdefault(info.key)
    view = SearchView(
        q=q,
        groups=tuple(_group(key, listed, q, whole=info is not None) for key, listed in groups.items()),
        count=ngettext("%(num)s record found", "%(num)s records found", len(found)) if found else "",
        kinds=_kinds(every, kind, q) if len(every) > 1 or info is not None else (),
        empty=_empty(q) if not found else None,
    )
    return page("kumiko/search.html", v=view)


def _group(type_key: str, listed: list[Found], q: str, *, whole: bool) -> HitGroup:
    declared = catalogue().get(type_key)
    shown = listed if whole else listed[:PER_KIND]
    href = f"/{declared.collection}?{query_of([('q', q)])}"
    return HitGroup(str(declared.type.label_plural), tuple(hit_of(one) for one in shown), all_href=href)


def _kinds(groups: Iterable[str], kind: str, q: str) -> tuple[Link, ...]:
    links = [Link(_("All"), f"/search?{query_of([('q', q)])}", active=not kind)]
    for key in groups:
        info = catalogue().get(key)
        href = f"/search?{query_of([('q', q), ('kind', info.collection)])}"
        links.append(Link(str(info.type.label_plural), href, active=kind == info.collection))
    return tuple(links)


def _empty(q: str) -> Empty:
    if not q:
        return Empty(_("Search everything"), _("Names, e-mail addresses, phone numbers, external ids."), "search")
    return Empty(_("Nothing found"), _("Try part of a name, an e-mail address or a phone number."), "search")
