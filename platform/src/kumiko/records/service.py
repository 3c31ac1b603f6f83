"""The record service: the only writer of records.

It validates, checks rights, writes row, journal, search document and jobs in one transaction. Every function works in
the current context, as its principal; each opens a unit unless one is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select

from kumiko.host import context
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import links, rights, schemas
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.drafts import Draft
from kumiko.records.models import ExternalId
from kumiko.records.schemas import LinkRef
from kumiko.records.states import State, load_states
from kumiko.records.units import unit
from kumiko.records.views import RecordView, view_of
from kumiko.records.writer import write

_external = ExternalId.__table__

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


def delete(type_key: str, record_id: int, *, if_match: int | None = None) -> None:
    """Put a record into the bin. Conflict when it is a dictionary value in use."""
    info = catalogue().get(type_key)
    with unit() as opened:
        state = _state(info, record_id, "delete", lock=True)
        _match(state, if_match)
        _refuse_in_use(info, [record_id])
        draft = Draft(info, "deleted", {}, state)
        run_rules([draft])
        _write_checked(opened, [draft])


def restore(type_key: str, record_id: int) -> RecordView:
    """Take a record out of the bin."""
    info = catalogue().get(type_key)
    with unit(via="restore") as opened:
        state = _state(info, record_id, "delete", lock=True, deleted=True)
        draft = Draft(info, "restored", {}, state)
        _write_checked(opened, [draft])
        state.deleted = False
        return view_of(state, draft, version=state.version + 1)


def bulk(
    type_key: str, ids: Sequence[int], *, values: Mapping[str, Any] | None = None, remove: bool = False
) -> BulkResult:
    """Change or delete many records in one unit, in slices; records that a rule refuses are left and named."""
    info = catalogue().get(type_key)
    rights.require("bulk", info)
    result = BulkResult()
    with unit(reason=_("bulk edit")) as opened:
        for start in range(0, len(ids), BULK_SLICE):
            _bulk_slice(info, ids[start : start + BULK_SLICE], values or {}, remove, opened, result)
        result.unit = opened.id if opened.has_effect else None
    return result


def _bulk_slice(
    info: TypeInfo, ids: Sequence[int], values: Mapping[str, Any], remove: bool, opened: Any, result: BulkResult
) -> None:
    action = "delete" if remove else "edit"
    person = context.principal()
    states = load_states(info, ids, criterion=rights.criterion(info, person, action), lock=True)
    if rights.level(info, person, "bulk") != rights.level(info, person, action):
        allowed = load_states(info, list(states), criterion=rights.criterion(info, person, "bulk"), many=False)
        states = {record_id: state for record_id, state in states.items() if record_id in allowed}
    for record_id in ids:
        if record_id not in states:
            result.refused[record_id] = _("not found, or not yours to change")
    if remove:
        drafts = [Draft(info, "deleted", {}, state) for state in states.values()]
        _refuse_in_use(info, list(states))
    else:
        cleaned = clean(info, values)
        drafts = [Draft(info, "changed", _copied(cleaned), state) for state in states.values()]
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
    result.changed += len(_write_checked(opened, accepted))


def run_action(type_key: str, record_id: int, name: str, values: Mapping[str, Any], *, if_match: int | None = None) -> RecordView:  # fmt: skip
    """Do a declared record action; gives the record afterwards."""
    info = catalogue().get(type_key)
    action = info.actions.get(name)
    if action is None:
        raise NotFound(_("there is no action %(name)r for %(what)s", name=name, what=str(info.type.label).lower()))
    with unit(reason=str(action.label)):
        state = _state(info, record_id, action.right, lock=True)
        _match(state, if_match)
        cleaned = action_values(info, name, values)
        shown = view_of(state)
        if action.available is not None and not action.available(shown):
            why = action.refusal(shown) if action.refusal is not None else ""
            raise Conflict(why or _("“%(action)s” is not possible in this state.", action=str(action.label)))
        action.run(shown, cleaned)
        return get(type_key, record_id)


def action_values(info: TypeInfo, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked input of an action; every declared field is present, links are ids."""
    action = info.actions[name]
    members = tuple(FieldInfo(one, info.action_plugins[name], ()) for one in action.fields)
    loaded = schemas.load(schemas.field_input_schema(members, f"{info.collection}_{name}"), values)
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


def _action_link(one: FieldInfo, ref: LinkRef, errors: dict[str, list[str]]) -> int | None:
    hit = links._look_up(one.field.to, {ref}).get(ref)
    if hit is None:
        errors[one.name] = [_("there is no such record that you may see")]
        return None
    return hit[0]


# ------------------------------------------------------------------ drafts from input


