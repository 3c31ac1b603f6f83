"""Rules of a role by clicking: a saved list becomes "may read" or "may change", with its effect shown before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import request
from sqlalchemy import or_, select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from kumiko.access.directory import RULES
from kumiko.access.models import ROLE
from kumiko.admin import desk, role_preview
from kumiko.admin.desk import blueprint, needs
from kumiko.host.columns import table_of
from kumiko.host.context import principal
from kumiko.host.errors import Invalid, KumikoError, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import access_rules, service
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.field_names import renamed_node, stored_path
from kumiko.records.models import SavedView
from kumiko.records.units import unit
from kumiko.web import answers
from kumiko.web.conditions import conditions_words
from kumiko.web.lists import ListState
from kumiko.web.viewmodels import FieldView, Link, Option, Toast

PAGE = "/admin/roles"
_view = table_of(SavedView)


@dataclass(frozen=True, kw_only=True)
class RuleRow:
    """A rule as it is shown. `paused`: why it gives nothing today."""

    type_key: str
    number: int
    label: str
    name: str
    access: str
    words: tuple[str, ...]
    paused: str


def rules_of(role: Any) -> list[RuleRow]:
    """The rules that a role keeps, by type."""
    found = []
    for type_key, stored in (role.get("grants") or {}).items():
        info = catalogue().find(type_key)
        for number, one in enumerate(stored.get(RULES, ())):
            rule = access_rules.read_rules([one])[0]
            paused = _("the module of these records is off") if info is None else access_rules.why_paused(info, rule)
            words = [f"{word.field} {word.op} {word.value}".strip() for word in conditions_words(type_key, rule.node)]
            label = str(info.type.label_plural) if info is not None else type_key
            found.append(
                RuleRow(type_key=type_key, number=number, label=label, name=rule.name, access=rule.access,
                        words=tuple(words), paused=paused)
            )  # fmt: skip
    return found


@blueprint.get("/roles/<int:role_id>/rules")
@needs("roles.edit")
def role_rules_page(role_id: int) -> Response:
    return _draw(role_id)


@blueprint.post("/roles/<int:role_id>/rules")
@needs("roles.edit")
def add_role_rule(role_id: int) -> Response:
    """Adds a rule made of a saved list, or with `preview` shows who would see how much more."""
    role = service.get(ROLE, role_id)
    try:
        info, rule = _sent()
        grants = _with(role, info.key, rule)
        if request.form.get("preview"):
            return _draw(role_id, effect=role_preview.effect_of(role, grants))
        with unit(reason=_("rule %(rule)s for the role %(role)s", rule=rule["name"], role=role.title)) as opened:
            service.update(ROLE, role_id, {"grants": grants}, if_match=desk.number_of(desk.text_of("_version")))
            unit_id = opened.id
    except KumikoError as refusal:
        return _draw(role_id, refusal=refusal)
    said = Toast(_("The rule counts from the next click."), undo=f"/units/{unit_id}/undo")
    return answers.done(f"{PAGE}/{role_id}/rules", said)


@blueprint.post("/roles/<int:role_id>/rules/<type_key>/<int:number>/delete")
@needs("roles.edit")
def delete_role_rule(role_id: int, type_key: str, number: int) -> Response:
    role = service.get(ROLE, role_id)
    grants = {key: dict(actions) for key, actions in (role.get("grants") or {}).items()}
    rules = list(grants.get(type_key, {}).get(RULES, ()))
    if number >= len(rules):
        raise NotFound(_("There is no such rule."))
    gone = rules.pop(number)
    grants[type_key][RULES] = rules
    if not rules:
        del grants[type_key][RULES]
    grants = {key: actions for key, actions in grants.items() if actions}
    with unit(reason=_("rule %(rule)s of the role %(role)s removed", rule=gone["name"], role=role.title)) as opened:
        service.update(ROLE, role_id, {"grants": grants})
        unit_id = opened.id
    return answers.done(f"{PAGE}/{role_id}/rules", Toast(_("The rule is gone."), undo=f"/units/{unit_id}/undo"))


def _with(role: Any, type_key: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    grants = {key: dict(actions) for key, actions in (role.get("grants") or {}).items()}
    kept = grants.setdefault(type_key, {})
    kept[RULES] = [*kept.get(RULES, ()), dict(rule)]
    return grants


def _sent() -> tuple[TypeInfo, dict[str, Any]]:
    """The type and the rule that were sent: of a saved list, copied with its name."""
    access, chosen = desk.text_of("access"), desk.number_of(desk.text_of("list"))
    if chosen is None:
        raise _fault("list", _("Choose a saved list; make one first by filtering a list and saving it."))
    row = trusted(select(_view).where(_view.c.id == chosen, _mine())).mappings().first()
    info = catalogue().find(row["type_key"]) if row is not None else None
    if row is None or info is None:
        raise _fault("list", _("There is no such saved list."))
    if access not in ("read", "edit"):
        raise _fault("access", _("Choose what the rule allows."))
    node = _node_of(info, row["query"] or {})
    if not node:
        raise _fault("list", _("This list has no filter, so it would give everything; choose a level above instead."))
    name = desk.text_of("name", 120) or str(row["name"])
    return info, {"name": name, "access": access, "filter": renamed_node(info, node, stored_path)}


def _node_of(info: TypeInfo, query: Mapping[str, Any]) -> Any:
    """The filter of a saved list, whether a program or a page saved it."""
    if query.get("q"):
        raise _fault("list", _("This list looks for words; a rule needs a filter by fields."))
    if query.get("filter"):
        return query["filter"]
    state = ListState.of(info, MultiDict((info.plain(name), value) for name, value in _pairs(query)))
    if state.q:
        raise _fault("list", _("This list looks for words; a rule needs a filter by fields."))
    return state.node


def _pairs(query: Mapping[str, Any]) -> list[tuple[str, str]]:
    return parse_qsl(str(query.get("query") or ""))


def _mine() -> Any:
    return or_(_view.c.user_id == principal().user_id, _view.c.shared.is_(True))


def _fault(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, {name: [sentence]})


def _lists() -> tuple[Option, ...]:
    rows = trusted(select(_view.c.id, _view.c.name, _view.c.type_key).where(_mine()).order_by(_view.c.name)).all()
    known = [(catalogue().find(row.type_key), row) for row in rows]
    options = [Option(str(row.id), f"{info.type.label_plural!s}: {row.name}") for info, row in known if info]
    return tuple(sorted(options, key=lambda one: one.label))


def _draw(role_id: int, *, effect: role_preview.Effect | None = None, refusal: KumikoError | None = None) -> Response:
    role = service.get(ROLE, role_id)
    errors: Mapping[str, Any] = getattr(refusal, "errors", {})
    lists = _lists()
    fields = (
        FieldView("list", _("Records of the saved list"), kind="choice", value=desk.text_of("list"), required=True,
                  options=lists, errors=tuple(errors.get("list", ())), placeholder=_("Choose")),
        FieldView("access", _("People with this role may"), kind="choice", value=desk.text_of("access") or "read",
                  required=True, options=(Option("read", _("see them")), Option("edit", _("see and change them"))),
                  errors=tuple(errors.get("access", ()))),
        FieldView("name", _("Name of the rule"), value=desk.text_of("name"), max_length=120,
                  help=_("The name of the list if you say nothing."), errors=tuple(errors.get("grants", ()))),
    )  # fmt: skip
    return desk.draw(
        "admin/role_rules.html",
        422 if refusal is not None else 200,
        role=role,
        action=f"{PAGE}/{role_id}/rules",
        crumbs=(Link(_("Roles"), PAGE), Link(role.title, f"{PAGE}/{role_id}")),
        rules=rules_of(role),
        fields=fields,
        has_lists=bool(lists),
        effect=effect,
        refusal=refusal.message if refusal is not None and not errors else "",
        version=role.version,
    )
