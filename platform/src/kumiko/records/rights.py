"""Who may do what with which records, as conditions in SQL (design 2 "Own", "Known"; design 6 "Scopes").

Levels: none; own = I own, co-own or was given it; team = own or of my teams; subtree = own or of my teams and those
below; all. Types that hang on others (`parents`) inherit. Persons and organizations are also readable when a record
that the person may read names them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, FromClause, and_, bindparam, false, or_, select

from kumiko.host import context, scoping
from kumiko.host.columns import table_of
from kumiko.host.context import Principal
from kumiko.host.errors import Forbidden
from kumiko.host.i18n import gettext as _
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.models import Share

_share = table_of(Share)


def may(action: str, type_key: str, person: Principal | None = None) -> bool:
    """Whether the person may do `action` with at least some records of a type."""
    who = person or context.principal()
    info = catalogue().find(type_key)
    if info is None:
        return False
    return level(info, who, action) != "none"


def require(action: str, info: TypeInfo) -> None:
    """Forbidden, with a sentence, when the person may not do `action` with any record of the type."""
    if level(info, context.principal(), action) == "none":
        raise Forbidden(
            _(
                "Your role does not allow you to %(action)s %(what)s.",
                action=_WORDS.get(action, action),
                what=str(info.type.label_plural).lower(),
            )
        )


_WORDS = {"create": "create", "edit": "change", "delete": "delete", "export": "export", "bulk": "change many",
          "assign": "assign", "read": "see"}  # fmt: skip


def level(info: TypeInfo, person: Principal, action: str) -> str:
    """The level that counts: the role's, the type's own default for the role, or "all" for public reading."""
    if person.kind == "system":
        return "all"
    if action == "read" and info.type.public:
        return "all"
    if any(answer is False for answer in _authorize(person, action, info.key)):
        return "none"
    return person.level(info.key, action)


def signature(person: Principal) -> tuple[Any, ...]:
    """What of a person's rights shapes a list statement; equal for people who may share one.

    Ids of the person and the teams are parameters of the statement and not part of it.
    """
    cache = context.current().cache
    key = "rights.signature"  # the context forgets its cache when another person acts
    if key not in cache:
        levels = tuple(level(info, person, "read") for info in catalogue().types.values())
        hidden = tuple(sorted((name, tuple(sorted(fields))) for name, fields in person.hidden.items()))
        cache[key] = (levels, hidden)
    found: tuple[Any, ...] = cache[key]
    return found


def _authorize(person: Principal, action: str, type_key: str) -> Iterator[Any]:
    generation = context.current().generation
    if generation is None:
        return iter(())
    key = ("authorize", action, type_key)
    cache = context.current().cache
    if key not in cache:
        cache[key] = generation.hooks.hook.authorize(principal=person, action=action, type_key=type_key)
    return iter(cache[key])


def criterion(
    info: TypeInfo, person: Principal, action: str = "read", *, table: FromClause | None = None, deleted: bool = False
) -> ColumnElement[bool] | None:
    """Condition on the rows of a type: what the person may do `action` with; None means all rows.

    `table`: the type's table or an alias of it. `deleted`: rows in the bin instead of live ones.
    """
    rows = info.table if table is None else table
    alive = rows.c.deleted_at.is_not(None) if deleted else rows.c.deleted_at.is_(None)
    limit = _limit(info, person, action, rows)
    extra = _hook_conditions(info, person, rows)
    parts = [part for part in (alive, limit, *extra) if part is not None]
    return and_(*parts)


def _limit(info: TypeInfo, person: Principal, action: str, rows: FromClause) -> ColumnElement[bool] | None:
    wanted = level(info, person, action)
    if wanted == "all":
        return None
    if wanted == "none":
        return false()
    if info.type.parents:
        return _hangs_on(info, person, rows)
    base = _level_condition(wanted, person, rows)
    if info.type.known and action == "read":
        return or_(base, *_named_by_readable(info, person, rows))
    return base


def _level_condition(wanted: str, person: Principal, rows: FromClause) -> ColumnElement[bool]:
    me: BindParameter[Any] = bindparam("p_me", value=person.user_id)
    mine = [rows.c.owner_id == me, rows.c.id.in_(select(_share.c.record_id).where(_share.c.user_id == me))]
    if wanted == "team":
        mine.append(rows.c.team_id.in_(bindparam("p_teams", value=list(person.team_ids), expanding=True)))
    elif wanted == "subtree":
        mine.append(rows.c.team_id.in_(bindparam("p_subtree", value=list(person.subtree_team_ids), expanding=True)))
    return or_(*mine)


def _hangs_on(info: TypeInfo, person: Principal, rows: FromClause) -> ColumnElement[bool]:
    """Mine by authorship, or hanging on a record that is mine; the first parent that is set decides."""
    me: BindParameter[Any] = bindparam("p_me", value=person.user_id)
    cases: list[ColumnElement[bool]] = [rows.c.created_by_id == me, rows.c.owner_id == me]
    earlier: list[ColumnElement[bool]] = []
    for name in info.type.parents:
        field = info.fields[name]
        column = rows.c[field.columns[0].name]
        parent = catalogue().find(field.field.to)
        if parent is not None:
            cases.append(and_(*earlier, column.in_(_ids_of_own(parent, person))))
        earlier.append(column.is_(None))
    return or_(*cases)


def _ids_of_own(info: TypeInfo, person: Principal) -> Any:
    """Ids of the records of a type that are the person's by level, without those that are merely known."""
    table = info.table.alias()
    wanted = level(info, person, "read")
    query = select(table.c.id)
    if wanted == "none":
        return query.where(false())
    if wanted != "all":
        query = query.where(
            _hangs_on(info, person, table) if info.type.parents else _level_condition(wanted, person, table)
        )
    return query


