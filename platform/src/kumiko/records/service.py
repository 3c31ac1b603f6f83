"""The record service: the only writer of records.

It validates, checks rights, writes row, journal, search document and jobs in one transaction. Every function works in
the current context, as its principal; each opens a unit unless one is open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kumiko import features
from kumiko.host import context
from kumiko.host.declarations import Field
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import events, links, rights, schemas, uniqueness
from kumiko.records.bulk_values import BulkValues, clean_bulk
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.dictionaries import refuse_in_use, replace_value, usage, why_in_use
from kumiko.records.drafts import Draft
from kumiko.records.inputs import (
    change_draft,
    check_assignment,
    check_external_ids,
    clean,
    draft_of_change,
    draft_of_new,
    new_draft,
    prepare,
    refuse_taken_ids,
    require_creation,
    run_rules,
)
from kumiko.records.schemas import LinkRef
from kumiko.records.states import State, load_states
from kumiko.records.units import unit
from kumiko.records.views import RecordView, view_of
from kumiko.records.writer import write

__all__ = [
    "BulkResult",
    "action_values",
    "bulk",
    "change_draft",
    "check_assignment",
    "check_external_ids",
    "clean",
    "clean_bulk",
    "create",
    "create_many",
    "delete",
    "draft_of_change",
    "draft_of_new",
    "emit",
    "find",
    "get",
    "loose_values",
    "new_draft",
    "prepare",
    "replace_value",
    "require_creation",
    "restore",
    "run_action",
    "run_rules",
    "update",
    "usage",
]

BULK_SLICE = 1000


@dataclass
class BulkResult:
    """What became of many: the unit, how many changed, and sentences for those that were refused (id -> sentence)."""

    unit: int | None = None
    changed: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def get(type_key: str, record_id: int, *, deleted: bool = False) -> RecordView:
    """The record as the person may see it; NotFound when there is none that he may see."""
    info = catalogue().get(type_key)
    return view_of(_state(info, record_id, "read", deleted=deleted))


def find(type_key: str, record_id: int) -> RecordView | None:
    """The record, or None when there is none that the person may see."""
    try:
        return get(type_key, record_id)
    except NotFound:
        return None


def create(type_key: str, values: Mapping[str, Any]) -> RecordView:
    """Make a record. Invalid with sentences per field, Forbidden without the right."""
    info = catalogue().get(type_key)
    with unit() as opened:
        draft = new_draft(info, values)
        prepare([draft])
        _write_checked(opened, [draft])
        return _made(draft)


def create_many(type_key: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Make records of a type in one unit and few statements; gives their ids in the order of `rows`. All or none."""
    info = catalogue().get(type_key)
    with unit() as opened:
        drafts = [new_draft(info, values) for values in rows]
        prepare(drafts)
        _write_checked(opened, drafts)
        return [draft.record_id or 0 for draft in drafts]


def update(type_key: str, record_id: int, values: Mapping[str, Any], *, if_match: int | None = None) -> RecordView:
    """Change fields of a record. `if_match`: the version it was read at; Stale when it has another one by now."""
    info = catalogue().get(type_key)
    with unit() as opened:
        state = _state(info, record_id, "edit", lock=True)
        _match(state, if_match)
        draft = change_draft(state, values)
        prepare([draft])
        changed = _write_checked(opened, [draft])
        return view_of(state, draft, version=state.version + (1 if changed else 0))


def delete(type_key: str, record_id: int, *, if_match: int | None = None, replaced: bool = False) -> None:
    """Put a record into the bin. Conflict when it is a dictionary value in use (unless it is being replaced)."""
    info = catalogue().get(type_key)
    with unit() as opened:
        state = _state(info, record_id, "delete", lock=True)
        _match(state, if_match)
        if not replaced:
            refuse_in_use(info, [record_id])
        draft = Draft(info, "deleted", {}, state)
        run_rules([draft])
        _write_checked(opened, [draft])


def restore(type_key: str, record_id: int) -> RecordView:
    """Take a record out of the bin."""
    info = catalogue().get(type_key)
    with unit(via="restore") as opened:
        state = _state(info, record_id, "delete", lock=True, deleted=True)
        draft = Draft(info, "restored", {}, state)
        refuse_taken_ids(draft)
        run_rules([draft])
        _write_checked(opened, [draft])
        state.deleted = False
        return view_of(state, draft, version=state.version + 1)


