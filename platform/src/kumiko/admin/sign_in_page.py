"""The page of signing in: how long sessions last, who needs a second factor, and the company's sign-in provider."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from kumiko.access import audit, options, provider_options, providers
from kumiko.admin import desk, user_forms
from kumiko.admin.desk import blueprint, needs
from kumiko.host import settings
from kumiko.host.context import transaction
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.web import answers
from kumiko.web.viewmodels import FieldGroup, FieldView, FormView, Option, Toast

PAGE = "/admin/sign-in"
_RULES = ("idle_hours", "lifetime_days", "second_factor", "second_factor_roles", "reset_by_mail")
_PROVIDER = (
    "title",
    "issuer",
    "client_id",
    "client_secret",
    "create",
    "role",
    "group_claim",
    "groups",
    "allow_private",
    "two_factors",
)


@blueprint.get("/sign-in")
@needs("settings.edit")
def sign_in_rules_page() -> Response:
    return _draw()


@blueprint.post("/sign-in")
@needs("settings.edit")
def save_sign_in_rules() -> Response:
    sent: dict[str, Any] = {name: request.form.get(name, "") for name in _RULES}
    sent["second_factor_roles"] = request.form.getlist("second_factor_roles")
    sent["reset_by_mail"] = _ticked("reset_by_mail")
    try:
        values = options.checked(sent, user_forms.role_names())
    except Invalid as refusal:
        return _draw(rules_refusal=refusal)
    _store(values, "access", fields=", ".join(name.removeprefix("access.") for name in values))
    return answers.done(PAGE, Toast(_("The settings are saved.")))


@blueprint.post("/sign-in/provider")
@needs("settings.edit")
def save_provider() -> Response:
    sent = {name: request.form.get(name, "") for name in _PROVIDER}
    for name in ("create", "allow_private", "two_factors"):
        sent[name] = "true" if _ticked(name) else ""
    try:
        values = provider_options.checked(sent, user_forms.role_names())
    except Invalid as refusal:
        return _draw(provider_refusal=refusal)
    _store(values, "access.provider")
    providers.forget()
    return answers.done(PAGE, Toast(_("The settings are saved. Try them before people sign in with them.")))


@blueprint.post("/sign-in/provider/<word>")
@needs("settings.edit")
def switch_provider(word: str) -> Response:
    try:
        values = provider_options.switched(word == "on")
    except Invalid as refusal:
        return desk.refused(PAGE, refusal)
    _store(values, "access.provider", on=word == "on")
    text = _("People may sign in with the provider now.") if word == "on" else _("The provider is switched off.")
    return answers.done(PAGE, Toast(text))


def _store(values: dict[str, Any], subject: str, **details: Any) -> None:
    with transaction():
        settings.put(values)
        audit.note("settings.change", subject, **details)


def _ticked(name: str) -> bool:
    return (request.form.getlist(name) or [""])[-1] in ("true", "1", "on")


def _draw(*, rules_refusal: Invalid | None = None, provider_refusal: Invalid | None = None) -> Response:
    provider = provider_options.read_provider()
    return desk.draw(
        "admin/sign_in.html",
        200 if rules_refusal is None and provider_refusal is None else 422,
        rules=_rules_form(rules_refusal),
        provider=_provider_form(provider, provider_refusal),
        is_on=provider.is_on,
        is_complete=provider.is_complete,
        trial=provider_options.trial_of(provider),
        redirect_uri=providers.redirect_uri(),
        tabs=desk.tabs("sign-in"),
    )


def _rules_form(refusal: Invalid | None) -> FormView:
    kept, said = options.read_options(), refusal.errors if refusal else {}
    chosen = request.form.getlist("second_factor_roles") if refusal else kept.second_factor_roles

    def field(name: str, label: str, **more: Any) -> FieldView:
        value = request.form.get(name, "") if refusal else str(getattr(kept, name))
        return FieldView(name, label, value=value, errors=tuple(said.get(name, ())), **more)

    whom = (
        Option(options.NOBODY, _("Nobody; whoever likes sets one up")),
        Option(options.ROLES, _("People with one of these roles")),
        Option(options.EVERYBODY, _("Everybody")),
    )
    roles = tuple(Option(key, name, chosen=key in chosen) for key, name in user_forms.role_names().items())
    reset = _ticked("reset_by_mail") if refusal else kept.reset_by_mail
    return FormView(
        title=_("Rules"),
        action=PAGE,
        groups=(
            FieldGroup(
                _("Sessions"),
                (
                    field("idle_hours", _("Hours unused until signed out"), kind="integer",
                          required=True),
                    field("lifetime_days", _("Days until signed out in any case"), kind="integer",
                          required=True),
                    FieldView("reset_by_mail", _("New passwords by mail"), kind="boolean",
                              value="true" if reset else "",
                              help=_("Whoever forgot theirs asks for a link on the sign-in page.")),
                ),
            ),
            FieldGroup(
                _("Second factor"),
                (
                    field("second_factor", _("Who must have one"), kind="choice", options=whom, required=True,
                          help=_("Open sessions go on; at the next sign-in nothing opens until it is set up.")),
                    FieldView("second_factor_roles", _("Roles"), kind="multichoice", options=roles,
                              errors=tuple(said.get("second_factor_roles", ()))),
                ),
            ),
        ),
        submit=_("Save"),
        summary=user_forms.summary_of(refusal, _RULES),
    )  # fmt: skip


def _provider_form(kept: provider_options.Provider, refusal: Invalid | None) -> FormView:
    said = refusal.errors if refusal else {}

    def field(name: str, label: str, value: str, **more: Any) -> FieldView:
        shown = request.form.get(name, "") if refusal else value
        return FieldView(name, label, value=shown, errors=tuple(said.get(name, ())), **more)

    def switch(name: str, label: str, on: bool, help_: str) -> FieldView:
        ticked = _ticked(name) if refusal else on
        return FieldView(name, label, kind="boolean", value="true" if ticked else "", help=help_)

    groups = "\n".join(f"{name} = {role}" for name, role in (kept.groups or {}).items())
    roles = tuple(Option(key, name) for key, name in user_forms.role_names().items())
    return FormView(
        title=_("Sign-in provider (OpenID Connect)"),
        action=f"{PAGE}/provider",
        groups=(
            FieldGroup(
                "",
                (
                    field("title", _("Name on the button"), kept.title, max_length=60,
                          placeholder=_("your company account")),
                    field("issuer", _("Address of the provider (issuer)"), kept.issuer, required=True, kind="url",
                          placeholder="https://login.example.com", max_length=300),
                    field("client_id", _("Client id"), kept.client_id, required=True, max_length=300),
                    FieldView("client_secret", _("Client secret"), kind="password", autocomplete="new-password",
                              help=_("Kept encrypted. Leave it empty to keep the one that is stored.")
                              if kept.secret else _("Kept encrypted; empty for a public client.")),
                    switch("two_factors", _("It checks a second factor at every sign-in"), kept.two_factors,
                           _("Otherwise that counts only when it says so itself (amr, acr), and people who must have "
                             "a second factor set one up here.")),
                    switch("allow_private", _("It stands in our own network"), kept.allow_private,
                           _("Otherwise addresses in private networks are never called.")),
                ),
            ),
            FieldGroup(
                _("Who is let in"),
                (
                    switch("create", _("Make users who are not here yet"), kept.create,
                           _("Otherwise only people whom you added sign in, found by their verified address.")),
                    field("role", _("Role of new people"), kept.role, kind="choice", options=roles),
                    field("group_claim", _("Claim with the groups"), kept.group_claim, max_length=100),
                    field("groups", _("Groups that give roles"), groups, kind="longtext", wide=True,
                          placeholder="Sales = seller",
                          help=_("A line each: group = role. These roles follow the groups at every sign-in; others "
                                 "stay as you give them.")),
                ),
            ),
        ),
        submit=_("Save"),
        summary=user_forms.summary_of(refusal, _PROVIDER),
    )  # fmt: skip
