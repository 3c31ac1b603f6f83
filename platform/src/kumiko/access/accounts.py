"""Users and ways in, for the command line, the first start and the screens of administrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select

from kumiko.access import audit, links, passwords, scopes, sessions, tokens
from kumiko.access.defaults import ADMINISTRATOR
from kumiko.access.models import USER, Credential, Session, Team, User, table
from kumiko.host.columns import utc_now
from kumiko.host.context import principal
from kumiko.host.errors import Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import service
from kumiko.records.units import unit

LONGEST_DAYS = 3650  # of an access token
_user, _team, _credential, _session = table(User), table(Team), table(Credential), table(Session)


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user in lists of administrators. `seen_at`: when one of the user's open sessions was last used."""

    id: int
    name: str
    email: str
    roles: tuple[str, ...]
    team: str
    active: bool
    has_password: bool
    known_password: bool
    seen_at: datetime | None


def list_accounts(q: str = "", *, limit: int = 200) -> Sequence[Account]:
    """Live users by name; `q` is looked for in names and addresses. Forbidden without the permission users.edit."""
    if not principal().may("users.edit"):
        raise Forbidden(_("Your role does not allow you to see how users sign in; ask an administrator."))
    seen = (
        select(_session.c.user_id, func.max(_session.c.seen_at).label("seen_at"))
        .group_by(_session.c.user_id)
        .subquery()
    )
    query = (
        select(_user.c.id, _user.c.name, _user.c.email, _user.c.roles, _team.c.name.label("team"), _user.c.active,
               _credential.c.user_id.label("with_password"), _credential.c.known, seen.c.seen_at)
        .join_from(_user, _team, _team.c.id == _user.c.team_id, isouter=True)
        .outerjoin(_credential, _credential.c.user_id == _user.c.id)
        .outerjoin(seen, seen.c.user_id == _user.c.id)
        .where(_user.c.deleted_at.is_(None))
        .order_by(_user.c.name, _user.c.id)
        .limit(limit)
    )  # fmt: skip
    if q.strip():
        query = query.where(
            func.lower(_user.c.name).contains(q.strip().lower(), autoescape=True)
            | _user.c.email.contains(q.strip().lower(), autoescape=True)
        )
    return [
        Account(
            id=row.id,
            name=row.name,
            email=row.email or "",
            roles=tuple(row.roles or ()),
            team=row.team or "",
            active=row.active,
            has_password=row.with_password is not None,
            known_password=bool(row.known),
            seen_at=row.seen_at,
        )
        for row in trusted(query)
    ]


def find_user_id(email: str) -> int | None:
    """Id of the live user with this address, or None."""
    query = select(_user.c.id).where(_user.c.email == bindparam("email"), _user.c.deleted_at.is_(None))
    found: int | None = trusted(query, {"email": email.strip().lower()}).scalar()
    return found


def get_user_id(email: str) -> int:
    """Id of the live user with this address; NotFound when there is none."""
    found = find_user_id(email)
    if found is None:
        raise NotFound(_("There is no user with the e-mail address %(email)s.", email=email))
    return found


def find_team_id(name: str) -> int | None:
    """Id of the live team of this name, or None."""
    query = select(_team.c.id).where(_team.c.name == bindparam("name"), _team.c.deleted_at.is_(None)).limit(1)
    found: int | None = trusted(query, {"name": name}).scalar()
    return found


def add_user(
    name: str, email: str | None, *, roles: Sequence[str], team_id: int | None = None, password: str = ""
) -> int:
    """Make a user; returns the id. The password is checked before anything is written."""
    if password:
        if not email:
            raise Invalid(_("A user needs an e-mail address to sign in with a password."))
        passwords.check(password, email=email, name=name)
    values: dict[str, Any] = {"name": name, "roles": list(roles)}
    if email:
        values["email"] = email
    if team_id is not None:
        values["team"] = team_id
    made = service.create(USER, values)
    if password:
        passwords.set_password(made.id, password)
    return made.id


