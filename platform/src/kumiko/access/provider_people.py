"""Whom a person at the sign-in provider is here: known already, found by verified address, or made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from kumiko.access import audit
from kumiko.access.models import USER, Identity, User, table
from kumiko.access.provider_options import Provider
from kumiko.access.providers import Claims
from kumiko.host.columns import utc_now
from kumiko.host.context import SYSTEM, acting_as, current, transaction
from kumiko.host.errors import Conflict, Forbidden, Invalid, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import service
from kumiko.records.units import unit

_identity, _user = table(Identity), table(User)


@dataclass(frozen=True, kw_only=True)
class Found:
    """Who that is here. `user_id` None: nobody yet, would be made."""

    user_id: int | None
    name: str
    email: str
    roles: tuple[str, ...]
    linked: bool


def find(provider: Provider, claims: Claims) -> Found:
    """Who this is, without writing anything; Forbidden with a sentence when nobody is let in."""
    mapped = _mapped_roles(provider, claims)
    columns = (_user.c.id, _user.c.name, _user.c.email, _user.c.roles, _user.c.active)
    linked = trusted(
        select(*columns)
        .join_from(_identity, _user, _user.c.id == _identity.c.user_id)
        .where(
            _identity.c.issuer == bindparam("issuer"), _identity.c.subject == bindparam("subject"),
            _user.c.deleted_at.is_(None),
        ),
        {"issuer": claims.issuer, "subject": claims.subject},
    ).first()  # fmt: skip
    row = linked
    if row is None:
        if not claims.email:
            raise Forbidden(_("The sign-in provider did not tell your e-mail address; Kumiko knows people by it."))
        if not claims.email_verified:
            raise Forbidden(
                _("The sign-in provider has not verified the address %(email)s, so Kumiko cannot trust it.",
                  email=claims.email)
            )  # fmt: skip
        row = trusted(
            select(*columns).where(_user.c.email == bindparam("email"), _user.c.deleted_at.is_(None)),
            {"email": claims.email},
        ).first()
    if row is not None:
        if not row.active:
            raise Forbidden(_("%(name)s is no longer active here; ask an administrator.", name=row.name))
        roles = _roles_after(provider, tuple(row.roles or ()), mapped)
        return Found(user_id=row.id, name=row.name, email=row.email or "", roles=roles, linked=linked is not None)
    if not provider.create:
        raise Forbidden(_("Nobody here signs in with %(email)s; ask an administrator to add you.", email=claims.email))
    name = claims.name or claims.email.partition("@")[0]
    return Found(user_id=None, name=name, email=claims.email, roles=mapped or (provider.role,), linked=False)


def receive(provider: Provider, claims: Claims) -> tuple[int, str]:
    """(id, name) of the user who signs in, made or linked if need be, with the roles of their groups."""
    with acting_as(SYSTEM), transaction(), unit(reason=_("signed in with the company's provider")):
        found = find(provider, claims)
        user_id = found.user_id
        if user_id is None:
            values = {"name": found.name, "email": found.email, "roles": list(found.roles)}
            try:
                user_id = service.create(USER, values).id
            except Invalid as refusal:
                raise Conflict(refusal.message) from refusal
            audit.note("provider.user_made", found.email, user_id=user_id, roles=", ".join(found.roles))
        if not found.linked:
            make = sqlite.insert if current().database.is_sqlite else postgresql.insert
            row = {"issuer": claims.issuer, "subject": claims.subject, "user_id": user_id, "made_at": utc_now()}
            again = {"user_id": user_id, "made_at": row["made_at"]}  # whom it stood for before is gone
            linked = make(_identity).values(row)
            trusted(linked.on_conflict_do_update(index_elements=["issuer", "subject"], set_=again))
            audit.note("provider.linked", found.email, user_id=user_id)
    if found.user_id is not None:
        _give_roles(user_id, found.roles)
    return user_id, found.name


def _give_roles(user_id: int, roles: Sequence[str]) -> None:
    """Roles as the groups say. What cannot be (the last administrator) stays as it was, and is written down."""
    kept = trusted(select(_user.c.roles).where(_user.c.id == bindparam("id")), {"id": user_id}).scalar()
    if set(kept or ()) == set(roles):
        return
    with acting_as(SYSTEM):
        try:
            with unit(reason=_("roles of the groups at the company's provider")):
                service.update(USER, user_id, {"roles": list(roles)})
        except KumikoError as refusal:
            audit.note("provider.roles_kept", user_id=user_id, why=refusal.message[:200])


def _mapped_roles(provider: Provider, claims: Claims) -> tuple[str, ...]:
    groups = provider.groups or {}
    return tuple(dict.fromkeys(groups[name] for name in claims.groups if name in groups))


def _roles_after(provider: Provider, kept: tuple[str, ...], mapped: tuple[str, ...]) -> tuple[str, ...]:
    """Only roles that some group stands for follow the groups; others stay as an administrator gave them."""
    governed = set((provider.groups or {}).values())
    return (
        *(role for role in kept if role not in governed or role in mapped),
        *(one for one in mapped if one not in kept),
    )
