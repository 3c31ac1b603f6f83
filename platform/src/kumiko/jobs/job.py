"""What a job's function gets: its payload, its progress, and transactions that only commit while the job is its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, event, update

from kumiko.host.columns import utc_now
from kumiko.host.context import Context, transaction
from kumiko.host.database import Database, HostSession
from kumiko.host.errors import KumikoError, ScopeError
from kumiko.host.scoping import trusted
from kumiko.jobs.claims import Claim, finished_values, status_of
from kumiko.jobs.models import CANCELLED, RUNNING, job_table, key_table
from kumiko.jobs.proving import _OUTSIDE
from kumiko.jobs.registry import find_job_type, waiting_reason

Function = TypeVar("Function", bound=Callable[..., Any])
_OWN_TRANSACTIONS = "kumiko_own_transactions"


class Stopped(KumikoError):
    """The job must end now; let it pass. `reason`: "cancelled", "lost", "off" (its module), "closed" or "shutdown"."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Hopeless(RuntimeError):
    """The job cannot succeed, however often it is tried: it goes to the dead letters at once."""


_STOPPED = {
    CANCELLED: "The job was cancelled.",
    "lost": "The job's lease ran out, and it is no longer this worker's.",
    "off": "The job's module was switched off.",
    "shutdown": "The worker is ending; the job goes on with another one.",
    "closed": "A backup is being put in the place of everything; the job goes on afterwards if it is still there.",
}


def is_closed(generation: Any) -> bool:
    """Whether no work may begin or go on now (`generation.state["closed"]`): what it did would be lost, or be done
    again, when the database is replaced."""
    return any(closed() for closed in generation.state.get("closed", ()))


def sliced(function: Function) -> Function:
    """Marks the function of a long job, which commits in many short transactions: `with job.slice():`."""
    setattr(function, _OWN_TRANSACTIONS, True)
    return function


def external(function: Function) -> Function:
    """Marks the function of a job that does something outside of the database (mail, HTTP), without a transaction.

    It reads in `with job.prepare():`, does the one thing naming `job.key` as idempotency key, and records the outcome
    in `with job.settle():`, which also finishes the job. Killed in between, the outside thing is done again with
    the same key: at least once is all that anybody can promise there.
    """
    setattr(function, _OWN_TRANSACTIONS, True)
    setattr(function, _OUTSIDE, True)
    return function


def has_own_transactions(function: Callable[..., Any]) -> bool:
    """Whether a job's function is marked `sliced` or `external`; others run in one transaction, completion included."""
    return bool(getattr(function, _OWN_TRANSACTIONS, False))


class _FencedDatabase:
    """The database as a job sees it: every write transaction that commits checks and renews the job's claim.

    So even a plain `transaction()` inside a long job cannot do its work a second time after the lease was lost.
    """

    def __init__(self, database: Database, before_commit: Callable[[HostSession], None]) -> None:
        self._database = database
        self._before_commit = before_commit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def new_session(self, *, reading: bool) -> HostSession:
        made = self._database.new_session(reading=reading)
        if not reading:
            event.listen(made, "before_commit", self._before_commit)
        return made


