"""One-time links: into the system without a password (minutes), or to a page that sets one (days)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select, update

from kumiko.access.models import OneTimeLink, User, table
from kumiko.access.principals import digest
from kumiko.host.columns import utc_now
from kumiko.host.context import principal, transaction
from kumiko.host.errors import Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted

SIGN_IN, PASSWORD, RESET, HALF = "sign-in", "password", "reset", "half"
#: HALF is no link: it is what a browser holds between the password and the code.
LIFETIME = {
    SIGN_IN: timedelta(minutes=15), PASSWORD: timedelta(days=3), RESET: timedelta(hours=1), HALF: timedelta(minutes=10)
}  # fmt: skip
_PATHS = {SIGN_IN: "/sign-in/link/", PASSWORD: "/set-password/", RESET: "/set-password/", HALF: ""}
_link, _user = table(OneTimeLink), table(User)


@dataclass(frozen=True, kw_only=True)
class LinkHolder:
    """The user a link lets in."""

    user_id: int
    name: str
    email: str


def make(user_id: int, purpose: str) -> str:
    """Path of a fresh link for a user ("/sign-in/link/..."); earlier ones for the same purpose stop working."""
    secret = secrets.token_urlsafe(32)
    row = {
        "token_hash": digest(secret),
        "user_id": user_id,
        "purpose": purpose,
        "expires_at": utc_now() + LIFETIME[purpose],
    }
    with transaction():
        trusted(delete(_link).where(_link.c.user_id == user_id, _link.c.purpose == purpose))
        trusted(insert(_link).values(row))
    return _PATHS[purpose] + secret


def make_password_link(user_id: int) -> str:
    """Path of a link with which a user sets a password, for somebody who may change users to hand over."""
    person = principal()
    if not person.may("users.edit") or person.read_only:
        raise Forbidden(_("Your role does not allow you to let people in; ask an administrator."))
    found = trusted(
        select(_user.c.email, _user.c.roles, _user.c.active).where(
            _user.c.id == bindparam("user_id"), _user.c.deleted_at.is_(None)
        ),
        {"user_id": user_id},
    ).first()
    if found is None:
        raise NotFound(_("There is no such user."))
    if not found.email or not found.active:
        raise Invalid(_("Only an active user with an e-mail address can sign in; give the user one first."))
    if "administrator" in (found.roles or ()) and not person.is_administrator:
        raise Forbidden(_("Only an administrator can set an administrator's password."))
    return make(user_id, PASSWORD)


def find_holder(secret: str, *purposes: str, now: datetime | None = None) -> LinkHolder | None:
    """Whom an unused link lets in, or None; uses nothing up."""
    query = (
        select(_user.c.id, _user.c.name, _user.c.email)
        .join_from(_link, _user, _user.c.id == _link.c.user_id)
        .where(
            _link.c.token_hash == bindparam("hash"),
            _link.c.purpose.in_(purposes),
            _link.c.used_at.is_(None),
            _link.c.expires_at > (now or utc_now()),
            _user.c.active.is_(True),
            _user.c.deleted_at.is_(None),
        )
    )
    found = trusted(query, {"hash": digest(secret)}).first()
    return None if found is None else LinkHolder(user_id=found.id, name=found.name, email=found.email or "")


def use_up(secret: str, *purposes: str) -> LinkHolder:
    """Whom the link lets in; from now on it lets nobody in. NotFound when it is unknown, used or too old.

    Of two requests with the same link one gets in: the row is marked by a statement that only one can win.
    """
    with transaction():
        holder = find_holder(secret, *purposes)
        marked = trusted(
            update(_link)
            .where(_link.c.token_hash == digest(secret), _link.c.used_at.is_(None))
            .values(used_at=utc_now())
        )
        if holder is None or marked.rowcount != 1:
            raise NotFound(_("This link was used already or is too old; ask for a new one."))
    return holder


def forget_of(user_id: int) -> None:
    """Links of a user stop working, of whatever kind: part of what a new password ends."""
    with transaction():
        trusted(delete(_link).where(_link.c.user_id == user_id))


def forget_old(now: datetime) -> None:
    """Delete links that are over."""
    with transaction():
        trusted(delete(_link).where(_link.c.expires_at < now))