def clean(info: TypeInfo, values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked Python values from input; unknown and unwritable fields are refused by name."""
    body = dict(values)
    external_id = body.pop("external_id", ...)
    custom = body.pop("custom", None)
    if custom:
        name = sorted(custom)[0] if isinstance(custom, Mapping) else str(custom)
        raise Invalid(
            _("Some values are not accepted."), {"custom": [_("there is no custom field %(name)r", name=name)]}
        )
    writable = info.writable(context.principal())
    known = {name for name in body if name in writable}
    unknown = {
        name: [_fate_of(info, name)] for name in body if name not in writable
    }
    if unknown:
        raise Invalid(_("Some values are not accepted."), unknown)
    cleaned = schemas.load(schemas.input_schema(info, frozenset(known)), body)
    if external_id is not ...:
        text = None if external_id in (None, "") else str(external_id)[:300]
        cleaned["external_ids"] = {**cleaned.get("external_ids", {}), "": text}
    return cleaned


def _fate_of(info: TypeInfo, name: str) -> str:
    one = info.readable(context.principal()).get(name)
    if one is not None or name in ("id", "type", "version"):
        return _("this field is kept by the system or read-only for you; leave it out")
    return _("there is no field %(name)r here; known are: %(known)s", name=name,
             known=", ".join(info.writable(context.principal())))  # fmt: skip


def new_draft(info: TypeInfo, values: Mapping[str, Any]) -> Draft:
    """A checked draft of a new record with its defaults; links are not resolved yet."""
    require_creation(info)
    return draft_of_new(info, clean(info, values))


def require_creation(info: TypeInfo) -> None:
    """Forbidden, with a sentence, when the person may make no record of the type."""
    rights.require("create", info)
    if not info.type.creatable and context.principal().kind != "system":
        raise Forbidden(_("%(what)s are not made by hand.", what=str(info.type.label_plural)))


def draft_of_new(info: TypeInfo, cleaned: Mapping[str, Any]) -> Draft:
    """A draft of a new record from values that are checked already (`clean`, or an import by columns)."""
    draft = Draft(info, "created", cleaned)
    person = context.principal()
    for one in info.fields.values():
        default = one.field.default
        if default is not None and draft.values.get(one.name) is None and one.name not in draft.values:
            draft.values[one.name] = default() if callable(default) else default
    if not info.type.public and "owner" not in draft.values and person.user_id is not None:
        draft.values["owner"] = person.user_id
        if "team" not in draft.values and person.team_ids:
            draft.values["team"] = person.team_ids[0]
    _merge_external_ids(draft)
    return draft


def change_draft(state: State, values: Mapping[str, Any]) -> Draft:
    """A checked draft of a change; links are not resolved yet."""
    return draft_of_change(state, clean(state.info, values))


def draft_of_change(state: State, cleaned: Mapping[str, Any]) -> Draft:
    """A draft of a change from values that are checked already."""
    draft = Draft(state.info, "changed", cleaned, state)
    _merge_external_ids(draft)
    return draft


def _merge_external_ids(draft: Draft) -> None:
    given = draft.values.get("external_ids")
    if given is not None:
        merged = {**(draft.before("external_ids") or {}), **given} if "" in given else dict(given)
        draft.values["external_ids"] = {system: text for system, text in merged.items() if text}


def prepare(drafts: Sequence[Draft]) -> None:
    """Resolve links and run the rules; Invalid with all refusals of the first draft that has any."""
    links.resolve(drafts)
    check_assignment(drafts)
    run_rules(drafts)


def run_rules(drafts: Sequence[Draft]) -> None:
    """The type's own rules, then those of extensions, then the required fields."""
    for draft in drafts:
        if draft.info.type.prepare is not None:
            draft.info.type.prepare(draft)
        for side in draft.info.extensions:
            if side.extension.prepare is not None:
                side.extension.prepare(draft)
        if draft.action in ("created", "changed"):
            draft.check()


def check_assignment(drafts: Sequence[Draft]) -> None:
    """Giving a record to somebody else needs the right to assign."""
    person = context.principal()
    for draft in drafts:
        owner = draft.values.get("owner")
        if owner is None or owner == person.user_id or not draft.changes("owner"):
            continue
        if rights.level(draft.info, person, "assign") == "none":
            draft.refuse("owner", _("your role does not allow you to give records to others"))


def _write_checked(opened: Any, drafts: Sequence[Draft]) -> list[Draft]:
    check_external_ids(drafts)
    for draft in drafts:
        if draft.errors:
            draft.check()
        opened.warnings += draft.warnings
    return write(opened, drafts)


def check_external_ids(drafts: Sequence[Draft]) -> None:
    """An external id names one live record of its type; the sentence says which one has it.

    One statement per type and system, however many drafts.
    """
    wanted: dict[tuple[str, str], dict[str, list[Draft]]] = {}
    for draft in drafts:
        given = draft.values.get("external_ids")
        if not given or not draft.changes("external_ids"):
            continue
        old = draft.before("external_ids") or {}
        for system, text in given.items():
            if old.get(system) != text:
                wanted.setdefault((draft.info.key, system), {}).setdefault(text, []).append(draft)
    for (type_key, system), claims in wanted.items():
        table = catalogue().get(type_key).table
        query = (
            select(table.c.id, _external.c.value)
            .join_from(_external, table, table.c.id == _external.c.record_id)
            .where(
                _external.c.type_key == type_key,
                _external.c.system == bindparam("system"),
                _external.c.value.in_(bindparam("texts", expanding=True)),
                table.c.deleted_at.is_(None),
            )
        )
        texts = list(claims)
        for start in range(0, len(texts), BULK_SLICE):
            for record_id, text in trusted(query, {"system": system, "texts": texts[start : start + BULK_SLICE]}):
                for draft in claims[text]:
                    if record_id != draft.record_id:
                        sentence = _("%(text)r already names record %(id)d", text=text, id=record_id)
                        draft.refuse("external_ids" if system else "external_id", sentence)


def _made(draft: Draft) -> RecordView:
    state = State(draft.info, draft.record_id or 0, 1, False, {}, {})
    made = dict.fromkeys((one.name for one in draft.info.fields.values() if one.columns))
    state.values = made
    opened = context.current().unit
    person = context.current().principal
    me = person.user_id if person else None
    stamps = {"created_at": opened.at, "updated_at": opened.at, "created_by": me, "updated_by": me}
    draft.values = {**draft.values, **stamps}
    return view_of(state, draft)


# ------------------------------------------------------------------ checks


def _state(
    info: TypeInfo, record_id: int, action: str, *, lock: bool = False, deleted: bool = False
) -> State:
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
                    what=str(info.type.label).lower(),
                    action=rights._WORDS.get(action, action),
                )
            )
    raise NotFound(_("There is no %(what)s %(id)d that you may see.", what=str(info.type.label).lower(), id=record_id))


