"""The ways by which a record is a person's at a level: each is one condition, and each is one sentence.

Enforcement joins the conditions, the explanation of rights tells which of them hold: both read the same list, so that
what is said cannot drift from what is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    Table,
    any_,
    bindparam,
    false,
    func,
    or_,
    select,
    union_all,
)

from kumiko.host import context
from kumiko.host.columns import Id, table_of
from kumiko.host.context import Principal
from kumiko.records import access_rules
from kumiko.records.models import Share

NO_TEAM = [0]  # an IN of nothing nests two statements deeper, which SQLite refuses in a search of all types


_co_owner = table_of(Share)


@dataclass(frozen=True)
class Way:
    """One way to a record. `kind` says which, `note` names what it goes through (a rule, a type, a field).

    `ids`: the statement of ids of a way that is a list of records; ways of one `record_id` are joined into one list.
    """

    kind: str
    condition: ColumnElement[bool]
    note: str = ""
    record_id: ColumnElement[Any] | None = None
    ids: Select[Any] | None = None


def grade_of(action: str) -> str:
    """What a shared record or a rule must give for an action: "read", "edit", or "" when they never give it."""
    return {"read": "read", "edit": "edit", "bulk": "edit"}.get(action, "")


def shares() -> Table | None:
    """The table of single records that were shared; None while no plugin offers sharing."""
    generation = context.current().generation
    found: Table | None = generation.state.get("shares") if generation is not None else None
    return found


def personal(
    name: str, person: Principal, read: Callable[[Principal], Any], *, expanding: bool = False
) -> BindParameter[Any]:
    """A parameter read when the statement is executed, from whoever acts then; fixed when `person` is somebody else."""
    if person is context.current().principal:
        return bindparam(name, callable_=lambda: read(context.principal()), type_=Id, expanding=expanding)
    # Of another name: SQLAlchemy keeps one compiled form for both, and asks no function where it was made with a value.
    return bindparam(f"{name}_fixed", value=read(person), type_=Id, expanding=expanding)


def me(person: Principal) -> BindParameter[Any]:
    """The id of the person."""
    return personal("p_me", person, lambda who: who.user_id)


def teams(person: Principal, level: str = "team") -> BindParameter[Any]:
    """The ids of the person's teams, of those below them, too, for the level "subtree"."""
    if level == "subtree":
        return personal("p_subtree", person, lambda who: list(who.subtree_team_ids) or NO_TEAM, expanding=True)
    return personal("p_teams", person, lambda who: list(who.team_ids) or NO_TEAM, expanding=True)


def given(person: Principal, record_id: ColumnElement[Any], grade: str) -> Iterator[Way]:
    """Records that the person co-owns, and those that somebody shared with them or with a team of theirs."""
    yield _listed("co_owner", record_id, select(_co_owner.c.record_id).where(_co_owner.c.user_id == me(person)))
    shared = shares()
    if shared is None or not grade:
        return
    rows = select(shared.c.record_id).where(shared.c.deleted_at.is_(None))
    if grade == "edit":  # every share lets read
        rows = rows.where(shared.c.access == "edit")
    yield _listed("shared", record_id, rows.where(shared.c.with_user_id == me(person)))
    yield _listed("shared_team", record_id, rows.where(shared.c.with_team_id.in_(teams(person))))


def _listed(kind: str, record_id: ColumnElement[Any], ids: Select[Any]) -> Way:
    return Way(kind, among(record_id, ids), record_id=record_id, ids=ids)


def among(record_id: ColumnElement[Any], ids: Any) -> ColumnElement[bool]:
    """Whether an id is among those of a small statement, in the form that each database answers by index."""
    if context.current().database.is_sqlite or record_id.key == "id":
        return record_id.in_(ids)
    # as an array PostgreSQL reads it first and then both sides of the "or" by index, else it walks all rows
    return record_id == any_(func.array(ids.scalar_subquery()))


def of_level(
    info: Any, level: str, person: Principal, rows: FromClause, grade: str, record_id: ColumnElement[Any] | None = None
) -> Iterator[Way]:
    """How a row is the person's at a level other than "all" and "none". `record_id`: where `rows` are side rows."""
    yield Way("owner", rows.c.owner_id == me(person))
    yield from given(person, rows.c.id if record_id is None else record_id, grade)
    if level in ("team", "subtree"):
        yield Way(level, rows.c.team_id.in_(teams(person, level)))
    if record_id is None:
        for rule in access_rules.rules_of(person, info.key, grade):
            condition = access_rules.condition(info, rule, person, rows)
            if condition is not None:
                yield Way("rule", condition, rule.name)


def joined(ways: Iterable[Way]) -> ColumnElement[bool]:
    """Any one of them is enough. Lists of ids become one: a search of all types asks for them a hundred times."""
    conditions: list[ColumnElement[bool]] = []
    lists: dict[int, list[Way]] = {}
    for way in ways:
        if way.ids is None:
            conditions.append(way.condition)
        else:
            lists.setdefault(id(way.record_id), []).append(way)
    for listed in lists.values():
        one = listed[0]
        ids = union_all(*(way.ids for way in listed if way.ids is not None)) if len(listed) > 1 else one.ids
        conditions.append(among(one.record_id, ids))  # type: ignore[arg-type]
    return or_(false(), *conditions)