def bulk(
    type_key: str,
    ids: Sequence[int],
    *,
    values: Mapping[str, Any] | None = None,
    remove: bool = False,
    add_tags: Sequence[str] = (),
    drop_tags: Sequence[str] = (),
    add: Mapping[str, Sequence[str]] | None = None,
    drop: Mapping[str, Sequence[str]] | None = None,
    watch: Callable[[Sequence[Draft], Sequence[Draft]], None] | None = None,
) -> BulkResult:
    """Change or delete many records in one unit, in slices; records that a rule refuses are left and named.

    `add_tags` and `drop_tags` leave the other tags of each record as they are; a tag in both is taken off. `add` and
    `drop` do the same with fields of several choices. `watch` is told each slice: what was accepted, what changed.
    """
    info = catalogue().get(type_key)
    rights.require("bulk", info)
    result = BulkResult()
    with unit(reason=_("bulk edit")) as opened:
        wanted = None if remove else clean_bulk(info, values or {}, add_tags, drop_tags, add, drop)
        for start in range(0, len(ids), BULK_SLICE):
            accepted, changed = _bulk_slice(info, ids[start : start + BULK_SLICE], wanted, opened, result)
            if watch is not None:
                watch(accepted, changed)
        result.unit = opened.id if opened.has_effect else None
    return result


def _bulk_slice(
    info: TypeInfo, ids: Sequence[int], wanted: BulkValues | None, opened: Any, result: BulkResult
) -> tuple[list[Draft], list[Draft]]:
    action = "delete" if wanted is None else "edit"
    person = context.principal()
    states = load_states(info, ids, criterion=rights.criterion(info, person, action), lock=True)
    if rights.level(info, person, "bulk") != rights.level(info, person, action):
        allowed = load_states(info, list(states), criterion=rights.criterion(info, person, "bulk"), many=False)
        states = {record_id: state for record_id, state in states.items() if record_id in allowed}
    for record_id in ids:
        if record_id not in states:
            result.refused[record_id] = _("not found, or not yours to change")
    if wanted is None:
        result.refused |= why_in_use(info, list(states))
        drafts = [Draft(info, "deleted", {}, one) for key, one in states.items() if key not in result.refused]
    else:
        drafts = [wanted.of(state) for state in states.values()]
        links.resolve(drafts)
        check_assignment(drafts)
    accepted: list[Draft] = []
    for draft in drafts:
        try:
            run_rules([draft])
        except (Invalid, Conflict) as fault:
            result.refused[draft.record_id or 0] = _reason(fault)
        else:
            accepted.append(draft)
    changed = _write_checked(opened, accepted)
    result.changed += len(changed)
    return accepted, changed


def run_action(
    type_key: str, record_id: int, name: str, values: Mapping[str, Any], *, if_match: int | None = None
) -> RecordView:
    """Do a declared record action; gives the record afterwards."""
    info = catalogue().get(type_key)
    require_action_on(info, name)
    action = info.actions.get(name)
    if action is None:
        raise NotFound(_("there is no action %(name)r for %(what)s", name=name, what=inside(info.type.label)))
    with unit(reason=str(action.label)):
        state = _state(info, record_id, action.right, lock=True)
        _match(state, if_match)
        cleaned = action_values(info, name, values)
        shown = view_of(state)
        if action.available is not None and not action.available(shown):
            why = action.refusal(shown) if action.refusal is not None else ""
            raise Conflict(why or _("“%(action)s” is not possible in this state.", action=str(action.label)))
        action.run(shown, cleaned)
        return find(type_key, record_id) or get(type_key, record_id, deleted=True)  # an action may end with the bin


def require_action_on(info: TypeInfo, name: str) -> None:
    """ModuleOff when the feature of an action is off for everybody, Forbidden when no role of the person has it."""
    action = info.actions.get(name)
    if action is not None and action.feature:
        features.require(action.feature)
    elif action is None:
        generation = context.current().generation
        off = features.find_off(
            generation, "declare_record_actions", lambda one: (one.type, one.name) == (info.key, name)
        )
        if off is not None:
            raise off


