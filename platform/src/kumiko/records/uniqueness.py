"""Custom fields whose values are unique: no two live records of a type have the same one."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, text

from kumiko.host import context
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.drafts import Draft

#: Kinds that can be told apart by their values.
KINDS = ("text", "email", "phone", "url", "integer", "number", "date")
SLICE = 1000
_LOCK = text("SELECT pg_advisory_xact_lock(1802857332, :number)")


def check(drafts: Sequence[Draft]) -> None:
    """Refuse values that another live record has, or another draft; one statement per field, however many drafts."""
    claims: dict[tuple[str, str], tuple[TypeInfo, dict[Any, list[Draft]]]] = {}
    for draft in drafts:
        if not draft.info.unique or draft.action == "deleted":
            continue
        for name in draft.info.unique:
            value = draft.get(name)
            if value in (None, "") or not (draft.is_new or draft.action == "restored" or draft.changes(name)):
                continue
            claims.setdefault((draft.info.key, name), (draft.info, {}))[1].setdefault(value, []).append(draft)
    for (_key, name), (info, wanted) in sorted(claims.items()):
        _check_field(info, info.fields[name], wanted)


def _check_field(info: TypeInfo, one: FieldInfo, wanted: dict[Any, list[Draft]]) -> None:
    if not context.current().database.is_sqlite:  # two writers must not each find the value free
        trusted(_LOCK, {"number": zlib.crc32(f"{info.key} {one.name}".encode()) - 2**31})
    for claiming in wanted.values():
        for draft in claiming[1:]:
            draft.refuse(one.name, _("another of these records has the same value"))
    table, value = info.stored(one)
    query = select(table.c.id, value).where(
        value.in_(bindparam("values", expanding=True, type_=one.columns[0].type)), table.c.deleted_at.is_(None)
    )
    values = list(wanted)
    for start in range(0, len(values), SLICE):
        for record_id, held in trusted(query, {"values": values[start : start + SLICE]}):
            for draft in wanted.get(held, ()):
                if draft.record_id != record_id:
                    sentence = _("“%(value)s” is taken by record %(id)d", value=str(held), id=record_id)
                    draft.refuse(one.name, sentence)
