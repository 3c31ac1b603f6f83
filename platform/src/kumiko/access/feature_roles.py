"""Which roles have which features of modules, and changing that: rights of the role like any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from kumiko.access.defaults import ADMINISTRATOR
from kumiko.access.models import ROLE, Role, table
from kumiko.features import RIGHT
from kumiko.host.scoping import trusted
from kumiko.records import service

_role = table(Role)
_ROLES = select(_role.c.id, _role.c.key, _role.c.name, _role.c.permissions).where(_role.c.deleted_at.is_(None))


def roles_of(keys: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """For each feature ("plugin.feature") all roles: key, name, on, locked. One statement."""
    rows = trusted(_ROLES.order_by(_role.c.id)).all()
    return {
        key: [
            {
                "key": row.key,
                "name": row.name,
                "on": row.key == ADMINISTRATOR or (row.permissions or {}).get(RIGHT + key) is not False,
                "locked": row.key == ADMINISTRATOR,
            }
            for row in rows
        ]
        for key in keys
    }


def give(key: str, wanted: Mapping[str, bool]) -> None:
    """Give a feature to roles, or take it from them (role key -> whether); a change of the role, with its history."""
    for row in trusted(_ROLES.where(_role.c.key.in_(list(wanted)))).all():
        permissions = {name: value for name, value in (row.permissions or {}).items() if name != RIGHT + key}
        if not wanted[row.key]:
            permissions[RIGHT + key] = False
        service.update(ROLE, row.id, {"permissions": permissions})


def forget(plugin: str) -> None:
    """Take the features and permissions of a module out of all roles: its data are deleted."""
    for row in trusted(_ROLES).all():
        kept = {
            name: value
            for name, value in (row.permissions or {}).items()
            if not name.startswith((f"{plugin}.", f"{RIGHT}{plugin}."))
        }
        if kept != (row.permissions or {}):
            service.update(ROLE, row.id, {"permissions": kept})
