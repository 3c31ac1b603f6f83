"""The worker: claims one job after the other, runs it, and records what became of it."""

from __future__ import annotations

import faulthandler
import logging
import os
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from kumiko import spending
from kumiko.host.columns import utc_now
from kumiko.host.context import SYSTEM, Principal, transaction, use
from kumiko.host.database import Database
from kumiko.host.errors import KumikoError, NotSignedIn, Outdated
from kumiko.host.i18n import gettext as _
from kumiko.jobs import claims
from kumiko.jobs.cron import Scheduler
from kumiko.jobs.job import Hopeless, JobContext, Stopped, has_own_transactions, is_closed
from kumiko.jobs.models import DEAD

logger = logging.getLogger("kumiko.jobs")

POLL_S = 0.5
STUCK_S = 1800.0  # without a commit; ordinary jobs take seconds, long ones commit in slices
_SWEEP_S = 1.0
_RELABEL_S = 15.0
_ERROR_PAUSE_S = 2.0
_ERROR_LENGTH = 4000


class WorkerHost(Protocol):
    """What a worker needs of the process it lives in."""

    @property
    def database(self) -> Database: ...

    def follow(self) -> Any:
        """The newest generation; looks for a newer one now and then, and builds it."""
        ...


@dataclass(frozen=True, kw_only=True)
class JobFailure:
    """A job's function raised, or its worker died too often; for counting (quarantine) and for the plugin page."""

    plugin: str
    job_name: str
    job_id: int
    attempt: int
    is_dead: bool
    error: BaseException


class WorkerLost(RuntimeError):
    """A job's worker process ended while running it, in every attempt."""


OnFailure = Callable[[JobFailure], None]


def worker_loop(
    host: WorkerHost,
    stop: threading.Event,
    *,
    on_failure: OnFailure | None = None,
    poll_s: float = POLL_S,
) -> None:
    """Works until `stop` is set; then an ordinary job is finished first, a sliced one stops at its next slice."""
    Worker(host, stop, on_failure=on_failure, poll_s=poll_s).run()


