"""Rights in the one session every query goes through; they fail closed (backend-study E4, extension-study 4).

Every mapped class says in `__scope__` who may read its rows. A listener on the session class adds the condition to
every ORM statement, whatever its shape. Statements that it cannot limit are refused: raw tables, text, and any
statement without a principal. The record layer, which writes its conditions itself, executes through `trusted`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    Alias,
    Column,
    ColumnClause,
    ColumnElement,
    Connection,
    Executable,
    Join,
    Select,
    Table,
    TextClause,
    event,
    false,
)
from sqlalchemy.engine import CursorResult, Engine
from sqlalchemy.orm import ORMExecuteState, UOWTransaction, with_loader_criteria
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.sql import visitors

from kumiko.host.context import Principal, find_current, session
from kumiko.host.database import HostSession
from kumiko.host.errors import ScopeError

ScopeKind = Literal["record", "through", "public", "internal"]


@dataclass(frozen=True)
class Scope:
    """Who may read the rows of a mapped class. Make one with the class methods."""

    kind: ScopeKind
    type_key: str = ""
    column: str = ""
    reason: str = ""

    @classmethod
    def record(cls, type_key: str) -> Scope:
        """Rows are records of this type; roles and rules say who reads them. Written by the record service only."""
        return cls("record", type_key=type_key)

    @classmethod
    def through(cls, type_key: str, column: str) -> Scope:
        """Rows are parts; they share the rights of the record of `type_key` whose id is in `column`."""
        return cls("through", type_key=type_key, column=column)

    @classmethod
    def public(cls, reason: str) -> Scope:
        """Every signed-in person may read the rows."""
        return cls("public", reason=reason)

    @classmethod
    def internal(cls, reason: str) -> Scope:
        """Only the system's own work reads the rows, inside `unscoped(reason)`."""
        return cls("internal", reason=reason)


class _Trust:
    """Marks statements of the record layer; an object, so that no text from outside can claim it."""


_TRUST = _Trust()
_OPTION = "kumiko_trust"

#: Given by the record layer at import: (mapped class, principal) -> condition or None for "all rows".
criterion_for: Callable[[Any, Principal], ColumnElement[bool] | None] | None = None


def trusted(statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]:
    """Execute a Core statement whose rights the caller has checked or written into it.

    For the record layer and core services; a test of the house lists the modules that may import it.
    """
    connection = session().connection()
    if parameters is None:
        return connection.execute(statement, execution_options={_OPTION: _TRUST})
    return connection.execute(statement, parameters, execution_options={_OPTION: _TRUST})


def scope_of(cls: Any) -> Scope:
    """The declared scope of a mapped class; ScopeError when it has none."""
    scope = getattr(cls, "__scope__", None)
    if not isinstance(scope, Scope):
        raise ScopeError(f"{cls.__name__} declares no __scope__; say Scope.record, through, public or internal")
    return scope


def _classes_in(statement: Any, *, made_by_orm: bool = False) -> Iterator[Any]:
    """Mapped classes named by an ORM statement; ScopeError for rows that would come in without their class.

    SQLAlchemy marks what stems from a class ("parententity"). Tables that it derives from marked columns are not
    marked themselves; so columns are judged, and the sources that somebody wrote out. Statements that the ORM makes
    to load an attribute name their key columns bare.
    """
    seen: set[Any] = set()
    for element in visitors.iterate(statement):
        entity = getattr(element, "_annotations", {}).get("parententity")
        if entity is not None:
            mapper = getattr(entity, "mapper", entity)
            if mapper.class_ not in seen:
                seen.add(mapper.class_)
                yield mapper.class_
        elif isinstance(element, Column) and isinstance(element.table, Table | Alias) and not made_by_orm:
            raise ScopeError(
                f"column {element} stands in a query without its class; select the attribute of the mapped class"
            )
        elif isinstance(element, Select):
            for source in _written_sources(element):
                _refuse_bare(source)
        elif isinstance(element, Join):
            _refuse_bare(element.left)
            _refuse_bare(element.right)
        elif isinstance(element, TextClause) or (
            isinstance(element, ColumnClause) and element.is_literal and "select" in element.name.lower()
        ):
            raise ScopeError("text inside a query cannot be limited to what a person may see; write it with classes")


