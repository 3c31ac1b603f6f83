"""Errors as pages in plain words: what was wanted, what was found, what to do."""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from kumiko.access.gate import sign_in_address
from kumiko.host.context import current
from kumiko.host.http import Problem
from kumiko.host.i18n import gettext as _
from kumiko.web.answers import is_htmx, trigger
from kumiko.web.shell import _has_rule
from kumiko.web.viewmodels import Action, ErrorView

ICONS = {401: "lock", 403: "lock", 404: "compass", 412: "arrow-merge", 422: "alert-circle", 429: "clock", 503: "clock"}


def error_page(problem: Problem) -> Response:
    """The page of an error; for scripts a sentence that the page shows as a message."""
    if is_htmx() or request.headers.get("Sec-Fetch-Dest") == "empty":
        response = make_response(problem.detail, problem.status)
        response.mimetype = "text/plain"
        if problem.status == 401:
            response.headers["HX-Redirect"] = sign_in_address("/")
        return trigger(response, km_toast={"msg": _sentence(problem), "tone": "error"})
    return make_response(render_template("kumiko/error.html", v=_view(problem), company="Kumiko"), problem.status)


def _sentence(problem: Problem) -> str:
    lines = [line for said in problem.errors.values() for line in said]
    return " ".join([problem.detail, *[line for line in lines if line not in problem.detail]]).strip()


def _view(problem: Problem) -> ErrorView:
    return ErrorView(
        code=str(problem.status),
        title=_title(problem),
        text=_sentence(problem),
        icon="plug-off" if problem.module and problem.status == 404 else ICONS.get(problem.status, "alert-triangle"),
        actions=_actions(problem),
        details=_("Request %(id)s", id=problem.request_id[:12]) if problem.status >= 500 else "",
    )


def _title(problem: Problem) -> str:
    if problem.type == "/problems/module-off" and problem.feature:
        return _("This part is switched off")
    if problem.type == "/problems/module-off":
        return _("This module is switched off")
    titles = {
        400: _("This request cannot be read"),
        401: _("Sign in to see this"),
        403: _("You may not do that"),
        404: _("There is nothing here"),
        405: _("This address does not take that"),
        409: _("That is not possible now"),
        412: _("Somebody changed this first"),
        413: _("That is too large"),
        422: _("Some values are not accepted"),
        428: _("The version is missing"),
        429: _("Too many attempts"),
        503: _("Kumiko is busy"),
    }
    return titles.get(problem.status, _("Something went wrong"))


def _actions(problem: Problem) -> tuple[Action, ...]:
    person = current().principal
    if person is None:
        return (Action(_("Sign in"), sign_in_address(request.full_path.rstrip("?")), primary=True),)
    found = [Action(_("Home"), "/", "home", primary=True)]
    if problem.module and problem.status == 404 and person.may("plugins.switch") and _has_rule("/admin/plugins"):
        path = f"/admin/plugins/{problem.module}#features" if problem.feature else "/admin/plugins"
        found.insert(0, Action(_("Modules"), path, "puzzle"))
    if problem.status in (429, 503) and request.method == "GET":
        found.insert(0, Action(_("Try again"), request.full_path.rstrip("?"), "refresh"))
    return tuple(found)
