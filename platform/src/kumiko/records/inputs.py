"""From input to drafts: values checked against the schema, defaults, links, rules, the right to assign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.errors import Forbidden, Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import field_rules, links, rights, schemas
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.drafts import Draft
from kumiko.records.field_names import why_off
from kumiko.records.models import ExternalId
from kumiko.records.states import State

SLICE = 1000
MAX_EXTERNAL_ID = 300
_external = table_of(ExternalId)


def clean(info: TypeInfo, values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked Python values from input; unknown and unwritable fields are refused by name."""
    body: dict[str, Any] = {}
    for name, value in values.items():
        plain = info.plain(name)
        if plain in body:
            raise Invalid(_("Some values are not accepted."), {name: [_("given twice; once is enough")]})
        body[plain] = value
    external_id = body.pop("external_id", ...)
    _take_out_custom(info, body)
    writable = info.writable(context.principal())
    known = {name for name in body if name in writable}
    unknown = {name: [_fate_of(info, name)] for name in body if name not in writable}
    if external_id is not ... and "external_ids" not in writable:
        unknown["external_id"] = [_fate_of(info, "external_ids")]
    if unknown:
        raise Invalid(_("Some values are not accepted."), unknown)
    cleaned = schemas.load(schemas.input_schema(info, frozenset(known)), body)
    if external_id is not ...:
        text = _external_text(external_id)
        cleaned["external_ids"] = {**(cleaned.get("external_ids") or {}), "": text}
    return cleaned


def _take_out_custom(info: TypeInfo, body: dict[str, Any]) -> None:
    """Put the values of the `custom` object beside the others; Invalid names those that are no fields."""
    custom = body.pop("custom", None)
    if custom is None or custom == {}:
        return
    if not isinstance(custom, Mapping):
        sentence = _("wanted an object of custom fields, found %(kind)s", kind=schemas.kind_of(custom))
        raise Invalid(_("Some values are not accepted."), {"custom": [sentence]})
    unknown: dict[str, list[str]] = {}
    for key, value in custom.items():
        one = info.find(f"custom.{key}")
        if one is None or one.name not in info.readable(context.principal()):
            known = ", ".join(key for key in _custom_keys(info)) or _("none")
            unknown.setdefault("custom", []).append(
                _("there is no custom field %(name)r; known are: %(known)s", name=str(key)[:80], known=known)
            )
        elif one.name in body:
            unknown[f"custom.{key}"] = [_("given twice; once is enough")]
        else:
            body[one.name] = value
    if unknown:
        raise Invalid(_("Some values are not accepted."), unknown)


def _custom_keys(info: TypeInfo) -> list[str]:
    writable = info.writable(context.principal())
    return [one.custom.key for name, one in info.custom_fields.items() if one.custom and name in writable]


def _external_text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)) > MAX_EXTERNAL_ID:
        sentence = _("wanted a text of at most %(most)d characters", most=MAX_EXTERNAL_ID)
        raise Invalid(_("Some values are not accepted."), {"external_id": [sentence]})
    return str(value)


def _fate_of(info: TypeInfo, name: str) -> str:
    one = info.readable(context.principal()).get(name)
    if one is not None or name in ("id", "type", "version"):
        return _("this field is kept by the system or read-only for you; leave it out")
    return why_off(info, name) or _("there is no field %(name)r here; known are: %(known)s", name=name,
             known=", ".join(info.writable(context.principal())))  # fmt: skip


def new_draft(info: TypeInfo, values: Mapping[str, Any]) -> Draft:
    """A checked draft of a new record with its defaults; links are not resolved yet."""
    require_creation(info)
    try:
        return draft_of_new(info, clean(info, values))
    except Invalid as fault:
        raise _with_missing(info, values, fault) from None


def _with_missing(info: TypeInfo, values: Mapping[str, Any], fault: Invalid) -> Invalid:
    """A refusal that also names the required fields of a new record that were left out: one round, not two."""
    given = {info.plain(name) for name, value in values.items() if value not in (None, "", [])}
    own = values.get("custom")
    given |= {f"custom_{key}" for key, value in own.items() if value is not None} if isinstance(own, Mapping) else set()
    errors = {name: list(lines) for name, lines in fault.errors.items()}
    for name, one in info.writable(context.principal()).items():
        if one.field.required and one.field.default is None and name not in given and name not in info.rules:
            errors.setdefault(name, [_("%(label)s is needed.", label=str(one.field.label))])
    return Invalid(fault.message, errors)


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
    return draft_of_change(state, clean(state.info, _in_own_currency(state, values)))


