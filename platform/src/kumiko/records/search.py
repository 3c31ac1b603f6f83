"""One search over all modules: a document per record, matched by parts of words (trigrams) on both databases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, func, literal_column, or_, select, text

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
        if not _hidden_from_some_role(draft.info, one):
            parts += _texts(draft, one)
    parts += [str(value) for value in (draft.get("external_ids") or {}).values()]
    return {
        "record_id": draft.record_id,
        "type_key": draft.info.key,
        "title": title,
        "text": normalise(" ".join(part for part in parts if part))[:MAX_TEXT],
    }


def _texts(draft: Draft, one: FieldInfo) -> Iterable[str]:
    value = draft.get(one.name)
    if value is None or value == []:
        return
    if one.kind == "list":
        for row in value:
            for item in item_fields(one):
                if item.field.searchable and row.get(item.name):
                    yield from _with_digits(item.kind, str(row[item.name]))
    elif one.kind == "tags":
        yield from sorted(value)
    elif one.kind == "choice":
        choice = one.choices.get(value)
        yield str(choice.label) if choice else str(value)
    else:
        yield from _with_digits(one.kind, str(value))


def _with_digits(kind: str, value: str) -> Iterable[str]:
    yield value
    if kind == "phone":
        digits = re.sub(r"\D", "", value)
        if digits and digits != value:
            yield digits


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
    """Condition on search documents that hold every word; None for an empty question.

    SQLite asks its trigram index for words of three letters and more; shorter ones are found at the start of words.
    """
    words = words_of(question)
    if not words:
        return None
    if not context.current().database.is_sqlite:
        return and_(*(table.c.text.like(f"%{_escape(word)}%", escape="\\") for word in words))
    conditions: list[ColumnElement[bool]] = []
    long_words = [word for word in words if len(word) >= 3]
    if long_words:
        phrase = " AND ".join('"' + word.replace('"', '""') + '"' for word in long_words)
        conditions.append(
            table.c.record_id.in_(
                text("SELECT rowid FROM records_search_fts WHERE records_search_fts MATCH :fts").bindparams(fts=phrase)
            )
        )
    for word in words:
        if len(word) < 3:
            padded = literal_column("' '").concat(table.c.text)
            conditions.append(padded.like(f"% {_escape(word)}%", escape="\\"))
    return and_(*conditions)


def _escape(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def search(question: str, *, types: Sequence[str] | None = None, limit: int = 20) -> list[Hit]:
    """Records whose documents hold all words, those whose title starts with the question first; at most `limit`.

    One statement: the rights of each type are part of it.
    """
    found = matching(question)
    if found is None:
        return []
    person = context.principal()
    allowed: list[ColumnElement[bool]] = []
    open_types: list[str] = []
    infos = [info for info in catalogue().types.values() if types is None or info.key in types]
    for info in infos:
        if rights.level(info, person, "read") == "none":
            continue
        limited = rights.level(info, person, "read") != "all" or person.hidden.get(info.key)
        if not limited and not rights.has_scope_hooks():
            open_types.append(info.key)
            continue
        rows = info.table.alias()
        readable = select(rows.c.id).where(rights.criterion(info, person, table=rows))  # type: ignore[arg-type]
        allowed.append(and_(table.c.type_key == info.key, table.c.record_id.in_(readable)))
    if open_types:
        allowed.append(table.c.type_key.in_(open_types))
    if not allowed:
        return []
    start = normalise(question)
    candidates = (
        select(table.c.record_id, table.c.type_key, table.c.title, table.c.text)
        .where(found, or_(*allowed))
        .limit(CANDIDATES)
        .subquery()
    )
    rank = case((candidates.c.text.like(_escape(start) + "%", escape="\\"), 0), else_=1)
    query = (
        select(candidates.c.record_id, candidates.c.type_key, candidates.c.title)
        .order_by(rank, func.length(candidates.c.title), candidates.c.record_id.desc())
        .limit(limit)
    )
    return [Hit(catalogue().get(type_key), record_id, title) for record_id, type_key, title in trusted(query)]