class JobContext:
    """One attempt at one job. `id`, `payload`, `attempt` (from 1), `key` (the same in every attempt)."""

    def __init__(
        self,
        claim: Claim,
        database: Database,
        *,
        current_generation: Callable[[], Any],
        find_principal: Callable[[Any, int | None], Any],
        stop: threading.Event,
    ) -> None:
        self.claim = claim
        self.id = claim.id
        self.name = claim.name
        self.payload: Mapping[str, Any] = claim.payload
        self.attempt = claim.attempt
        self.key = f"kumiko-job-{claim.id}"
        self.is_done = False
        self.context = Context(_FencedDatabase(database, self._before_commit), via="job")  # type: ignore[arg-type]
        self.context.depth = claim.depth
        self._database = database
        self._current_generation = current_generation
        self._find_principal = find_principal
        self._stop = stop
        self._state: dict[str, Any] = dict(claim.checkpoint)
        self._progress = claim.progress
        self._shown = claim.progress
        self._completing = False
        self._in_slice = False
        self._stop_reason = ""
        self._beaten_at = self.moved_at = time.monotonic()
        self._leased_at = self._beaten_at

    @property
    def state(self) -> Mapping[str, Any]:
        """What `checkpoint` saved last, in this attempt or a former one; empty at first."""
        return self._state

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        """Where to go on after a crash: JSON values, saved by the same commit as the slice around this call."""
        self._state = dict(state)

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Tells people how far the job is: shown within about a second, or with the next commit."""
        self._progress = (done, total, note[:200])

    def heartbeat(self) -> None:
        """Raises `Stopped` when the job must end: cancelled, taken over, its module off, or the worker ending.

        Call it between pieces of work; each `slice()` does. The lease is renewed by itself.
        """
        reason = self._stop_reason or ("shutdown" if self._stop.is_set() else "")
        generation = self._current_generation()
        if not reason and is_closed(generation):
            reason = "closed"
        if not reason and waiting_reason(generation, self.claim.plugin, self.name):
            reason = "off"
        if reason:
            raise Stopped(_STOPPED[reason], reason)

    @contextmanager
    def slice(self) -> Iterator[HostSession]:
        """One short transaction of a long job, on the newest generation; commits work and checkpoint together."""
        if self.context.in_transaction:
            raise ScopeError(
                f"{self.name}: slice() inside a transaction; mark the function with @sliced, and nest no slices"
            )
        self.heartbeat()
        self.enter()
        before = self._state
        try:
            with transaction() as session:
                yield session
        except BaseException:
            self._state = before
            raise

    def prepare(self) -> AbstractContextManager[HostSession]:
        """The transaction in which an `external` job reads what it needs; like `slice`."""
        return self.slice()

    @contextmanager
    def settle(self) -> Iterator[HostSession]:
        """The last transaction of an `external` or `sliced` job: its commit also finishes the job."""
        # No heartbeat here: the outside thing has happened, and its outcome must be written down.
        self.enter()
        try:
            with transaction() as session:
                self._completing = True
                yield session
        finally:
            self._completing = False

    def enter(self) -> None:
        """Takes the newest generation, and the rights that the job's person has now."""
        generation = self._current_generation()
        self.context.generation = generation
        self.context.as_principal(self._find_principal(generation, self.claim.actor_id))

    def complete_with_commit(self) -> None:
        """The next commit finishes the job (worker: ordinary jobs)."""
        self._completing = True

    def _before_commit(self, session: HostSession) -> None:
        if session.in_nested_transaction():
            return
        now = utc_now()
        values: dict[str, Any] = {"checkpoint": self._state, **self._progress_values()}
        values |= finished_values(now) if self._completing else {"lease_until": self._lease_end(now)}
        if self.claim.attempt > 1 and self._state != self.claim.checkpoint:
            values["max_attempts"] = self._attempts_anew()
        if trusted(update(job_table).where(self.claim.held).values(values)).rowcount == 0:
            self.find_out_why(session.connection())
            raise Stopped(_STOPPED[self._stop_reason], self._stop_reason)
        if self._completing and self.claim.has_keys:
            trusted(delete(key_table).where(key_table.c.job_id == self.id))
        event.listen(session, "after_commit", self._after_commit, once=True)

    def _attempts_anew(self) -> int:
        """An attempt that got further is no failed one: what moves on may be killed as often as it likes."""
        known = find_job_type(self.context.generation, self.name)
        usual = known.type.max_attempts if known is not None else self.claim.max_attempts
        return max(self.claim.max_attempts, self.claim.attempt + usual - 1)

    def _after_commit(self, _session: HostSession) -> None:
        self.is_done = self.is_done or self._completing
        self._leased_at = self.moved_at = time.monotonic()

    def finish(self) -> None:
        """Marks the job done after its function returned without `settle` (worker: sliced jobs)."""
        with self.context.database.engine.begin() as connection:
            values = {"checkpoint": self._state, **self._progress_values(), **finished_values(utc_now())}
            if connection.execute(update(job_table).where(self.claim.held).values(values)).rowcount == 0:
                self.find_out_why(connection)
                raise Stopped(_STOPPED[self._stop_reason], self._stop_reason)
            if self.claim.has_keys:
                connection.execute(delete(key_table).where(key_table.c.job_id == self.id))
        self.is_done = True

    def beat(self) -> None:
        """Renews the lease and shows progress when it is time to (heartbeat thread)."""
        now = time.monotonic()
        if self.is_done or self._stop_reason or now - self._beaten_at < min(1.0, self.claim.lease_s / 3):
            return
        if self._database.is_sqlite and self.context.in_transaction:
            return  # our own thread holds the only write lock: nobody can take the job away, and we could not write
        self._beaten_at = now
        progress = self._progress
        if now - self._leased_at < self.claim.lease_s / 3 and progress == self._shown:
            with self._database.reader.connect() as connection:
                self.find_out_why(connection)
            return
        with self._database.engine.begin() as connection:
            values = {"lease_until": self._lease_end(utc_now()), **self._progress_values()}
            if connection.execute(update(job_table).where(self.claim.held).values(values)).rowcount == 0:
                self.find_out_why(connection)
        self._leased_at = now
        self._shown = progress

    def find_out_why(self, connection: Connection) -> None:
        """Notes why the claim no longer holds, if it does not."""
        status = status_of(connection, self.claim)
        if status != RUNNING:
            self._stop_reason = status

    def _lease_end(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.claim.lease_s)

    def _progress_values(self) -> dict[str, Any]:
        done, total, note = self._progress
        return {"progress_done": done, "progress_total": total, "progress_note": note}