def _in_own_currency(state: State, values: Mapping[str, Any]) -> dict[str, Any]:
    """An amount without a currency keeps the one the record has: 12 in a field of dollars is no euro."""
    found = dict(values)
    for name, value in values.items():
        one, old = state.info.find(name), state.values.get(state.info.plain(name))
        if one is None or one.kind != "money" or old is None or value in (None, ""):
            continue
        if isinstance(value, Mapping):
            if value.get("value") not in (None, "") and not value.get("currency"):
                found[name] = {**value, "currency": old.currency}
        elif isinstance(value, int | float | Decimal | str) and not any(sign.isalpha() for sign in str(value)):
            found[name] = {"value": value, "currency": old.currency}
    return found


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
    """What extensions read into other fields, the type's own rules, those of extensions, then the required fields."""
    for draft in drafts:
        try:
            _run_declared(draft)
        except Invalid as fault:
            if draft.action != "created":
                raise
            lines = {**{name: [line] for name, line in draft.missing().items()}, **draft.errors, **fault.errors}
            raise Invalid(fault.message, lines) from None
        if draft.action in ("created", "changed"):
            if draft.info.rules or draft.info.custom_fields:
                field_rules.check(draft)
            draft.check()


def _run_declared(draft: Draft) -> None:
    for side in draft.info.extensions:
        if side.extension.before is not None:
            side.extension.before(draft)
    if draft.info.type.prepare is not None:
        draft.info.type.prepare(draft)
    for side in draft.info.extensions:
        if side.extension.prepare is not None:
            side.extension.prepare(draft)


def check_assignment(drafts: Sequence[Draft]) -> None:
    """Giving a record to somebody else, and taking it from somebody, needs the right to assign it."""
    person = context.principal()
    given = [
        draft
        for draft in drafts
        if draft.values.get("owner") is not None
        and draft.changes("owner")
        and (draft.values["owner"] != person.user_id or (not draft.is_new and draft.before("owner") is not None))
    ]
    by_type: dict[str, list[Draft]] = {}
    for draft in given:
        if rights.level(draft.info, person, "assign") == "none":
            draft.refuse("owner", _("your role does not allow you to give records to others"))
        elif not (draft.is_new or rights.has_no_limit(draft.info, person, "assign")):
            by_type.setdefault(draft.info.key, []).append(draft)
    for listed in by_type.values():
        mine = rights.allowed(listed[0].info, "assign", [draft.record_id or 0 for draft in listed])
        for draft in listed:
            if draft.record_id not in mine:
                draft.refuse("owner", _("your role does not allow you to give this record to others"))


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
        for start in range(0, len(texts), SLICE):
            for record_id, text in trusted(query, {"system": system, "texts": texts[start : start + SLICE]}):
                for draft in claims[text]:
                    if record_id != draft.record_id:
                        sentence = _("%(text)r already names record %(id)d", text=text, id=record_id)
                        draft.refuse("external_ids" if system else "external_id", sentence)


def refuse_taken_ids(draft: Draft) -> None:
    """A record that comes back from the bin may find its external id taken: Invalid, naming the record that has it."""
    for system, text in (draft.before("external_ids") or {}).items():
        table = draft.info.table
        query = (
            select(table.c.id, table.c.name)
            .join_from(_external, table, table.c.id == _external.c.record_id)
            .where(
                _external.c.type_key == draft.info.key,
                _external.c.system == system,
                _external.c.value == text,
                table.c.deleted_at.is_(None),
                table.c.id != draft.record_id,
            )
        )
        for record_id, name in trusted(query):
            sentence = _(
                "%(text)r already names record %(id)d, “%(name)s”; change or delete that one first",
                text=text,
                id=record_id,
                name=name,
            )
            draft.refuse("external_ids" if system else "external_id", sentence)
    draft.check_given()
