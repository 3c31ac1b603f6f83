"""What a changed role would mean: rights in words, and for each holder the records seen before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from kumiko.access import principals
from kumiko.access.defaults import DEFAULT_ROLE_KEYS
from kumiko.access.directory import Declared, Directory
from kumiko.access.models import ROLE, Role, Team, User, table
from kumiko.admin import words
from kumiko.features import title_of
from kumiko.host.context import Principal, acting_as, current
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import rights, service
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.views import RecordView
from kumiko.web.formats import number_text

DELIVERED = DEFAULT_ROLE_KEYS
PEOPLE = 12  # whose records are counted; more are only numbered
TYPES = 6
NOTHING: Mapping[str, bool] = {}
_user, _role, _team = table(User), table(Role), table(Team)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What would change: rights in words, (name, sentences with counts) per holder, `more` holders not shown."""

    lines: tuple[str, ...]
    people: tuple[tuple[str, tuple[str, ...]], ...]
    holders: int
    more: int


def is_delivered(key: str) -> bool:
    """Whether the role comes with Kumiko."""
    return key in DELIVERED


def holders_by_role() -> dict[str, int]:
    """Role key -> number of active users who have it."""
    found: dict[str, int] = {}
    for row in _active_users():
        for key in row.roles or ():
            found[key] = found.get(key, 0) + 1
    return found


def _active_users() -> Sequence[Any]:
    query = (
        select(_user.c.id, _user.c.name, _user.c.roles)
        .where(_user.c.deleted_at.is_(None), _user.c.active.is_(True))
        .order_by(_user.c.name, _user.c.id)
    )
    return trusted(query).all()


def preview(role_id: int, levels: Mapping[tuple[str, str], str], permissions: Mapping[str, bool]) -> Effect:
    """The effect of saving these levels ("" = as delivered) and permissions, without saving anything."""
    role = service.get(ROLE, role_id)
    grants: dict[str, dict[str, str]] = {name: dict(actions) for name, actions in (role.get("grants") or {}).items()}
    for (type_key, action), level in levels.items():
        if level:
            grants.setdefault(type_key, {})[action] = level
        else:
            grants.get(type_key, {}).pop(action, None)
    return effect_of(role, grants, permissions)


def effect_of(
    role: RecordView, grants: Mapping[str, Mapping[str, Any]], permissions: Mapping[str, bool] = NOTHING
) -> Effect:
    """The effect of saving these grants, rules included, and permissions of a role."""
    key = str(role.get("key"))
    if key == "administrator":
        raise Invalid(_("The administrator may do everything; make another role to allow less."))
    rows = [dict(row) for row in trusted(select(_role).where(_role.c.deleted_at.is_(None))).mappings()]
    before = _directory(rows)
    for row in rows:
        if row["key"] == key:
            row["grants"] = grants
            row["permissions"] = {**(row["permissions"] or {}), **permissions}
    after = _directory(rows)
    holders = [row for row in _active_users() if key in (row.roles or ())]
    changed = [info for info in catalogue().types.values() if _read_differs(info, key, before, after)][:TYPES]
    people = [(row.name, _sentences(row.id, after, changed)) for row in holders[:PEOPLE]] if changed else []
    return Effect(
        lines=tuple(_lines(key, before, after)),
        people=tuple((name, lines) for name, lines in people if lines),
        holders=len(holders),
        more=max(0, len(holders) - PEOPLE) if changed else 0,
    )


def _directory(rows: Sequence[Mapping[Any, Any]]) -> Directory:
    teams = trusted(select(_team.c.id, _team.c.parent_id, _team.c.head_id).where(_team.c.deleted_at.is_(None)))
    return Directory(0, Declared.of(current().generation), [dict(row) for row in rows], teams.mappings().all())


def _read_differs(info: TypeInfo, key: str, before: Directory, after: Directory) -> bool:
    old, new = before.rights((key,)), after.rights((key,))
    differs = old.grants[info.key]["read"] != new.grants[info.key]["read"]
    return (differs or old.rules.get(info.key) != new.rules.get(info.key)) and not info.type.public


def _lines(key: str, before: Directory, after: Directory) -> list[str]:
    old, new = before.rights((key,)), after.rights((key,))
    found = []
    for info in catalogue().types.values():
        for action, level in new.grants[info.key].items():
            was = old.grants[info.key][action]
            if was != level:
                what = f"{info.type.label_plural!s}, {words.action_label(action)}"
                found.append(
                    _(
                        "%(what)s: %(old)s → %(new)s",
                        what=what,
                        old=words.level_label(was),
                        new=words.level_label(level),
                    )
                )
    for info in catalogue().types.values():
        for rule in new.rules.get(info.key, ()):
            if rule not in old.rules.get(info.key, ()):
                found.append(_("%(what)s: gets the rule “%(rule)s”", what=str(info.type.label_plural), rule=rule.name))
    generation = current().generation
    known = generation.permissions if generation is not None else {}
    found += [_("gets: %(what)s", what=str(known[name].label)) for name in sorted(new.permissions - old.permissions)]
    found += [_("loses: %(what)s", what=str(known[name].label)) for name in sorted(old.permissions - new.permissions)]
    found += [_("gets: %(what)s", what=title_of(name)) for name in sorted(old.features_off - new.features_off)]
    found += [_("loses: %(what)s", what=title_of(name)) for name in sorted(new.features_off - old.features_off)]
    return found


def _sentences(user_id: int, after: Directory, changed: Sequence[TypeInfo]) -> tuple[str, ...]:
    person = principals.principal_for_user(user_id)
    if person is None:
        return ()
    later = principals.with_rights(person, after.rights(person.roles))
    found = []
    for info in changed:
        seen, will_see = _readable(info, person), _readable(info, later)
        if seen != will_see:
            found.append(_("%(label)s: sees %(old)s, would see %(new)s", label=str(info.type.label_plural),
                           old=number_text(seen), new=number_text(will_see)))  # fmt: skip
    return tuple(found)


def _readable(info: TypeInfo, person: Principal) -> int:
    with acting_as(person):
        limit = rights.criterion(info, person)
        query = select(func.count()).select_from(info.table)
        found: int = trusted(query if limit is None else query.where(limit)).scalar() or 0
    return found
