"""Roles and the tree of teams as rights: read once per `access` number, so that a request needs one query for its user.

Every statement that writes users, teams or roles raises that number (`kumiko.access.watch`), in its own transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import select

from kumiko.access import same_fields
from kumiko.access.defaults import ADMINISTRATOR, DEFAULT_ROLES, RIGHT_TO_WRITE
from kumiko.access.models import ROLE, Role, Team, table
from kumiko.features import RIGHT
from kumiko.host.context import current
from kumiko.host.declarations import ACTIONS, LEVELS
from kumiko.host.scoping import trusted
from kumiko.records.access_rules import Rule, read_rules

#: Where a role keeps the rules of a type, beside the levels of its actions.
RULES = "rules"
_RANK = {level: rank for rank, level in enumerate(LEVELS)}
_role, _team = table(Role), table(Team)
_ROLES = select(_role.c.key, _role.c.kind, _role.c.grants, _role.c.fields, _role.c.permissions).where(
    _role.c.deleted_at.is_(None)
)
_TEAMS = select(_team.c.id, _team.c.parent_id, _team.c.head_id).where(_team.c.deleted_at.is_(None))
_HIDDEN = "access.hidden_from_some_role"
_DEFAULTS = {role.key: role.grants for role in DEFAULT_ROLES}

Grants = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Rights:
    """What a set of roles adds up to: for each action the highest level, for each field the weakest limit."""

    grants: Grants = field(default_factory=dict)
    permissions: frozenset[str] = frozenset()
    hidden: Mapping[str, frozenset[str]] = field(default_factory=dict)
    read_only_fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    features_off: frozenset[str] = frozenset()
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What the running plugins say about roles: levels per type and role, holders of each permission."""

    types: Mapping[str, Grants]  # type key -> role key -> action -> level
    permissions: Mapping[str, frozenset[str]]  # permission -> keys of the default roles that have it
    features: frozenset[str] = frozenset()  # "plugin.feature" that roles may lack
    same: Mapping[str, same_fields.Groups] = field(default_factory=dict)  # type key -> fields that say the same

    @classmethod
    def of(cls, generation: Any) -> Declared:
        if generation is None:
            return cls(types={}, permissions={})
        return cls(
            types={one.key: one.grants for one in generation.records},
            permissions={name: frozenset(one.roles) for name, one in generation.permissions.items()},
            features=frozenset(key for key, one in generation.features.items() if one.by_role),
            same={one.key: groups for one in generation.records if (groups := same_fields.groups_of(one))},
        )