def _named_by_readable(info: TypeInfo, person: Principal, rows: FromClause) -> Iterator[ColumnElement[bool]]:
    for linking, field, item in catalogue().links_to.get(info.key, ()):
        if linking.type.public or linking.type.parents or (linking.key == info.key):
            continue
        named = linking.table.alias()
        wanted = level(linking, person, "read")
        if wanted == "none":
            continue
        conditions: list[ColumnElement[bool]] = [named.c.deleted_at.is_(None)]
        if wanted != "all":
            conditions.append(_level_condition(wanted, person, named))
        if item is None:
            column = named.c[field.columns[0].name]
            yield rows.c.id.in_(select(column).where(column.is_not(None), *conditions))
        else:
            part = field.part_table.alias()
            owners = select(named.c.id).where(*conditions)
            yield rows.c.id.in_(select(part.c[item.columns[0].name]).where(part.c.parent_id.in_(owners)))


def has_scope_hooks() -> bool:
    """Whether a plugin narrows scopes; its conditions may hold anything of the person."""
    generation = context.current().generation
    return generation is not None and bool(generation.hooks.hook.scope_records.get_hookimpls())


def _hook_conditions(info: TypeInfo, person: Principal, rows: FromClause) -> list[ColumnElement[bool]]:
    generation = context.current().generation
    if generation is None or person.kind == "system" or not has_scope_hooks():
        return []
    answers = generation.hooks.hook.scope_records(type_key=info.key, table=rows, principal=person)
    return [answer for answer in answers if answer is not None]


def link_is_open(info: TypeInfo, target: TypeInfo, person: Principal) -> bool:
    """Whether every link from a readable record of `info` to `target` may show the target's name.

    So it is for public types, for those read at "all", and for known types: the record itself makes them known.
    """
    if target.type.public or level(target, person, "read") == "all":
        return True
    return target.type.known and not info.type.parents and not info.type.known


def class_criterion(cls: Any, person: Principal) -> ColumnElement[bool] | None:
    """The condition that the session adds to ORM queries on a mapped class."""
    scope = scoping.scope_of(cls)
    info = catalogue().find(scope.type_key)
    if info is None:
        return false()
    rows = table_of(cls)
    if scope.kind == "record":
        return criterion(info, person, table=rows)
    base = info.table.alias()
    inside = select(base.c.id).where(criterion(info, person, table=base))  # type: ignore[arg-type]
    return rows.c[scope.column].in_(inside)


scoping.criterion_for = class_criterion
