"""What a narrowed access token may do: words such as `deals:read`, always within the rights of its user.

`COLLECTION:read` reads (and exports) a collection, `COLLECTION:write` also changes it, `*` stands for every
collection, `may:PERMISSION` keeps a named permission. A token without words is as mighty as its user.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kumiko.access.defaults import ADMINISTRATOR
from kumiko.host.context import Principal, current, narrowed
from kumiko.host.declarations import ACTIONS
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records.catalogue import catalogue

READ, WRITE, EVERY, MAY = "read", "write", "*", "may"
_READING = ("read", "export")
MOST = 100  # words of one token


def check(words: Iterable[str], field: str = "scopes") -> tuple[str, ...]:
    """The words in order, each once; Invalid when one names nothing that is there."""
    found = tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
    if len(found) > MOST:
        raise _refused(field, _("%(count)d words; at most %(most)d fit", count=len(found), most=MOST))
    for word in found:
        what, _colon, how = word.partition(":")
        if what == MAY:
            if how not in _permissions():
                raise _refused(field, _("“%(word)s” names no permission", word=word[:80]))
        elif how not in (READ, WRITE) or (what != EVERY and what not in catalogue().by_collection):
            raise _refused(
                field,
                _(
                    "wanted COLLECTION:read, COLLECTION:write or may:PERMISSION, found “%(word)s”; "
                    "collections are those of the API, * is every one",
                    word=word[:80],
                ),
            )
    return found


def within(person: Principal, words: Sequence[str]) -> Principal:
    """The person with no more than these words allow. Collections of modules that are off give nothing."""
    by_collection = catalogue().by_collection
    allowed: dict[str, str] = {}
    kept: set[str] = set()
    for word in words:
        what, _colon, how = word.partition(":")
        if what == MAY:
            kept.add(how)
        elif what == EVERY or what in by_collection:
            key = EVERY if what == EVERY else by_collection[what].key
            allowed[key] = WRITE if WRITE in (how, allowed.get(key)) else READ
    every = allowed.get(EVERY, "")
    keys = {*allowed, *person.grants} if every else set(allowed)
    grants = {key: _levels(person, key, max(allowed.get(key, ""), every)) for key in keys}
    return narrowed(
        person,
        grants=grants,
        permissions=person.permissions if every == WRITE else person.permissions & kept,
        roles=person.roles if every == WRITE else tuple(one for one in person.roles if one != ADMINISTRATOR),
    )


def _levels(person: Principal, key: str, how: str) -> Mapping[str, str]:
    given = person.grants.get(EVERY, {})
    return {
        action: given.get(action, "none") if key == EVERY else person.level(key, action)
        for action in ACTIONS
        if how == WRITE or action in _READING
    } | {action: "none" for action in ACTIONS if how != WRITE and action not in _READING}


def _permissions() -> Iterable[str]:
    generation = current().generation
    return () if generation is None else generation.permissions


def _refused(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, {field: [sentence]})
