"""Files by REST: attaching one to a record, and its bytes. What is generic (list, read, delete, undo) stays generic."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from flask import Response, request

from kumiko.files import services
from kumiko.files.models import FILE
from kumiko.files.routes import sent
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import service
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.rest.answers import record_answer
from kumiko.rest.collections import type_of
from kumiko.rest.inputs import LARGEST_ID, id_of, invalid, json_body, only, parameters, text_of, whole

MEMBERS = ("record_type", "record_id", "name", "kind", "media_type", "content")


def create() -> Response:
    """POST /files: JSON with `content` in base64, or multipart/form-data with the part `file`."""
    type_of("files")
    parameters(())
    if (request.mimetype or "") == "multipart/form-data":
        given: Mapping[str, Any] = request.form
        info, record_id = _target(given, from_form=True)
        upload = request.files.get("file")
        if upload is None:
            raise invalid("file", _("send the bytes as the part “file”, with its name"))
        stream: IO[bytes] = upload.stream
        name, media_type = str(given.get("name") or upload.filename or ""), str(upload.mimetype or "")
    else:
        given = json_body()
        only(dict(given), MEMBERS)
        info, record_id = _target(given)
        stream = BytesIO(_decoded(given.get("content")))
        name = text_of("name", given.get("name"), most=1000)
        media_type = text_of("media_type", given.get("media_type", ""), most=100, empty=True)
    kind = text_of("kind", given.get("kind", services.ATTACHMENT), most=40)
    services.require_files(info)
    services.require_edit(info, record_id)
    stored = services.keep(stream)
    file_id = services.attach_stored(info.key, record_id, name, stored, media_type=media_type, kind=kind)
    made = record_answer(service.get(FILE, file_id), 201)
    made.headers["Location"] = f"/api/v1/files/{file_id}"
    return made


def content(record_id: int) -> Response:
    """GET /files/ID/content: the bytes, as a download."""
    type_of("files")
    parameters(())
    return sent(services.get_file(record_id))


def _target(given: Mapping[str, Any], *, from_form: bool = False) -> tuple[TypeInfo, int]:
    word = text_of("record_type", given.get("record_type"), most=80)
    info = catalogue().find(word) or catalogue().by_collection.get(word)
    if info is None:
        raise invalid("record_type", _("there is no record type %(found)r; name its key or its collection", found=word))
    if from_form:
        return info, whole("record_id", str(given.get("record_id", "")), least=1, most=LARGEST_ID)
    return info, id_of("record_id", given.get("record_id"))


def _decoded(text: Any) -> bytes:
    if not isinstance(text, str):
        raise invalid("content", _("wanted the bytes of the file in base64"))
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(
            _("Some values are not accepted."), {"content": [_("this is no base64; send larger files as multipart")]}
        ) from None
