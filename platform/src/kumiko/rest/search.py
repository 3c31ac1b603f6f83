"""GET /search?q=: one search over all types."""

from __future__ import annotations

from flask import Response

from kumiko.host.i18n import gettext as _
from kumiko.records import search
from kumiko.rest.answers import answer
from kumiko.rest.collections import type_of
from kumiko.rest.inputs import invalid, parameters, whole


def find() -> Response:
    """{"data": [{"type", "collection", "id", "name"}]}, best first; `collections=a,b` limits it."""
    given = parameters(("q", "collections", "limit"))
    if "q" not in given:
        raise invalid("q", _("say what to look for"))
    limit = whole("limit", given["limit"], least=1, most=100) if "limit" in given else 20
    words = [word.strip() for word in given.get("collections", "").split(",") if word.strip()]
    types = [type_of(word).key for word in words] or None
    hits = search.search(given["q"][:500], types=types, limit=limit)
    return answer(
        {
            "data": [
                {"type": hit.type.key, "collection": hit.type.collection, "id": hit.id, "name": hit.title}
                for hit in hits
            ]
        }
    )
