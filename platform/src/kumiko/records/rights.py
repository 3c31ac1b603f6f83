"""Who may do what with which records, as conditions in SQL (design 2 "Own", "Known"; design 6 "Scopes").

Levels: none; own = I own, co-own or was given it; team = own or of my teams; subtree = own or of my teams and those
below; all. Types that hang on others (`parents`) inherit. Persons and organizations are also readable when a record
that the person may read names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, FromClause, and_, bindparam, false, literal_column, select

from kumiko.host import context, scoping
from kumiko.host.columns import table_of
from kumiko.host.context import Principal
from kumiko.host.errors import Forbidden
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import access_rules
from kumiko.records import ways as of_person
from kumiko.records.catalogue import ExtensionInfo, TypeInfo, catalogue
from kumiko.records.hanging import hangs_on_any
from kumiko.records.ways import Way, grade_of

MOST_KEPT = 1000
TEAM_LEVELS = ("team", "subtree")
T = TypeVar("T")


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
                what=inside(info.type.label_plural),
            )
        )


_WORDS = {"create": "create", "edit": "change", "delete": "delete", "export": "export", "bulk": "change many",
          "assign": "assign", "read": "see"}  # fmt: skip


def level(info: TypeInfo, person: Principal, action: str) -> str:
    """The level that counts: the role's, the type's own default for the role, or "all" for public reading."""
    if info.today is not None and action not in ("read", "export"):
        return "none"  # the past cannot be changed
    if person.kind == "system":
        return "all"
    if action == "read" and info.type.public:
        return "all"
    if any(answer is False for answer in _authorize(person, action, info.key)):
        return "none"
    given = person.level(info.key, action)
    if given != "none" and action != "create" and hangs_on_any(info.type):
        return "own"  # nobody reads all of them but by reading all that they hang on
    return given


def hangs(info: TypeInfo) -> bool:
    """Whether rights to records of the type come from other records."""
    return bool(info.type.parents) or hangs_on_any(info.type) is not None


def signature(person: Principal) -> tuple[Any, ...]:
    """What of a person's rights shapes a list statement; equal for people who may share one.

    Ids of the person and the teams are parameters of the statement and not part of it.
    """
    cache = context.current().cache
    key = "rights.signature"  # the context forgets its cache when another person acts
    if key not in cache:
        levels = tuple(level(info, person, "read") for info in catalogue().types.values())
        hidden = tuple(sorted((name, tuple(sorted(fields))) for name, fields in person.hidden.items()))
        cache[key] = (levels, hidden, access_rules.mark(person))
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
    if info.today is not None:  # read as of a moment: there then, and mine today
        found: ColumnElement[bool] = info.criterion(action, rows, deleted=deleted)  # type: ignore[attr-defined]
        return found
    if rows is not info.table or person is not context.current().principal:
        return _criterion(info, person, action, rows, deleted)
    return kept_if_shared(
        ("criterion", info.key, action, level(info, person, action), deleted, *_other_levels(info, person, action)),
        lambda: _criterion(info, person, action, rows, deleted),
    )


def allowed(
    info: TypeInfo, action: str, ids: Sequence[int], person: Principal | None = None, *, deleted: bool = False
) -> set[int]:
    """Those of some records that the person may do `action` with: the condition itself, asked for these ids."""
    limit = criterion(info, person or context.principal(), action, deleted=deleted)
    query = select(info.table.c.id).where(info.table.c.id.in_(bindparam("asked_ids", expanding=True)))
    found: set[int] = set()
    for start in range(0, len(ids), MOST_KEPT):
        asked = {"asked_ids": list(ids[start : start + MOST_KEPT])}
        found |= set(scoping.trusted(query if limit is None else query.where(limit), asked).scalars())
    return found


def has_no_limit(info: TypeInfo, person: Principal, action: str) -> bool:
    """Whether the person may do `action` with every record that they can name."""
    return level(info, person, action) == "all" and not has_scope_hooks()


def _other_levels(info: TypeInfo, person: Principal, action: str) -> tuple[str, ...]:
    """Levels beside those of reading (`signature`) that the condition is made of."""
    if hangs_on_any(info.type) is None or _of_record(action) == "read":
        return ()
    return tuple(level(other, person, "edit") for other in catalogue().types.values())


def _criterion(
    info: TypeInfo, person: Principal, action: str, rows: FromClause, deleted: bool
) -> ColumnElement[bool] | None:
    alive = rows.c.deleted_at.is_not(None) if deleted else rows.c.deleted_at.is_(None)
    limit = _limit(info, person, action, rows)
    extra = hook_conditions(info, person, rows)
    parts = [part for part in (alive, limit, *extra) if part is not None]
    return and_(*parts)


def kept_if_shared(key: tuple[Any, ...], make: Callable[[], T]) -> T:
    """What `make` gives: a condition or statement for whoever acts, made once for all people with the same rights.

    Making one costs more than its answer. It may hold no id of a person but by way of `criterion`, whose parameters are
    read when it is executed. While a plugin narrows scopes nothing is kept: its conditions may hold anything.
    """
    if has_scope_hooks():
        return make()
    cache = catalogue().cache
    whole = (*key, signature(context.principal()))
    if whole not in cache:
        if len(cache) > MOST_KEPT:
            cache.clear()
        cache[whole] = make()
    found: T = cache[whole]
    return found


def _limit(info: TypeInfo, person: Principal, action: str, rows: FromClause) -> ColumnElement[bool] | None:
    wanted = level(info, person, action)
    if wanted == "all":
        return None
    if wanted == "none":
        return false()
    return of_person.joined(ways(info, person, action, wanted, rows))


def ways(info: TypeInfo, person: Principal, action: str, wanted: str, rows: FromClause) -> Iterator[Way]:
    """The ways by which the person may do `action` at a level that is neither "all" nor "none"; one is enough."""
    grade = grade_of(action)
    hanging = hangs_on_any(info.type)
    if info.type.parents:
        yield from _hangs_on(info, person, rows, grade)
    elif hanging is not None:
        yield from _hangs_on_any(person, action, rows, *hanging)
    else:
        yield from of_person.of_level(info, wanted, person, rows, grade)
        if action == "read" and (shared_by := getattr(info.type, "shared_by", "")):
            yield Way("public", rows.c[shared_by] == "public")
            in_team = rows.c.team_id.in_(of_person.teams(person))
            yield Way("shared_list", and_(rows.c[shared_by] == "team", in_team))
        elif info.type.known and action == "read":
            yield from _named_by_readable(info, person, rows)


def mirrored_criterion(info: TypeInfo, side: ExtensionInfo, person: Principal, *, deleted: bool = False) -> Any:
    """What of `criterion` can be said of copies in a side table, so that its indexes count; None when nothing can.

    Beside `criterion` on the base rows, never instead of it: a copy may be stale.
    """
    rows = side.table
    parts: list[ColumnElement[bool]] = []
    if "deleted_at" in side.mirrors:
        parts.append(rows.c.deleted_at.is_not(None) if deleted else rows.c.deleted_at.is_(None))
    wanted = level(info, person, "read")
    needed = {"own": {"owner_id"}, "team": {"owner_id", "team_id"}, "subtree": {"owner_id", "team_id"}}.get(wanted)
    ruled = access_rules.rules_of(person, info.key, "read")  # rules read more than is copied
    if needed is not None and needed <= side.mirrors and not (hangs(info) or info.type.known or ruled):
        parts.append(of_person.joined(of_person.of_level(info, wanted, person, rows, "read", side.key)))
    return and_(*parts) if parts else None


def mirrored(info: TypeInfo, person: Principal, side: FromClause) -> list[ColumnElement[bool]] | None:
    """Reading conditions on the copies that a side table keeps of owner, team and bin, or None when they do not tell.

    Rows that meet any one of them are readable; none meets two. Several, because an index answers each of "I own it"
    and "I was given it" in order, but not both at once.
    """
    wanted = level(info, person, "read")
    if wanted == "none" or hangs(info) or info.type.known or has_scope_hooks():
        return None
    if wanted != "all" and access_rules.rules_of(person, info.key, "read"):
        return None
    needed = {"deleted_at", *({"owner_id"} if wanted != "all" else ()), *({"team_id"} if wanted in TEAM_LEVELS else ())}
    if not needed <= set(side.c.keys()):
        return None
    alive = side.c.deleted_at.is_(None)
    if wanted == "all":
        return [alive]
    if wanted != "own":
        return [and_(alive, of_person.joined(of_person.of_level(info, wanted, person, side, "read", side.c.record_id)))]
    me = of_person.me(person)
    given = of_person.joined(of_person.given(person, side.c.record_id, "read"))
    return [and_(alive, side.c.owner_id == me), and_(alive, given, side.c.owner_id.is_distinct_from(me))]


def _hangs_on(info: TypeInfo, person: Principal, rows: FromClause, grade: str) -> Iterator[Way]:
    """Mine by authorship, or hanging on a record that is mine; the first parent that is set decides."""
    me = of_person.me(person)
    yield Way("author", rows.c.created_by_id == me)
    yield Way("owner", rows.c.owner_id == me)
    earlier: list[ColumnElement[bool]] = []
    for name in info.type.parents:
        field = info.fields[name]
        column = rows.c[field.columns[0].name]
        parent = catalogue().find(field.field.to)
        if parent is not None:
            own = _is_own(parent, person, column, grade=grade)
            yield Way("parent", and_(*earlier, own), parent.key)
        earlier.append(column.is_(None))


def _of_record(action: str) -> str:
    """What one must be allowed to do with a record to do `action` with what hangs on it."""
    return "read" if action in ("read", "export") else "edit"


def _hangs_on_any(person: Principal, action: str, rows: FromClause, on_type: str, on_id: str) -> Iterator[Way]:
    """One way per type of which the person has some records; a type that is off or unknown opens nothing."""
    needed = _of_record(action)
    if needed == "read":
        yield Way("author", rows.c.created_by_id == of_person.me(person))
    open_keys: list[str] = []
    for other in catalogue().types.values():
        wanted = level(other, person, needed)
        if wanted == "none" or hangs_on_any(other.type):
            continue
        if wanted == "all" and not has_scope_hooks():
            open_keys.append(other.key)
            continue
        table = other.table.alias()
        narrowed = hook_conditions(other, person, table)
        own = _is_own(other, person, rows.c[on_id], needed, *narrowed, table=table, grade=needed)
        yield Way("parent", and_(rows.c[on_type] == other.key, own), other.key)
    if open_keys:
        yield Way("parent", rows.c[on_type].in_(open_keys))


def _is_own(
    info: TypeInfo,
    person: Principal,
    record_id: ColumnElement[Any],
    action: str = "read",
    *more: ColumnElement[bool],
    grade: str,
    table: FromClause | None = None,
) -> ColumnElement[bool]:
    """Whether `record_id` names a record that is the person's by level, not one that is merely known.

    `grade`: what sharing and rules must give for it to count as the person's.
    """
    table = info.table.alias() if table is None else table
    wanted = level(info, person, action)
    if wanted == "none":
        return false()
    limit: list[ColumnElement[bool]] = []
    if wanted != "all":
        by_level = of_person.of_level(info, wanted, person, table, grade)
        limit = [of_person.joined(_hangs_on(info, person, table, grade) if info.type.parents else by_level)]
    return there_is(table, table.c.id == record_id, *limit, *more)


def there_is(source: FromClause, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """EXISTS, tied to the rows outside. An IN with the same meaning would first collect the ids of ALL rows inside: a
    head's card then took as long as there are deals; so it looks at the few that an index finds."""
    return select(literal_column("1")).select_from(source).where(*conditions).correlate_except(source).exists()


