"""The choices of a custom field: their keys, who uses them, and taking another one's place (requirements U16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from kumiko.fields.names import FIELD, RULE
from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.errors import Conflict, Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.records import field_rules, saved_views, service
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.completion import OWNER
from kumiko.records.drafts import Draft
from kumiko.records.models import SavedView
from kumiko.records.states import load_states
from kumiko.records.units import unit
from kumiko.records.writer import write

SLICE = 1000
MOST = 200


def settle(draft: Draft, info: TypeInfo) -> None:
    """Give choices their keys; refuse what would leave records with a choice that is not there."""
    from kumiko.fields.rules import slug  # local: cycle

    rows: list[dict[str, Any]] = list(draft.get("choices") or [])
    if not rows:
        draft.refuse("choices", _("a field with choices needs at least one"))
        return
    if not draft.is_new and "choices" not in draft.values:
        return
    before = {row["id"]: row["key"] for row in draft.before("choices") or []} if not draft.is_new else {}
    seen: set[str] = set()
    for row in rows:
        label = str(row.get("label") or "").strip()
        key = str(row.get("key") or before.get(row.get("id"), "")).strip()
        if not key:
            key = slug(label, 80)
            while key in seen or key in before.values():
                key = f"{key[:70]}_{len(seen) + 1}"
        if not label:
            draft.refuse("choices", _("each choice needs a label"))
        elif key in seen:
            draft.refuse("choices", _("the choice %(key)r is there twice", key=key))
        seen.add(key)
        row["key"] = key
    draft.values["choices"] = rows
    gone = [key for key in before.values() if key not in seen]
    one = field_of(info, str(draft.get("key")))
    if draft.replaying or "choices replaced" in draft.marks or one is None:
        return
    labels = {row["key"]: row["label"] for row in draft.before("choices") or []}
    for key in gone:
        used = usage(info, one, key)
        if used:
            counted = ", ".join(f"{count} {what}" for what, count in used.items())
            draft.refuse("choices", _("“%(label)s” is in use (%(used)s). Archive it, or replace it by another.",
                                      label=labels.get(key) or key, used=counted))  # fmt: skip


def field_of(info: TypeInfo, key: str) -> FieldInfo | None:
    """The custom field with this key, in use or archived."""
    return info.find_kept(f"custom.{key}")


def usage(info: TypeInfo, one: FieldInfo, key: str) -> dict[str, int]:
    """What uses a choice: records (also those in the bin), saved views, rules of fields -> count; nothing that is 0."""
    records = len(_using(info, one, key))
    found = {inside(info.type.label if records == 1 else info.type.label_plural): records}
    found[_("saved views")] = len(_views(info, one, key))
    found[_("rules of fields")] = _rules(info, one, key)
    return {what: count for what, count in found.items() if count}


def _using(info: TypeInfo, one: FieldInfo, key: str) -> list[int]:
    table, value = info.stored(one)
    if one.kind == "choice":
        query = select(table.c.id).where(value == key)
    else:
        query = select(table.c.id).where(value.is_not(None), func.instr(value, f'"{key}"') > 0)
        if not context.current().database.is_sqlite:
            query = select(table.c.id).where(value.is_not(None), func.strpos(value, f'"{key}"') > 0)
    return list(trusted(query.order_by(table.c.id)).scalars())


def _views(info: TypeInfo, one: FieldInfo, key: str) -> list[int]:
    view = table_of(SavedView)
    rows = trusted(select(view.c.id, view.c.query).where(view.c.type_key == info.key))
    return [
        view_id
        for view_id, query in rows
        if any(
            saved_views._node_names((query or {}).get("filter"), name, {key}) for name in (one.journal_name, one.name)
        )
    ]


def _rules(info: TypeInfo, one: FieldInfo, key: str) -> int:
    count = 0
    for type_key in (FIELD, RULE):
        table = catalogue().get(type_key).table
        query = select(table.c.shown_when, table.c.required_when, table.c.locked_when).where(
            table.c.record_type == info.key, table.c.deleted_at.is_(None)
        )
        for nodes in trusted(query):
            count += sum(
                1 for node in nodes if node for leaf in field_rules._leaves(node)
                if leaf.get("f") == one.journal_name and key in _listed(leaf.get("v"))
            )  # fmt: skip
    return count


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def replace_choice(field_id: int, old: str, new: str | None) -> int:
    """Let every record that has choice `old` have `new` instead (or none), then take the choice away; one unit.

    Gives how many records changed. Conflict when the field has no such choices or `old` is its last one.
    """
    view = service.get(FIELD, field_id)
    rows = [dict(row) for row in view.get("choices") or []]
    keys = {str(row["key"]): row for row in rows}
    if old not in keys or (new is not None and (new not in keys or new == old)):
        raise Invalid(_("Choose a choice that this field has."), {"new": [_("choose another one of its choices")]})
    if len(rows) == 1:
        raise Conflict(_("A field with choices needs at least one."))
    info = catalogue().get(str(view.get("record_type"))).whole
    one = field_of(info, str(view.get("key")))
    changed = 0
    with unit(reason=_("choice replaced")) as opened:
        if one is not None:
            changed = _set_all(info, one, old, new, opened)
        state = load_states(view.type, [field_id], lock=True)[field_id]
        draft = service.draft_of_change(state, {"choices": [row for row in rows if row["key"] != old]})
        draft.marks.add("choices replaced")
        if view.get("default") == old:
            draft.values["default"] = new
        service.run_rules([draft])
        service._write_checked(opened, [draft])
    return changed


def _set_all(info: TypeInfo, one: FieldInfo, old: str, new: str | None, opened: Any) -> int:
    """Put one choice in the place of another, in all records: whoever keeps the field need not see each of them."""
    changed = 0
    ids = _using(info, one, old)
    for start in range(0, len(ids), SLICE):
        drafts = []
        for state in load_states(info, ids[start : start + SLICE], lock=True, many=False).values():
            held = one.custom.from_stored(state.custom) if one.custom is not None else None
            value: Any = new
            if isinstance(held, list):
                value = sorted({*(part for part in held if part != old), *([new] if new else [])}) or None
            state.values[one.name] = held
            drafts.append(Draft(info, "changed", {one.name: value}, state))
        changed += len(write(opened, drafts))
    return changed


__all__ = ["MOST", "OWNER", "field_of", "replace_choice", "settle", "usage"]