class Directory:
    """Roles and teams of one `access` number."""

    def __init__(
        self, number: int, declared: Declared, roles: Iterable[Mapping[Any, Any]], teams: Iterable[Mapping[Any, Any]]
    ) -> None:
        self.number = number
        self._declared = declared
        self._roles = {row["key"]: {**row, "fields": self._whole(row["fields"])} for row in roles}
        self._below: dict[int, list[int]] = {}
        self._headed: dict[int, list[int]] = {}
        for row in teams:
            if row["parent_id"] is not None:
                self._below.setdefault(row["parent_id"], []).append(row["id"])
            if row["head_id"] is not None:
                self._headed.setdefault(row["head_id"], []).append(row["id"])
        self._added_up: dict[tuple[str, ...], Rights] = {}

    def _whole(self, fields: Mapping[str, Mapping[str, str]] | None) -> dict[str, dict[str, str]]:
        same = self._declared.same
        return {key: same_fields.together(same.get(key, ()), limits) for key, limits in (fields or {}).items()}

    @property
    def role_keys(self) -> frozenset[str]:
        return frozenset(self._roles)

    def teams_of(self, user_id: int, team_id: int | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """(teams the user belongs to or heads, those and all teams below them), each ascending."""
        own = sorted({*([team_id] if team_id is not None else []), *self._headed.get(user_id, ())})
        reached, waiting = set(own), list(own)
        while waiting:
            for below in self._below.get(waiting.pop(), ()):
                if below not in reached:  # a loop in the tree must not hang a request
                    reached.add(below)
                    waiting.append(below)
        return tuple(own), tuple(sorted(reached))

    @cached_property
    def hidden_from_some(self) -> Mapping[str, frozenset[str]]:
        """Type key -> fields that at least one role hides: they stay out of search documents, which all roles share."""
        found: dict[str, set[str]] = {}
        for role in self._roles.values():
            for type_key, fields in (role["fields"] or {}).items() if role["key"] != ADMINISTRATOR else ():
                found.setdefault(type_key, set()).update(name for name, right in fields.items() if right == "hidden")
        return {type_key: frozenset(names) for type_key, names in found.items() if names}

    def rights(self, role_keys: tuple[str, ...]) -> Rights:
        """The rights of somebody who has these roles; unknown keys give nothing."""
        found = self._added_up.get(role_keys)
        if found is None:
            found = self._added_up[role_keys] = self._add_up(
                [self._roles[key] for key in role_keys if key in self._roles]
            )
        return found

    def level(self, role: Mapping[Any, Any], type_key: str, action: str) -> str:
        """The level of ONE role: as stored for the type, else its module's default, else that for all other types."""
        if role["key"] == ADMINISTRATOR:
            return "all"
        permission = RIGHT_TO_WRITE.get(type_key)
        if permission is not None:
            return self._level_of_access_type(role, type_key, action, permission)
        stored = role["grants"] or {}
        kinds = [key for key in (role["key"], role["kind"]) if key]
        declared = self._declared.types.get(type_key, {})
        candidates = [
            stored.get(type_key, {}).get(action),
            *(declared.get(kind, {}).get(action) for kind in kinds),
            stored.get("*", {}).get(action),
            *(_DEFAULTS.get(kind, {}).get(action) for kind in kinds),
        ]
        found = next((level for level in candidates if level in _RANK), "none")
        if found == "none" and any(_gives(rule, action) for rule in stored.get(type_key, {}).get(RULES, ())):
            return "own"  # who gets records by a rule has their own, too: else no page of the type would open
        return found

    def _level_of_access_type(self, role: Mapping[Any, Any], type_key: str, action: str, permission: str) -> str:
        if action == "read" and type_key != ROLE:
            return "all"
        holder = self.has_permission(role, permission) or (action == "read" and self.has_permission(role, "users.edit"))
        return "all" if holder else "none"

    def has_permission(self, role: Mapping[Any, Any], name: str) -> bool:
        if role["key"] == ADMINISTRATOR:
            return True
        stored = (role["permissions"] or {}).get(name)
        if isinstance(stored, bool):
            return stored
        return bool(self._declared.permissions.get(name, frozenset()) & {role["key"], role["kind"]})

    def has_feature(self, role: Mapping[Any, Any], key: str) -> bool:
        """Whether ONE role has a feature ("plugin.feature"): yes, unless it says that it has not."""
        return role["key"] == ADMINISTRATOR or (role["permissions"] or {}).get(RIGHT + key) is not False

    def _add_up(self, roles: list[Mapping[Any, Any]]) -> Rights:
        if not roles:
            return Rights()
        types = {*self._declared.types, *RIGHT_TO_WRITE, "*"}
        for role in roles:
            types.update(role["grants"] or {})
        grants = {
            type_key: {
                action: max((self.level(role, type_key, action) for role in roles), key=_RANK.__getitem__)
                for action in ACTIONS
            }
            for type_key in types
        }
        hidden, read_only = _field_limits(roles)
        names = frozenset(
            name for name in self._declared.permissions if any(self.has_permission(role, name) for role in roles)
        )
        lacking = frozenset(
            key for key in self._declared.features if not any(self.has_feature(role, key) for role in roles)
        )
        rules: dict[str, tuple[Rule, ...]] = {}
        for role in roles:
            for type_key, stored in (role["grants"] or {}).items() if role["key"] != ADMINISTRATOR else ():
                if stored.get(RULES):
                    rules[type_key] = (*rules.get(type_key, ()), *read_rules(stored[RULES]))
        return Rights(grants, names, hidden, read_only, lacking, rules)


def _gives(rule: Mapping[str, Any], action: str) -> bool:
    """Whether a stored rule gives records for an action."""
    return action == "read" or (action == "edit" and rule.get("access") == "edit")


def _field_limits(roles: list[Mapping[Any, Any]]) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """A field is hidden only when every role hides it, read only when no role may write it."""
    hidden: dict[str, frozenset[str]] = {}
    read_only: dict[str, frozenset[str]] = {}
    limits = [{} if role["key"] == ADMINISTRATOR else (role["fields"] or {}) for role in roles]
    for type_key in set.intersection(*(set(one) for one in limits)):
        ours = [one[type_key] for one in limits]
        names = set.intersection(*(set(one) for one in ours))
        hidden[type_key] = frozenset(name for name in names if all(one[name] == "hidden" for one in ours))
        read_only[type_key] = frozenset(names - hidden[type_key])
    return hidden, read_only


class Directories:
    """Keeps the newest directory of a generation; one object per generation, shared by its threads."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self._newest: Directory | None = None

    def at(self, number: int) -> Directory:
        """The directory for an `access` number, read now if it is another one than last time."""
        newest = self._newest
        if newest is None or newest.number != number:
            newest = Directory(number, self.declared, _rows(_ROLES), _rows(_TEAMS))
            if not current().in_transaction:  # what a transaction sees may be rolled back, and its number used again
                self._newest = newest
        return newest

    def newest(self, least: int) -> Directory:
        """The directory of the highest number known here, and not of one below `least`."""
        newest = self._newest
        return newest if newest is not None and newest.number >= least else self.at(least)


def _rows(query: Any) -> list[Mapping[Any, Any]]:
    return list(trusted(query).mappings())


def hidden_from_some_role() -> Mapping[str, frozenset[str]]:
    """Type key -> fields that at least one role hides, as this process knows it: no statement but the first time."""
    context = current()
    generation = context.generation
    kept: Directories | None = generation.state.get("access") if generation is not None else None
    if generation is None or kept is None:
        return {}
    found: Mapping[str, frozenset[str]] | None = context.cache.get(_HIDDEN)
    if found is None:
        found = context.cache[_HIDDEN] = kept.newest(generation.access_n).hidden_from_some
    return found


def directory(number: int) -> Directory:
    """The directory of the current generation at an `access` number."""
    generation = current().generation
    kept = generation.state.get("access") if generation is not None else None
    return (kept or Directories(Declared.of(generation))).at(number)
