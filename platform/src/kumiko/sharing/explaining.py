"""Why somebody may, or may not, do something with a record: the conditions of rights, asked one by one.

The answers come from the very conditions that limit every query (`kumiko.records.rights.ways`), so that they cannot
say anything else than what is enforced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, true

from kumiko.access.directory import Declared, Directory
from kumiko.access.models import Role, Team, User, table
from kumiko.host.columns import table_of
from kumiko.host.context import Principal, current
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.records import access_rules, rights
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.ways import Way
from kumiko.sharing.models import SharedRecord

#: What people do with a record, and all that each needs: taking many in hand means changing them, and so on.
NEEDS: dict[str, tuple[str, ...]] = {
    "read": ("read",),
    "edit": ("edit",),
    "delete": ("delete",),
    "assign": ("edit", "assign"),
    "bulk": ("edit", "bulk"),
    "export": ("read", "export"),
}
_role, _user, _team, _share = table(Role), table(User), table(Team), table_of(SharedRecord)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether an action is allowed. `grants` and `denies`: the chain in plain words; `ways`: what holds, as codes."""

    action: str
    allowed: bool
    level: str
    grants: tuple[str, ...] = ()
    denies: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """All verdicts for one person and one record; `roles`: names of the person's roles."""

    person: Principal
    type_key: str
    record_id: int
    roles: tuple[str, ...]
    verdicts: tuple[Verdict, ...] = field(default_factory=tuple)

    def of(self, action: str) -> Verdict:
        """The verdict on one action."""
        return next(one for one in self.verdicts if one.action == action)


@dataclass(frozen=True)
class _Asked:
    """One condition of an action: `level` that the roles give, and the ways of which one must hold."""

    action: str
    level: str
    ways: tuple[Way, ...]
    hooks: tuple[ColumnElement[bool], ...]


def explain(info: TypeInfo, record_id: int, person: Principal) -> Explanation:
    """Why `person` may do what with a record of the type, live or in the bin. One statement for all conditions."""
    asked = {action: _asked(info, person, action) for action in NEEDS}
    columns: list[Any] = [(info.table.c.deleted_at.is_not(None)).label("binned")]
    for action, one in asked.items():
        columns += [_flag(way.condition, f"{action}_{number}") for number, way in enumerate(one.ways)]
        columns += [_flag(hook, f"{action}_hook_{number}") for number, hook in enumerate(one.hooks)]
    row = trusted(select(*columns).where(info.table.c.id == record_id)).mappings().first()
    known = _Known(info, record_id, person)
    verdicts = tuple(_verdict(action, asked, row, known) for action in NEEDS)
    return Explanation(person=person, type_key=info.key, record_id=record_id, roles=known.role_names, verdicts=verdicts)


def _flag(condition: ColumnElement[bool], name: str) -> Any:
    return func.coalesce(condition, literal(False)).label(name)


def _asked(info: TypeInfo, person: Principal, action: str) -> _Asked:
    wanted = rights.level(info, person, action)
    found = tuple(rights.ways(info, person, action, wanted, info.table)) if wanted not in ("none", "all") else ()
    if wanted == "all":
        found = (Way("all", true()),)
    return _Asked(action, wanted, found, tuple(rights.hook_conditions(info, person, info.table)))


def _verdict(action: str, asked: dict[str, _Asked], row: Any, known: _Known) -> Verdict:
    grants: list[str] = []
    denies: list[str] = []
    codes: list[str] = []
    if row is None:
        return Verdict(action=action, allowed=False, level="none", denies=(_("There is no such record."),))
    for name in NEEDS[action]:
        one = asked[name]
        holding = [way for number, way in enumerate(one.ways) if row[f"{name}_{number}"]]
        narrowed = [number for number, _hook in enumerate(one.hooks) if not row[f"{name}_hook_{number}"]]
        codes += [f"{way.kind}:{way.note}" if way.note else way.kind for way in holding]
        if narrowed:
            denies.append(_("A module narrows what may be seen here, and this record is not among it."))
        if holding and not narrowed:
            grants += known.lines(name, one.level)
            grants += [sentence for way in holding if (sentence := known.sentence(way, name))]
        elif not holding:
            denies += known.lines(name, one.level)
            denies += known.why_not(name, one.level)
            denies += known.paused(name)
    if row["binned"]:
        grants.append(_("The record is in the bin."))
    return Verdict(
        action=action,
        allowed=not denies,
        level=asked[action].level,
        grants=tuple(dict.fromkeys(grants)),
        denies=tuple(dict.fromkeys(denies)),
        ways=tuple(dict.fromkeys(codes)),
    )


