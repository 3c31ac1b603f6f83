"""Idempotency-Key: a POST that is sent twice, because the first answer was lost, makes one record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson
from flask import Response, request
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kumiko.host import context
from kumiko.host.columns import table_of, utc_now
from kumiko.host.errors import Conflict
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import service
from kumiko.records.catalogue import TypeInfo
from kumiko.records.models import IdempotencyKey
from kumiko.records.views import RecordView
from kumiko.rest.answers import answer
from kumiko.rest.inputs import invalid

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
KEPT = timedelta(days=7)
MAX_LENGTH = 200

_key = table_of(IdempotencyKey)


def key_of_request() -> str | None:
    """The key that the client gave its request, or None."""
    text = request.headers.get(HEADER)
    if text is None:
        return None
    if not 1 <= len(text) <= MAX_LENGTH or not text.isascii() or not text.isprintable():
        raise invalid(HEADER, _("wanted 1 to %(most)d plain characters", most=MAX_LENGTH))
    return text


def is_known(key: str | None) -> bool:
    """Whether a request with this key was answered before."""
    if key is None:
        return False
    mine = (_key.c.user_id == context.principal().user_id, _key.c.key == key)
    return trusted(select(_key.c.id).where(*mine)).first() is not None


def create_once(info: TypeInfo, values: Mapping[str, Any], key: str) -> tuple[RecordView, bool]:
    """The record that this key made, and whether it was made before. Conflict when the key stood for another body.

    The key is taken in the transaction that makes the record: of two requests at once the second waits for the first,
    then finds its record; a refused one leaves its key free.
    """
    mark = hashlib.sha256(orjson.dumps([info.key, values], option=orjson.OPT_SORT_KEYS)).hexdigest()
    with context.transaction():
        taken = _take(info.key, key, mark)
        if taken is None:
            view = service.create(info.key, values)
            mine = (_key.c.user_id == context.principal().user_id, _key.c.key == key)
            trusted(update(_key).where(*mine).values(record_id=view.id))
            return view, False
    if taken["request_hash"] != mark:
        raise _used(key)
    view_or_none = service.find(info.key, taken["record_id"])
    if view_or_none is None:
        raise Conflict(_("This request made record %(id)d, which is no longer there.", id=taken["record_id"]))
    return view_or_none, True


def once(what: Sequence[Any], do: Callable[[], Response], again: Callable[[], Response] | None = None) -> Response:
    """The answer of `do`; for a request whose key did it before, the answer of then, and nothing is done.

    `what` names the request (its verb, address and body). Without a key it is done each time. Everything that `do`
    writes and the note of the key are one transaction. Records are not kept: `again` reads them anew, with the rights
    of now.
    """
    key = key_of_request()
    if key is None:
        return do()
    mark = hashlib.sha256(orjson.dumps(what, option=orjson.OPT_SORT_KEYS)).hexdigest()
    with context.transaction():
        taken = _take("", key, mark)
        if taken is None:
            made = do()
            kept = {"status": made.status_code, "body": made.get_json() if again is None else None}
            mine = (_key.c.user_id == context.principal().user_id, _key.c.key == key)
            trusted(update(_key).where(*mine).values(answer=kept))
            return made
    kept = taken["answer"]
    if taken["request_hash"] != mark or kept is None:
        raise _used(key)
    repeated = answer(kept["body"], kept["status"]) if again is None else again()
    repeated.headers[REPLAYED] = "true"
    return repeated


def _used(key: str) -> Conflict:
    return Conflict(_("The key %(key)r was used for another request; give each request a key of its own.", key=key))


def _take(type_key: str, key: str, mark: str) -> Mapping[Any, Any] | None:
    """Write the key down; None when it is new, else what is known of it."""
    dialect = sqlite if context.current().database.is_sqlite else postgresql
    person_id = context.principal().user_id
    row = {
        "user_id": person_id,
        "key": key,
        "request_hash": mark,
        "record_id": 0,
        "type_key": type_key,
        "at": utc_now(),
    }
    statement = dialect.insert(_key).on_conflict_do_nothing(index_elements=["user_id", "key"]).returning(_key.c.id)
    if trusted(statement, row).scalar_one_or_none() is not None:
        return None
    query = select(_key.c.request_hash, _key.c.record_id, _key.c.answer).where(
        _key.c.user_id == bindparam("user_id"), _key.c.key == bindparam("key")
    )
    return trusted(query, {"user_id": person_id, "key": key}).mappings().one()


def forget(job: Any) -> None:
    """The job: keys older than a week protect nobody any more."""
    trusted(delete(_key).where(_key.c.at < utc_now() - KEPT))