def _named_by_readable(info: TypeInfo, person: Principal, rows: FromClause) -> Iterator[Way]:
    for linking, field, item in catalogue().links_to.get(info.key, ()):
        if linking.type.public or hangs(linking) or (linking.key == info.key):
            continue
        named = linking.table.alias()
        wanted = level(linking, person, "read")
        if wanted == "none":
            continue
        conditions: list[ColumnElement[bool]] = [named.c.deleted_at.is_(None)]
        if wanted != "all":
            conditions.append(of_person.joined(of_person.of_level(linking, wanted, person, named, "read")))
        if item is None:
            yield Way("known", there_is(named, field.at(named) == rows.c.id, *conditions), linking.key)
        else:
            part = field.part_table.alias()
            readable = there_is(named, named.c.id == part.c.parent_id, *conditions)
            yield Way("known", there_is(part, part.c[item.columns[0].name] == rows.c.id, readable), linking.key)


def has_scope_hooks() -> bool:
    """Whether a plugin narrows scopes; its conditions may hold anything of the person."""
    generation = context.current().generation
    return generation is not None and bool(generation.hooks.hook.scope_records.get_hookimpls())


def hook_conditions(info: TypeInfo, person: Principal, rows: FromClause) -> list[ColumnElement[bool]]:
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
    return target.type.known and not hangs(info) and not info.type.known


def class_criterion(cls: Any, person: Principal) -> ColumnElement[bool] | None:
    """The condition that the session adds to ORM queries on a mapped class."""
    scope = scoping.scope_of(cls)
    info = catalogue().find(scope.type_key)
    if info is None:
        return false()
    info = info.today or info
    rows = table_of(cls)
    if scope.kind == "record":
        return criterion(info, person, table=rows)
    base = info.table.alias()
    limit = criterion(info, person, table=base)
    return there_is(base, base.c.id == rows.c[scope.column], *(() if limit is None else (limit,)))


scoping.criterion_for = class_criterion
