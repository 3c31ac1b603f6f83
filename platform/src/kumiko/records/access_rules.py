"""Rules of roles: records that match a filter may be read or edited, whoever owns them.

A rule widens a role, it never takes anything away. Its filter is a copy, named after the saved list it was made from:
who changes a shared list must not change rights. It is compiled with all fields, since administrators wrote it, and
into the same condition as ownership. A rule whose filter names a field that is not there is paused: it gives nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import ColumnElement, FromClause

from kumiko.host import context
from kumiko.host.columns import utc_now
from kumiko.host.context import Principal
from kumiko.host.errors import Invalid

#: Words of filters that mean something else for another person or on another day.
_MOVING = ('"me"', "today", "tomorrow", "yesterday", '"+', '"-', "_at")


@dataclass(frozen=True)
class Rule:
    """`access`: "read", or "edit" (which includes reading). `text`: the filter as JSON, names of fields qualified."""

    name: str
    access: str
    text: str

    @property
    def node(self) -> Any:
        return orjson.loads(self.text)

    @property
    def moves(self) -> bool:
        return any(word in self.text for word in _MOVING)


@dataclass(frozen=True, kw_only=True)
class RuledPrincipal(Principal):
    """A person whose roles hold rules: type key -> rules."""

    rules: Mapping[str, Sequence[Rule]] = field(default_factory=dict)


def read_rules(stored: Any) -> tuple[Rule, ...]:
    """The rules that a role keeps for a type, as the service checked them."""
    return tuple(Rule(one["name"], one["access"], orjson.dumps(one["filter"]).decode()) for one in stored or ())


def rules_of(person: Principal, type_key: str, grade: str) -> Sequence[Rule]:
    """Rules that give the person records of a type at a grade; none for what rules never give."""
    if not isinstance(person, RuledPrincipal) or not grade:
        return ()
    return [rule for rule in person.rules.get(type_key, ()) if grade == "read" or rule.access == "edit"]


def mark(person: Principal) -> Any:
    """What of a person's rules shapes a statement; people of equal marks may share one."""
    if not isinstance(person, RuledPrincipal):
        return ()
    found = tuple((key, rule.access, rule.text) for key, rules in sorted(person.rules.items()) for rule in rules)
    if any(rule.moves for rules in person.rules.values() for rule in rules):
        return (found, person.user_id, person.zone, utc_now().isoformat(timespec="minutes"))
    return found


def condition(info: Any, rule: Rule, person: Principal, rows: FromClause) -> ColumnElement[bool] | None:
    """What a rule asks of the rows; None while it is paused."""
    from kumiko.records import rights  # local: cycle
    from kumiko.records.filters import Where, compile_filter, extensions_in  # local: cycle

    node = rule.node
    table = info.table.alias()
    sides = {side.plugin: side.table.alias() for side in info.extensions}
    named = extensions_in(info, node)
    source: Any = table
    for side in info.extensions:
        if side.plugin in named:
            source = source.outerjoin(sides[side.plugin], sides[side.plugin].c.record_id == table.c.id)
    try:
        with _all_fields(person):
            asked = compile_filter(info, node, Where(table, sides))
    except Invalid:
        return None
    return rights.there_is(source, table.c.id == rows.c.id, asked)


def why_paused(info: Any, rule: Rule, person: Principal | None = None) -> str:
    """The sentence that says which field a paused rule lacks; "" for one that works."""
    from kumiko.records.filters import Where, compile_filter  # local: cycle

    table = info.table.alias()
    try:
        with _all_fields(person or context.principal()):
            compile_filter(info, rule.node, Where(table, {side.plugin: side.table.alias() for side in info.extensions}))
    except Invalid as fault:
        return fault.message
    return ""


@contextmanager
def _all_fields(person: Principal) -> Iterator[None]:
    """Compile with every field and every record that a path leads over, but with the person's own "me" and zone."""
    now = context.current()
    before = now.principal, now.cache
    everything = Principal(user_id=person.user_id, name=person.name, kind="system", zone=person.zone)
    now.principal, now.cache = everything, {}
    try:
        yield
    finally:
        now.principal, now.cache = before