def set_password(user_id: int, email: str, password: str) -> None:
    """Set a user's password for them; ends their sessions."""
    person = principal()
    if not person.may("users.edit") or person.read_only:
        raise Forbidden(_("Your role does not allow you to set passwords of others."))
    _refuse_above(user_id)
    passwords.check(password, email=email)
    passwords.set_password(user_id, password)
    sessions.end_all(user_id)
    audit.note("password.set", email)


def disable(user_id: int) -> None:
    """Take somebody's way in; what they own stays theirs. Ends their sessions at once."""
    service.update(USER, user_id, {"active": False})
    sessions.end_all(user_id)


def disable_known_passwords() -> Sequence[str]:
    """Disable every sample user whose password everybody may know; returns their addresses."""
    with unit(reason=_("sample users switched off")):
        found = known_password_accounts()
        for user_id in found:
            disable(user_id)
    return list(found.values())


def known_password_accounts() -> Mapping[int, str]:
    """Active users whose password everybody may know: id -> e-mail address."""
    query = (
        select(_user.c.id, _user.c.email)
        .join_from(_user, _credential, _credential.c.user_id == _user.c.id)
        .where(_credential.c.known.is_(True), _user.c.active.is_(True), _user.c.deleted_at.is_(None))
        .order_by(_user.c.id)
    )
    return {row.id: row.email or "" for row in trusted(query)}


def make_token(
    user_id: int, *, name: str = "", read_only: bool = False, words: Sequence[str] = (), days: int | None = None
) -> str:
    """A new access token; for oneself with the permission tokens.make, for others only an administrator makes one.

    `words`: what it may do (`kumiko.access.scopes`), nothing = whatever its user may; `days`: how long it works.
    """
    person = principal()
    allowed = person.may("tokens.make") if person.user_id == user_id else person.is_administrator
    if not allowed or person.read_only:
        raise Forbidden(_("Your role does not allow you to make this access token."))
    if read_only and any(word.endswith(f":{scopes.WRITE}") for word in words):
        raise Invalid(_("A token that may only read cannot have words that end in :write; leave out one of the two."))
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise Invalid(
            _("A token works for 1 to %(most)d days, or for ever; found %(found)d.", most=LONGEST_DAYS, found=days)
        )
    return tokens.make(
        user_id,
        name=name,
        read_only=read_only,
        scopes=scopes.check(words) or None,
        expires_at=None if days is None else utc_now() + timedelta(days=days),
    )


def first_administrator() -> tuple[int, str, bool] | None:
    """(id, e-mail, has a password) of the active administrator who was made first, or None."""
    query = (
        select(_user.c.id, _user.c.email, _user.c.roles, _credential.c.user_id)
        .join_from(_user, _credential, _credential.c.user_id == _user.c.id, isouter=True)
        .where(_user.c.active.is_(True), _user.c.deleted_at.is_(None))
        .order_by(_user.c.id)
    )
    for row in trusted(query):
        if ADMINISTRATOR in (row.roles or ()):
            return row.id, row.email or "", row.user_id is not None
    return None


def team_tree() -> Sequence[tuple[int, str, int | None, int | None]]:
    """Live teams as (id, name, parent id, head's id), by name."""
    query = (
        select(_team.c.id, _team.c.name, _team.c.parent_id, _team.c.head_id)
        .where(_team.c.deleted_at.is_(None))
        .order_by(_team.c.name, _team.c.id)
    )
    return [(row.id, row.name, row.parent_id, row.head_id) for row in trusted(query)]


def _refuse_above(user_id: int) -> None:
    roles = trusted(select(_user.c.roles).where(_user.c.id == bindparam("id")), {"id": user_id}).scalar()
    if ADMINISTRATOR in (roles or ()) and not principal().is_administrator:
        raise Forbidden(_("Only an administrator can set an administrator's password."))


def password_link(email: str) -> str:
    """Path of the link with which this user sets a password."""
    return links.make_password_link(get_user_id(email))
