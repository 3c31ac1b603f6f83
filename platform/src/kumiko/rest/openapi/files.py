"""Operations of /files beside the generic ones: attaching a file, and its bytes."""

from __future__ import annotations

from typing import Any

from kumiko.files.models import FILE
from kumiko.records.catalogue import catalogue
from kumiko.rest.openapi.components import ID, TEXT, in_path, json_response, ref, refusals, thing

_TAG = ["Files"]
_TARGET: dict[str, Any] = {
    "record_type": {**TEXT, "minLength": 1, "maxLength": 80, "description": "Key or collection of its record's type."},
    "record_id": ID,
}
_NAME = {"type": "string", "minLength": 1, "maxLength": 200}
_KIND = {"type": "string", "minLength": 1, "maxLength": 40, "default": "attachment"}
_JSON = thing(
    ("kind", "media_type"),
    **_TARGET,
    name=_NAME,
    kind=_KIND,
    media_type={"type": "string", "maxLength": 100},
    content={"type": "string", "contentEncoding": "base64", "minLength": 4},
)
_FORM = thing(
    ("kind", "name"), **_TARGET, name=_NAME, kind=_KIND, file={"type": "string", "format": "binary", "minLength": 1}
)


def paths() -> dict[str, dict[str, Any]]:
    """Path below /api/v1 -> method -> operation; nothing while files are not kept here."""
    if catalogue().find(FILE) is None:
        return {}
    return {"/files": {"post": _attach()}, "/files/{id}/content": {"parameters": [in_path("id")], "get": _content()}}


def _attach() -> dict[str, Any]:
    made = json_response("The file", ref(FILE), etag=True)
    return {
        "operationId": "files_attach",
        "tags": _TAG,
        "summary": "Attach a file to a record",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _JSON}, "multipart/form-data": {"schema": _FORM}},
        },
        "responses": {"201": made, **refusals(403, 404, 422)},
    }


def _content() -> dict[str, Any]:
    found = {"description": "The bytes", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
    said = {"operationId": "files_content", "tags": _TAG, "summary": "The bytes of a file, as a download"}
    return {**said, "responses": {"200": found, **refusals(404)}}
