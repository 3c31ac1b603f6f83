"""One search over all modules: a document per record, matched by parts of words (trigrams) on both databases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    text,
)

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.records import rights
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.drafts import Draft
from kumiko.records.models import SearchDocument

table: Table = table_of(SearchDocument)

MAX_TEXT = 4000
MAX_WORDS = 8
CANDIDATES = 300


@dataclass(frozen=True, slots=True)
class Hit:
    """A found record that the person may see."""

    type: TypeInfo
    id: int
    title: str
    subtitle: str = ""


def normalise(value: str) -> str:
    """Lower case, without accents, single blanks: what documents hold and what questions become."""
    if value.isascii():
        return " ".join(value.lower().split())
    plain = unicodedata.normalize("NFKD", value.casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())


def document(draft: Draft) -> dict[str, Any]:
    """The search document of a record: title, and the text of its searchable fields."""
    title = str(draft.get("name") or "")[:300]
    parts = [title]
    for one in draft.info.searchable:
        value = draft.get(one.name)
        if value is None or value == [] or _hidden_from_some_role(draft.info, one):
            continue
        parts += _texts(one, value)
    parts += [str(value) for value in (draft.get("external_ids") or {}).values()]
    return {
        "record_id": draft.record_id,
        "type_key": draft.info.key,
        "title": title,
        "text": normalise(" ".join(part for part in parts if part))[:MAX_TEXT],
    }


def put(documents: Sequence[Mapping[str, Any]]) -> None:
    """Store documents of `document`, in place of the ones that their records had."""
    if not documents:
        return
    # One statement for all: SQLite closes the index's segment after each statement that a trigger works in.
    statement = _SQLITE_PUT if context.current().database.is_sqlite else _POSTGRES_PUT
    trusted(statement, {"documents": orjson.dumps(documents).decode()})


def drop(record_ids: Sequence[int]) -> None:
    """Take away the documents of records."""
    if not record_ids:
        return
    statement = _SQLITE_DROP if context.current().database.is_sqlite else _POSTGRES_DROP
    trusted(statement, {"record_ids": orjson.dumps(record_ids).decode()})


_SQLITE_PUT = text(
    "INSERT INTO records_search (record_id, type_key, title, text) "
    "SELECT json_extract(value, '$.record_id'), json_extract(value, '$.type_key'), "
    "json_extract(value, '$.title'), json_extract(value, '$.text') FROM json_each(:documents) WHERE true "
    "ON CONFLICT (record_id) DO UPDATE SET title = excluded.title, text = excluded.text"
)
_POSTGRES_PUT = text(
    "INSERT INTO records_search (record_id, type_key, title, text) "
    "SELECT record_id, type_key, title, text "
    "FROM json_populate_recordset(NULL::records_search, CAST(:documents AS json)) "
    "ON CONFLICT (record_id) DO UPDATE SET title = excluded.title, text = excluded.text"
)
_SQLITE_DROP = text("DELETE FROM records_search WHERE record_id IN (SELECT value FROM json_each(:record_ids))")
_POSTGRES_DROP = text(
    "DELETE FROM records_search WHERE record_id IN "
    "(SELECT CAST(one AS bigint) FROM json_array_elements_text(CAST(:record_ids AS json)) AS one)"
)


def _texts(one: FieldInfo, value: Any) -> Iterable[str]:
    """What of a field's value is searched for."""
    if one.kind == "list":
        searched = [item for item in item_fields(one) if item.field.searchable]
        for row in value:
            for item in searched:
                if row.get(item.name):
                    yield from _with_digits(item.kind, str(row[item.name]))
    elif one.kind == "tags":
        yield from sorted(value)
    elif one.kind == "choice":
        choice = one.choices.get(value)
        yield str(choice.label) if choice else str(value)
    else:
        yield from _with_digits(one.kind, str(value))


def _with_digits(kind: str, value: str) -> Iterable[str]:
    if kind != "phone":
        return (value,)
    digits = re.sub(r"\D", "", value)
    return (value, digits) if digits and digits != value else (value,)


def _hidden_from_some_role(info: TypeInfo, one: FieldInfo) -> bool:
    generation = context.current().generation
    hidden = generation.state.get("hidden_fields") if generation else None
    return hidden is not None and one.name in hidden().get(info.key, ())


def words_of(question: str) -> list[str]:
    """The normalised words of a question; a phone number typed with blanks becomes one word of digits."""
    if re.fullmatch(r"[+\d][\d\s()/.-]{4,}", question.strip()):
        return [re.sub(r"\D", "", question)]
    return normalise(question).split()[:MAX_WORDS]