def action_values(info: TypeInfo, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked input of an action; every declared field is present, links are ids."""
    return loose_values(info.actions[name].fields, values)


def loose_values(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked input for fields that belong to no record; every one is present, links are ids of records one may see.

    Invalid with sentences per field.
    """
    members = tuple(FieldInfo(one, "", ()) for one in fields)
    loaded = schemas.load(schemas.field_input_schema(members, "loose"), values)
    errors: dict[str, list[str]] = {}
    for one in members:
        value = loaded.setdefault(one.name, None)
        if value is None and one.field.required:
            errors[one.name] = [_("%(label)s is needed.", label=str(one.field.label))]
        if isinstance(value, LinkRef):
            loaded[one.name] = _action_link(one, value, errors)
    if errors:
        raise Invalid(_("Some values are not accepted."), errors)
    return loaded


def _action_link(one: FieldInfo, ref: LinkRef, errors: dict[str, list[str]]) -> Any:
    hit: Any = links.find_any(ref) if ref.to else links._look_up(one.field.to, {ref}).get(ref)
    if hit is None:
        errors[one.name] = [_("there is no such record that you may see")]
        return None
    return hit[0]


def _write_checked(opened: Any, drafts: Sequence[Draft]) -> list[Draft]:
    check_external_ids(drafts)
    uniqueness.check(drafts)
    for draft in drafts:
        if draft.errors:
            draft.check()
        opened.warnings += draft.warnings
    return write(opened, drafts)


def _made(draft: Draft) -> RecordView:
    state = State(draft.info, draft.record_id or 0, 1, False, {}, {})
    made = dict.fromkeys(one.name for one in draft.info.fields.values() if one.columns)
    state.values = made
    opened = context.current().unit
    person = context.current().principal
    me = person.user_id if person else None
    stamps = {"created_at": opened.at, "updated_at": opened.at, "created_by": me, "updated_by": me}
    draft.values = {**draft.values, **stamps}
    return view_of(state, draft)


# ------------------------------------------------------------------ checks


def _state(info: TypeInfo, record_id: int, action: str, *, lock: bool = False, deleted: bool = False) -> State:
    """The state when the person may do `action` with it; else Forbidden or NotFound, whichever may be told."""
    person = context.principal()
    limit = rights.criterion(info, person, action, deleted=deleted)
    found = load_states(info, [record_id], criterion=limit, lock=lock)
    if record_id in found:
        return found[record_id]
    if action != "read":
        readable = load_states(info, [record_id], criterion=rights.criterion(info, person, deleted=deleted), many=False)
        if readable:
            raise Forbidden(
                _(
                    "You may see this %(what)s, but not %(action)s it.",
                    what=inside(info.type.label),
                    action=rights._WORDS.get(action, action),
                )
            )
    raise NotFound(_("There is no %(what)s %(id)d that you may see.", what=inside(info.type.label), id=record_id))


def _match(state: State, if_match: int | None) -> None:
    if if_match is not None and if_match != state.version:
        raise Stale(
            _(
                "Somebody changed this %(what)s meanwhile: you had version %(had)d, it is at %(now)d.",
                what=inside(state.info.type.label),
                had=if_match,
                now=state.version,
            ),
            state.version,
        )


def _reason(fault: Any) -> str:
    errors: Mapping[str, Sequence[str]] = getattr(fault, "errors", {})
    lines = [f"{name}: {' '.join(sentences)}" if name else " ".join(sentences) for name, sentences in errors.items()]
    return "; ".join(lines) or str(fault)


def emit(name: str, record: RecordView | Draft, payload: Mapping[str, Any]) -> None:
    """State a contract event about a record (or the draft that was just written), once, inside the open unit.

    DeclarationError when no module declares it, or with other fields than those of `payload`: that is a mistake in
    the module that states it.
    """
    ctx = context.current()
    opened = ctx.unit
    if opened is None:
        raise Conflict("emit() needs an open unit")
    events.check_fact(ctx.generation, name, payload)
    if isinstance(record, Draft):
        opened.add_event(name, record.info.key, record.record_id or 0, dict(payload))
    else:
        opened.add_event(name, record.type.key, record.id, dict(payload))
