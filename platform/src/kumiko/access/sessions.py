"""Browsers that are signed in: made at sign-in, listed and ended by their user, aimed at another user by "view as"."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from kumiko.access import audit
from kumiko.access.models import Session, User, table
from kumiko.access.options import read_options
from kumiko.access.principals import digest
from kumiko.host.columns import utc_now
from kumiko.host.context import Principal, principal, transaction
from kumiko.host.errors import Forbidden, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted

_session, _user = table(Session), table(User)


@dataclass(frozen=True, kw_only=True)
class OpenSession:
    """A signed-in browser as its user sees it."""

    id: int
    agent: str
    address: str
    created_at: datetime
    seen_at: datetime


def start(user_id: int, *, address: str = "", agent: str = "", replaces: str = "", must_enrol: bool = False) -> str:
    """Sign a user in; returns the cookie's value. `replaces`: the cookie the browser sent, which ends.

    Always a fresh value: one that somebody planted in the browser before signing in opens nothing.
    """
    cookie = secrets.token_urlsafe(32)
    now = utc_now()
    row = {
        "token_hash": digest(cookie),
        "user_id": user_id,
        "created_at": now,
        "seen_at": now,
        "expires_at": now + read_options().lifetime,
        "address": address[:64],
        "agent": agent[:300],
        "must_enrol": must_enrol,
    }
    with transaction():
        if replaces:
            trusted(delete(_session).where(_session.c.token_hash == digest(replaces)))
        trusted(insert(_session).values(row))
    return cookie


def end(session_id: int, *, user_id: int | None = None) -> bool:
    """End one session; with `user_id` only if it is that user's. Whether there was one."""
    query = delete(_session).where(_session.c.id == session_id)
    if user_id is not None:
        query = query.where(_session.c.user_id == user_id)
    with transaction():
        return trusted(query).rowcount > 0


def end_all(user_id: int, *, but: int | None = None) -> int:
    """End all sessions of a user (but one); how many there were."""
    query = delete(_session).where(_session.c.user_id == user_id)
    if but is not None:
        query = query.where(_session.c.id != but)
    with transaction():
        return trusted(query).rowcount


def enrolled(user_id: int) -> None:
    """The user's sessions open everything again: the second factor that was asked for is there."""
    with transaction():
        trusted(
            update(_session)
            .where(_session.c.user_id == user_id, _session.c.must_enrol.is_(True))
            .values(must_enrol=False)
        )


def list_open(user_id: int) -> Sequence[OpenSession]:
    """The user's sessions that still work, last used first."""
    now, options = utc_now(), read_options()
    query = (
        select(_session.c.id, _session.c.agent, _session.c.address, _session.c.created_at, _session.c.seen_at)
        .where(
            _session.c.user_id == bindparam("user_id"),
            _session.c.expires_at > now,
            _session.c.seen_at > now - options.idle,
            _session.c.created_at > now - options.lifetime,
        )
        .order_by(_session.c.seen_at.desc(), _session.c.id.desc())
    )
    return [OpenSession(**row) for row in trusted(query, {"user_id": user_id}).mappings()]


def view_as(session_id: int, user_id: int) -> str:
    """From now on this session sees what another user sees, and changes nothing; returns that user's name."""
    person = principal()
    if not person.may("view_as.use") or person.read_only:
        raise Forbidden(_("Your role does not allow you to look through another person's eyes."))
    found = trusted(
        select(_user.c.name, _user.c.roles).where(_user.c.id == bindparam("user_id"), _user.c.deleted_at.is_(None)),
        {"user_id": user_id},
    ).first()
    if found is None or user_id == person.user_id:
        raise NotFound(_("There is no such other user."))
    if "administrator" in (found.roles or ()) and not person.is_administrator:
        raise Forbidden(_("Only an administrator can look through the eyes of one."))
    with transaction():
        trusted(update(_session).where(_session.c.id == session_id).values(view_as_id=user_id))
        audit.note("view_as.start", str(found.name), user_id=user_id)
    return str(found.name)


def stop_view_as(session_id: int, viewer_name: str) -> None:
    """See with one's own eyes again."""
    person = principal()
    viewer = Principal(user_id=person.viewed_by_id, name=viewer_name)
    with transaction():
        trusted(update(_session).where(_session.c.id == session_id).values(view_as_id=None))
        audit.note("view_as.stop", person.name, actor=viewer)


def forget_old(now: datetime) -> None:
    """Delete sessions that are over."""
    with transaction():
        over = (_session.c.expires_at < now) | (_session.c.seen_at < now - read_options().idle)
        trusted(delete(_session).where(over))
