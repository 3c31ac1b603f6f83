"""What a new installation gets (roles, an administrator, sample users) and what the operator reads at the start."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from kumiko.access import accounts, links, passwords
from kumiko.access.defaults import ADMINISTRATOR, ANALYST, DEFAULT_ROLES, HEAD, SELLER
from kumiko.access.models import ROLE, TEAM, USER, Role, table
from kumiko.host.errors import Veto
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import service
from kumiko.records.units import unit

FIRST_ADMINISTRATOR = "admin@example.com"
SAMPLE_PASSWORD = "kumiko-demo"  # noqa: S105 - meant to be known; see `refuse_known_passwords`
_role = table(Role)


def make_roles() -> None:
    """Make the delivered roles that are missing."""
    present = {row.key for row in trusted(select(_role.c.key))}
    with unit(reason=_("the roles that come with Kumiko")):
        for role in DEFAULT_ROLES:
            if role.key not in present:
                service.create(ROLE, {"key": role.key, "name": role.name, "kind": role.key})


def prepare_instance(options: Mapping[str, Any]) -> list[str]:
    """Roles and the first administrator. Running it again changes nothing that exists."""
    make_roles()
    email = str(options.get("admin") or FIRST_ADMINISTRATOR)
    password = str(options.get("password") or "")
    first = accounts.first_administrator()
    if first is not None:
        if password and not first[2] and email.lower() in (first[1], FIRST_ADMINISTRATOR):
            passwords.check(password, email=first[1])
            passwords.set_password(first[0], password)
            return [_("administrator: %(email)s, with the given password", email=first[1])]
        return []
    accounts.add_user("Administrator", email, roles=(ADMINISTRATOR,), password=password)
    if password:
        return [_("administrator: %(email)s, with the given password", email=email)]
    return [_("administrator: %(email)s, signs in with the one-time link that `kumiko serve` prints", email=email)]


def make_sample_users() -> None:
    """A company's sales department: two teams under one, a head, four sellers, an analyst."""
    sales = service.create(TEAM, {"name": "Sales"}).id
    north = service.create(TEAM, {"name": "Sales North", "parent": sales}).id
    south = service.create(TEAM, {"name": "Sales South", "parent": sales}).id
    people = (
        ("Helen Hart", "helen@example.com", HEAD, sales),
        ("Sam Silva", "sam@example.com", SELLER, north),
        ("Nora Novak", "nora@example.com", SELLER, north),
        ("Bruno Costa", "bruno@example.com", SELLER, south),
        ("Mina Park", "mina@example.com", SELLER, south),
        ("Ana Lima", "ana@example.com", ANALYST, None),
    )
    made = [
        service.create(USER, {"name": name, "email": email, "roles": [role], **({"team": team} if team else {})}).id
        for name, email, role, team in people
    ]
    service.update(TEAM, sales, {"head": made[0]})
    passwords.set_known_password(made, SAMPLE_PASSWORD)


def before_serve(base_url: str) -> list[str]:
    """Lines for the operator: warnings for a server that others can reach, and a fresh one-time sign-in link.

    No link where people reach the server by https and the administrator has a password: there, logs are read by others.
    """
    secure = base_url.startswith("https://")
    lines: list[str] = []
    if not _is_loopback(os.environ.get("KUMIKO_BIND", "127.0.0.1")):
        refuse_known_passwords()
        if not secure:
            lines.append(
                _("Warning: over http others can read passwords. Put an https proxy in front and set KUMIKO_BASE_URL.")
            )
    first = accounts.first_administrator()
    if first is None:
        lines.append(
            _("There is no active administrator; make one: kumiko user add E-MAIL --name N --role administrator")
        )
    elif not secure or not first[2]:
        path = links.make(first[0], links.SIGN_IN)
        minutes = int(links.LIFETIME[links.SIGN_IN].total_seconds() // 60)
        lines.append(_("Sign in as %(email)s, once, within %(minutes)d minutes:", email=first[1], minutes=minutes))
        lines.append(f"  {base_url}{path}")
    return lines


def refuse_known_passwords() -> None:
    """Veto while sample users, whose password everybody can look up, could sign in from other machines."""
    known = accounts.known_password_accounts()
    if known:
        raise Veto(
            _(
                "%(count)d sample users with a known password are active (%(first)s …), so this server listens on this "
                "machine only. Run `kumiko user disable --demo` first, or leave out --host.",
                count=len(known),
                first=next(iter(known.values())),
            )
        )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
