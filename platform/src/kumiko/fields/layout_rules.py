"""What a page layout must be: one per type and role, naming fields that there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from kumiko.access.models import ROLE
from kumiko.fields.layouts import MOST_CARD_FIELDS, needs_a_place
from kumiko.fields.names import type_named
from kumiko.host import revision
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records.catalogue import TypeInfo, catalogue, split_path
from kumiko.records.drafts import Draft
from kumiko.records.field_names import stored_path

MOST_SECTIONS, MOST_FIELDS, MOST_TITLE, MOST_COLUMNS = 40, 400, 80, 40


def prepare(draft: Draft) -> None:
    """Check and settle a layout."""
    if draft.action == "deleted":
        return
    info = type_named(str(draft.get("record_type") or ""), any_type=True)
    if info is None:
        if draft.is_new or draft.changes("record_type"):
            draft.guard("record_type", _("there are no records called %(name)r",
                                         name=str(draft.get("record_type") or "")[:80]))  # fmt: skip
        return
    draft.set("record_type", info.key)
    _one_per_role(draft, info)
    draft.set("name", _title(draft, info))
    for name in ("sections", "hidden", "panels", "tabs", "columns", "cards"):
        if draft.is_new or draft.changes(name):
            _check(draft, info, name)


def _one_per_role(draft: Draft, info: TypeInfo) -> None:
    table, role = catalogue().get(draft.info.key).table, draft.get("role")
    same = select(table.c.id).where(
        table.c.record_type == info.key,
        table.c.role_id.is_(None) if role is None else table.c.role_id == role,
        table.c.deleted_at.is_(None),
    )
    if any(other != draft.record_id for other in trusted(same).scalars()):
        draft.refuse("role", _("these records have a layout for this role already; change that one"))


def _title(draft: Draft, info: TypeInfo) -> str:
    role = draft.get("role")
    table = catalogue().get(ROLE).table
    name = trusted(select(table.c.name).where(table.c.id == role)).scalar() if role is not None else None
    return f"{info.type.label_plural}: {name or _('everybody')}"[:200]


def _check(draft: Draft, info: TypeInfo, part: str) -> None:
    value = draft.get(part)
    if part == "sections":
        if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
            draft.refuse(part, _('wanted a list of {"title", "fields"}, found %(found)s', found=type(value).__name__))
            return
        names = [name for one in value for name in _names(one.get("fields"))]
        if len(value) > MOST_SECTIONS or len(names) > MOST_FIELDS:
            draft.refuse(part, _("at most %(sections)d sections and %(fields)d fields", sections=MOST_SECTIONS,
                                 fields=MOST_FIELDS))  # fmt: skip
            return
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            draft.refuse(part, _("the field %(name)r is there twice", name=twice))
        _check_names(draft, info, part, names)
        draft.set(part, [_settled(info, one) for one in value])
    elif part == "hidden" and value is not None:
        if not isinstance(value, list):
            draft.refuse(part, _("wanted a list of texts"))
            return
        names = [str(one) for one in value]
        _check_names(draft, info, part, names)
        needed = [name for name in names if needs_a_place(info, name)]
        if needed:
            label = str(info.fields[info.plain(needed[0])].field.label)
            draft.guard(part, _("“%(label)s” must be filled in, so forms have to show it", label=label))
        draft.set(part, [info.qualified(name) for name in names])
    elif part in ("columns", "cards") and value is not None:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            draft.refuse(part, _("wanted a list of names of fields"))
            return
        if part == "cards" and len(value) > MOST_CARD_FIELDS:
            draft.refuse(part, _("At most %(most)d fields fit on the card of a board; %(found)d are chosen.",
                                 most=MOST_CARD_FIELDS, found=len(value)))  # fmt: skip
            return
        if len(value) > MOST_COLUMNS:
            draft.refuse(part, _("A list starts with at most %(most)d columns; %(found)d are chosen.",
                                 most=MOST_COLUMNS, found=len(value)))  # fmt: skip
            return
        names = [name for name in dict.fromkeys(value) if info.plain(name) != "name"]
        _check_names(draft, info, part, [split_path(name)[0] for name in names])
        draft.set(part, [stored_path(info, name) for name in names])
    elif (
        part in ("panels", "tabs")
        and value is not None
        and not (
            isinstance(value, Mapping) and all(isinstance(value.get(key, []), list) for key in ("order", "hidden"))
        )
    ):
        draft.refuse(part, _('wanted {"order": [...], "hidden": [...]}'))


def _names(fields: Any) -> list[str]:
    listed: Sequence[Any] = fields if isinstance(fields, list) else ()
    return [str(one.get("name", "")) if isinstance(one, Mapping) else str(one) for one in listed]


def _check_names(draft: Draft, info: TypeInfo, part: str, names: Sequence[str]) -> None:
    # Names that stood there before may rest: their module is off, or their definition is in the bin.
    before = set() if draft.is_new else _names_in(draft.before(part))
    unknown = next((name for name in names if info.find_kept(name) is None and name not in before), None)
    if unknown is not None:
        draft.guard(part, _("there is no field %(name)r here", name=unknown[:80]))


def _names_in(value: Any) -> set[str]:
    listed = value if isinstance(value, list) else ()
    return {
        name
        for one in listed
        for name in (_names(one.get("fields")) if isinstance(one, Mapping) else [split_path(str(one))[0]])
    }


def _settled(info: TypeInfo, held: Mapping[str, Any]) -> dict[str, Any]:
    fields = []
    for one in held.get("fields") or ():
        name = str(one.get("name", "")) if isinstance(one, Mapping) else str(one)
        wide = isinstance(one, Mapping) and bool(one.get("wide"))
        fields.append({"name": info.qualified(name), **({"wide": True} if wide else {})})
    return {"title": str(held.get("title") or "")[:MOST_TITLE], "fields": fields,
            **({"closed": True} if held.get("closed") else {})}  # fmt: skip


def after(drafts: Sequence[Draft]) -> None:
    """Tell every process."""
    revision.bump("catalogue")
