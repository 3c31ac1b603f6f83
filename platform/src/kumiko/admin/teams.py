"""The pages of teams: the tree, one team, dissolving it into another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from werkzeug.wrappers import Response

from kumiko.access import accounts
from kumiko.access.models import TEAM, User, table
from kumiko.admin import desk, team_moves, user_forms
from kumiko.admin.desk import blueprint, needs
from kumiko.host.errors import Conflict, Forbidden, Invalid, KumikoError, Stale
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.web import answers
from kumiko.web.formats import number_text
from kumiko.web.i18n import ngettext
from kumiko.web.viewmodels import (
    Action,
    Empty,
    FieldGroup,
    FieldView,
    FormView,
    Link,
    Option,
    Person,
    TeamNode,
    TeamsView,
    Toast,
)

PAGE = "/admin/teams"
_user = table(User)


@blueprint.get("/teams")
@needs("users.edit")
def teams_page() -> Response:
    add = Action(_("Add a team"), f"{PAGE}/new", "plus", primary=True)
    text = _("Teams decide what a head of sales sees.")
    view = TeamsView(
        nodes=tuple(_nodes()),
        actions=(add,),
        tabs=desk.tabs("teams"),
        empty=Empty(_("No teams yet"), text, icon="users-group", action=add),
    )
    return desk.draw("kumiko/admin/teams.html", v=view)


def _nodes() -> Iterable[TeamNode]:
    tree = accounts.team_tree()
    known = {one[0] for one in tree}
    people, members = _people()
    children: dict[int | None, list[Any]] = {}
    for one in tree:
        children.setdefault(one[2] if one[2] in known else None, []).append(one)
    found: list[TeamNode] = []

    def lay(parent: int | None, depth: int) -> None:
        for team_id, name, _parent, head_id in children.get(parent, ()):
            mine = members.get(team_id, [])
            found.append(
                TeamNode(
                    name=name,
                    href=f"{PAGE}/{team_id}",
                    depth=depth,
                    head=people.get(head_id) if head_id is not None else None,
                    members=tuple(people[user_id] for user_id in mine[:6]),
                    count=ngettext("%(num)d person", "%(num)d people", len(mine)),
                )
            )
            if depth < 20:
                lay(team_id, depth + 1)

    lay(None, 0)
    return found


def _people() -> tuple[dict[int, Person], dict[int, list[int]]]:
    query = (
        select(_user.c.id, _user.c.name, _user.c.team_id)
        .where(_user.c.deleted_at.is_(None), _user.c.active.is_(True))
        .order_by(_user.c.name, _user.c.id)
    )
    people: dict[int, Person] = {}
    members: dict[int, list[int]] = {}
    for row in trusted(query):
        people[row.id] = Person.of(row.name, row.id)
        if row.team_id is not None:
            members.setdefault(row.team_id, []).append(row.id)
    return people, members


@blueprint.get("/teams/new")
@needs("users.edit")
def new_team_page() -> Response:
    return desk.draw("kumiko/form.html", v=_form(None, {}))


@blueprint.post("/teams")
@needs("users.edit")
def add_team() -> Response:
    values = _values()
    try:
        made = service.create(TEAM, values)
    except (Invalid, Forbidden) as refusal:
        return desk.draw("kumiko/form.html", 422, v=_form(None, values, refusal))
    return answers.done(PAGE, Toast(_("The team %(name)s is there.", name=made.title)))


@blueprint.get("/teams/<int:team_id>")
@needs("users.edit")
def team_page(team_id: int) -> Response:
    view = service.get(TEAM, team_id)
    values = {"name": view.title, "parent": view.link_id("parent"), "head": view.link_id("head")}
    return desk.draw("kumiko/form.html", v=_form(team_id, values, version=view.version))


@blueprint.post("/teams/<int:team_id>")
@needs("users.edit")
def change_team(team_id: int) -> Response:
    version = desk.number_of(desk.text_of("_version"))
    values = _values()
    try:
        view = service.update(TEAM, team_id, values, if_match=version)
    except (Invalid, Forbidden) as refusal:
        return desk.draw("kumiko/form.html", 422, v=_form(team_id, values, refusal, version=version))
    except (Conflict, Stale) as refusal:
        return desk.refused(f"{PAGE}/{team_id}", refusal)
    return answers.done(PAGE, Toast(_("The team %(name)s is saved.", name=view.title)))


@blueprint.get("/teams/<int:team_id>/dissolve")
@needs("users.edit")
def ask_dissolve(team_id: int) -> Response:
    """Asks where its people, the teams below it and its records go."""
    return desk.draw("kumiko/form.html", v=_dissolve_form(team_id))


@blueprint.post("/teams/<int:team_id>/dissolve")
@needs("users.edit")
def dissolve(team_id: int) -> Response:
    name = service.get(TEAM, team_id).title
    wanted = desk.text_of("target")
    if not wanted:
        asked = Invalid(_("Say where its people and records go."), {"target": [_("Choose a team, or no team.")]})
        return desk.draw("kumiko/form.html", 422, v=_dissolve_form(team_id, asked))
    try:
        group_id, job_id = team_moves.merge(team_id, None if wanted == "none" else desk.number_of(wanted))
    except KumikoError as refusal:
        return desk.draw("kumiko/form.html", 422, v=_dissolve_form(team_id, refusal))
    if job_id is not None:
        toast = Toast(_("The team %(name)s is being dissolved; the work shows on this page.", name=name))
        return answers.done(f"/admin/jobs/{job_id}", toast)
    return answers.done(PAGE, Toast(_("The team %(name)s is dissolved.", name=name), undo=f"/units/{group_id}/undo"))


def _values() -> dict[str, Any]:
    return {
        "name": desk.text_of("name") or None,
        "parent": desk.number_of(desk.text_of("parent")),
        "head": desk.number_of(desk.text_of("head")),
    }


def _form(
    team_id: int | None, values: Mapping[str, Any], refusal: KumikoError | None = None, *, version: int | None = None
) -> FormView:
    errors: Mapping[str, Any] = refusal.errors if isinstance(refusal, Invalid) else {}
    parent, head = values.get("parent"), values.get("head")
    below = team_moves.subtree(team_id) if team_id is not None else frozenset()

    def choice(name: str, label: str, chosen: Any, options: Any, empty: str, hint: str) -> FieldView:
        return FieldView(name, label, kind="choice", value=str(chosen or ""), options=options, placeholder=empty,
                         help=hint, errors=tuple(errors.get(name, ())))  # fmt: skip

    fields = (
        FieldView("name", _("Name"), value=str(values.get("name") or ""), required=True, max_length=300,
                  errors=tuple(errors.get("name", ())), autofocus=team_id is None),
        choice("parent", _("Above it"), parent, user_forms.team_options(parent, without=below), _("No team"),
               _("The head of that team sees this one too.")),
        choice("head", _("Head"), head, user_forms.user_options(head), _("Nobody"),
               _("Sees what this team and those below it own, if the role allows it.")),
    )  # fmt: skip
    path = PAGE if team_id is None else f"{PAGE}/{team_id}"
    drop = (Action(_("Dissolve this team…"), f"{path}/dissolve", "trash", danger=True),) if team_id else ()
    return FormView(
        title=_("New team") if team_id is None else str(values.get("name") or _("Team")),
        action=path,
        groups=(FieldGroup("", fields),),
        submit=_("Add") if team_id is None else _("Save"),
        cancel_href=PAGE,
        crumbs=(Link(_("Teams"), PAGE),),
        hidden=(("_version", str(version)),) if version is not None else (),
        summary=user_forms.summary_of(refusal, ("name", "parent", "head")),
        menu=drop,
    )


def _dissolve_form(team_id: int, refusal: KumikoError | None = None) -> FormView:
    view = service.get(TEAM, team_id)
    errors: Mapping[str, Any] = refusal.errors if isinstance(refusal, Invalid) else {}
    hanging = [
        _("%(label)s: %(count)s", label=str(catalogue().get(key).type.label_plural), count=number_text(count))
        for key, count in team_moves.counts(team_id).items()
    ]
    parent = view.link_id("parent")
    options = (*user_forms.team_options(parent, without=team_moves.subtree(team_id)), Option("none", _("No team")))
    field = FieldView("target", _("They go to"), kind="choice", value=str(parent or ""), required=True, options=options,
                      errors=tuple(errors.get("target", ())))  # fmt: skip
    what = _("What belongs to it now goes to another team: %(what)s.", what=", ".join(hanging))
    return FormView(
        title=_("Dissolve %(name)s", name=view.title),
        action=f"{PAGE}/{team_id}/dissolve",
        groups=(FieldGroup("", (field,)),),
        submit=_("Dissolve"),
        cancel_href=f"{PAGE}/{team_id}",
        crumbs=(Link(_("Teams"), PAGE), Link(view.title, f"{PAGE}/{team_id}")),
        intro=what if hanging else _("Nothing belongs to it."),
        summary=user_forms.summary_of(refusal, ("target",)),
        danger=True,
    )
