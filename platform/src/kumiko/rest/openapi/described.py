"""Views below /api/v1 that plugins write themselves: they carry their part of the OpenAPI document with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Flask

from kumiko.rest.openapi.components import ID, TEXT, in_path, refusals

_PREFIX = "/api/v1"
_PART = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
V = TypeVar("V", bound=Callable[..., Any])


def described(summary: str, *, tag: str = "", **operation: Any) -> Callable[[V], V]:
    """A decorator for a view below /api/v1: `summary` and the keys of an OpenAPI operation (`parameters`,
    `requestBody`, `responses` by status) stand in /openapi.json. Parts of the path, an operationId and the refusals
    that every operation shares are added.
    """

    def mark(view: V) -> V:
        view.kumiko_operation = {**({"tags": [tag]} if tag else {}), "summary": summary, **operation}  # type: ignore[attr-defined]
        return view

    return mark


def paths_of(app: Flask) -> dict[str, dict[str, Any]]:
    """Path below /api/v1 -> method -> operation, of all views that are described."""
    found: dict[str, dict[str, Any]] = {}
    for rule in app.url_map.iter_rules():
        said: Mapping[str, Any] | None = getattr(app.view_functions.get(rule.endpoint), "kumiko_operation", None)
        if said is None or not rule.rule.startswith(f"{_PREFIX}/"):
            continue
        path = _PART.sub(lambda part: f"{{{_shown(part['name'])}}}", rule.rule.removeprefix(_PREFIX))
        parts = [in_path(_shown(part["name"]), _shape(part["kind"])) for part in _PART.finditer(rule.rule)]
        item = found.setdefault(path, {"parameters": parts} if parts else {})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            name = re.sub(r"\W", "_", rule.endpoint)
            item[method.lower()] = {
                "operationId": name if len(rule.methods or ()) < 4 else f"{name}_{method.lower()}",
                **said,
                "responses": {**refusals(403, 404, 422), **said.get("responses", {})},
            }
    return found


def _shown(name: str) -> str:
    return "id" if name == "record_id" else name


def _shape(kind: str | None) -> dict[str, Any]:
    return dict(ID) if kind == "int" else dict(TEXT)
