"""A walk through every table of the database: which rows hold one of the terms, whatever module they belong to.

The database narrows it down by words and digits, the exact judgement is made here. Tables are read as they stand in the
database, so those of modules that are off, or that say nothing about personal data, are searched like all others.
"""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from kumiko.archive import tables
from kumiko.archive.tables import StoredTable
from kumiko.privacy.terms import Terms, texts_in

_STRIPPED = " -/().+\u00a0"
#: never looked at: they hold no texts of people, and are written every second
SKIPPED = frozenset({"host_process", "host_counter", "host_revision", "jobs_beat", "privacy_erasure"})


@dataclass(frozen=True)
class Hit:
    """A row that holds a term: its table, all its values, and the columns in which one was found."""

    table: StoredTable
    row: Mapping[str, Any]
    columns: tuple[str, ...]

    @property
    def key(self) -> tuple[Any, ...]:
        return tuple(self.row[name] for name in self.table.key or self.table.columns)


def hits(connection: sa.Connection, terms: Terms, there: Mapping[str, StoredTable]) -> Iterator[Hit]:
    """Every row of every table that holds one of the terms."""
    for one in there.values():
        if one.name not in SKIPPED:
            yield from hits_in(connection, terms, one)


def hits_in(connection: sa.Connection, terms: Terms, one: StoredTable) -> Iterator[Hit]:
    looked = [name for name, kind in one.kinds.items() if kind in ("text", "json", "binary")]
    if not looked:
        return
    where = None  # bytes must be looked into, all of them
    if "binary" not in one.kinds.values():
        where = _narrowed(connection, terms, one)
        first = sa.text(f"SELECT 1 FROM {_quoted(one.name)} WHERE {where.text} LIMIT 1")  # noqa: S608 (names of columns)
        values = {name: bound.value for name, bound in where._bindparams.items()}
        if connection.execute(first, values).first() is None:
            return
    for piece in tables.pieces(connection, one, where=where):
        for row in piece:
            found = tuple(name for name in looked if holds(terms, one.kinds[name], row[name]))
            if found:
                yield Hit(one, row, found)


def holds(terms: Terms, kind: str, value: Any) -> bool:
    """Whether a value of a column holds a term."""
    if value is None:
        return False
    if kind == "text":
        return terms.within(str(value))
    return terms.in_json(value) if kind == "json" else in_bytes(terms, bytes(value))


def in_bytes(terms: Terms, content: bytes) -> bool:
    """Whether bytes hold a term: as text, or inside of a mail whose parts are encoded."""
    if terms.within(content.decode("utf-8", "replace")) or terms.within(content.decode("latin-1")):
        return True
    if b"\n" not in content[:4000] or b":" not in content[:200]:
        return False
    try:
        message: Any = email.message_from_bytes(content, policy=email.policy.default)
        heads = [str(value) for value in message.values()]
        parts = [_text_of(part) for part in message.walk() if not part.is_multipart()]
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):
        return False
    return any(terms.within(text) for text in (*heads, *parts))


def texts_of(kind: str, value: Any) -> Iterator[str]:
    """The texts in a value, for a search that knows no terms."""
    if value is None:
        return
    if kind == "json":
        yield from texts_in(value)
    else:
        yield value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")


def _text_of(part: Any) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _narrowed(connection: sa.Connection, terms: Terms, one: StoredTable) -> Any:
    """What every row with a term matches, as SQL that need not be compiled for each table."""
    on_postgres = connection.dialect.name == "postgresql"
    kept = [name for name, kind in one.kinds.items() if kind in ("text", "json")]
    parts = [f"CAST({_quoted(name)} AS text)" if one.kinds[name] == "json" else _quoted(name) for name in kept]
    whole = " || ' ' || ".join(f"coalesce({part}, '')" for part in parts)
    conditions: list[str] = []
    values: dict[str, str] = {}
    for needle in (form for word in terms.needles for form in _forms(word)):
        name = f"n{len(values)}"
        values[name] = f"%{_escaped(needle)}%"
        # SQLite's own LIKE takes small and capital letters of ASCII for the same.
        text = f"({whole})" if on_postgres or needle.isascii() else f"kumiko_lower({whole})"
        conditions.append(f"{text} {'ILIKE' if on_postgres else 'LIKE'} :{name} ESCAPE '!'")
    if terms.digits:
        bare = whole
        for sign in _STRIPPED:
            bare = f"replace({bare}, '{sign}', '')"
        for digits in terms.digits:
            name = f"n{len(values)}"
            values[name] = f"%{digits}%"
            conditions.append(f"{bare} LIKE :{name}")
    return sa.text(f"({' OR '.join(conditions) or '1 = 0'})").bindparams(**values)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _escaped(needle: str) -> str:
    return re.sub(r"([!%_])", r"!\1", needle)


def _forms(needle: str) -> Sequence[str]:
    """The needle as it stands in a text, and inside of JSON when that differs."""
    inside = orjson.dumps(needle).decode()[1:-1]
    return tuple(dict.fromkeys((needle, inside, json.dumps(needle)[1:-1])))  # as orjson writes it, and as others do