def _written_sources(element: Select[Any]) -> Iterator[Any]:
    yield from element._raw_columns
    yield from element._from_obj
    for target, *_how in element._setup_joins:
        yield target


def _refuse_bare(source: Any) -> None:
    bare = isinstance(source, Alias) and isinstance(source.element, Table)
    if (isinstance(source, Table) or bare) and "parententity" not in source._annotations:
        raise ScopeError(f"table {source} stands in a query without its class; select the mapped class")


def _on_orm_execute(state: ORMExecuteState) -> None:
    context = find_current()
    if context is None:
        raise ScopeError("no context: a query needs one")
    if context.unscoped_reason or state.execution_options.get(_OPTION) is _TRUST:
        return
    if not state.is_orm_statement:
        raise ScopeError("only ORM statements can be limited to what a person may see; raw tables and text are refused")
    if state.is_update or state.is_delete:
        _refuse_mass_write(state)
    person = context.principal
    if person is None:
        raise ScopeError("no principal: nobody is signed in for this query")
    if person.kind == "system":
        return
    statement = state.statement
    made_by_orm = state.is_column_load or state.is_relationship_load
    for cls in _classes_in(statement, made_by_orm=made_by_orm):
        condition = _condition(cls, person)
        if condition is not None:
            statement = statement.options(
                with_loader_criteria(cls, condition, include_aliases=True, propagate_to_loaders=True)
            )
    state.statement = statement


def _condition(cls: Any, person: Principal) -> ColumnElement[bool] | None:
    scope = scope_of(cls)
    if scope.kind == "public":
        return None
    if scope.kind == "internal" or criterion_for is None:
        return false()
    return criterion_for(cls, person)


def _refuse_mass_write(state: ORMExecuteState) -> None:
    mapper = state.bind_mapper
    if mapper is not None and scope_of(mapper.class_).kind in ("record", "through"):
        raise ScopeError(f"rows of {mapper.class_.__name__} are written by the record service, which keeps the journal")


def _on_before_flush(flushed: HostSession, _context: UOWTransaction, _instances: Any) -> None:
    for instance in (*flushed.new, *flushed.dirty, *flushed.deleted):
        if scope_of(type(instance)).kind in ("record", "through") and instance_state(instance).modified:
            raise ScopeError(
                f"{type(instance).__name__} is written by the record service (kumiko.create, update, delete), "
                "which checks rights and keeps the journal"
            )
    context = find_current()
    if context is None or not context.in_transaction:
        raise ScopeError("writes happen inside `with transaction()`")


def _before_execute(
    connection: Connection, clause: Any, _multiparams: Any, _params: Any, execution_options: Any
) -> None:
    """The net below the session: a Core statement on a connection that belongs to an acting person."""
    if execution_options.get(_OPTION) is _TRUST or "_sa_orm_load_options" in execution_options:
        return
    context = find_current()
    if context is None or context.unscoped_reason or context.principal is None or context.principal.kind == "system":
        return
    compile_state = getattr(clause, "_propagate_attrs", None)
    if compile_state and compile_state.get("compile_state_plugin") == "orm":
        return
    for element in visitors.iterate(clause):
        if isinstance(element, Table) and element.info.get("kumiko_scoped"):
            raise ScopeError(f"table {element.name} is limited by rights; query its class through kumiko.session()")


event.listen(HostSession, "do_orm_execute", _on_orm_execute)
event.listen(HostSession, "before_flush", _on_before_flush)
event.listen(Engine, "before_execute", _before_execute)
