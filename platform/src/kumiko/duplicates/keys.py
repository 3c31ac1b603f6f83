"""The keys of records: made from drafts, kept with every write, looked up by value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, or_, select

from kumiko.duplicates import normal
from kumiko.duplicates.declaring import ReadRule, matching_of, read_rules
from kumiko.duplicates.models import key_table, merged_table, pair_table, progress_table
from kumiko.host.scoping import trusted
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.drafts import Draft
from kumiko.records.insertion import insert_rows
from kumiko.records.leftovers import free_types

Keys = dict[str, set[str]]  # kind -> normalized values
SLICE = 1000
MOST_VALUES = 20  # of one kind per record: a list of a thousand addresses is no person
LONGEST = 390
MOST_HOLDERS = 30
#: Kinds by which candidates are looked for; the others only add to what is said for a pair.
BLOCKING = ("domain", "email", "name", "near", "number", "phone", "sound", "tail", "text")
_NORMAL: Mapping[str, Callable[[str], str]] = {
    "email": normal.email, "phone": normal.phone, "number": normal.number, "domain": normal.domain,
    "text": normal.text, "place": normal.place,
}  # fmt: skip

_t = key_table


def keys_of(info: TypeInfo, said: Callable[[str], Any]) -> Keys:
    """The keys of a record whose fields are `said(name)`."""
    found: Keys = {}
    for one in read_rules(info):
        for value in _values(one, said):
            _add(found, one.rule.kind, value)
    for name in tuple(found.get("name", ())):
        code = normal.sound(name)
        if code:
            found.setdefault("sound", set()).add(code)
    beside = [f"@{value}" for value in found.get("place", ())] + [f"#{value}" for value in found.get("link", ())]
    near = {
        f"{code}{where}"[:LONGEST]
        for name in found.get("name", ())
        for code in normal.by_one_word(name)
        for where in beside
    }
    if near:
        found["near"] = set(sorted(near)[:MOST_VALUES])
    return {kind: set(sorted(values)[:MOST_VALUES]) for kind, values in found.items() if values}


def _values(one: ReadRule, said: Callable[[str], Any]) -> Iterable[str]:
    if one.item is not None:
        for row in said(one.fields[0].name) or ():
            value = row.get(one.item.name)
            if value not in (None, ""):
                yield _text(value)
        return
    words = [_text(value) for field in one.fields if (value := said(field.name)) not in (None, "")]
    if len(words) == len(one.fields) or (words and len(one.fields) > 2):
        yield " ".join(words)


def _text(value: Any) -> str:
    return str(getattr(value, "id", None) or value)


def _add(found: Keys, kind: str, value: str) -> None:
    if kind in ("person", "company"):
        name = normal.person(value) if kind == "person" else normal.company(value)
        if name and "@" not in value and not value.lstrip("+").isdigit():
            found.setdefault("name", set()).add(name)
        return
    if kind == "link":
        found.setdefault("link", set()).add(value)
        return
    made = _NORMAL[kind](value)
    if not made:
        return
    found.setdefault(kind, set()).add(made[:LONGEST])
    if kind == "phone" and (short := normal.tail(made)):
        found.setdefault("tail", set()).add(short)


def keep(changed: Sequence[Draft]) -> None:
    """After a write: the keys of these records are what they hold now; none for those in the bin."""
    gone: list[int] = []
    rows: list[dict[str, Any]] = []
    for draft in changed:
        info = draft.info
        if matching_of(info) is None or draft.record_id is None:
            continue
        if draft.action == "deleted":
            gone.append(draft.record_id)
        elif draft.action == "changed" and (
            (draft.state is not None and draft.state.deleted) or not _matters(info, draft.values)
        ):
            continue
        else:
            if not draft.is_new:
                gone.append(draft.record_id)
            rows += rows_of(info, draft.record_id, keys_of(info, draft.get))
    drop(gone)
    insert_rows(_t, rows)


def _matters(info: TypeInfo, values: Mapping[str, Any]) -> bool:
    cache = catalogue().cache
    names = cache.get(("matched fields", info.key))
    if names is None:
        names = frozenset(one.name for rule in read_rules(info) for one in rule.fields)
        cache["matched fields", info.key] = names
    return not names.isdisjoint(values)


def rows_of(info: TypeInfo, record_id: int, keys: Keys, *, fresh: bool = True) -> list[dict[str, Any]]:
    """The rows that hold the keys of a record."""
    return [
        {"record_id": record_id, "kind": kind, "value": value, "type_key": info.key, "fresh": fresh}
        for kind, values in keys.items()
        for value in values
    ]


def drop(record_ids: Sequence[int]) -> None:
    """Forget the keys of records."""
    for start in range(0, len(record_ids), SLICE):
        chunk = list(record_ids[start : start + SLICE])
        trusted(delete(_t).where(_t.c.record_id.in_(bindparam("ids", expanding=True))), {"ids": chunk})


def forget_types(loaded: Any) -> None:
    """A module's data are deleted for good: what is known of its records by keys and pairs goes with them."""
    type_keys = [key for key, _label, _table in free_types(loaded)]
    if type_keys:
        for table in (_t, pair_table, merged_table, progress_table):
            trusted(delete(table).where(table.c.type_key.in_(type_keys)))


