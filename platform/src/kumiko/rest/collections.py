"""From the word in the URL to the record type."""

from __future__ import annotations

from werkzeug.exceptions import MethodNotAllowed

from kumiko.host.context import current
from kumiko.host.errors import NotFound
from kumiko.records.catalogue import TypeInfo, catalogue

#: Words below /api/v1 that are no collections; the generic rules see them only with a method they do not take.
_HOUSE = frozenset({"openapi.json", "me", "search", "changes", "plugins", "jobs", "views", "units", "imports"})


def type_of(collection: str) -> TypeInfo:
    """The type of a collection; ModuleOff when its module is installed but not running, else NotFound."""
    found = catalogue().by_collection.get(collection)
    if found is not None:
        return found
    if collection in _HOUSE:
        raise MethodNotAllowed(["GET", "HEAD", "OPTIONS"])
    generation = current().generation
    raise NotFound("") if generation is None else generation.missing(collection)
