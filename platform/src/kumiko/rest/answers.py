"""Answers: JSON made by orjson, and the entity tags that versions become."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson
from flask import Response, request

from kumiko.host.errors import Stale, VersionRequired
from kumiko.host.i18n import gettext as _
from kumiko.records.dumps import dump_view
from kumiko.records.views import RecordView

_TAG = re.compile(r'\s*(?:(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"|(\d+))\s*(?:,|$)')


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(value), status, mimetype="application/json")


def record_answer(view: RecordView, status: int = 200) -> Response:
    """A record, bare, with its ETag."""
    made = answer(dump_view(view), status)
    made.headers["ETag"] = f'"{view.version}"'
    return made


def unchanged(version: int | str) -> Response | None:
    """304 when the client says that it has this version already, else None."""
    header = request.headers.get("If-None-Match", "")
    if not header:
        return None
    if header.strip() != "*" and str(version) not in _tags(header):
        return None
    made = Response(status=304)
    made.headers["ETag"] = f'"{version}"'
    return made


def wanted_version(current: Callable[[], int], *, needed: bool = True) -> int | None:
    """The version that the change was made from, from If-Match; None when any will do (`*`, or not `needed`).

    `current()` reads the version of now; asked only when several are given. VersionRequired without the header, Stale
    when none of them can be meant. A weak tag counts like a strong one: a version names the state of the record,
    and proxies that compress answers weaken tags.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        if needed:
            raise VersionRequired(
                _('Say which version you change: send If-Match with the ETag that you read, such as If-Match: "3".')
            )
        return None
    if header == "*":
        return None
    versions = [int(tag) for tag in _tags(header) if tag.isascii() and tag.isdecimal() and len(tag) < 10]
    if len(versions) == 1:
        return versions[0]
    now = current()
    if now in versions:
        return now
    raise Stale(_("None of the versions you name is the present one, which is %(now)d.", now=now), now)


def _tags(header: str) -> list[str]:
    """The tags of If-Match or If-None-Match; a bare number counts, because shells eat quotes."""
    found: list[str] = []
    position = 0
    while position < len(header):
        match = _TAG.match(header, position)
        if match is None:
            break
        found.append(match[1] if match[1] is not None else match[2])
        position = match.end()
    return found
