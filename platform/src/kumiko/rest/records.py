"""One record: make, read, change, delete, restore, history, actions."""

from __future__ import annotations

from typing import Any

from flask import Response
from werkzeug.exceptions import MethodNotAllowed

from kumiko.duplicates.leading import merged_into
from kumiko.exits import reading
from kumiko.host.errors import NotFound
from kumiko.host.i18n import gettext as _
from kumiko.records import history, service
from kumiko.records.bin import matches
from kumiko.records.catalogue import TypeInfo
from kumiko.rest import duplicates, idempotency
from kumiko.rest.answers import answer, record_answer, unchanged, wanted_version
from kumiko.rest.changes import entry_json
from kumiko.rest.collections import type_of
from kumiko.rest.inputs import LARGEST_ID, invalid, json_body, parameters, whole
from kumiko.rest.lists import read_as_of


def create(collection: str) -> Response:
    """POST /COLLECTION."""
    info = type_of(collection)
    given = parameters(("binned", "duplicates"))
    body = json_body()
    key = idempotency.key_of_request()
    if given.get("binned", "") != "new" and (key is None or "binned" in given):  # a repeated request gets its record
        _offer_binned(info, body, given.get("binned"))
    known = duplicates.look(info, body, given.get("duplicates", ""), is_repeated=lambda: idempotency.is_known(key))
    if known.refusal is not None:
        return known.refusal
    if key is None:
        view, repeated = service.create(info.key, body), False
    else:
        view, repeated = idempotency.create_once(info, body, key)
    made = record_answer(view, 201)
    made.headers["Location"] = f"/api/v1/{info.collection}/{view.id}"
    if known.header:
        made.headers["Kumiko-Duplicates"] = known.header
    if repeated:
        made.headers[idempotency.REPLAYED] = "true"
    return made


def _offer_binned(info: TypeInfo, body: dict[str, Any], wish: str | None) -> None:
    """Invalid when a deleted record has the external id of the new one, and nobody said to make another (`binned=new`).

    Uniqueness itself ignores the bin; but whoever sends the same thing again hardly wants it twice.
    """
    if wish is not None:
        raise invalid("binned", _("wanted new, or nothing; found %(found)r", found=wish[:40]))
    if not body.get("external_id") and not body.get("external_ids"):
        return
    for one in matches(info, service.clean(info, body)):
        if one.by in ("external_id", "external_ids") and merged_into(info.key, one.id) is None:
            raise invalid(
                one.by,
                _(
                    "“%(title)s” (id %(id)d) has it and lies in the bin: restore it by POST %(path)s, or repeat this "
                    "with ?binned=new to make another one",
                    title=one.title,
                    id=one.id,
                    path=f"/api/v1/{info.collection}/{one.id}/restore",
                ),
            )


def read(collection: str, record_id: int) -> Response:
    """GET /COLLECTION/ID; 304 when the client has this version. With `as_of` as it was at that moment."""
    given = parameters(("as_of",))
    with read_as_of():
        info = type_of(collection)
        try:
            view = service.get(info.key, record_id)
        except NotFound:
            moved = None if "as_of" in given else duplicates.moved(info, record_id)
            if moved is None:
                raise
            return moved
        reading.note(info, record_id)
        return (None if "as_of" in given else unchanged(view.version)) or record_answer(view)


def change(collection: str, record_id: int) -> Response:
    """PATCH /COLLECTION/ID."""
    info = type_of(collection)
    parameters(())
    version = wanted_version(lambda: service.get(info.key, record_id).version)
    return record_answer(service.update(info.key, record_id, json_body(), if_match=version))


def delete(collection: str, record_id: int) -> Response:
    """DELETE /COLLECTION/ID: into the bin."""
    info = type_of(collection)
    parameters(())
    version = wanted_version(lambda: service.get(info.key, record_id).version)
    service.delete(info.key, record_id, if_match=version)
    return Response(status=204)


def restore(collection: str, record_id: int) -> Response:
    """POST /COLLECTION/ID/restore: out of the bin."""
    info = type_of(collection)
    parameters(())
    json_body(optional=True)
    return idempotency.once(
        ["restore", info.key, record_id],
        lambda: record_answer(service.restore(info.key, record_id)),
        lambda: record_answer(service.get(info.key, record_id)),
    )


def act(collection: str, record_id: int, name: str) -> Response:
    """POST /COLLECTION/ID/NAME: a declared action."""
    info = type_of(collection)
    parameters(())
    _require_action(info, name)
    version = wanted_version(lambda: service.get(info.key, record_id).version, needed=False)
    body = json_body(optional=True)
    return idempotency.once(
        [name, info.key, record_id, body],
        lambda: record_answer(service.run_action(info.key, record_id, name, body, if_match=version)),
        lambda: record_answer(service.get(info.key, record_id)),
    )


def _require_action(info: TypeInfo, name: str) -> None:
    if name == "history":
        raise MethodNotAllowed(["GET", "HEAD", "OPTIONS"])
    service.require_action_on(info, name)
    if name not in info.actions:
        raise NotFound(
            _(
                "There is no action %(name)r here; known are: %(known)s.",
                name=name[:80],
                known=", ".join(("restore", *info.actions)),
            )
        )


def read_history(collection: str, record_id: int) -> Response:
    """GET /COLLECTION/ID/history: newest first."""
    info = type_of(collection)
    given = parameters(("limit", "before"))
    limit = whole("limit", given["limit"], least=1, most=200) if "limit" in given else 50
    before = whole("before", given["before"], least=1, most=LARGEST_ID) if "before" in given else None
    found = history.history(info.key, record_id, limit=limit + 1, before=before)
    shown = found[:limit]
    following = shown[-1].id if len(found) > limit else None
    return answer({"data": [entry_json(entry) for entry in shown], "next": following})