def _match(state: State, if_match: int | None) -> None:
    if if_match is not None and if_match != state.version:
        raise Stale(
            _(
                "Somebody changed this %(what)s meanwhile: you had version %(had)d, it is at %(now)d.",
                what=str(state.info.type.label).lower(),
                had=if_match,
                now=state.version,
            ),
            state.version,
        )


def usage(info: TypeInfo, ids: Iterable[int]) -> dict[str, int]:
    """How many live records name these ones: plural label of the naming type -> count."""
    found: dict[str, int] = {}
    wanted = list(ids)
    for linking, one, item in catalogue().links_to.get(info.key, ()):
        if item is not None or one.name in ("created_by", "updated_by"):
            continue
        table = linking.table
        query = select(table.c.id).where(
            one.columns[0].in_(bindparam("ids", expanding=True)), table.c.deleted_at.is_(None)
        )
        count = len(trusted(query.limit(1001), {"ids": wanted}).all())
        if count:
            label = str(linking.type.label_plural)
            found[label] = found.get(label, 0) + count
    return found


def _refuse_in_use(info: TypeInfo, ids: Sequence[int]) -> None:
    if not info.type.dictionary or not ids:
        return
    used = usage(info, ids)
    if used:
        counted = ", ".join(f"{count if count < 1001 else '1000+'} {label.lower()}" for label, count in used.items())
        raise Conflict(
            _(
                "This %(what)s is in use (%(used)s). Archive it, or replace it by another value.",
                what=str(info.type.label).lower(),
                used=counted,
            )
        )


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy whose lists and rows may be changed for one record without touching the others."""
    return {
        name: [dict(row) if isinstance(row, dict) else row for row in value] if isinstance(value, list) else value
        for name, value in values.items()
    }


def _reason(fault: Any) -> str:
    errors: Mapping[str, Sequence[str]] = getattr(fault, "errors", {})
    lines = [f"{name}: {' '.join(sentences)}" if name else " ".join(sentences) for name, sentences in errors.items()]
    return "; ".join(lines) or str(fault)


def replace_value(type_key: str, old_id: int, new_id: int) -> int:
    """Let every record that names dictionary value `old_id` name `new_id` instead, then delete the old value."""
    info = catalogue().get(type_key)
    changed = 0
    with unit(reason=_("value replaced")):
        _state(info, old_id, "delete")
        _state(info, new_id, "read")
        for linking, one, item in catalogue().links_to.get(info.key, ()):
            if item is not None:
                continue
            table = linking.table
            query = select(table.c.id).where(one.columns[0] == bindparam("old"), table.c.deleted_at.is_(None))
            ids = list(trusted(query, {"old": old_id}).scalars())
            changed += len(_set_link(linking, ids, one.name, new_id))
        delete(type_key, old_id)
    return changed


def _set_link(info: TypeInfo, ids: Sequence[int], name: str, target: int) -> list[Draft]:
    done: list[Draft] = []
    opened = context.current().unit
    for start in range(0, len(ids), BULK_SLICE):
        states = load_states(info, ids[start : start + BULK_SLICE], lock=True, many=False)
        done += write(opened, [Draft(info, "changed", {name: target}, state) for state in states.values()])
    return done


def emit(name: str, record: RecordView, payload: Mapping[str, Any]) -> None:
    """State a contract event about a record, once, inside the open unit."""
    opened = context.current().unit
    if opened is None:
        raise Conflict("emit() needs an open unit")
    opened.add_event(name, record.type.key, record.id, dict(payload))