def stored(record_ids: Iterable[int]) -> dict[int, Keys]:
    """The keys of records, by id."""
    wanted = sorted(set(record_ids))
    found: dict[int, Keys] = {}
    query = select(_t.c.record_id, _t.c.kind, _t.c.value).where(_t.c.record_id.in_(bindparam("ids", expanding=True)))
    for start in range(0, len(wanted), SLICE):
        for record_id, kind, value in trusted(query, {"ids": wanted[start : start + SLICE]}):
            found.setdefault(record_id, {}).setdefault(kind, set()).add(value)
    return found


def holders_of_many(type_keys: Sequence[str], many: Sequence[Keys]) -> list[set[tuple[str, int]]]:
    """For each set of keys, (type key, id) of the records that share one; one statement per kind and thousand values.

    A value that very many records have names the newest few of them.
    """
    found: list[set[tuple[str, int]]] = [set() for _one in many]
    for kind in BLOCKING:
        wanted: dict[str, list[int]] = {}
        for number, one in enumerate(many):
            for value in one.get(kind, ()):
                wanted.setdefault(value, []).append(number)
        values = sorted(wanted)
        query = (
            select(_t.c.value, _t.c.type_key, _t.c.record_id)
            .where(
                _t.c.type_key.in_(list(type_keys)),
                _t.c.kind == kind,
                _t.c.value.in_(bindparam("values", expanding=True)),
            )
            .order_by(_t.c.value, _t.c.record_id.desc())
        )  # fmt: skip
        for start in range(0, len(values), SLICE):
            counted: dict[str, int] = {}
            for value, type_key, record_id in trusted(query, {"values": values[start : start + SLICE]}):
                counted[value] = counted.get(value, 0) + 1
                if counted[value] <= MOST_HOLDERS:
                    for number in wanted[value]:
                        found[number].add((type_key, record_id))
    return found


def holders(type_keys: Sequence[str], keys: Keys, *, most: int) -> list[tuple[str, int]]:
    """(type key, id) of records that share a key of a blocking kind with these, the strongest kinds first."""
    parts: list[Any] = []
    for kind in BLOCKING:
        values = sorted(keys.get(kind, ()))
        if values:
            parts.append((_t.c.kind == kind) & _t.c.value.in_(values))
    if not parts:
        return []
    query = select(_t.c.type_key, _t.c.record_id).where(_t.c.type_key.in_(list(type_keys)), or_(*parts))
    found = trusted(query.distinct().order_by(_t.c.record_id.desc()).limit(most))
    return [(type_key, record_id) for type_key, record_id in found]