class Worker:
    """One worker; processes one job at a time. More of them are more processes."""

    def __init__(
        self,
        host: WorkerHost,
        stop: threading.Event,
        *,
        on_failure: OnFailure | None = None,
        poll_s: float = POLL_S,
    ) -> None:
        self.name = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(3)}"
        self._host = host
        self._database = host.database
        self._stop = stop
        self._on_failure = on_failure
        self._poll_s = poll_s
        self._scheduler = Scheduler(host.database)
        self._heart = _Heart()
        self._swept_at = self._relabelled_at = float("-inf")
        self._relabelled_for: Any = None
        self._is_busy = False

    def run(self) -> None:
        """Works until the stop event is set."""
        self._heart.start()
        try:
            while not self._stop.is_set():
                try:
                    is_busy = self.run_once()
                except SQLAlchemyError:
                    # The database is away or overloaded: the queue is as it was, so try again in a moment.
                    logger.exception("worker %s: the database refuses; trying again in %s s", self.name, _ERROR_PAUSE_S)
                    self._stop.wait(_ERROR_PAUSE_S)
                    continue
                if not is_busy:
                    self._stop.wait(self._poll_s)
        finally:
            self._heart.end()

    def run_once(self) -> bool:
        """Does the housekeeping that is due and at most one job; whether there was one."""
        generation = self._host.follow()
        if is_closed(generation):
            return False
        self._keep_house(generation)
        now = utc_now()
        if not self._is_busy:  # idle workers only look; on SQLite even an empty claim takes the write lock
            with self._database.reader.connect() as connection:
                if not claims.is_work_waiting(connection, generation, now):
                    return False
        with self._database.engine.begin() as connection:
            claim = claims.claim(connection, generation, self.name, now)
        self._is_busy = claim is not None
        if claim is not None:
            self._run(claim, generation)
        return self._is_busy

    def _run(self, claim: claims.Claim, generation: Any) -> None:
        job = JobContext(
            claim,
            self._database,
            current_generation=self._host.follow,
            find_principal=find_principal,
            stop=self._stop,
        )
        owned = generation.jobs[claim.name]
        function = owned.item.run  # claims takes only jobs that this generation knows
        self._heart.watch(job)
        began_s = time.perf_counter()
        try:
            self._call(job, function)
        except Stopped as stopped:
            logger.info("job %s %s stopped: %s", claim.id, claim.name, stopped.reason)
            if stopped.reason in ("off", "shutdown", "closed"):
                with self._database.engine.begin() as connection:
                    claims.release(connection, claim, utc_now())
        except (KeyboardInterrupt, Outdated) as ending:  # Outdated: nothing was written; the next generation does it
            with self._database.engine.begin() as connection:
                claims.release(connection, claim, utc_now())
            if isinstance(ending, KeyboardInterrupt):
                raise
        except BaseException as error:  # noqa: BLE001 - the guard of jobs: whatever one raises, sys.exit too, ends here
            self._record_failure(job, error)
        finally:
            self._heart.watch(None)
            kind = "job" if owned.plugin == claim.plugin else "handler"  # a subscriber's deliveries carry its name
            spending.spend(claim.plugin, kind, time.perf_counter() - began_s)

    def _call(self, job: JobContext, function: Callable[[Any], Any]) -> None:
        with use(job.context):
            if has_own_transactions(function):
                job.enter()
                function(job)
                if not job.is_done:
                    job.finish()
                return
            job.enter()
            with transaction():
                job.complete_with_commit()
                function(job)

    def _record_failure(self, job: JobContext, error: BaseException) -> None:
        claim = job.claim
        if isinstance(error, MemoryError):
            traceback.clear_frames(error.__traceback__)  # they hold what was too much
        trace = "".join(traceback.format_exception(error))
        if job.is_done:
            logger.error("job %s %s is done, but raised afterwards:\n%s", claim.id, claim.name, trace)
            self._report(claim, error, is_dead=False)
            return
        with self._database.engine.begin() as connection:
            text = f"{_sentence(error)}\n\n{trace}"[:_ERROR_LENGTH]
            became = claims.fail(connection, claim, text, utc_now(), for_good=isinstance(error, Hopeless))
        logger.warning("job %s %s failed (attempt %s): %s", claim.id, claim.name, claim.attempt, _sentence(error))
        if became is not None:
            self._report(claim, error, is_dead=became == DEAD)

    def _report(self, claim: claims.Claim, error: BaseException, *, is_dead: bool) -> None:
        self._hand_over(
            JobFailure(
                plugin=claim.plugin, job_name=claim.name, job_id=claim.id, attempt=claim.attempt, is_dead=is_dead,
                error=error,
            )
        )  # fmt: skip

    def _hand_over(self, failure: JobFailure) -> None:
        if self._on_failure is not None:
            self._on_failure(failure)

    def _keep_house(self, generation: Any) -> None:
        now_s = time.monotonic()
        if now_s - self._swept_at >= _SWEEP_S:
            self._swept_at = now_s
            self._expire()
            self._scheduler.start_due(generation, utc_now())
        if generation is not self._relabelled_for or now_s - self._relabelled_at >= _RELABEL_S:
            self._relabelled_at, self._relabelled_for = now_s, generation
            with self._database.reader.connect() as connection:
                labels = claims.find_mislabelled(connection, generation)
            if labels:
                with self._database.engine.begin() as connection:
                    claims.relabel(connection, labels)

    def _expire(self) -> None:
        now = utc_now()
        with self._database.reader.connect() as connection:
            if not claims.has_expired(connection, now):
                return
        with self._database.engine.begin() as connection:
            buried = claims.expire(connection, now)
        for row in buried:
            self._hand_over(
                JobFailure(
                    plugin=row.plugin, job_name=row.name, job_id=row.id, attempt=row.attempts, is_dead=True,
                    error=WorkerLost(f"job {row.id} {row.name}: {row.last_error}"),
                )
            )  # fmt: skip


def find_principal(generation: Any, actor_id: int | None) -> Principal:
    """Whose rights a job has. `generation.state["principal_for_user"]` (id -> Principal) comes from the access core."""
    if actor_id is None:
        return SYSTEM
    look_up = generation.state.get("principal_for_user")
    found = look_up(actor_id) if look_up is not None else None
    if found is None:
        raise NotSignedIn(f"The job runs with the rights of user {actor_id}, who is unknown or may no longer sign in.")
    return found


def _sentence(error: BaseException) -> str:
    if isinstance(error, KumikoError):
        return error.message
    if isinstance(error, Hopeless):
        return str(error)
    if isinstance(error, MemoryError):
        return _(
            "The job wanted more memory than jobs may use, and was ended; nothing of this attempt was kept. Report "
            "it to whoever made the module; KUMIKO_JOB_MEMORY_MB sets how much a worker may use."
        )
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _end_process(job: JobContext) -> None:
    """A job that does not get on holds up all others, and nothing in Python can interrupt it but the process's end.

    The lease runs out, so the attempt counts: it ends among the dead letters.
    """
    logger.critical("job %s %s did not get on for %s s; this process ends", job.id, job.name, STUCK_S)
    faulthandler.dump_traceback(all_threads=True)
    os._exit(70)


class _Heart:
    """The thread that renews the lease of the job being run."""

    _TICK_S = 0.25

    def __init__(self) -> None:
        self._job: JobContext | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="kumiko-job-heart", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join(timeout=5)

    def watch(self, job: JobContext | None) -> None:
        """From now on keep the lease of this job (None: of none)."""
        self._job = job

    def _beat(self) -> None:
        while not self._ended.wait(self._TICK_S):
            job = self._job
            if job is None:
                continue
            if time.monotonic() - job.moved_at > STUCK_S:
                _end_process(job)
            try:
                job.beat()
            except (SQLAlchemyError, MemoryError):
                logger.warning("the lease of job %s could not be renewed; trying again", job.id, exc_info=True)
