"""The pages of users: who may sign in, as what; invitations; sessions; looking through their eyes."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from kumiko.access import accounts, audit, factors, recovery, sessions, tokens
from kumiko.access.devices import device_name
from kumiko.access.models import USER
from kumiko.admin import desk, user_forms
from kumiko.admin.desk import blueprint, needs
from kumiko.host.context import current, principal
from kumiko.host.errors import Conflict, Forbidden, Invalid, KumikoError, NotFound, Stale
from kumiko.host.i18n import gettext as _
from kumiko.records import service
from kumiko.records.views import RecordView
from kumiko.web import answers
from kumiko.web.account import factor_text
from kumiko.web.formats import ago_text
from kumiko.web.i18n import ngettext
from kumiko.web.viewmodels import Action, Empty, Link, Person, Toast, UserRow, UsersView, UserView

PAGE = "/admin/users"
SHOWN = 200


@blueprint.get("/users")
@needs("users.edit")
def users_page() -> Response:
    q = request.args.get("q", "").strip()[:100]
    limit = min(desk.number_of(request.args.get("limit", "")) or SHOWN, 10_000)
    found = accounts.list_accounts(q, limit=limit + 1)
    shown = found[:limit]
    roles = user_forms.role_names()
    view = UsersView(
        rows=tuple(_row(one, roles) for one in shown),
        q=q,
        tabs=desk.tabs("users"),
        actions=(Action(_("Add a user"), f"{PAGE}/new", "plus", primary=True),),
        count=ngettext("%(num)d user", "%(num)d users", len(shown)) + ("+" if len(found) > limit else ""),
        more_href=f"{PAGE}?limit={limit + 400}" + (f"&q={q}" if q else "") if len(found) > limit else "",
        empty=Empty(_("Nobody is called that"), icon="users", action=Action(_("Show all"), PAGE)),
    )
    return desk.draw("kumiko/admin/users.html", v=view)


def _row(one: accounts.Account, roles: dict[str, str]) -> UserRow:
    state, tone = _state(one.active, one.email, one.has_password)
    return UserRow(
        person=Person.of(one.name, one.id),
        email=one.email,
        roles=", ".join(roles.get(key, key) for key in one.roles),
        team=one.team,
        state=state,
        tone=tone,  # type: ignore[arg-type]
        seen=ago_text(one.seen_at) if one.seen_at else "",
        href=f"{PAGE}/{one.id}",
    )


def _state(active: bool, email: str, has_password: bool) -> tuple[str, str]:
    if not active:
        return _("disabled"), "error"
    if not email:
        return _("cannot sign in"), ""
    return (_("active"), "ok") if has_password else (_("invited"), "warn")


@blueprint.get("/users/new")
@needs("users.edit")
def new_user_page() -> Response:
    return desk.draw("kumiko/form.html", v=user_forms.new_form())


@blueprint.post("/users")
@needs("users.edit")
def add_user() -> Response:
    """Makes the user and shows the link with which they set a password, once."""
    values = user_forms.values_of(request.form)
    try:
        made = service.create(USER, values)
    except (Invalid, Forbidden) as refusal:
        return desk.draw("kumiko/form.html", 422, v=user_forms.new_form(request.form, refusal))
    if not values.get("email"):
        return answers.done(f"{PAGE}/{made.id}", Toast(_("%(name)s is there, and cannot sign in.", name=made.title)))
    return _invited(made.id)


@blueprint.get("/users/<int:user_id>")
@needs("users.edit")
def user_page(user_id: int) -> Response:
    return _page(user_id)


@blueprint.post("/users/<int:user_id>")
@needs("users.edit")
def change_user(user_id: int) -> Response:
    view = service.get(USER, user_id)
    try:
        service.update(
            USER, user_id, user_forms.values_of(request.form), if_match=desk.number_of(desk.text_of("_version"))
        )
    except (Invalid, Forbidden) as refusal:
        return _page(user_id, refusal=refusal)
    except (Conflict, Stale) as refusal:
        return desk.refused(f"{PAGE}/{user_id}", refusal)
    return answers.done(f"{PAGE}/{user_id}", Toast(_("%(name)s is saved.", name=view.title)))


@blueprint.post("/users/<int:user_id>/link")
@needs("users.edit")
def make_link(user_id: int) -> Response:
    """Mails a fresh link to set a password, or shows it, once; the one before stops working."""
    try:
        return _invited(user_id)
    except (Invalid, Forbidden) as refusal:
        return desk.refused(f"{PAGE}/{user_id}", refusal)


def _invited(user_id: int) -> Response:
    path = recovery.invite(user_id)
    if recovery.mail_leaves():
        view = service.get(USER, user_id)
        text = _("An invitation to %(email)s is on its way; it works once, within three days.", email=view.get("email"))
        return answers.done(f"{PAGE}/{user_id}", Toast(text))
    return _page(user_id, secret=_address(path))


@blueprint.post("/users/<int:user_id>/second-factor/reset")
@needs("users.edit")
def reset_factor(user_id: int) -> Response:
    """For somebody who has lost phone and recovery codes."""
    view = service.get(USER, user_id)
    try:
        factors.reset(user_id)
    except KumikoError as refusal:
        return desk.refused(f"{PAGE}/{user_id}", refusal)
    text = _("%(name)s signs in with the password alone again, until a new second factor is set up.", name=view.title)
    return answers.done(f"{PAGE}/{user_id}", Toast(text))


@blueprint.post("/users/<int:user_id>/disable")
@needs("users.edit")
def disable_user(user_id: int) -> Response:
    view = service.get(USER, user_id)
    try:
        accounts.disable(user_id)
    except KumikoError as refusal:
        return desk.refused(f"{PAGE}/{user_id}", refusal)
    text = _("%(name)s can no longer sign in; what they own stays theirs.", name=view.title)
    return answers.done(f"{PAGE}/{user_id}", Toast(text))


@blueprint.post("/users/<int:user_id>/enable")
@needs("users.edit")
def enable_user(user_id: int) -> Response:
    view = service.update(USER, user_id, {"active": True})
    return answers.done(f"{PAGE}/{user_id}", Toast(_("%(name)s may sign in again.", name=view.title)))


@blueprint.post("/users/<int:user_id>/sign-out")
@needs("users.edit")
def sign_out_user(user_id: int) -> Response:
    view = _guarded(user_id)
    ended = sessions.end_all(user_id)
    audit.note("sessions.ended", view.title, user_id=user_id, count=ended)
    text = ngettext("%(name)s is signed out of %(num)d browser.", "%(name)s is signed out of %(num)d browsers.", ended,
                    name=view.title)  # fmt: skip
    return answers.done(f"{PAGE}/{user_id}", Toast(text))


@blueprint.post("/users/<int:user_id>/sessions/<int:session_id>/end")
@needs("users.edit")
def end_session(user_id: int, session_id: int) -> Response:
    _guarded(user_id)
    if not sessions.end(session_id, user_id=user_id):
        raise NotFound(_("There is no such session."))
    return answers.done(f"{PAGE}/{user_id}", Toast(_("That browser is signed out.")))


@blueprint.post("/users/<int:user_id>/tokens/<int:token_id>/revoke")
@needs("users.edit")
def revoke_token(user_id: int, token_id: int) -> Response:
    _guarded(user_id)
    if not tokens.revoke(token_id, user_id=user_id):
        raise NotFound(_("There is no such access token."))
    return answers.done(f"{PAGE}/{user_id}", Toast(_("The access token works no more.")))


def _guarded(user_id: int) -> RecordView:
    """The user; only administrators touch the ways in of administrators."""
    view = service.get(USER, user_id)
    if "administrator" in (view.get("roles") or ()) and not principal().is_administrator:
        raise Forbidden(_("Only an administrator can do that to an administrator."))
    return view


def _page(user_id: int, *, secret: str = "", refusal: KumikoError | None = None) -> Response:
    view = service.get(USER, user_id)
    active, email = bool(view.get("active")), str(view.get("email") or "")
    state, tone = _state(active, email, accounts_has_password(user_id))
    state_of_factor = factors.state_of(user_id)
    page = UserView(
        person=Person.of(view.title, view.id),
        form=user_forms.form_of(view, request.form if refusal is not None else None, refusal),
        crumbs=(Link(_("Users"), PAGE),),
        state=state,
        tone=tone,  # type: ignore[arg-type]
        secret=secret,
        secret_label=_("Hand this link to %(name)s: it sets a password, once, within three days", name=view.title),
        actions=_actions(view, active, email),
        menu=_menu(user_id, active),
        sessions=_sessions(user_id),
        tokens=_tokens(user_id),
        factor=factor_text(state_of_factor),
        factor_act=_factor_action(view, state_of_factor),
    )
    return desk.draw("kumiko/admin/user.html", 422 if refusal is not None else 200, v=page)


def accounts_has_password(user_id: int) -> bool:
    """Whether the user has set a password."""
    from kumiko.access import passwords  # local: argon2 is slow to import

    return passwords.has_password(user_id)


def _factor_action(view: RecordView, state: factors.FactorState) -> Action | None:
    if not state.is_on or view.id == principal().user_id:
        return None
    return Action(
        _("Reset"), f"{PAGE}/{view.id}/second-factor/reset", "shield", method="post",
        confirm=_("The person signs in with the password alone then. Are you sure that it is they who asked?"),
    )  # fmt: skip


def _actions(view: RecordView, active: bool, email: str) -> tuple[Action, ...]:
    person = principal()
    found: list[Action] = []
    if active and person.may("view_as.use") and view.id != person.user_id:
        found.append(Action(_("Look as %(name)s", name=view.title), f"/view-as/{view.id}", "eye", method="post"))
    if active and email:
        label = _("Send a link to set a password") if recovery.mail_leaves() else _("Link to set a password")
        found.append(Action(label, f"{PAGE}/{view.id}/link", "key", method="post"))
    return tuple(found)


def _menu(user_id: int, active: bool) -> tuple[Action, ...]:
    out = Action(_("Sign out everywhere"), f"{PAGE}/{user_id}/sign-out", "logout", method="post")
    if active:
        leave = Action(_("Leaves the company: hand over"), f"{PAGE}/{user_id}/leave", "user-minus")
        return (out, leave, Action(_("Disable"), f"{PAGE}/{user_id}/disable", "user-off", method="post", danger=True))
    return (Action(_("Enable"), f"{PAGE}/{user_id}/enable", "user-check", method="post"),)


def _sessions(user_id: int) -> tuple[tuple[str, str, Action], ...]:
    return tuple(
        (
            device_name(one.agent),
            _("%(address)s, last used %(when)s", address=one.address, when=ago_text(one.seen_at)),
            Action(_("Sign out"), f"{PAGE}/{user_id}/sessions/{one.id}/end", method="post"),
        )
        for one in sessions.list_open(user_id)
    )


def _tokens(user_id: int) -> tuple[tuple[str, str, Action], ...]:
    return tuple(
        (
            (one.name or _("without a name")) + (f" · {_('only reads')}" if one.read_only else ""),
            _("last used %(when)s", when=ago_text(one.used_at)) if one.used_at else _("never used"),
            Action(_("Revoke"), f"{PAGE}/{user_id}/tokens/{one.id}/revoke", method="post", danger=True),
        )
        for one in tokens.list_of(user_id)
    )


def _address(path: str) -> str:
    generation = current().generation
    return path if generation is None else f"{generation.config.base_url}{path}"
