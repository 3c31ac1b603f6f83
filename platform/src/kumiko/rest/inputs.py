"""Reading requests: JSON bodies, query parameters, headers. Whatever a client sends, the answer is a sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.http import parse_options_header

from kumiko.bodies import too_large
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _

MAX_BODY = 8 * 1024 * 1024  # bytes
MAX_DEPTH = 24
LARGEST_ID = 2**62
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")


def json_body(*, optional: bool = False) -> dict[str, Any]:
    """The request's JSON object; `optional`: an empty body means an empty object.

    415 for other content types, 400 for what is no JSON, Invalid for what is no object or holds impossible values.
    """
    if (request.content_length or 0) > MAX_BODY:
        raise too_large(MAX_BODY, request.content_length)
    request.max_content_length = MAX_BODY + 1  # of a body without a length: one byte more tells
    raw = request.get_data(cache=False)
    if not raw and optional:
        return {}
    if len(raw) > MAX_BODY:
        raise too_large(MAX_BODY, None)
    kind = parse_options_header(request.content_type or "")[0].lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMediaType(
            _("Send the body as application/json; this one says %(found)s.", found=kind[:80] or _("nothing"))
        )
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as fault:
        raise BadRequest(_("The body is no JSON: %(why)s.", why=str(fault))) from None
    if not isinstance(body, dict):
        raise Invalid(_("Wanted a JSON object, found %(kind)s.", kind=kind_of(body)))
    for name, value in body.items():
        _examine(name, name, 1)
        _examine(name, value, 1)
    return body


def _examine(name: str, value: Any, depth: int) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise invalid(name.replace("\x00", "?"), _("a text cannot hold a NUL character"))
    elif isinstance(value, float):
        if abs(value) >= 2**63:  # also how a whole number beyond 64 bits arrives
            raise invalid(name, _("this number is too large"))
    elif isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise invalid(name, _("nested deeper than %(limit)d levels", limit=MAX_DEPTH))
        if isinstance(value, dict):
            for key in value:
                _examine(name, key, depth + 1)
        for one in value.values() if isinstance(value, dict) else value:
            _examine(name, one, depth + 1)


def kind_of(value: Any) -> str:
    """What a JSON value is, for sentences."""
    words = {dict: _("an object"), list: _("a list"), bool: _("true or false"), str: _("a text"), type(None): _("null")}
    return words.get(type(value), _("a number"))


def only(body: dict[str, Any], known: Collection[str]) -> None:
    """Invalid naming every member of the body that is not known here."""
    unknown = {
        name: [_("unknown here; known are: %(known)s", known=", ".join(known) or _("none"))]
        for name in body
        if name not in known
    }
    if unknown:
        raise Invalid(_("Some values are not accepted."), unknown)


def parameters(known: Iterable[str]) -> dict[str, str]:
    """The query parameters of a call that takes only these; Invalid for an unknown one and one that stands twice."""
    allowed = tuple(known)
    found: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in allowed:
            sentence = _("unknown parameter; known are: %(known)s", known=", ".join(allowed) or _("none"))
            raise invalid(name, sentence)
        found[name] = single(name, values)
    return found


def single(name: str, values: list[str]) -> str:
    if len(values) > 1:
        raise invalid(name, _("given %(count)d times; once is enough", count=len(values)))
    return values[0]


def refuse_nul() -> None:
    """No parameter can hold a NUL: PostgreSQL refuses it, SQLite's search stops there."""
    if b"%00" in request.query_string or b"\x00" in request.query_string:
        for name, values in request.args.lists():
            if "\x00" in name or any("\x00" in value for value in values):
                raise invalid(name.replace("\x00", "?"), _("a text cannot hold a NUL character"))


def whole(name: str, text: str, *, least: int, most: int) -> int:
    """A whole number from a query parameter."""
    digits = text.strip()
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 18 or not least <= int(digits) <= most:
        raise invalid(
            name,
            _(
                "wanted a whole number from %(least)d to %(most)d, found %(found)r",
                least=least,
                most=most,
                found=text[:40],
            ),
        )
    return int(digits)


def truth(name: str, value: Any) -> bool:
    """True or false, from JSON or from a query parameter."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in (*_TRUE, *_FALSE):
        raise invalid(name, _("wanted true or false, found %(found)r", found=str(value)[:40]))
    return word in _TRUE


def text_of(name: str, value: Any, *, most: int, empty: bool = False) -> str:
    """A text from a JSON body."""
    if not isinstance(value, str):
        raise invalid(name, _("wanted a text, found %(kind)s", kind=kind_of(value)))
    text = value.strip()
    if not text and not empty:
        raise invalid(name, _("wanted a text, found nothing"))
    if len(text) > most:
        raise invalid(name, _("at most %(most)d characters fit here, found %(found)d", most=most, found=len(text)))
    return text


def id_of(name: str, value: Any) -> int:
    """The id of a record from a JSON body."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < LARGEST_ID:
        raise invalid(name, _("wanted the id of a record, found %(found)s", found=str(value)[:40]))
    return value


def invalid(name: str, sentence: str) -> Invalid:
    """One wrong value."""
    return Invalid(f"{name[:80]}: {sentence}", {name[:80]: [sentence]})
