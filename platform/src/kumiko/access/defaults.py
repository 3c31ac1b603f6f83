"""The four roles that every installation starts with, the permissions of the core, and how rights to users follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kumiko.access.models import ROLE, TEAM, USER
from kumiko.host.declarations import ACTIONS, Label, Permission
from kumiko.host.i18n import lazy_gettext as _l

ADMINISTRATOR, HEAD, SELLER, ANALYST = "administrator", "head", "seller", "analyst"


@dataclass(frozen=True, kw_only=True)
class DefaultRole:
    """A role as delivered. `grants` holds action -> level for every type whose module says nothing else."""

    key: str
    name: str
    label: Label
    grants: Mapping[str, str] = field(default_factory=dict)


def _levels(**levels: str) -> dict[str, str]:
    return {action: levels.get(action, "none") for action in ACTIONS}


DEFAULT_ROLES: tuple[DefaultRole, ...] = (
    DefaultRole(
        key=ADMINISTRATOR, name="Administrator", label=_l("Administrator"), grants=dict.fromkeys(ACTIONS, "all")
    ),
    DefaultRole(
        key=HEAD,
        name="Head of sales",
        label=_l("Head of sales"),
        grants=_levels(
            read="subtree",
            create="all",
            edit="subtree",
            delete="subtree",
            export="subtree",
            bulk="subtree",
            assign="subtree",
        ),
    ),
    DefaultRole(
        key=SELLER,
        name="Seller",
        label=_l("Seller"),
        grants=_levels(read="own", create="all", edit="own", delete="own", bulk="own", assign="own"),
    ),
    DefaultRole(key=ANALYST, name="Analyst", label=_l("Analyst"), grants=_levels(read="all", export="all")),
)
DEFAULT_ROLE_KEYS = tuple(role.key for role in DEFAULT_ROLES)

PERMISSIONS: tuple[Permission, ...] = (
    Permission(name="users.edit", label=_l("Make and change users and teams")),
    Permission(name="roles.edit", label=_l("Change roles and give them to users")),
    Permission(name="view_as.use", label=_l("Look at the system through another person's eyes")),
    Permission(name="audit.read", label=_l("Read the log of sign-ins, exports and switched modules")),
    Permission(name="plugins.switch", label=_l("Switch modules on and off")),
    Permission(name="settings.edit", label=_l("Change the settings of the company")),
    Permission(name="import.run", label=_l("Import files"), roles=(ADMINISTRATOR, HEAD)),
    Permission(name="tokens.make", label=_l("Make access tokens"), roles=(ADMINISTRATOR, HEAD, SELLER, ANALYST)),
)

#: Writing users, teams and roles follows permissions, never a role's levels: a role that may edit "all other types"
#: must not be able to give itself rights.
RIGHT_TO_WRITE: Mapping[str, str] = {USER: "users.edit", TEAM: "users.edit", ROLE: "roles.edit"}
