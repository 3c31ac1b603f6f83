"""GET /openapi.json: built at the first request of a generation, kept as bytes."""

from __future__ import annotations

import hashlib
import warnings
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Response

from kumiko.host import context
from kumiko.records.catalogue import catalogue
from kumiko.records.outputs import output_schema
from kumiko.rest.answers import unchanged
from kumiko.rest.inputs import parameters
from kumiko.rest.openapi import bodies, described, house
from kumiko.rest.openapi.components import RESPONSES, SCHEMAS, SECURITY
from kumiko.rest.openapi.operations import page_schema, paths_of

VERSION = "1"
_ABOUT = """Everything that people do in Kumiko, for programs.

Send `Authorization: Bearer TOKEN`. Records carry a version, which is their ETag; changes name it in If-Match. Lists
page by cursor: ask again with `after` until `next` is null. Errors are problem+json with a sentence per wrong field.
A module that is switched off answers 404 of type `/problems/module-off`.
"""


def read() -> Response:
    """The document; 304 when the client has it already."""
    parameters(())
    body, tag = document()
    kept = unchanged(tag)
    if kept is not None:
        return kept
    made = Response(body, mimetype="application/json")
    made.headers["ETag"] = f'"{tag}"'
    return made


def document() -> tuple[bytes, str]:
    """The document of the running generation in the reader's language, and its tag."""
    cache = catalogue().cache
    now = context.current()
    key = (
        "openapi",
        now.generation.numbers if now.generation else None,
        now.principal.language if now.principal else "",
    )
    if key not in cache:
        body = orjson.dumps(build())
        cache[key] = (body, hashlib.blake2b(body, digest_size=8).hexdigest())
    found: tuple[bytes, str] = cache[key]
    return found


def build() -> dict[str, Any]:
    """The document as a dict. Core plugins with rules of their own add paths: `state["openapi_paths"]`, a list of
    callables that give path below /api/v1 -> method -> operation."""
    spec = APISpec(
        title="Kumiko",
        version=VERSION,
        openapi_version="3.1.0",
        plugins=[MarshmallowPlugin()],
        info={"description": _ABOUT},
        servers=[{"url": "/api/v1"}],
        security=[{"token": []}, {"session": []}],
    )
    for name, scheme in SECURITY.items():
        spec.components.security_scheme(name, scheme)
    for name, schema in SCHEMAS.items():
        spec.components.schema(name, schema)
    for name, response in RESPONSES.items():
        spec.components.response(name, response)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # apispec: several schemas of one class
        for info in catalogue().types.values():
            spec.components.schema(info.key, schema=output_schema(info))
            spec.components.schema(f"{info.key}.create", schema=bodies.create_schema(info))
            spec.components.schema(f"{info.key}.change", schema=bodies.change_schema(info))
            spec.components.schema(f"{info.key}.page", page_schema(info))
            for name, action in info.actions.items():
                spec.components.schema(f"{info.key}.{name}", schema=bodies.action_schema(info, action))
    said: dict[str, Any] = spec.to_dict()
    said["paths"] = house.paths()
    for info in catalogue().types.values():
        said["paths"].update(paths_of(info))
    generation = context.current().generation
    for more in generation.state.get("openapi_paths", ()) if generation else ():
        for path, operations in more().items():
            said["paths"].setdefault(path, {}).update(operations)
    for path, operations in described.paths_of(generation.app).items() if generation else ():
        said["paths"].setdefault(path, {}).update(operations)
    return said
