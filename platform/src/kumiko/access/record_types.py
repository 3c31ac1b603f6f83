"""Users, teams and roles as record types, and the rules that keep an installation governable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import bindparam, select

from kumiko.access import role_log, role_rules
from kumiko.access.defaults import ADMINISTRATOR, DEFAULT_ROLE_KEYS, RIGHT_TO_WRITE
from kumiko.access.directory import RULES
from kumiko.access.models import ROLE, TEAM, USER, Role, Team, User, table
from kumiko.access.principals import count_active_administrators
from kumiko.host.context import principal
from kumiko.host.declarations import ACTIONS, LEVELS, Choice, Field, RecordType
from kumiko.host.errors import Conflict, Forbidden, Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.records import reindex
from kumiko.records.drafts import Draft

_user, _team, _role = table(User), table(Team), table(Role)

#: What a person may change of their own user record without any right to users.
OWN_FIELDS = frozenset({"name", "language", "zone", "theme", "shortcuts_off", "notices_by_mail"})


def _lower(value: Any) -> Any:
    return str(value).lower()


def _zone(value: Any) -> Any:
    if value not in available_timezones():
        raise Invalid(_("%(zone)r is no time zone; wanted one like Europe/Lisbon", zone=value))
    return value


def _language(value: Any) -> Any:
    if not re.fullmatch(r"[a-z]{2,3}(_[A-Za-z]{2,4})?", str(value)):
        raise Invalid(_("%(language)r is no language; wanted a code like en or pt_BR", language=value))
    return value


def _key(value: Any) -> Any:
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", str(value)):
        raise Invalid(_("a role's key is 2 to 40 small letters, digits and _, starting with a letter"))
    return value


def _grants(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise Invalid(_("wanted {type: {action: level}}"))
    for type_key, actions in value.items():
        if not isinstance(actions, Mapping):
            raise Invalid(_("%(type)s: wanted {action: level}", type=type_key))
        for action, level in actions.items():
            if action == RULES:
                role_rules.check(type_key, level)
            elif action not in ACTIONS or level not in LEVELS:
                raise Invalid(
                    _(
                        "%(type)s: %(action)r = %(level)r is not known; actions are %(actions)s, levels %(levels)s",
                        type=type_key,
                        action=action,
                        level=level,
                        actions=", ".join(ACTIONS),
                        levels=", ".join(LEVELS),
                    )
                )
    return {type_key: dict(actions) for type_key, actions in value.items()}


def _field_rights(value: Any) -> Any:
    good = isinstance(value, Mapping) and all(
        isinstance(fields, Mapping) and all(right in ("hidden", "read") for right in fields.values())
        for fields in value.values()
    )
    if not good:
        raise Invalid(_("wanted {type: {field: hidden or read}}"))
    return {type_key: dict(fields) for type_key, fields in value.items()}


def _permissions(value: Any) -> Any:
    if not isinstance(value, Mapping) or not all(isinstance(answer, bool) for answer in value.values()):
        raise Invalid(_("wanted {permission: true or false}"))
    return dict(value)


def prepare_user(draft: Draft) -> None:
    """Rules of a user record: who may write it, who gives roles, one account per address, one administrator left."""
    person = principal()
    if not person.may("users.edit"):
        own = draft.action == "changed" and draft.record_id == person.user_id and set(draft.values) <= OWN_FIELDS
        if not own:
            raise Forbidden(_("Your role does not allow you to change users; ask an administrator."))
    if draft.action == "created":
        draft.values.setdefault("roles", [])
    _check_roles(draft)
    _refuse_taken(draft, _user, "email", _("%(value)s already belongs to another user."))
    loses = draft.action == "deleted" or (
        draft.action == "changed" and (draft.get("active") is False or ADMINISTRATOR not in (draft.get("roles") or ()))
    )
    was_one = draft.before("active") and ADMINISTRATOR in (draft.before("roles") or ())
    if loses and was_one:
        if draft.record_id == person.user_id and draft.action == "deleted":
            raise Conflict(_("You cannot delete yourself; another administrator can."))
        if count_active_administrators(without=draft.record_id) == 0:
            raise Conflict(
                _("This is the only active administrator; make somebody else one first, or nobody could let people in.")
            )


def _check_roles(draft: Draft) -> None:
    if draft.action not in ("created", "changed") or not draft.changes("roles"):
        return
    person = principal()
    before, after = set(draft.before("roles") or ()), set(draft.get("roles") or ())
    moved = before ^ after
    if not moved:
        return
    if not person.may("roles.edit"):
        draft.refuse("roles", _("Your role does not allow you to give or take roles."))
    if ADMINISTRATOR in moved and not person.is_administrator:
        draft.refuse("roles", _("Only an administrator can make or unmake administrators."))
    known = {row.key for row in trusted(select(_role.c.key).where(_role.c.deleted_at.is_(None)))}
    unknown = sorted(after - known)
    if unknown:
        draft.refuse(
            "roles",
            _("There is no role %(key)r; roles are: %(known)s", key=unknown[0], known=", ".join(sorted(known))),
        )


def _refuse_taken(draft: Draft, table: Any, name: str, sentence: str) -> None:
    value = draft.get(name)
    if draft.action not in ("created", "changed", "restored") or not value:
        return
    taken = trusted(
        select(table.c.id).where(table.c[name] == bindparam("value"), table.c.deleted_at.is_(None)), {"value": value}
    ).scalars()
    if any(found != draft.record_id for found in taken):
        draft.refuse(name, sentence % {"value": value})


def prepare_team(draft: Draft) -> None:
    """Rules of a team: who may write it; the tree has no loops; a team in use is not deleted."""
    if not principal().may(RIGHT_TO_WRITE[TEAM]):
        raise Forbidden(_("Your role does not allow you to change teams; ask an administrator."))
    if draft.action == "deleted":
        _refuse_team_in_use(draft)
    elif draft.record_id is not None and draft.changes("parent") and draft.record_id in _ancestors(draft.get("parent")):
        draft.refuse("parent", _("A team cannot stand below itself; choose another parent."))


def _ancestors(team_id: int | None) -> Iterable[int]:
    parents = {row.id: row.parent_id for row in trusted(select(_team.c.id, _team.c.parent_id))}
    seen: set[int] = set()
    while team_id is not None and team_id not in seen:
        seen.add(team_id)
        team_id = parents.get(team_id)
    return seen


def _refuse_team_in_use(draft: Draft) -> None:
    mine = {"team_id": draft.record_id}
    members = select(_user.c.id).where(_user.c.team_id == bindparam("team_id"), _user.c.deleted_at.is_(None)).limit(1)
    below = select(_team.c.id).where(_team.c.parent_id == bindparam("team_id"), _team.c.deleted_at.is_(None)).limit(1)
    if trusted(members, mine).first() or trusted(below, mine).first():
        raise Conflict(_("%(team)s still has members or teams below it; move them first.", team=draft.before("name")))


def prepare_role(draft: Draft) -> None:
    """Rules of a role: who may write it; delivered roles stay; nobody gives what they do not have."""
    person = principal()
    if not person.may(RIGHT_TO_WRITE[ROLE]):
        raise Forbidden(_("Your role does not allow you to change roles; ask an administrator."))
    key = draft.before("key") or draft.get("key")
    if draft.action == "deleted":
        if key in DEFAULT_ROLE_KEYS:
            raise Conflict(_("The role %(key)s comes with Kumiko and stays; change its rights instead.", key=key))
        holders = [
            row.name
            for row in trusted(select(_user.c.name, _user.c.roles, _user.c.deleted_at))
            if row.deleted_at is None and key in (row.roles or ())
        ]
        if holders:
            raise Conflict(
                _(
                    "%(count)d users still have this role (%(first)s …); give them another first.",
                    count=len(holders),
                    first=holders[0],
                )
            )
        return
    if draft.action == "created" and not draft.get("key") and draft.get("name"):
        draft.set("key", re.sub(r"[^a-z0-9]+", "_", str(draft.get("name")).lower()).strip("_")[:40] or "role")
    if not draft.is_new and draft.changes("key"):
        draft.refuse("key", _("The key of a role does not change, because users are stored with it; change its name."))
    if key == ADMINISTRATOR and draft.changes("grants", "fields", "permissions"):
        draft.refuse("grants", _("The administrator may do everything; make another role to allow less."))
    if draft.action in ("created", "changed") and draft.changes("grants"):
        role_rules.refuse_broken(draft)
    if not person.is_administrator and _adds_rights(draft):
        draft.refuse("permissions", _("Only an administrator can give the right to change users and roles."))
    _refuse_taken(draft, _role, "key", _("There is already a role with the key %(value)s."))


def after_roles(drafts: Sequence[Draft]) -> None:
    """A field that a role hides, or hides no longer, leaves or enters the search documents of its type."""
    touched: set[str] = set()
    for draft in drafts:
        was = {} if draft.is_new else _hidden(draft.before("fields"))
        now = {} if draft.action == "deleted" else _hidden(draft.get("fields"))
        touched |= {type_key for type_key in {*was, *now} if was.get(type_key) != now.get(type_key)}
    reindex.ask(touched)
    role_log.note_roles(drafts)


def _hidden(fields: Any) -> dict[str, set[str]]:
    found = {
        type_key: {name for name, right in rights.items() if right == "hidden"}
        for type_key, rights in (fields or {}).items()
    }
    return {type_key: names for type_key, names in found.items() if names}


def _adds_rights(draft: Draft) -> bool:
    given, before = draft.get("permissions") or {}, draft.before("permissions") or {}
    guarded = ("users.edit", "roles.edit", "view_as.use", "plugins.switch")
    return draft.get("kind") == ADMINISTRATOR or any(given.get(name) and not before.get(name) for name in guarded)


def record_types() -> list[RecordType]:
    """The record types access.user, access.team and access.role."""
    kinds = tuple(Choice(key=key, label=key.capitalize()) for key in DEFAULT_ROLE_KEYS)
    return [
        RecordType(
            key=USER,
            collection="users",
            label=_l("User"),
            label_plural=_l("Users"),
            model=User,
            fields=(
                Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True),
                Field(
                    name="email",
                    kind="email",
                    label=_l("E-mail"),
                    searchable=True,
                    max_length=254,
                    validate=_lower,
                    help=_l("Signs in with it; a user without one cannot sign in."),
                ),
                Field(name="roles", kind="multichoice", label=_l("Roles"), sortable=False),
                Field(
                    name="active",
                    kind="boolean",
                    label=_l("Active"),
                    required=True,
                    default=True,
                    help=_l("Somebody who is not active is signed out at once and cannot sign in."),
                ),
                Field(name="language", kind="text", label=_l("Language"), validate=_language, max_length=10),
                Field(name="zone", kind="text", label=_l("Time zone"), validate=_zone, max_length=60),
                Field(
                    name="theme",
                    kind="choice",
                    label=_l("Appearance"),
                    choices=(Choice(key="light", label=_l("Light")), Choice(key="dark", label=_l("Dark"))),
                ),
                Field(
                    name="shortcuts_off",
                    kind="boolean",
                    label=_l("Switch off single-key shortcuts"),
                    required=True,
                    default=False,
                ),
                Field(
                    name="notices_by_mail",
                    kind="boolean",
                    label=_l("Notices by mail, too"),
                    required=True,
                    default=False,
                    help=_l("Each notice also comes by mail."),
                ),
            ),
            icon="user",
            hue="indigo",
            list_columns=("name", "email", "roles", "team", "active"),
            default_sort="name",
            prepare=prepare_user,
            after=role_log.after_users,
            public="everybody sees who works here; writing needs the permission users.edit",
            subtitle="email",
            keys=("external_id", "email", "name"),
            timeline=False,
            menu=False,
            order=900,
        ),
        RecordType(
            key=TEAM,
            collection="teams",
            label=_l("Team"),
            label_plural=_l("Teams"),
            model=Team,
            fields=(
                Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True),
                Field(name="parent", kind="link", label=_l("Above it"), to=TEAM),
                Field(name="head", kind="link", label=_l("Head"), to=USER),
            ),
            icon="users-group",
            hue="teal",
            list_columns=("name", "parent", "head"),
            default_sort="name",
            prepare=prepare_team,
            public="everybody sees the teams; writing needs the permission users.edit",
            keys=("external_id", "name"),
            timeline=False,
            menu=False,
            order=910,
        ),
        RecordType(
            key=ROLE,
            collection="roles",
            label=_l("Role"),
            label_plural=_l("Roles"),
            model=Role,
            fields=(
                Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True),
                Field(name="key", kind="text", label=_l("Key"), max_length=40, validate=_key),
                Field(
                    name="kind",
                    kind="choice",
                    label=_l("Based on"),
                    choices=kinds,
                    help=_l("Modules bring sensible rights for this kind of role."),
                ),
                Field(
                    name="grants", kind="json", label=_l("Rights"), validate=_grants, sortable=False, filterable=False
                ),
                Field(
                    name="fields",
                    kind="json",
                    label=_l("Fields"),
                    validate=_field_rights,
                    sortable=False,
                    filterable=False,
                ),
                Field(
                    name="permissions",
                    kind="json",
                    label=_l("Permissions"),
                    validate=_permissions,
                    sortable=False,
                    filterable=False,
                ),
            ),
            icon="shield",
            hue="amber",
            list_columns=("name", "key", "kind"),
            default_sort="name",
            prepare=prepare_role,
            after=after_roles,
            keys=("external_id", "key", "name"),
            importable=False,
            timeline=False,
            menu=False,
            order=920,
        ),
    ]
