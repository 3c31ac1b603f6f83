"""Signing in with the company's provider (OpenID Connect, authorization code with PKCE).

Between leaving and coming back the browser holds state, nonce and verifier in a sealed cookie; nothing is stored here.
The provider's answers are checked by signature, issuer, audience, time and nonce.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from kumiko.access.provider_options import Provider, read_provider
from kumiko.host.context import current
from kumiko.host.errors import Conflict, Invalid, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.outgoing import CannotReach, call_outside, check_url
from kumiko.secrets import seal, unseal

START, BACK = "/sign-in/provider", "/sign-in/provider/back"
AWAY_S = 600
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
#: Words of `amr` for what one knows, and for what one has or is; one of each are two factors.
_KNOWN, _HELD = {"pwd", "pin", "kba"}, {"otp", "hwk", "swk", "sc", "sms", "tel", "fpt", "face", "iris", "retina", "vbm"}
_STRONG = (
    "phr",
    "phrh",
    "https://refeds.org/profile/mfa",
    "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
)
_KEPT_S, _FAILED_S, _LEEWAY_S = 3600.0, 20.0, 60
_discovered: dict[str, tuple[float, Any]] = {}
_asking = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Who the provider says that this is."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str
    groups: tuple[str, ...] = field(default=())
    two_factors: bool = False  # the provider says that it checked a second factor


@dataclass(frozen=True, kw_only=True)
class Way:
    """A button of the sign-in page."""

    href: str
    label: str
    icon: str = "key"


def methods(wanted: str) -> tuple[Way, ...]:
    """Buttons of the sign-in page, beside the form for e-mail and password, which is always there."""
    provider = read_provider()
    if not provider.is_on:
        return ()
    title = provider.title or _("your company account")
    return (Way(href=f"{START}?next={quote(wanted, safe='')}", label=_("Sign in with %(title)s", title=title)),)


def leave(provider: Provider, wanted: str, *, trial_of_user: int | None = None) -> tuple[str, str]:
    """(address to send the browser to, sealed cookie that it brings back)."""
    known = _discover(provider)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _number in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": redirect_uri(),
        "scope": "openid email profile", "state": state, "nonce": nonce, "code_challenge": challenge,
        "code_challenge_method": "S256",
    }  # fmt: skip
    kept = {"state": state, "nonce": nonce, "verifier": verifier, "next": wanted, "at": int(time.time()),
            "mark": provider.mark, "trial": trial_of_user}  # fmt: skip
    endpoint = str(known["authorization_endpoint"])
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}", seal(json.dumps(kept))


def redirect_uri() -> str:
    """The address that the provider must know to send people back to."""
    generation = current().generation
    return f"{'' if generation is None else generation.config.base_url}{BACK}"


def read_journey(cookie: str) -> Mapping[str, Any]:
    """What a browser took along; Invalid when it comes back too late, twice, or with nothing of ours."""
    sentence = _("That took too long, or it was begun in another browser. Sign in once more.")
    try:
        kept = json.loads(unseal(cookie)) if cookie else None
    except (Conflict, ValueError):
        kept = None
    if not isinstance(kept, dict) or not 0 <= time.time() - kept["at"] <= AWAY_S:
        raise Invalid(sentence)
    return kept


def come_back(provider: Provider, journey: Mapping[str, Any], answer: Mapping[str, str]) -> Claims:
    """Who came back; Invalid with a sentence when the provider refused or what it says does not hold."""
    if not hmac.compare_digest(answer.get("state", ""), journey["state"]) or journey["mark"] != provider.mark:
        raise Invalid(_("That took too long, or it was begun in another browser. Sign in once more."))
    if "error" in answer:
        said = answer.get("error_description") or answer["error"]
        raise Invalid(_("The sign-in provider says: %(said)s", said=said[:300]))
    known = _discover(provider)
    if answer.get("iss", provider.issuer).rstrip("/") != provider.issuer:
        raise _unsound(_("the answer names another provider"))
    tokens = _exchange(provider, known, answer.get("code", ""), journey["verifier"])
    found = _checked_token(provider, known, str(tokens.get("id_token") or ""), journey["nonce"])
    two_factors = says_two_factors(found)  # of what is signed alone
    if not found.get("email") and known.get("userinfo_endpoint") and tokens.get("access_token"):
        more = _json(provider, "GET", known["userinfo_endpoint"],
                     headers={"Authorization": f"Bearer {tokens['access_token']}"})  # fmt: skip
        if more.get("sub") != found["sub"]:
            raise _unsound(_("it told about two different people"))
        found = {**more, **found}
    groups = found.get(provider.group_claim)
    named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    return Claims(
        issuer=provider.issuer,
        subject=str(found["sub"]),
        email=str(found.get("email") or "").strip().lower(),
        email_verified=found.get("email_verified") in (True, "true"),
        name=" ".join(str(found.get("name") or "").split())[:200],
        groups=tuple(str(one) for one in named if isinstance(one, str | int))[:1000],
        two_factors=two_factors,
    )


def says_two_factors(token: Mapping[str, Any]) -> bool:
    """Whether the token says so: `amr` (RFC 8176) names several factors, or `acr` a class that needs them."""
    named = token.get("amr")
    ways = {str(one).lower() for one in named} if isinstance(named, list) else set()
    return "mfa" in ways or bool(ways & _KNOWN and ways & _HELD) or str(token.get("acr") or "") in _STRONG


def _exchange(provider: Provider, known: Mapping[str, Any], code: str, verifier: str) -> Mapping[str, Any]:
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri(), "code_verifier": verifier}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    secret = provider.client_secret()
    ways = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if not secret:
        sent["client_id"] = provider.client_id
    elif "client_secret_basic" in ways or "client_secret_post" not in ways:
        pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        sent |= {"client_id": provider.client_id, "client_secret": secret}
    return _json(provider, "POST", known["token_endpoint"], body=urlencode(sent).encode(), headers=headers)


def _checked_token(provider: Provider, known: Mapping[str, Any], token: str, nonce: str) -> dict[str, Any]:
    try:
        head = jwt.get_unverified_header(token)
        if head.get("alg") not in _ALGORITHMS:
            raise _unsound(_("it signs in a way that is not accepted (%(alg)s)", alg=str(head.get("alg"))[:20]))
        key = _key(provider, known, head)
        found: dict[str, Any] = jwt.decode(
            token, key=key, algorithms=[head["alg"]], audience=provider.client_id, leeway=_LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub"], "verify_iss": False},
        )  # fmt: skip
    except jwt.PyJWTError as fault:
        raise _unsound(str(fault)[:200]) from None
    if str(found["iss"]).rstrip("/") != provider.issuer:
        raise _unsound(_("the answer names another provider"))
    if isinstance(found["aud"], list) and len(found["aud"]) > 1 and found.get("azp") != provider.client_id:
        raise _unsound(_("the answer is meant for another program"))
    if not hmac.compare_digest(str(found.get("nonce") or ""), nonce):
        raise _unsound(_("the answer belongs to another sign-in"))
    if not str(found["sub"]) or len(str(found["sub"])) > 255:
        raise _unsound(_("it does not say who this is"))
    return found


def _key(provider: Provider, known: Mapping[str, Any], head: Mapping[str, Any]) -> jwt.PyJWK:
    """The key that signed; keys are read again once when it is not among those that are known."""
    for again in (False, True):
        keys = _kept(f"keys {provider.mark}", again, lambda: _json(provider, "GET", known["jwks_uri"]).get("keys"))
        for one in keys if isinstance(keys, list) else ():
            if not isinstance(one, dict) or one.get("use", "sig") != "sig":
                continue
            if head.get("kid") is not None and one.get("kid") != head["kid"]:
                continue
            try:
                return jwt.PyJWK.from_dict(one, algorithm=head["alg"])
            except jwt.PyJWTError:
                continue
    raise _unsound(_("the key that it signs with is unknown"))


def _discover(provider: Provider) -> Mapping[str, Any]:
    """The addresses of the provider, as it says itself; kept for an hour."""

    def ask() -> Mapping[str, Any]:
        found = _json(provider, "GET", f"{provider.issuer}/.well-known/openid-configuration")
        if str(found.get("issuer") or "").rstrip("/") != provider.issuer:
            raise _unsound(_("it calls itself %(name)s, not %(issuer)s", name=str(found.get("issuer"))[:200],
                             issuer=provider.issuer))  # fmt: skip
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            wrong = check_url(str(found.get(name) or ""), allow_private=provider.allow_private)
            if wrong:
                raise _unsound(f"{name}: {wrong}")
        return found

    kept: Mapping[str, Any] = _kept(f"self {provider.mark}", False, ask)
    return kept


def _kept(key: str, again: bool, ask: Any) -> Any:
    """What was read from the provider, asked again after an hour; a failure is kept for some seconds, so that many
    people who try do not all wait for a server that is down."""
    with _asking:
        until_s, value = _discovered.get(key, (0.0, None))
        if time.monotonic() < until_s and (not again or isinstance(value, KumikoError)):
            if isinstance(value, KumikoError):
                raise value
            return value
        try:
            value = ask()
        except KumikoError as fault:
            _discovered[key] = (time.monotonic() + _FAILED_S, fault)
            raise
        if len(_discovered) > 50:
            _discovered.clear()
        _discovered[key] = (time.monotonic() + _KEPT_S, value)
        return value


def forget() -> None:
    """Ask the provider afresh: its settings were changed, or somebody tries it."""
    with _asking:
        _discovered.clear()


def _json(
    provider: Provider, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    answer = call_outside(method, url, body=body, headers={"Accept": "application/json", **(headers or {})},
                  allow_private=provider.allow_private)  # fmt: skip
    try:
        found = json.loads(answer.body)
    except ValueError:
        found = None
    if answer.status != 200 or not isinstance(found, dict):
        said = found.get("error_description") or found.get("error") if isinstance(found, dict) else ""
        raise CannotReach(_("The sign-in provider answered %(status)d at %(url)s. %(said)s", status=answer.status,
                            url=url[:200], said=str(said or "")[:300]).strip())  # fmt: skip
    return found


def _unsound(why: str) -> Invalid:
    return Invalid(_("The sign-in provider's answer is not accepted: %(why)s", why=why))


__all__: Sequence[str] = ("BACK", "START", "Claims", "Way", "come_back", "forget", "leave", "methods", "read_journey",
                          "redirect_uri")  # fmt: skip
