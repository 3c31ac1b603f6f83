"""Signing in and out, and setting passwords: throttled, logged, always into a fresh session.

Whoever has a second factor gets no session for a password or a link alone: the browser then holds a `half`, which with
a code becomes one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select

from kumiko.access import audit, devices, factors, links, passwords, sessions, throttle
from kumiko.access.models import Credential, Session, User, table
from kumiko.access.options import read_options
from kumiko.access.principals import digest
from kumiko.host.context import Principal, principal, transaction
from kumiko.host.errors import Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted

_user, _credential, _session = table(User), table(Credential), table(Session)
_ACCOUNT = (
    select(_user.c.id, _user.c.name, _user.c.active, _credential.c.hash)
    .join_from(_user, _credential, _credential.c.user_id == _user.c.id, isouter=True)
    .where(_user.c.email == bindparam("email"), _user.c.deleted_at.is_(None))
)


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Where a sign-in comes from. `cookie` is the session cookie it sent, whoever put it there; `device` says that
    somebody has signed in with it before."""

    address: str = ""
    agent: str = ""
    cookie: str = ""
    device: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a browser gets: the cookies of its session and of itself, or a `half` while the code is missing."""

    cookie: str = ""
    device: str = ""
    half: str = ""


def sign_in(email: str, password: str, browser: Browser) -> Entry:
    """A new session, or half of one. Invalid when address or password are wrong, TooMany after too many failures."""
    account = email.strip().lower()
    throttle.count_attempt(account, browser.address)
    found = trusted(_ACCOUNT, {"email": account}).first()
    stored = found.hash if found is not None and found.active else None
    if not passwords.matches(stored, password) or found is None or stored is None:
        _note_failure(account, account, browser)
        raise Invalid(_("E-mail address and password do not belong together. Check both and try again."))
    passwords.renew(found.id, stored, password)
    throttle.forgive(account, browser.address)
    return let_in(found.id, found.name, browser, "password")


def sign_in_by_link(secret: str, browser: Browser) -> Entry:
    """A new session for the holder of a one-time link, or half of one; NotFound when it is used or too old."""
    throttle.count_attempt("", browser.address)
    holder = links.use_up(secret, links.SIGN_IN)
    throttle.forgive("", browser.address)
    return let_in(holder.user_id, holder.name, browser, "link")


def sign_in_with_code(half: str, code: str, browser: Browser) -> Entry:
    """The session that a password or a link has opened half. Invalid for a wrong code, NotFound when it took too long,
    TooMany after too many guesses."""
    holder = links.find_holder(half, links.HALF)
    if holder is None:
        raise NotFound(_("That took too long, or you signed in elsewhere meanwhile. Begin again with your password."))
    try:
        way = factors.check(holder.user_id, code)
    except Invalid:
        _note_failure(holder.email, factors.account_of(holder.user_id), browser, by="code")
        raise
    links.use_up(half, links.HALF)
    return _open(holder.user_id, holder.name, browser, way, two_factors=True)


def set_password_by_link(secret: str, password: str, again: str, browser: Browser) -> Entry:
    """Set a password with a one-time link and sign in; ends every other session of the user."""
    throttle.count_attempt("", browser.address)
    kinds = (links.PASSWORD, links.RESET)
    holder = links.find_holder(secret, *kinds)
    if holder is not None:
        _check_new(password, again, email=holder.email, name=holder.name)
    holder = links.use_up(secret, *kinds)
    throttle.forgive("", browser.address)
    passwords.set_password(holder.user_id, password)
    links.forget_of(holder.user_id)
    sessions.end_all(holder.user_id)
    throttle.forgive(holder.email, "")  # who has just proved who they are does not wait for others' guesses
    return let_in(holder.user_id, holder.name, browser, "new password")


def change_password(current_password: str, password: str, again: str, *, session_id: int | None) -> None:
    """Change one's own password; needs the old one if there is one. Ends one's other sessions."""
    person = principal()
    if person.user_id is None:
        raise Invalid(_("The system has no password."))
    throttle.count_attempt(f"change:{person.user_id}", "")
    query = select(_credential.c.hash).where(_credential.c.user_id == bindparam("user_id"))
    stored = trusted(query, {"user_id": person.user_id}).scalar()
    if stored is not None and not passwords.matches(stored, current_password):
        sentence = _("This is not your present password.")
        raise Invalid(sentence, {"current": [sentence]})
    throttle.forgive(f"change:{person.user_id}", "")
    _check_new(password, again, email=person.email, name=person.name)
    passwords.set_password(person.user_id, password)
    links.forget_of(person.user_id)
    sessions.end_all(person.user_id, but=session_id)
    audit.note("password.changed", person.name)


def sign_out(cookie: str) -> None:
    """End the session of this cookie; nothing happens when there is none."""
    with transaction():
        trusted(delete(_session).where(_session.c.token_hash == digest(cookie)))


def _note_failure(subject: str, account: str, browser: Browser, **details: Any) -> None:
    """A line of the log, and one more when nobody gets a look at this account for some time now. Whoever then goes on
    trying writes no further lines."""
    audit.note("sign_in.failed", subject, address=browser.address, **details)
    wait_s = throttle.wait_of(account)
    if wait_s:
        audit.note("sign_in.locked", subject, address=browser.address, wait_s=wait_s, **details)


def _check_new(password: str, again: str, *, email: str, name: str) -> None:
    if password != again:
        sentence = _("The two passwords are not the same; type the new one twice.")
        raise Invalid(sentence, {"again": [sentence]})
    passwords.check(password, email=email, name=name)


def let_in(user_id: int, name: str, browser: Browser, way: str, *, two_factors: bool = False) -> Entry:
    """The session of somebody who has shown who they are, or half of it while their second factor is missing.

    `two_factors`: a second factor was checked elsewhere, so that none need be set up here.
    """
    if factors.is_on(user_id):
        return Entry(half=links.make(user_id, links.HALF))
    return _open(user_id, name, browser, way, two_factors=two_factors)


def _open(user_id: int, name: str, browser: Browser, way: str, *, two_factors: bool = False) -> Entry:
    with transaction():
        cookie = sessions.start(
            user_id,
            address=browser.address,
            agent=browser.agent,
            replaces=browser.cookie,
            must_enrol=not two_factors and _must_enrol(user_id),
        )
        device = devices.recognise(user_id, browser.device, address=browser.address, agent=browser.agent)
        who = Principal(user_id=user_id, name=name)
        audit.note("sign_in.ok", name, actor=who, by=way, address=browser.address)
    return Entry(cookie=cookie, device=device)


def _must_enrol(user_id: int) -> bool:
    roles = trusted(select(_user.c.roles).where(_user.c.id == bindparam("id")), {"id": user_id}).scalar()
    return read_options().needs_second_factor(roles or ())
