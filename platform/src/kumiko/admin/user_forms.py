"""Users and teams as forms: fields, choices, and what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from kumiko.access import accounts, recovery
from kumiko.access.models import Role, Team, User, table
from kumiko.host.errors import Invalid, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records.views import RecordView
from kumiko.web.viewmodels import FieldGroup, FieldView, FormView, Link, Option

_user, _team, _role = table(User), table(Team), table(Role)
Sent = MultiDict[str, str]


def role_names() -> dict[str, str]:
    """Live roles: key -> name."""
    query = select(_role.c.key, _role.c.name).where(_role.c.deleted_at.is_(None)).order_by(_role.c.id)
    return {row.key: row.name for row in trusted(query)}


def team_options(chosen: int | None, *, without: frozenset[int] = frozenset()) -> tuple[Option, ...]:
    """Live teams as choices, those below another with their place; teams in `without` are left out."""
    tree = accounts.team_tree()
    names = {one[0]: one[1] for one in tree}
    parents = {one[0]: one[2] for one in tree}

    def path(team_id: int) -> str:
        steps, at = [names[team_id]], parents.get(team_id)
        while at in names and len(steps) < 9:
            steps.append(names[at])
            at = parents.get(at)
        return " › ".join(reversed(steps))

    listed = sorted((path(team_id), team_id) for team_id in names if team_id not in without)
    return tuple(Option(str(team_id), text, chosen=team_id == chosen) for text, team_id in listed)


def user_options(chosen: int | None) -> tuple[Option, ...]:
    """Active users as choices, at most 1,000; the chosen one always."""
    query = (
        select(_user.c.id, _user.c.name)
        .where(_user.c.deleted_at.is_(None), _user.c.active.is_(True) | (_user.c.id == (chosen or 0)))
        .order_by(_user.c.name, _user.c.id)
        .limit(1000)
    )
    return tuple(Option(str(row.id), row.name, chosen=row.id == chosen) for row in trusted(query))


def values_of(form: Sent) -> dict[str, Any]:
    """Values of the user form for the record service."""
    values: dict[str, Any] = {
        "name": form.get("name", "").strip() or None,
        "email": form.get("email", "").strip() or None,
        "roles": [key for key in form.getlist("roles") if key],
    }
    team = form.get("team", "")
    values["team"] = int(team) if team.isdecimal() and len(team) < 19 else None
    return values


def new_form(sent: Sent | None = None, refusal: KumikoError | None = None) -> FormView:
    """The form of a new user."""
    return FormView(
        title=_("New user"),
        action="/admin/users",
        groups=_groups({}, sent, refusal),
        submit=_("Add"),
        cancel_href="/admin/users",
        crumbs=(Link(_("Users"), "/admin/users"),),
        intro=_("They get an invitation by mail to set a password. Without an e-mail address they cannot sign in.")
        if recovery.mail_leaves()
        else _("You get a link for them to set a password. Without an e-mail address they cannot sign in."),
        summary=summary_of(refusal, ("name", "email", "roles", "team")),
    )


def form_of(view: RecordView, sent: Sent | None = None, refusal: KumikoError | None = None) -> FormView:
    """The form of a user who exists."""
    values = {"name": view.title, "email": view.get("email"), "roles": view.get("roles"), "team": view.link_id("team")}
    return FormView(
        title=_("About this user"),
        action=f"/admin/users/{view.id}",
        groups=_groups(values, sent, refusal),
        submit=_("Save"),
        hidden=(("_version", str(view.version)),),
        summary=summary_of(refusal, ("name", "email", "roles", "team")),
    )


def summary_of(refusal: KumikoError | None, shown: tuple[str, ...]) -> tuple[str, ...]:
    """Sentences of a refusal that belong to no field of the form."""
    if refusal is None:
        return ()
    errors: Mapping[str, Any] = getattr(refusal, "errors", None) or {}
    rest = tuple(line for name, lines in errors.items() if name not in shown for line in lines)
    return rest if errors else (refusal.message,)


def _groups(values: Mapping[str, Any], sent: Sent | None, refusal: KumikoError | None) -> tuple[FieldGroup, ...]:
    errors: Mapping[str, Any] = refusal.errors if isinstance(refusal, Invalid) else {}
    held = values_of(sent) if sent is not None else values
    roles = tuple(held.get("roles") or ())
    team = held.get("team")

    def said(name: str) -> tuple[str, ...]:
        return tuple(errors.get(name, ()))

    return (
        FieldGroup(
            "",
            (
                FieldView("name", _("Name"), value=str(held.get("name") or ""), required=True, errors=said("name"),
                          max_length=300, autofocus=not values),
                FieldView("email", _("E-mail"), kind="email", value=str(held.get("email") or ""), errors=said("email"),
                          help=_("Signs in with it."), max_length=254),
                FieldView("roles", _("Roles"), kind="multichoice", errors=said("roles"), help=_("What they may do."),
                          options=tuple(Option(key, name, chosen=key in roles) for key, name in role_names().items())),
                FieldView("team", _("Team"), kind="choice", value=str(team or ""), errors=said("team"),
                          placeholder=_("No team"), options=team_options(team)),
            ),
        ),
    )  # fmt: skip