def matching(question: str) -> ColumnElement[bool] | None:
    """Condition on search documents that hold every word; None for an empty question."""
    words = words_of(question)
    if not words:
        return None
    return _holding(_shape(words), _parameters(words))


def _shape(words: Sequence[str]) -> tuple[int, int]:
    """How many words of three letters and more, how many shorter ones: the form of the condition depends on it."""
    long = sum(len(word) >= 3 for word in words)
    return long, len(words) - long


def _parameters(words: Sequence[str]) -> dict[str, str]:
    long = [word for word in words if len(word) >= 3]
    short = [word for word in words if len(word) < 3]
    found = {f"s_{number}": f"% {_escape(word)}%" for number, word in enumerate(short)}
    if context.current().database.is_sqlite:
        phrase = " AND ".join('"' + word.replace('"', '""') + '"' for word in long)
        return {**found, "fts": phrase} if long else found
    return {**found, **{f"w_{number}": f"%{_escape(word)}%" for number, word in enumerate(long)}}


def _holding(shape: tuple[int, int], given: Mapping[str, str] | None = None) -> ColumnElement[bool]:
    """Condition for so many long and short words, which are parameters of the statement unless `given`.

    Long words are found anywhere by the trigram index, shorter ones, which no index knows, at the start of words.
    PostgreSQL gets long words as literals: a plan made for any word would leave the index out.
    """
    long, short = shape

    def word(name: str, **options: Any) -> BindParameter[str]:
        if given is None:
            return bindparam(name, type_=Text, **options)
        return bindparam(name, given[name], type_=Text, **options)

    conditions: list[ColumnElement[bool]] = []
    if long and context.current().database.is_sqlite:
        asked = text("SELECT rowid FROM records_search_fts WHERE records_search_fts MATCH :fts")
        conditions.append(table.c.record_id.in_(asked.bindparams(word("fts"))))
    elif long:
        conditions += [
            table.c.text.like(word(f"w_{number}", literal_execute=True), escape="\\") for number in range(long)
        ]
    padded = literal_column("' '").concat(table.c.text)
    conditions += [padded.like(word(f"s_{number}"), escape="\\") for number in range(short)]
    return and_(*conditions)


def _escape(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def search(question: str, *, types: Sequence[str] | None = None, limit: int = 20) -> list[Hit]:
    """Records whose documents hold all words, those whose title starts with the question first; at most `limit`.

    One statement: the rights of each type are part of it.
    """
    words = words_of(question)
    if not words:
        return []
    shape, asked = _shape(words), None if types is None else tuple(types)
    query = rights.kept_if_shared(("search", shape, asked), lambda: _query(shape, asked))
    if query is None:
        return []
    parameters = {**_parameters(words), "start": _escape(normalise(question)) + "%", "n": limit}
    return [
        Hit(catalogue().get(type_key), record_id, title) for record_id, type_key, title in trusted(query, parameters)
    ]


def _query(shape: tuple[int, int], types: tuple[str, ...] | None) -> Select[Any] | None:
    """The statement of a search; None when the person may read none of the types."""
    person = context.principal()
    allowed: list[ColumnElement[bool]] = []
    open_types: list[str] = []
    infos = [
        info
        for info in catalogue().types.values()
        if (getattr(info.type, "searched", True) if types is None else info.key in types)
    ]
    for info in infos:
        if rights.level(info, person, "read") == "none":
            continue
        limited = rights.level(info, person, "read") != "all" or person.hidden.get(info.key)
        if not limited and not rights.has_scope_hooks():
            open_types.append(info.key)
            continue
        rows = info.table.alias()
        seen = rights.criterion(info, person, table=rows)
        readable = rights.there_is(rows, rows.c.id == table.c.record_id, *(() if seen is None else (seen,)))
        allowed.append(and_(table.c.type_key == info.key, readable))
    if open_types:
        allowed.append(table.c.type_key.in_(open_types))
    if not allowed:
        return None
    candidates = (
        select(table.c.record_id, table.c.type_key, table.c.title, table.c.text)
        .where(_holding(shape), or_(*allowed))
        .limit(CANDIDATES)
        .subquery()
    )
    start = bindparam("start", type_=Text)
    rank = case((candidates.c.text.like(start, escape="\\"), 0), else_=1)
    return (
        select(candidates.c.record_id, candidates.c.type_key, candidates.c.title)
        .order_by(rank, func.length(candidates.c.title), candidates.c.record_id.desc())
        .limit(bindparam("n", type_=Integer, literal_execute=True))
    )
