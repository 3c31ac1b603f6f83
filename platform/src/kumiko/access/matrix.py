"""A role as a table of record types and actions, for the screen of roles: read it, save it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kumiko.access.defaults import ADMINISTRATOR, RIGHT_TO_WRITE
from kumiko.access.directory import Declared, Directory
from kumiko.access.models import ROLE
from kumiko.features import RIGHT
from kumiko.host.context import current
from kumiko.host.declarations import ACTIONS, LEVELS
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import service
from kumiko.records.catalogue import catalogue


@dataclass(frozen=True, kw_only=True)
class MatrixCell:
    """The level of one action. `own` is the role's own word, "" when the default (`default`) counts."""

    action: str
    level: str
    default: str
    own: str = ""


@dataclass(frozen=True, kw_only=True)
class MatrixRow:
    """A record type (key "*" = all others). `locked`: why its levels are not chosen here."""

    type_key: str
    label: str
    icon: str
    cells: tuple[MatrixCell, ...]
    locked: str = ""


@dataclass(frozen=True, kw_only=True)
class MatrixPermission:
    """A permission and whether the role has it."""

    name: str
    label: str
    on: bool


@dataclass(frozen=True, kw_only=True)
class RoleMatrix:
    """A role as a table; levels are those of `LEVELS`, actions those of `ACTIONS`, in their order."""

    role_id: int
    version: int
    key: str
    name: str
    rows: tuple[MatrixRow, ...]
    permissions: tuple[MatrixPermission, ...]
    locked: str = ""


def role_matrix(role_id: int) -> RoleMatrix:
    """The table of a role; NotFound when there is none that the person may see."""
    view = service.get(ROLE, role_id)
    generation = current().generation
    known = Directory(0, Declared.of(generation), (), ())
    role = {name: view.get(name) for name in ("key", "kind", "grants", "fields", "permissions")}
    plain = {**role, "grants": {}, "permissions": {}}
    rows = [_row(known, role, plain, "*", _("Everything else"), "asterisk")]
    rows += [
        _row(known, role, plain, info.key, str(info.type.label_plural), info.type.icon)
        for info in catalogue().types.values()
    ]
    declared = generation.permissions if generation is not None else {}
    permissions = tuple(
        MatrixPermission(name=name, label=str(one.label), on=known.has_permission(role, name))
        for name, one in declared.items()
    )
    permissions += tuple(
        MatrixPermission(name=RIGHT + key, label=_feature_label(generation, key), on=known.has_feature(role, key))
        for key in sorted(Declared.of(generation).features)
    )
    locked = _("The administrator may do everything; make another role to allow less.")
    return RoleMatrix(
        role_id=view.id,
        version=view.version,
        key=str(role["key"]),
        name=view.title,
        rows=tuple(rows),
        permissions=permissions,
        locked=locked if role["key"] == ADMINISTRATOR else "",
    )


def _feature_label(generation: Any, key: str) -> str:
    one = generation.features[key]
    return f"{generation.plugins[one.plugin].manifest.title}: {one.label!s}"


def _row(
    known: Directory, role: Mapping[str, Any], plain: Mapping[str, Any], type_key: str, label: str, icon: str
) -> MatrixRow:
    own = (role["grants"] or {}).get(type_key, {})
    locked = _("Follows from the permissions below.") if type_key in RIGHT_TO_WRITE else ""
    return MatrixRow(
        type_key=type_key,
        label=label,
        icon=icon,
        locked=locked,
        cells=tuple(
            MatrixCell(
                action=action,
                level=known.level(role, type_key, action),
                default=known.level(plain, type_key, action),
                own=own.get(action, ""),
            )
            for action in ACTIONS
        ),
    )


def save_matrix(
    role_id: int,
    levels: Mapping[tuple[str, str], str],
    permissions: Mapping[str, bool],
    *,
    if_match: int | None = None,
) -> None:
    """Store (type key, action) -> level ("" = the default) and permission -> on. Other types keep their levels."""
    view = service.get(ROLE, role_id)
    grants = {type_key: dict(actions) for type_key, actions in (view.get("grants") or {}).items()}
    for (type_key, action), level in levels.items():
        if (
            action not in ACTIONS
            or level not in (*LEVELS, "")
            or (type_key != "*" and type_key not in catalogue().types)
        ):
            raise Invalid(_("There is no level %(level)r for %(what)s.", level=level, what=f"{type_key} {action}"))
        if level:
            grants.setdefault(type_key, {})[action] = level
        else:
            grants.get(type_key, {}).pop(action, None)
    grants = {type_key: actions for type_key, actions in grants.items() if actions}
    service.update(
        ROLE,
        role_id,
        {"grants": grants, "permissions": {**(view.get("permissions") or {}), **permissions}},
        if_match=if_match,
    )
