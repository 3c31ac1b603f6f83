"""What the pages of administrators share: who may open which, and the tabs that lead from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, current_app, redirect, request
from werkzeug.wrappers import Response

from kumiko.host.context import principal
from kumiko.host.errors import Forbidden, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.web import answers
from kumiko.web.viewmodels import Link, Toast

V = TypeVar("V", bound=Callable[..., Any])

blueprint = Blueprint("admin", __name__, url_prefix="/admin", template_folder="templates")

#: The pages of administration by what somebody comes for: (key, label, address, icon, permission) under a label.
GROUPS = (
    (
        _l("People and rights"),
        (
            ("users", _l("Users"), "/admin/users", "users", "users.edit"),
            ("teams", _l("Teams"), "/admin/teams", "users-group", "users.edit"),
            ("roles", _l("Roles"), "/admin/roles", "shield", "roles.edit"),
            ("sign-in", _l("Sign-in"), "/admin/sign-in", "login", "settings.edit"),
            ("leaks", _l("Leak test"), "/admin/leaks", "shield-check", "audit.read"),
        ),
    ),
    (
        _l("Modules and fields"),
        (
            ("plugins", _l("Modules"), "/admin/plugins", "puzzle", "plugins.switch"),
            ("fields", _l("Fields"), "/admin/fields", "forms", "fields.edit"),
            ("settings", _l("Settings"), "/admin/settings", "settings", "settings.edit"),
            ("mail", _l("Mail"), "/admin/mail", "mail", "settings.edit"),
        ),
    ),
    (
        _l("Data"),
        (
            ("backups", _l("Backups"), "/admin/backups", "database", "archive.back_up"),
            ("personal-data", _l("Personal data"), "/admin/personal-data", "user-search", "privacy.read"),
            ("exits", _l("Exports and reading"), "/exports", "download", "audit.read"),
        ),
    ),
    (
        _l("Operation"),
        (
            ("jobs", _l("Background work"), "/admin/jobs", "activity", "jobs.manage"),
            ("log", _l("Log"), "/admin/log", "history", "audit.read"),
            ("health", _l("Health"), "/admin/health", "heart", "plugins.switch"),
        ),
    ),
)
TABS = tuple(page for _label, pages in GROUPS for page in pages)


class Pages(tuple[Link, ...]):  # noqa: SLOT001 - a tuple cannot have slots of its own
    """The pages of one group of the administration, which `label` names; `groups` leads to the others."""

    label: str = ""
    groups: tuple[Link, ...] = ()


def needs(permission: str) -> Callable[[V], V]:
    """Mark a page of this blueprint with the permission it needs; a page without a mark opens for nobody."""

    def mark(view: V) -> V:
        view.kumiko_needs = permission  # type: ignore[attr-defined]
        return view

    return mark


@blueprint.before_request
def check() -> None:
    """Refuse whoever lacks the permission of the page."""
    wanted = getattr(current_app.view_functions.get(request.endpoint or ""), "kumiko_needs", None)
    if wanted is None or (wanted and not principal().may(wanted)):
        raise Forbidden(_("This page is for administrators; your role does not open it."))


def tabs(active: str) -> Pages:
    """The pages of the group of `active` that this person may open, and the ways to the other groups."""
    found, name_of_group, groups = Pages(), "", []
    for label, pages in of_person():
        here = any(key == active for key, *_rest in pages)
        groups.append(Link(str(label), pages[0][2], active=here))
        if here:
            name_of_group = str(label)
            found = Pages(Link(str(name), href, active=key == active) for key, name, href, _icon, _may in pages)
    found.label, found.groups = name_of_group, tuple(groups)
    return found


def of_person() -> list[tuple[Any, list[tuple[str, Any, str, str, str]]]]:
    """The groups with the pages that this person may open; those without one are left out."""
    person = principal()
    groups = [(label, [page for page in pages if person.may(page[4])]) for label, pages in GROUPS]
    return [(label, pages) for label, pages in groups if pages]


@blueprint.get("")
def start() -> Response:
    """The first page that this person may open."""
    groups = of_person()
    if not groups:
        raise Forbidden(_("This page is for administrators; your role does not open it."))
    return redirect(groups[0][1][0][2])


start.kumiko_needs = ""  # type: ignore[attr-defined]


def draw(template: str, status: int = 200, **variables: Any) -> Response:
    """A page of administrators; none is kept by the browser, since some show secrets once."""
    response = answers.page(template, status, **variables)
    response.headers["Cache-Control"] = "no-store"
    return response


def dialog(view: Any) -> Response:
    """What will happen, asked before it does: in the page's dialog, or as a page of its own without scripts."""
    if answers.in_dialog() or answers.is_htmx():
        return answers.page("kumiko/impact_dialog.html", v=view)
    return answers.page("admin/ask.html", v=view)


def refused(path: str, error: KumikoError) -> Response:
    """Back to where the person was, with the reason."""
    lines = [line for said in getattr(error, "errors", {}).values() for line in said]
    text = " ".join(dict.fromkeys([error.message, *lines]))
    return answers.done(path, Toast(text[:600], tone="error"))


def text_of(name: str, limit: int = 300) -> str:
    """A text that was sent, without blanks around it."""
    return request.form.get(name, "").strip()[:limit]


def number_of(text: str) -> int | None:
    """An id or count that was sent, None when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


__all__ = ["TABS", "blueprint", "dialog", "draw", "needs", "number_of", "refused", "tabs", "text_of"]
