"""Rows that seem to bring a record which is there already, although their key does not say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from kumiko.host import context
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.imports.plan import EXTERNAL, Plan
from kumiko.imports.targets import SLICE, look_up
from kumiko.records import rights
from kumiko.records.catalogue import TypeInfo

if TYPE_CHECKING:
    from kumiko.imports.work import Work

#: What is done with a row whose record seems to be there: it stays out, changes that record, or comes in all the same.
SKIP, UPDATE, CREATE = "skip", "update", "create"
CHOICES = (SKIP, UPDATE, CREATE)


def find_doubles(plan: Plan, works: Iterable[Work]) -> dict[int, tuple[list[int], str]]:
    """Row number -> ids of live records that the person may see, and the sentence that says what they have in common.

    Looked for are the type's keys and its e-mail addresses, wherever it keeps them; one statement each.
    """
    info = plan.info
    found: dict[int, tuple[list[int], str]] = {}
    works = list(works)
    for name in (name for name in info.type.keys if name not in (plan.key, EXTERNAL)):
        _match(found, works, name, lambda work, name=name: _texts(work.values.get(name)), lambda texts, name=name: [
            (record_id, text) for record_id, _team, text in look_up(info, name, texts, readable_only=True)
        ])  # fmt: skip
    for list_name, column_name in _mail_columns(info):
        _match(found, works, "email", addresses, lambda texts, list_name=list_name, column_name=column_name: [
            *_in_parts(info, list_name, column_name, texts)
        ])  # fmt: skip
    return found


def _match(found: dict[int, tuple[list[int], str]], works: Sequence[Work], name: str, texts_of: Any, look: Any) -> None:
    wanted: dict[str, list[Work]] = {}
    for work in works:
        if work.row.number not in found:
            for text in texts_of(work):
                wanted.setdefault(text, []).append(work)
    if not wanted:
        return
    for record_id, text in look(sorted(wanted)):
        for work in wanted.get(text, ()):
            ids, _sentence = found.get(work.row.number, ([], ""))
            if record_id not in ids:
                ids = [*ids, record_id]
            found[work.row.number] = (ids, said(work.info, name, text, ids))


def said(info: TypeInfo, name: str, text: str, ids: Sequence[int]) -> str:
    """The sentence about a row that seems to be there already."""
    one = info.fields.get(name)
    return _("there is a %(what)s with the same %(field)s %(text)s (record %(ids)s)",
             what=inside(info.type.label), field=inside(one.field.label) if one is not None else name,
             text=repr(text[:80]), ids=", ".join(map(str, ids[:3])))  # fmt: skip


def _texts(value: Any) -> list[str]:
    return [str(value)] if value not in (None, "") else []


def addresses(work: Work) -> list[str]:
    """The e-mail addresses that a row brings, wherever the type keeps them."""
    found: list[str] = []
    for one in work.info.fields.values():
        value = work.values.get(one.name)
        if value and one.kind == "email":
            found += [str(value), str(value).lower()]
        elif value and one.kind == "list":
            names = [item.name for item in one.items if item.kind == "email"]
            found += [str(row[name]).lower() for row in value for name in names if row.get(name)]
    return list(dict.fromkeys(found))


def _mail_columns(info: TypeInfo) -> list[tuple[str, str]]:
    return [(one.name, item.name) for one in info.lists if not one.extension for item in one.items
            if item.kind == "email"]  # fmt: skip


def _in_parts(info: TypeInfo, list_name: str, item_name: str, texts: Sequence[str]) -> Iterable[tuple[int, str]]:
    one = info.fields[list_name]
    item = next(part for part in one.items if part.name == item_name)
    part, base, column = one.part_table, info.table, item.columns[0]
    limit = rights.criterion(info, context.principal())
    wanted: Any = bindparam("texts", expanding=True)
    query = select(base.c.id, column).join_from(part, base, base.c.id == part.c.parent_id).where(column.in_(wanted))
    query = query.where(base.c.deleted_at.is_(None)) if limit is None else query.where(limit)
    for start in range(0, len(texts), SLICE):
        for record_id, text in trusted(query.order_by(base.c.id), {"texts": list(texts[start : start + SLICE])}):
            yield record_id, str(text)
