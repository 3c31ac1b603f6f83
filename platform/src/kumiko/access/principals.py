"""Who is asking: from a session cookie, an access token, or a user's id. One query each, while roles stay the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select

from kumiko.access import scopes
from kumiko.access.directory import Rights, directory
from kumiko.access.models import Session, Token, User, table
from kumiko.access.options import read_options
from kumiko.host.columns import utc_now
from kumiko.host.context import Principal, narrowed
from kumiko.host.models import Revision
from kumiko.host.scoping import trusted
from kumiko.records.access_rules import RuledPrincipal

_session, _token, _user = table(Session), table(Token), table(User)
_eyes = _user.alias("eyes")
_revision = Revision.__table__
_ACCESS_NUMBER = select(_revision.c.n).where(_revision.c.name == "access").scalar_subquery().label("access_number")
_COLUMNS = ("id", "name", "email", "roles", "team_id", "language", "zone", "theme", "shortcuts_off")


def _columns(table: Any, prefix: str) -> list[Any]:
    return [table.c[name].label(prefix + name) for name in _COLUMNS]


_MAY_SIGN_IN = (_user.c.active.is_(True), _user.c.deleted_at.is_(None))
_BY_SESSION = (
    select(
        _session.c.id.label("session_id"), _session.c.seen_at, _session.c.view_as_id, _session.c.must_enrol,
        *_columns(_user, "u_"), *_columns(_eyes, "v_"), _ACCESS_NUMBER,
    )
    .join_from(_session, _user, _user.c.id == _session.c.user_id)
    .outerjoin(_eyes, (_eyes.c.id == _session.c.view_as_id) & _eyes.c.deleted_at.is_(None))
    .where(
        _session.c.token_hash == bindparam("hash"),
        _session.c.expires_at > bindparam("now", type_=_session.c.expires_at.type),
        _session.c.seen_at > bindparam("idle_since", type_=_session.c.seen_at.type),
        _session.c.created_at > bindparam("made_since", type_=_session.c.created_at.type),
        *_MAY_SIGN_IN,
    )
)  # fmt: skip
_BY_TOKEN = (
    select(
        _token.c.id.label("token_id"),
        _token.c.read_only,
        _token.c.scopes,
        _token.c.expires_at,
        *_columns(_user, "u_"),
        _ACCESS_NUMBER,
    )
    .join_from(_token, _user, _user.c.id == _token.c.user_id)
    .where(_token.c.token_hash == bindparam("hash"), *_MAY_SIGN_IN)
)
_USERS: Select[Any] = select(*_columns(_user, "u_"), _ACCESS_NUMBER).where(*_MAY_SIGN_IN)
_BY_ID = _USERS.where(_user.c.id == bindparam("user_id"))
_BY_EMAIL = _USERS.where(_user.c.email == bindparam("email"))


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """How the person who is really there likes the screens; kept also while they look through somebody's eyes."""

    theme: str = ""
    shortcuts_off: bool = False


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A principal and how it came in: exactly one of `session_id` and `token_id` is set."""

    principal: Principal
    session_id: int | None = None
    token_id: int | None = None
    scopes: tuple[str, ...] | None = None  # of a token that may do less than its user
    preferences: Preferences = Preferences()
    must_enrol: bool = False  # a second factor is required and not set up: nothing else opens
    viewer_name: str = ""  # the administrator's name while looking through somebody's eyes


def digest(secret: str) -> str:
    """What is stored of a session cookie, token or link: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def principal_for_session(cookie: str, *, now: datetime | None = None) -> SignedIn | None:
    """Whoever is signed in with this cookie, or None: unknown, over, or the user may no longer sign in."""
    at, options = now or utc_now(), read_options()
    limits = {"now": at, "idle_since": at - options.idle, "made_since": at - options.lifetime}
    found = trusted(_BY_SESSION, {"hash": digest(cookie), **limits}).mappings().first()
    if found is None:
        return None
    person = _principal(found, "u_")
    viewer_name = ""
    if found["view_as_id"] is not None and found["v_id"] is not None:
        viewer_name = person.name
        person = narrowed(_principal(found, "v_"), read_only=True, viewed_by_id=person.user_id)
    return SignedIn(
        principal=person,
        session_id=found["session_id"],
        must_enrol=bool(found["must_enrol"]),
        preferences=Preferences(theme=found["u_theme"] or "", shortcuts_off=bool(found["u_shortcuts_off"])),
        viewer_name=viewer_name,
    )


def principal_for_token(token: str) -> SignedIn | None:
    """Whoever an access token stands for, or None when it is unknown or its user may no longer sign in."""
    found = trusted(_BY_TOKEN, {"hash": digest(token)}).mappings().first()
    if found is None or (found["expires_at"] is not None and found["expires_at"] <= utc_now()):
        return None
    person = _principal(found, "u_", read_only=found["read_only"])
    words = found["scopes"]
    return SignedIn(
        principal=person if words is None else scopes.within(person, words),
        token_id=found["token_id"],
        scopes=None if words is None else tuple(words),
    )


def principal_for_user(user_id: int) -> Principal | None:
    """The rights of a user (for jobs), or None when there is no such active user."""
    found = trusted(_BY_ID, {"user_id": user_id}).mappings().first()
    return None if found is None else _principal(found, "u_")


def principal_for_email(email: str) -> Principal | None:
    """The rights of the active user with this e-mail address, or None (`--as E-MAIL`)."""
    found = trusted(_BY_EMAIL, {"email": email.strip().lower()}).mappings().first()
    return None if found is None else _principal(found, "u_")


def _principal(row: Mapping[Any, Any], prefix: str, *, read_only: bool = False) -> Principal:
    known = directory(row["access_number"] or 0)
    roles = tuple(row[f"{prefix}roles"] or ())
    rights = known.rights(roles)
    teams, subtree = known.teams_of(row[f"{prefix}id"], row[f"{prefix}team_id"])
    kind: Any = RuledPrincipal if rights.rules else Principal
    more = {"rules": rights.rules} if rights.rules else {}
    found: Principal = kind(
        user_id=row[f"{prefix}id"],
        name=row[f"{prefix}name"],
        email=row[f"{prefix}email"] or "",
        roles=roles,
        grants=rights.grants,
        permissions=rights.permissions,
        team_ids=teams,
        subtree_team_ids=subtree,
        hidden=rights.hidden,
        read_only_fields=rights.read_only_fields,
        features_off=rights.features_off,
        read_only=read_only,
        language=row[f"{prefix}language"] or "",
        zone=row[f"{prefix}zone"] or "",
        **more,
    )
    return found


def with_rights(person: Principal, given: Rights) -> Principal:
    """The same person with other rights: what somebody would see if roles said so."""
    known = {one.name: getattr(person, one.name) for one in fields(Principal)}
    changed = {name: getattr(given, name) for name in ("grants", "permissions", "hidden", "read_only_fields")}
    return RuledPrincipal(**{**known, **changed, "features_off": given.features_off}, rules=given.rules)


def count_active_administrators(*, without: int | None = None) -> int:
    """How many active users have the role administrator, not counting the user `without`."""
    query = select(_user.c.id, _user.c.roles).where(*_MAY_SIGN_IN)
    return sum(1 for row in trusted(query) if "administrator" in (row.roles or ()) and row.id != without)
