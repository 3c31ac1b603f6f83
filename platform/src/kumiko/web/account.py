"""The profile page: a person's own settings, password, sessions and access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from kumiko.access import accounts, audit, factors, gate, passwords, profile, sessions, signin, tokens
from kumiko.access.devices import device_name
from kumiko.host.context import current, principal
from kumiko.host.errors import Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.notify import wishes
from kumiko.records.views import RecordView
from kumiko.web import answers
from kumiko.web.i18n import ngettext
from kumiko.web.viewmodels import Action, FieldGroup, FieldView, FormView, Option, Person, ProfileView, Toast

blueprint = Blueprint("web_account", __name__)

_TOKEN_DAYS = {"30": 30, "90": 90, "365": 365}
_AREAS = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@blueprint.get("/profile")
def show() -> Response:
    return _draw(_page())


@blueprint.post("/profile")
def save() -> Response:
    form = request.form
    values: dict[str, Any] = {
        name: form[name] or None for name in ("name", "language", "zone", "theme") if name in form
    }
    values["shortcuts_off"] = _ticked("shortcuts_off")
    if "notices_by_mail" in form:
        values["notices_by_mail"] = _ticked("notices_by_mail")
    try:
        profile.change_own_record(values)
    except Invalid as refusal:
        page = _page()
        return _draw(replace(page, form=_refused(page.form, refusal, form)), 422)
    return redirect("/profile", 303)


@blueprint.post("/profile/notices")
def save_notice_ways() -> Response:
    """By which way each kind of notice is told."""
    sent = {kind: request.form[f"way.{kind}"] for kind in wishes.kinds() if f"way.{kind}" in request.form}
    wishes.choose(sent)
    return answers.done("/profile#notice-ways", Toast(_("Your choice is saved.")))


@blueprint.post("/profile/password")
def change_password() -> Response:
    known = gate.signed_in()
    try:
        signin.change_password(
            request.form.get("current", ""),
            request.form.get("password", ""),
            request.form.get("again", ""),
            session_id=known.session_id if known else None,
        )
    except Invalid as refusal:
        page = _page()
        return _draw(replace(page, password=_refused(_password_form(), refusal, {})), 422)
    return redirect("/profile", 303)


@blueprint.post("/profile/tokens")
def make_token() -> Response:
    """The answer shows the token, once; so it is no redirect."""
    try:
        secret = accounts.make_token(
            profile.own_id(),
            name=request.form.get("token_name", ""),
            read_only=_ticked("token_read_only"),
            words=request.form.get("token_scopes", "").replace(",", " ").split(),
            days=_TOKEN_DAYS.get(request.form.get("token_days", "")),
        )
    except Invalid as refusal:
        sent = {name: request.form.get(name, "") for name in ("token_name", "token_scopes", "token_days")}
        told = Invalid(refusal.message, {"token_scopes": [refusal.message]})
        return _draw(replace(_page(), token_form=_refused(_token_form(), told, sent)), 422)
    page = replace(_page(), secret=secret, secret_label=_("Your new access token"))
    response = _draw(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/profile/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> Response:
    if not tokens.revoke(token_id, user_id=profile.own_id()):
        raise NotFound(_("You have no such access token."))
    return redirect("/profile", 303)


@blueprint.post("/profile/sessions/<int:session_id>/end")
def end_session(session_id: int) -> Response:
    if not sessions.end(session_id, user_id=profile.own_id()):
        raise NotFound(_("You have no such session."))
    return redirect("/profile", 303)


@blueprint.post("/profile/sessions/end-others")
def end_other_sessions() -> Response:
    """Sign out of every browser but this one."""
    known = gate.signed_in()
    ended = sessions.end_all(profile.own_id(), but=known.session_id if known else None)
    audit.note("sessions.ended", principal().name, count=ended)
    text = ngettext(
        "You are signed out of %(num)d other browser.", "You are signed out of %(num)d other browsers.", ended
    )
    return answers.done("/profile#ways-in", Toast(text))


def _draw(page: ProfileView, status: int = 200) -> Response:
    return make_response(render_template("kumiko/profile.html", v=page), status)


def _page() -> ProfileView:
    record, user_id = profile.own_record(), profile.own_id()
    state = factors.state_of(user_id)
    may_make = principal().may("tokens.make") and not principal().read_only
    return ProfileView(
        person=Person.of(record.title, user_id),
        form=_form(record),
        password=_password_form(state.has_password),
        sessions=_sessions(user_id),
        tokens=_tokens(user_id),
        token_form=_token_form() if may_make else None,
        factor=factor_text(state),
        factor_act=Action(_("Second factor"), "/profile/second-factor", "shield-check"),
        notices=_notice_form() if wishes_are_kept() else None,
        end_all=Action(_("Sign out everywhere else"), "/profile/sessions/end-others", "logout", method="post"),
    )


def factor_text(state: factors.FactorState) -> str:
    """The second factor of a user in a sentence."""
    if not state.is_on or state.since is None:
        return _("Off: a password alone opens this account.")
    return ngettext(
        "On since %(when)s; %(num)d recovery code is left.",
        "On since %(when)s; %(num)d recovery codes are left.",
        state.codes_left,
        when=_when(state.since),
    )


def _form(record: RecordView) -> FormView:
    generation = current().generation
    offered = {} if generation is None else generation.state["languages"]
    fields = (
        FieldView(name="name", label=_("Name"), value=record.title, required=True, autocomplete="name", max_length=300),
        FieldView(
            name="language",
            label=_("Language"),
            kind="choice",
            value=str(record.get("language") or ""),
            options=_options(dict(offered)),
            placeholder=_("As the company"),
        ),
        FieldView(
            name="zone",
            label=_("Time zone"),
            kind="choice",
            value=str(record.get("zone") or ""),
            options=_options(_zones(record.get("zone"))),
            placeholder=_("As the company"),
        ),
        FieldView(
            name="theme",
            label=_("Appearance"),
            kind="choice",
            value=str(record.get("theme") or ""),
            options=_options({"light": _("Light"), "dark": _("Dark")}),
            placeholder=_("As the device"),
        ),
        FieldView(
            name="shortcuts_off",
            label=_("Switch off single-key shortcuts"),
            kind="boolean",
            value="true" if record.get("shortcuts_off") else "",
            help=_("Keys such as c and / do nothing then; those with Ctrl go on working."),
        ),
        FieldView(
            name="notices_by_mail",
            label=_("Notices by mail, too"),
            kind="boolean",
            value="true" if record.get("notices_by_mail") else "",
            help=_(
                "Notices always stand under the bell; ticked, each one is also sent to %(email)s.",
                email=principal().email or _("your address"),
            ),
        ),
    )
    return FormView(
        title=_("About you"), action="/profile", groups=(FieldGroup(title="", fields=fields),), submit=_("Save")
    )


def wishes_are_kept() -> bool:
    """Whether notices are told here at all: a bare installation has none."""
    generation = current().generation
    return generation is not None and generation.is_on("notify")


def _notice_form() -> FormView:
    ways = (Option(wishes.BELL, _("Here only")), Option(wishes.MAIL, _("Here and by mail")),
            Option(wishes.NONE, _("Not at all")))  # fmt: skip
    fields = tuple(
        FieldView(
            f"way.{one.kind}", one.label, kind="choice", value=one.way, placeholder=_("As the box above says"),
            options=tuple(way for way in ways if one.may_be_off or way.key != wishes.NONE),
        )
        for one in wishes.own_wishes()
    )  # fmt: skip
    return FormView(
        title=_("What you are told, and how"),
        action="/profile/notices",
        groups=(FieldGroup("", fields),),
        submit=_("Save"),
    )


def _password_form(has_password: bool | None = None) -> FormView:
    def box(name: str, label: str, autocomplete: str) -> FieldView:
        return FieldView(name=name, label=label, kind="password", required=True, autocomplete=autocomplete)

    fields = [box("password", _("New password"), "new-password"), box("again", _("The same once more"), "new-password")]
    if passwords.has_password(profile.own_id()) if has_password is None else has_password:
        fields.insert(0, box("current", _("Present password"), "current-password"))
    return FormView(
        title=_("Password"),
        action="/profile/password",
        groups=(FieldGroup(title="", fields=tuple(fields)),),
        submit=_("Change the password"),
        intro=_("At least %(count)d characters. Your other sessions end.", count=passwords.SHORTEST),
    )


def _token_form() -> FormView:
    fields = (
        FieldView(name="token_name", label=_("What it is for"), required=True, max_length=120),
        FieldView(name="token_read_only", label=_("It may only read"), kind="boolean", value="1"),
        FieldView(
            name="token_scopes",
            label=_("What it may do"),
            help=_("Empty: whatever you may. Else words such as deals:read persons:write, for the API only."),
            max_length=2000,
        ),
        FieldView(
            name="token_days",
            label=_("How long it works"),
            help=_("Nothing chosen: without an end."),
            kind="choice",
            options=_options({days: _("for %(count)s days", count=days) for days in _TOKEN_DAYS}),
        ),
    )
    return FormView(
        title=_("New access token"),
        action="/profile/tokens",
        groups=(FieldGroup(title="", fields=fields),),
        submit=_("Make a token"),
    )


def _sessions(user_id: int) -> tuple[tuple[str, str, Action], ...]:
    known = gate.signed_in()
    mine = known.session_id if known else None
    return tuple(
        (
            device_name(one.agent) + (f" · {_('this browser')}" if one.id == mine else ""),
            _("%(address)s, last used %(when)s", address=one.address, when=_when(one.seen_at)),
            Action(label=_("Sign out"), href=f"/profile/sessions/{one.id}/end", method="post"),
        )
        for one in sessions.list_open(user_id)
    )


def _tokens(user_id: int) -> tuple[tuple[str, str, Action], ...]:
    return tuple(
        (
            " · ".join(
                [one.name or _("without a name"), *([_("only reads")] if one.read_only else ()), *(one.scopes or ())]
            ),
            " · ".join(
                [
                    _("last used %(when)s", when=_when(one.used_at)) if one.used_at else _("never used"),
                    *([_("works until %(when)s", when=_when(one.expires_at))] if one.expires_at else ()),
                ]
            ),
            Action(label=_("Revoke"), href=f"/profile/tokens/{one.id}/revoke", method="post", danger=True),
        )
        for one in tokens.list_of(user_id)
    )


def _refused(form: FormView, refusal: Invalid, sent: Mapping[str, str]) -> FormView:
    """The form with what was sent and the sentences beside the fields."""
    groups = tuple(
        replace(
            group,
            fields=tuple(
                replace(
                    one,
                    value=sent.get(one.name, one.value) if one.kind != "password" else "",
                    errors=tuple(refusal.errors.get(one.name, ())),
                )
                for one in group.fields
            ),
        )
        for group in form.groups
    )
    names = {one.name for group in form.groups for one in group.fields}
    rest = tuple(line for name, lines in refusal.errors.items() if name not in names for line in lines)
    return replace(form, groups=groups, summary=rest if refusal.errors else (refusal.message,))


def _options(names: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(Option(key=key, label=label) for key, label in names.items())


def _ticked(name: str) -> bool:
    """A checkbox comes after a hidden "false" of the same name; the last one counts."""
    return (request.form.getlist(name) or [""])[-1] in ("true", "1", "on")


def _zones(present: str | None) -> dict[str, str]:
    names = {name for name in available_timezones() if name.startswith(_AREAS)} | {"UTC"}
    return {name: name.replace("_", " ") for name in sorted(names | ({present} if present else set()))}


def _when(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(principal().zone or "UTC")).strftime("%Y-%m-%d %H:%M")
