"""The page of roles: record types by actions, fields, other rights; and what a change would mean before it is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from kumiko.access import matrix
from kumiko.access.matrix import MatrixRow, RoleMatrix
from kumiko.access.models import ROLE
from kumiko.admin import desk, role_fields, role_preview, role_rules, user_forms, words
from kumiko.admin.desk import blueprint, needs
from kumiko.host.declarations import ACTIONS, LEVELS
from kumiko.host.errors import Conflict, Forbidden, Invalid, KumikoError, NotFound, Stale
from kumiko.host.i18n import gettext as _
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.queries import MAX_LIMIT, list_page
from kumiko.web import answers
from kumiko.web.viewmodels import (
    Action,
    FieldGroup,
    FieldView,
    FormView,
    Link,
    Option,
    RoleRow,
    RolesView,
    Toast,
)

PAGE = "/admin/roles"
NOTHING: Mapping[Any, Any] = {}


@blueprint.get("/roles")
@needs("roles.edit")
def roles_page() -> Response:
    first = next((role_id for role_id, _name, _key in _roles()), None)
    if first is None:
        raise NotFound(_("There are no roles; `kumiko init` makes those that come with Kumiko."))
    return role_page(first)


@blueprint.get("/roles/<int:role_id>")
@needs("roles.edit")
def role_page(role_id: int) -> Response:
    return _draw(matrix.role_matrix(role_id))


@blueprint.post("/roles/<int:role_id>")
@needs("roles.edit")
def save_role(role_id: int) -> Response:
    """Saves, or with `preview` shows what would change for whom."""
    levels, permissions = _sent_levels(), _sent_permissions()
    if request.form.get("preview"):
        try:
            effect = role_preview.preview(role_id, levels, permissions)
        except KumikoError as refusal:
            return desk.refused(f"{PAGE}/{role_id}", refusal)
        return _draw(matrix.role_matrix(role_id), levels, permissions, effect)
    try:
        matrix.save_matrix(role_id, levels, permissions, if_match=desk.number_of(desk.text_of("_version")))
    except (Invalid, Forbidden, Conflict, Stale) as refusal:
        return desk.refused(f"{PAGE}/{role_id}", refusal)
    return answers.done(f"{PAGE}/{role_id}", Toast(_("The role is saved; it counts from the next click.")))


@blueprint.get("/roles/new")
@needs("roles.edit")
def new_role_page() -> Response:
    return desk.draw("kumiko/form.html", v=_new_form())


@blueprint.post("/roles")
@needs("roles.edit")
def add_role() -> Response:
    try:
        made = service.create(ROLE, {"name": desk.text_of("name") or None, "kind": desk.text_of("kind") or None})
    except (Invalid, Forbidden) as refusal:
        return desk.draw("kumiko/form.html", 422, v=_new_form(refusal))
    return answers.done(f"{PAGE}/{made.id}", Toast(_("The role %(name)s is there.", name=made.title)))


@blueprint.post("/roles/<int:role_id>/delete")
@needs("roles.edit")
def delete_role(role_id: int) -> Response:
    name = service.get(ROLE, role_id).title
    try:
        service.delete(ROLE, role_id)
    except KumikoError as refusal:
        return desk.refused(f"{PAGE}/{role_id}", refusal)
    return answers.done(PAGE, Toast(_("The role %(name)s is in the bin.", name=name)))


@blueprint.get("/roles/<int:role_id>/fields/<collection>")
@needs("roles.edit")
def role_fields_page(role_id: int, collection: str) -> Response:
    return desk.draw("admin/role_fields.html", v=role_fields.form_of(role_id, collection), card=None)


@blueprint.post("/roles/<int:role_id>/fields/<collection>")
@needs("roles.edit")
def save_role_fields(role_id: int, collection: str) -> Response:
    """Save, or with `_again` show what a card would look like."""
    try:
        if "_again" in request.form:
            shown = role_fields.form_of(role_id, collection, request.form)
            card = role_fields.preview(collection, request.form)
            return desk.draw("admin/role_fields.html", v=shown, card=card, asked=True)
        role_fields.save(role_id, collection, request.form)
    except (Invalid, Forbidden, Conflict, Stale) as refusal:
        return desk.refused(f"{PAGE}/{role_id}/fields/{collection}", refusal)
    return answers.done(f"{PAGE}/{role_id}", Toast(_("The rights to fields are saved.")))


def _sent_levels() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for name, level in request.form.items():
        kind, _colon, rest = name.partition(":")
        type_key, _colon, action = rest.rpartition(":")
        if kind == "level":
            found[type_key, action] = level
    return found


def _sent_permissions() -> dict[str, bool]:
    """Switches that are off send nothing, so the form names all it shows."""
    shown = request.form.get("_permissions", "").split()
    return {name: f"right:{name}" in request.form for name in shown}


def _draw(
    known: RoleMatrix,
    levels: Mapping[tuple[str, str], str] = NOTHING,
    permissions: Mapping[str, bool] = NOTHING,
    effect: role_preview.Effect | None = None,
) -> Response:
    """The page; `levels` and `permissions` as chosen but not saved."""
    view = RolesView(
        roles=_role_links(known.role_id),
        role=known.name,
        text=_text(known),
        action=f"{PAGE}/{known.role_id}",
        columns=tuple(words.action_label(action) for action in ACTIONS),
        rows=tuple(_row(row, levels) for row in known.rows if not row.locked),
        permissions=tuple(
            FieldView(f"right:{one.name}", one.label, kind="boolean",
                      value="true" if permissions.get(one.name, one.on) else "")
            for one in (() if known.locked else known.permissions)
        ),
        locked=known.locked,
        actions=_actions(known),
        tabs=desk.tabs("roles"),
    )  # fmt: skip
    names = " ".join(one.name for one in known.permissions)
    fields = () if known.locked else role_fields.links(known.role_id)
    rules = () if known.locked else role_rules.rules_of(service.get(ROLE, known.role_id))
    return desk.draw(
        "kumiko/admin/roles.html", v=view, version=known.version, names=names, effect=effect, fields=fields,
        rules=rules, rules_href="" if known.locked else f"{PAGE}/{known.role_id}/rules",
    )  # fmt: skip


def _actions(role: RoleMatrix) -> tuple[Action, ...]:
    found = [Action(_("Add a role"), f"{PAGE}/new", "plus", primary=True)]
    if not role_preview.is_delivered(role.key):
        found.insert(0, Action(_("Delete this role"), f"{PAGE}/{role.role_id}/delete", "trash", method="post"))
    return tuple(found)


def _role_links(active: int) -> tuple[Link, ...]:
    counts = role_preview.holders_by_role()
    return tuple(
        Link(name, f"{PAGE}/{role_id}", count=str(counts.get(str(key), 0)), active=role_id == active)
        for role_id, name, key in _roles()
    )


def _roles() -> Iterator[tuple[int, str, str]]:
    """(id, name, key) of all roles in the order of their making."""
    info, after = catalogue().get(ROLE), None
    while after != "":
        found = list_page(info, names=("name", "key"), sort="id", limit=MAX_LIMIT, after=after or "")
        yield from ((row[0], row[2], row[3]) for row in found.rows)
        after = found.next or ""


def _text(role: RoleMatrix) -> str:
    names = user_forms.role_names()
    return _(
        "What people with the role %(name)s may do with which records. * as delivered. Somebody with several roles may "
        "do what any one of them allows.",
        name=names.get(role.key, role.name),
    )


def _row(row: MatrixRow, levels: Mapping[tuple[str, str], str]) -> RoleRow:
    cells = []
    for cell in row.cells:
        own = levels.get((row.type_key, cell.action), cell.own)
        default = _("%(level)s*", level=words.level_label(cell.default))
        options = (Option("", default), *(Option(level, words.level_label(level)) for level in LEVELS))
        cells.append(
            FieldView(f"level:{row.type_key}:{cell.action}", f"{row.label}: {words.action_label(cell.action)}",
                      kind="choice", value=own, options=options)
        )  # fmt: skip
    return RoleRow(label=row.label, icon="category" if row.type_key == "*" else row.icon, cells=tuple(cells))


def _new_form(refusal: KumikoError | None = None) -> FormView:
    errors: Any = refusal.errors if isinstance(refusal, Invalid) else {}
    kinds = tuple(Option(key, name) for key, name in user_forms.role_names().items() if key in role_preview.DELIVERED)
    fields = (
        FieldView("name", _("Name"), value=desk.text_of("name"), required=True, autofocus=True, max_length=100,
                  errors=(*errors.get("name", ()), *errors.get("key", ()))),
        FieldView("kind", _("Begins like"), kind="choice", value=desk.text_of("kind"), options=kinds,
                  placeholder=_("Nothing is allowed"), errors=tuple(errors.get("kind", ())),
                  help=_("It follows that role until you change something here.")),
    )  # fmt: skip
    return FormView(
        title=_("New role"),
        action=PAGE,
        groups=(FieldGroup("", fields),),
        submit=_("Add"),
        cancel_href=PAGE,
        crumbs=(Link(_("Roles"), PAGE),),
        summary=user_forms.summary_of(refusal, ("name", "key", "kind")),
    )
