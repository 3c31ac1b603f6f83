"""Values of lists (sources, reasons): in use they are archived or replaced, never deleted (requirements U16)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, select

from kumiko.host import context
from kumiko.host.errors import Conflict
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.records import saved_views
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.drafts import Draft
from kumiko.records.states import load_states
from kumiko.records.units import unit
from kumiko.records.writer import write

SLICE = 1000


def usage(info: TypeInfo, ids: Iterable[int]) -> dict[str, int]:
    """How many live records and saved views name these ones: plural label of what names them -> count."""
    found: dict[str, int] = {}
    wanted = list(ids)
    for linking, one, item in catalogue().links_to.get(info.key, ()):
        if item is not None or one.name in ("created_by", "updated_by"):
            continue
        query = _naming(linking, one).where(linking.stored(one)[1].in_(bindparam("ids", expanding=True)))
        count = len(trusted(query.limit(1001), {"ids": wanted}).all())
        if count:
            label = str(linking.type.label_plural)
            found[label] = found.get(label, 0) + count
        views = len(saved_views.views_naming(linking, one.name, wanted))
        if views:
            label = _("Saved views")
            found[label] = found.get(label, 0) + views
    return found


def _naming(linking: TypeInfo, one: FieldInfo) -> Select[Any]:
    """Ids of the live records of a type, beside the table that holds the link: its own or that of an extension."""
    table = linking.table
    query = select(table.c.id).where(table.c.deleted_at.is_(None))
    side = one.extension
    return query if side is None else query.join_from(table, side.table, side.key == table.c.id)


def refuse_in_use(info: TypeInfo, ids: Sequence[int]) -> None:
    """Conflict, with counts, when records still name one of these dictionary values."""
    if not info.type.dictionary or not ids:
        return
    used = usage(info, ids)
    if used:
        counted = ", ".join(f"{count if count < 1001 else '1000+'} {inside(label)}" for label, count in used.items())
        raise Conflict(
            _(
                "This %(what)s is in use (%(used)s). Archive it, or replace it by another value.",
                what=inside(info.type.label),
                used=counted,
            )
        )


def why_in_use(info: TypeInfo, ids: Sequence[int]) -> dict[int, str]:
    """The same sentence for each of many values that is in use."""
    if not info.type.dictionary or not ids or not usage(info, ids):
        return {}
    found: dict[int, str] = {}
    for record_id in ids:
        try:
            refuse_in_use(info, [record_id])
        except Conflict as fault:
            found[record_id] = fault.message
    return found


def replace_value(type_key: str, old_id: int, new_id: int) -> int:
    """Let every record that names dictionary value `old_id` name `new_id` instead, then delete the old value."""
    from kumiko.records import service  # local: cycle

    info = catalogue().get(type_key)
    changed = 0
    with unit(reason=_("value replaced")):
        service.delete(type_key, old_id, replaced=True)
        service.get(type_key, new_id)
        for linking, one, item in catalogue().links_to.get(info.key, ()):
            if item is not None:
                continue
            query = _naming(linking, one).where(linking.stored(one)[1] == bindparam("old"))
            ids = list(trusted(query, {"old": old_id}).scalars())
            changed += len(_set_link(linking, ids, one.name, new_id))
    return changed


def _set_link(info: TypeInfo, ids: Sequence[int], name: str, target: int) -> list[Draft]:
    done: list[Draft] = []
    opened = context.current().unit
    for start in range(0, len(ids), SLICE):
        states = load_states(info, ids[start : start + SLICE], lock=True, many=False)
        done += write(opened, [Draft(info, "changed", {name: target}, state) for state in states.values()])
    return done
