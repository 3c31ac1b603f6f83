"""Who is known already: one recognizer with the same rules for forms, the API, imports and what comes in by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from kumiko.duplicates import identity, keys, scoring
from kumiko.duplicates.declaring import matching_of
from kumiko.duplicates.keys import Keys
from kumiko.host.context import principal
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.records import rights, service
from kumiko.records.catalogue import USER, TypeInfo, catalogue

CANDIDATES = 200
MOST = 10


@dataclass(frozen=True)
class Found:
    """A record that somebody may be, whoever may see it. `score`: 0 to 100; `reasons`: words of `scoring`."""

    type_key: str
    id: int
    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A match as the acting person may see it. When they may not, `id` is None and nothing tells whose it is, how
    sure it is or by what: a guess would be answered else."""

    type_key: str
    id: int | None
    title: str
    score: int
    why: str
    href: str = ""
    owner: str = ""
    editable: bool = False


def recognize(
    info: TypeInfo, said: Mapping[str, Any] | Callable[[str], Any], *, exclude: Collection[int] = (), most: int = MOST
) -> list[Found]:
    """Live records that a record with these values (as the service holds them) may be, the likeliest first.

    Records of the type itself and of those that its rules name in `also`; whoever may see them.
    """
    matching = matching_of(info)
    if matching is None:
        return []
    made = keys.keys_of(info, said.get if isinstance(said, Mapping) else said)
    return by_keys(info, made, exclude=exclude, most=most)


def by_keys(info: TypeInfo, made: Keys, *, exclude: Collection[int] = (), most: int = MOST) -> list[Found]:
    """The same for keys that were made before."""
    matching = matching_of(info)
    if matching is None or not made:
        return []
    known = catalogue()
    type_keys = [key for key in (info.key, *matching.also) if known.find(key) is not None]
    candidates = [one for one in keys.holders(type_keys, made, most=CANDIDATES) if one[1] not in exclude]
    stored = keys.stored(record_id for _type, record_id in candidates)
    least = identity.shown_from()
    found = []
    for type_key, record_id in candidates:
        rated = scoring.score(matching, made, stored.get(record_id, {}))
        if rated.score >= least:
            found.append(Found(type_key, record_id, rated.score, rated.reasons))
    found.sort(key=lambda one: (-one.score, one.id))
    return found[:most]


def recognize_input(info: TypeInfo, values: Mapping[str, Any], *, exclude: Collection[int] = ()) -> list[Found]:
    """The same for values in input form; what cannot be read yet, because it is half typed, does not count."""
    if matching_of(info) is None:
        return []
    left = dict(values)
    while left:
        try:
            cleaned = service.clean(info, left)
        except Invalid as fault:
            wrong = [name for name in fault.errors if name in left] or list(left)
            for name in wrong:
                del left[name]
        else:
            return recognize(info, cleaned, exclude=exclude)
    return []


def recognize_many(info: TypeInfo, rows: Sequence[Mapping[str, Any]]) -> list[list[Found]]:
    """For an import's rehearsal, a few hundred rows at a time: the matches of each row (values as the service holds
    them), among live records and among the rows before it. A match within the file has the negative number of its row:
    -1 is the first. Two statements and as many as there are kinds of keys, however many rows.
    """
    matching = matching_of(info)
    if matching is None:
        return [[] for _row in rows]
    made = [keys.keys_of(info, row.get) for row in rows]
    known = keys.holders_of_many([key for key in (info.key, *matching.also) if catalogue().find(key)], made)
    stored = keys.stored(record_id for each in known for _type, record_id in each)
    least, seen = identity.shown_from(), dict[tuple[str, str], list[int]]()
    answers: list[list[Found]] = []
    for number, own in enumerate(made):
        marks = [(kind, value) for kind in keys.BLOCKING for value in own.get(kind, ())]
        meant = [(*one, stored.get(one[1], {})) for one in sorted(known[number])]
        meant += [(info.key, -1 - at, made[at]) for at in sorted({at for mark in marks for at in seen.get(mark, ())})]
        found = []
        for type_key, record_id, other in meant:
            rated = scoring.score(matching, own, other)
            if rated.score >= least:
                found.append(Found(type_key, record_id, rated.score, rated.reasons))
        answers.append(sorted(found, key=lambda one: (-one.score, one.id))[:MOST])
        for mark in marks:
            earlier = seen.setdefault(mark, [])
            if len(earlier) < MOST:
                earlier.append(number)
    return answers


def shown(found: Sequence[Found]) -> list[Shown]:
    """Matches as the acting person may see them: by name; all that they may not see together as one, without a name."""
    by_type: dict[str, list[int]] = {}
    for one in found:
        by_type.setdefault(one.type_key, []).append(one.id)
    names: dict[int, tuple[str, int | None]] = {}
    readable: set[int] = set()
    editable: set[int] = set()
    for type_key, ids in by_type.items():
        info = catalogue().get(type_key)
        names |= _names(info, ids)
        readable |= _limited(info, ids, "read")
        if rights.level(info, principal(), "edit") != "none":
            editable |= _limited(info, ids, "edit")
    seen = [one for one in found if one.id in names and one.id in readable]
    owners = _owners({owner for one in seen if (owner := names[one.id][1]) is not None})
    told = [_shown(one, names[one.id], editable, owners) for one in seen]
    hidden = next((one for one in found if one.id in names and one.id not in readable), None)
    return told if hidden is None else [*told, _hidden(hidden.type_key)]


def _shown(one: Found, said: tuple[str, int | None], editable: set[int], owners: Mapping[int, str]) -> Shown:
    info = catalogue().get(one.type_key)
    name, owner_id = said
    why, href = scoring.reason_words(one.reasons), f"/{info.collection}/{one.id}"
    return Shown(one.type_key, one.id, name, one.score, why, href, owners.get(owner_id or 0, ""), one.id in editable)


def _hidden(type_key: str) -> Shown:
    what = inside(catalogue().get(type_key).type.label)
    return Shown(type_key, None, _("A colleague may know this %(what)s already: ask your head before you add it again",
                                   what=what), 0, "")  # fmt: skip


def _names(info: TypeInfo, ids: Sequence[int]) -> dict[int, tuple[str, int | None]]:
    table = info.table
    query = select(table.c.id, table.c.name, table.c.owner_id).where(
        table.c.id.in_(bindparam("ids", expanding=True)), table.c.deleted_at.is_(None)
    )
    return {row.id: (row.name or "", row.owner_id) for row in trusted(query, {"ids": list(ids)})}


def _limited(info: TypeInfo, ids: Sequence[int], action: str) -> set[int]:
    limit = rights.criterion(info, principal(), action)
    query = select(info.table.c.id).where(info.table.c.id.in_(bindparam("ids", expanding=True)))
    return set(trusted(query if limit is None else query.where(limit), {"ids": list(ids)}).scalars())


def _owners(ids: set[int]) -> dict[int, str]:
    users = catalogue().find(USER)
    if users is None or not ids:
        return {}
    query = select(users.table.c.id, users.table.c.name).where(users.table.c.id.in_(bindparam("ids", expanding=True)))
    return {row.id: row.name for row in trusted(query, {"ids": sorted(ids)})}


def as_json(found: Sequence[Shown]) -> list[dict[str, Any]]:
    """Matches for programs."""
    known = catalogue()
    return [
        {
            "type": one.type_key, "collection": known.get(one.type_key).collection, "id": one.id,
            "name": one.title if one.id is not None else None, "owner": one.owner or None,
            "score": one.score if one.id is not None else None, "reasons": one.why or None,
        }
        for one in found
    ]  # fmt: skip