class _Known:
    """What the sentences need: names of roles and teams, who shared the record. Read once per explanation."""

    def __init__(self, info: TypeInfo, record_id: int, person: Principal) -> None:
        self.info, self.record_id, self.person = info, record_id, person
        self.roles = _roles_of(person)
        self.directory = Directory(0, Declared.of(current().generation), self.roles, ())

    @property
    def role_names(self) -> tuple[str, ...]:
        return tuple(str(role["name"]) for role in self.roles)

    def lines(self, action: str, level: str) -> Iterator[str]:
        """What each role says to the action; the widest counts."""
        if self.person.kind == "system":
            yield _("The system may do everything.")
            return
        if action == "read" and self.info.type.public:
            yield _("Everybody may read %(what)s.", what=inside(self.info.type.label_plural))
            return
        if not self.roles:
            yield _("%(name)s has no role.", name=self.person.name)
        if self.person.read_only and action != "read":
            yield _("This access may only read.")
        for role in self.roles:
            said = self.directory.level(role, self.info.key, action)
            yield _(
                "The role %(role)s says for “%(action)s”: %(level)s.",
                role=role["name"],
                action=action_words()[action],
                level=level_words()[said],
            )
        if len(self.roles) > 1:
            yield _("Of several roles the widest counts.")

    def sentence(self, way: Way, action: str) -> str:
        name, note = self.person.name, way.note
        if way.kind == "shared":
            return self._shared(_share.c.with_user_id == self.person.user_id)
        if way.kind == "shared_team":
            return self._shared(_share.c.with_team_id.in_(self.person.team_ids))
        if way.kind in ("team", "subtree"):
            return _("It belongs to the team %(team)s, which counts for %(name)s.", team=self._team(), name=name)
        if way.kind in ("parent", "known"):
            other = catalogue().find(note)
            what = inside(other.type.label if other is not None else note)
            if way.kind == "parent":
                return _("It hangs on a record (%(what)s) to which %(name)s has this right.", what=what, name=name)
            return _("A record (%(what)s) that %(name)s may read names it.", what=what, name=name)
        return {
            "all": "",
            "owner": _("%(name)s owns it.", name=name),
            "co_owner": _("%(name)s is a co-owner.", name=name),
            "author": _("%(name)s made it.", name=name),
            "rule": _("It matches the rule “%(rule)s” of a role.", rule=note),
            "public": _("Its owner shares it with everybody."),
            "shared_list": _("Its owner shares it with a team of %(name)s.", name=name),
        }[way.kind]

    def why_not(self, action: str, level: str) -> Iterator[str]:
        if level == "none":
            yield _("So %(name)s may not do this with any record of this kind.", name=self.person.name)
        elif rights.hangs(self.info):
            yield _("%(name)s did not make it, and has no such right to the record it hangs on.", name=self.person.name)
        else:
            yield _("%(name)s neither owns it nor was given it for this.", name=self.person.name)
            if level in ("team", "subtree"):
                team = self._team()
                yield (
                    _("It belongs to the team %(team)s, which does not count for %(name)s.", team=team,
                      name=self.person.name)
                    if team
                    else _("It belongs to no team.")
                )  # fmt: skip

    def paused(self, action: str) -> Iterator[str]:
        for rule in access_rules.rules_of(self.person, self.info.key, "read"):
            why = access_rules.why_paused(self.info, rule, self.person)
            if why:
                yield _("The rule “%(rule)s” is paused: %(why)s", rule=rule.name, why=why)

    def _shared(self, holder: ColumnElement[bool]) -> str:
        maker = _user.alias()
        query = (
            select(maker.c.name, _share.c.access)
            .outerjoin_from(_share, maker, maker.c.id == _share.c.created_by_id)
            .where(_share.c.record_id == self.record_id, _share.c.deleted_at.is_(None), holder)
            .order_by(_share.c.access)
        )
        row = trusted(query).first()
        if row is None:
            return ""
        by = row.name or _("somebody")
        if row.access == "edit":
            return _("%(by)s shared it with %(name)s for reading and changing.", by=by, name=self.person.name)
        return _("%(by)s shared it with %(name)s for reading.", by=by, name=self.person.name)

    def _team(self) -> str:
        rows = self.info.table
        query = select(_team.c.name).join(rows, rows.c.team_id == _team.c.id).where(rows.c.id == self.record_id)
        return str(trusted(query).scalar() or "")


def _roles_of(person: Principal) -> Sequence[Any]:
    query = select(_role).where(_role.c.key.in_(person.roles), _role.c.deleted_at.is_(None)).order_by(_role.c.id)
    return trusted(query).mappings().all()


def action_words() -> dict[str, str]:
    """Actions as people say them."""
    return {
        "read": _("see"), "edit": _("change"), "delete": _("delete"), "export": _("export"),
        "assign": _("give to others"), "bulk": _("change many at once"),
    }  # fmt: skip


def level_words() -> dict[str, str]:
    """Levels as people say them."""
    return {
        "none": _("none"), "own": _("own records"), "team": _("records of one's teams"),
        "subtree": _("records of one's teams and those below"), "all": _("all records"),
    }  # fmt: skip


def holds_everywhere(info: TypeInfo, person: Principal, action: str, ids: Sequence[int]) -> set[int]:
    """Those of some records with which the person may do the action, as it is enforced."""
    found = set(ids)
    for name in NEEDS[action]:
        found &= rights.allowed(info, name, sorted(found), person) if found else set()
    return found
