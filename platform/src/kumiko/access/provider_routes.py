"""Leaving for the company's sign-in provider and coming back; also the trial of an administrator."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from kumiko.access import audit, forgery, gate, provider_people, providers, signin, throttle
from kumiko.access.provider_options import TRIAL_KEY, Provider, read_provider
from kumiko.access.routes import _config, _draw, blueprint, enter, first_page
from kumiko.host import settings
from kumiko.host.columns import utc_now
from kumiko.host.context import current, principal, transaction
from kumiko.host.errors import Forbidden, KumikoError, NotFound
from kumiko.host.i18n import gettext as _

COOKIE = "km_provider"
TRIAL_PAGE = "/admin/sign-in"


@blueprint.get(providers.START)
@gate.public
def leave() -> BaseResponse:
    """Off to the provider. A GET, because the content policy lets no form lead elsewhere."""
    provider, wanted = read_provider(), forgery.safe_next(request.args.get("next", "/"))
    if not provider.is_on:
        raise NotFound(_("No sign-in provider is set up here; sign in with e-mail and password."))
    try:
        return _off(provider, wanted)
    except KumikoError as refusal:
        return _refused(refusal, wanted)


@blueprint.get(f"{providers.START}/try")
def try_it() -> BaseResponse:
    """The same way, to see whether the settings work: nobody is signed in by it."""
    person, provider = principal(), read_provider()
    if not person.may("settings.edit") or person.read_only:
        raise Forbidden(_("This page is for administrators; your role does not open it."))
    providers.forget()
    try:
        if not provider.is_complete:
            raise NotFound(_("Enter and save the provider's address first."))
        return _off(provider, TRIAL_PAGE, trial_of_user=person.user_id)
    except KumikoError as refusal:
        _keep_trial(provider, ok=False, said=refusal.message)
        return redirect(TRIAL_PAGE, 303)


@blueprint.get(providers.BACK)
@gate.public
def come_back() -> BaseResponse:
    """Where the provider sends people to. Following it is signing in, as with a link."""
    provider, answer = read_provider(), {name: value[:4000] for name, value in request.args.items()}
    wanted = "/"
    try:
        throttle.count_attempt("", gate.browser().address)
        journey = providers.read_journey(request.cookies.get(COOKIE, ""))
        wanted = forgery.safe_next(str(journey["next"]))
        if journey["trial"] is not None:
            return _without_cookie(_trial(provider, journey, answer))
        if not provider.is_on:
            raise NotFound(_("No sign-in provider is set up here; sign in with e-mail and password."))
        claims = providers.come_back(provider, journey, answer)
        user_id, name = provider_people.receive(provider, claims)
        throttle.forgive("", gate.browser().address)
        sure = provider.two_factors or claims.two_factors
        entry = signin.let_in(user_id, name, gate.browser(), "provider", two_factors=sure)
        return _without_cookie(enter(entry, wanted))
    except KumikoError as refusal:
        audit.note("sign_in.failed", by="provider", why=refusal.message[:200], address=gate.browser().address)
        return _without_cookie(_refused(refusal, wanted))


def _off(provider: Provider, wanted: str, *, trial_of_user: int | None = None) -> Response:
    address, kept = providers.leave(provider, wanted, trial_of_user=trial_of_user)
    response = make_response(redirect(address, 303))
    response.set_cookie(COOKIE, kept, max_age=providers.AWAY_S, path=providers.START, httponly=True, samesite="Lax",
                        secure=_config().secure)  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response


def _without_cookie(response: Any) -> Any:
    response.delete_cookie(COOKIE, path=providers.START, httponly=True, samesite="Lax", secure=_config().secure)
    return response


def _refused(refusal: KumikoError, wanted: str) -> Response:
    return _draw("kumiko/signin.html", first_page(error=refusal.message, next=wanted), 403)


def _trial(provider: Provider, journey: Any, answer: dict[str, str]) -> BaseResponse:
    person = current().principal
    if person is None or person.user_id != journey["trial"] or not person.may("settings.edit"):
        raise Forbidden(_("Only the administrator who began this trial can end it."))
    throttle.forgive("", gate.browser().address)
    try:
        claims = providers.come_back(provider, journey, answer)
        found = provider_people.find(provider, claims)
    except KumikoError as refusal:
        _keep_trial(provider, ok=False, said=refusal.message)
        return redirect(TRIAL_PAGE, 303)
    roles = ", ".join(found.roles) or _("no role")
    if found.user_id is None:
        said = _("It works. %(name)s (%(email)s) would be made, with: %(roles)s.", name=found.name, email=found.email,
                 roles=roles)  # fmt: skip
    else:
        said = _("It works. %(email)s would be signed in as %(name)s, with: %(roles)s.", name=found.name,
                 email=claims.email or found.email, roles=roles)  # fmt: skip
    if claims.two_factors:
        said += " " + _("It says that it checked a second factor.")
    _keep_trial(provider, ok=True, said=said, groups=list(claims.groups[:50]))
    return redirect(TRIAL_PAGE, 303)


def _keep_trial(provider: Provider, **found: Any) -> None:
    with transaction():
        settings.put({TRIAL_KEY: {"mark": provider.mark, "at": utc_now().isoformat(), **found}})
        audit.note("provider.tried", provider.issuer, ok=found.get("ok"))
