"""Who is acting, by which way, on which generation: one context per request, job or command.

A context reads through one session that holds no transaction, and writes inside `transaction()`, which swaps in a
session with an open write transaction until it commits. So a GET never locks anything, a write never upgrades a
read lock (SQLite answers "database is locked" to that), and no second session can deadlock against the first.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from kumiko.host.errors import ScopeError

if TYPE_CHECKING:
    from kumiko.host.database import Database, HostSession
    from kumiko.host.generation import Generation

Via = Literal["web", "api", "cli", "form", "mail", "import", "process", "job", "merge", "undo", "restore", "system"]
PrincipalKind = Literal["user", "system"]


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The person (or the system itself) whose rights limit everything done in a context.

    `grants` maps a record type's key, or "*" for all others, to action -> level.
    `hidden` and `read_only_fields` map a record type's key to field names.
    """

    user_id: int | None
    name: str
    kind: PrincipalKind = "user"
    email: str = ""
    roles: tuple[str, ...] = ()
    grants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    permissions: frozenset[str] = frozenset()
    team_ids: tuple[int, ...] = ()
    subtree_team_ids: tuple[int, ...] = ()
    hidden: Mapping[str, frozenset[str]] = field(default_factory=dict)
    read_only_fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    features_off: frozenset[str] = frozenset()  # "plugin.feature" that none of their roles has
    read_only: bool = False  # a read-only token, or "view as"
    viewed_by_id: int | None = None  # the administrator who looks through this person's eyes
    language: str = ""
    zone: str = ""

    def level(self, type_key: str, action: str) -> str:
        """Level ("none" "own" "team" "subtree" "all") at which this person may do `action` with records of a type."""
        if self.kind == "system":
            return "all"
        if self.read_only and action not in ("read", "export"):
            return "none"
        own = self.grants.get(type_key, {}).get(action)
        return own if own is not None else self.grants.get("*", {}).get(action, "none")

    def may(self, permission: str) -> bool:
        """Whether this person has a named permission (`plugins.switch`)."""
        return self.kind == "system" or permission in self.permissions

    @property
    def is_administrator(self) -> bool:
        return self.kind == "system" or "administrator" in self.roles


SYSTEM = Principal(user_id=None, name="system", kind="system", roles=("administrator",))


class Context:
    """One act of one principal. Made by the edge (request, job, command), entered with `use`."""

    def __init__(
        self,
        database: Database,
        *,
        generation: Generation | None = None,
        principal: Principal | None = None,
        via: Via = "system",
        request_id: str = "",
    ) -> None:
        self.database = database
        self.generation = generation
        self.principal = principal
        self.via: Via = via
        self.request_id = request_id or uuid.uuid4().hex
        self.unscoped_reason = ""
        self.unit: Any = None  # the open unit of the record service
        self.depth = 0  # deliveries of events that led to this act, one because of the other
        self.entries_left: int | None = None  # what a reaction to an event may still write; None: no limit
        self.group_id: int | None = None  # the group that units of this act belong to
        self.after_commit: list[Callable[[], None]] = []
        self.has_written = False  # a unit of work was committed
        self.outdated = False  # a write was refused because this generation is too old for it, and nothing is written
        self.cache: dict[Any, Any] = {}  # lives as long as the act; keys are (module, what)
        self._reading: HostSession | None = None
        self._writing: HostSession | None = None

    @property
    def session(self) -> HostSession:
        """The session every query goes through: the open write transaction's, else the reading one."""
        if self._writing is not None:
            return self._writing
        if self._reading is None:
            self._reading = self.database.new_session(reading=True)
        return self._reading

    @property
    def in_transaction(self) -> bool:
        return self._writing is not None

    def as_principal(self, principal: Principal | None) -> None:
        """Change who is acting; nothing loaded for the former one survives."""
        if self._reading is not None:
            self._reading.expunge_all()
        self.principal = principal
        self.cache.clear()

    def close(self) -> None:
        """Give the connections back; an unfinished write is rolled back."""
        for session in (self._writing, self._reading):
            if session is not None:
                session.close()
        self._reading = self._writing = None


_current: ContextVar[Context | None] = ContextVar("kumiko_context", default=None)


def current() -> Context:
    """The context of this request, job or command; ScopeError when there is none."""
    context = _current.get()
    if context is None:
        raise ScopeError("no context: enter one with `with use(Context(...))` before touching data")
    return context


def find_current() -> Context | None:
    """The context, or None outside of any."""
    return _current.get()


@contextmanager
def use(context: Context) -> Iterator[Context]:
    """Make `context` the current one and close it at the end."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
        context.close()


def session() -> HostSession:
    """The current session; every query of plugins goes through it, limited to what the principal may see."""
    return current().session


def principal() -> Principal:
    """Who is acting; ScopeError when nobody is."""
    found = current().principal
    if found is None:
        raise ScopeError("no principal: sign somebody in, or use `unscoped(reason)` for the system's own work")
    return found


@contextmanager
def transaction() -> Iterator[HostSession]:
    """The write transaction of the current context; a nested call joins the outer one.

    Commits at the end, rolls back when an exception leaves it. `after_commit` callbacks run after the commit.
    """
    context = current()
    if context._writing is not None:
        yield context._writing
        return
    writing = context.database.new_session(reading=False)
    context._writing = writing
    if context._reading is not None:
        context._reading.expire_all()
    context.after_commit.clear()
    try:
        yield writing
        writing.commit()
    except BaseException:
        writing.rollback()
        context.after_commit.clear()
        raise
    finally:
        context._writing = None
        writing.close()
    callbacks, context.after_commit[:] = list(context.after_commit), []
    for callback in callbacks:
        callback()


@contextmanager
def unscoped(reason: str) -> Iterator[None]:
    """The only door past the limits of rights, for the system's own work; the reason is kept for the log."""
    if not reason:
        raise ScopeError("unscoped() needs a reason")
    context = current()
    before = context.unscoped_reason
    context.unscoped_reason = reason
    try:
        yield
    finally:
        context.unscoped_reason = before


@contextmanager
def acting_as(someone: Principal, *, via: Via | None = None) -> Iterator[None]:
    """Do something as somebody else (a job for its owner, sample data for demo users), then be oneself again."""
    context = current()
    before, before_via = context.principal, context.via
    context.as_principal(someone)
    if via is not None:
        context.via = via
    try:
        yield
    finally:
        context.as_principal(before)
        context.via = before_via


@contextmanager
def as_system(reason: str) -> Iterator[None]:
    """Act as the system for a consequence that the person's own rights do not reach; the unit stays the person's."""
    if not reason:
        raise ScopeError("as_system() needs a reason")
    with acting_as(SYSTEM):
        yield


def narrowed(person: Principal, **changes: Any) -> Principal:
    """A copy of a principal with some attributes changed."""
    return replace(person, **changes)
