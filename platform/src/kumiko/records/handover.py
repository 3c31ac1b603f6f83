"""The records of a contract change hands: a job that lets one plugin take the place of another while people work.

Copy all, catch up with what was written meanwhile, compare, then hold all writers for a moment: last catch-up, last
comparison, switch, in one transaction. Whatever goes wrong before that moment leaves everything as it was, and so does
a killed process: the copies lie in tables that nobody reads, and the job goes on where it stopped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from kumiko.host import context, processes, revision
from kumiko.host.context import principal, transaction
from kumiko.host.errors import Conflict, Forbidden, KumikoError, Outdated
from kumiko.host.generation import Generation
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs import enqueue, sliced
from kumiko.jobs.job import JobContext, Stopped
from kumiko.jobs.models import CANCELLED, DEAD, DONE, READY, RUNNING, job_table
from kumiko.jobs.worker import Worker
from kumiko.operate import probe, replacing
from kumiko.records import reindex, transfer
from kumiko.records.catalogue import Catalogue, FieldInfo, TypeInfo, catalogue
from kumiko.records.transfer import Position, TypePair

JOB = "records.replace"
#: So few changes since the last look are brought over while writers wait.
FEW = 200
MOST_ROUNDS = 50
MOST_SUSPECTS = 20
POLL_S = 0.3


@dataclass(frozen=True)
class Outcome:
    """How far a replacement is. `refused`: why nothing was replaced; `held_s`: how long writers waited at the end."""

    job_id: int
    old: str
    new: str
    status: str  # of the job
    note: str = ""
    refused: str = ""
    done: int = 0
    total: int = 0
    records: int = 0
    caught_up: int = 0
    held_s: float = 0.0
    took_s: float = 0.0

    @property
    def is_over(self) -> bool:
        return self.status in (DONE, DEAD, CANCELLED)

    @property
    def succeeded(self) -> bool:
        return self.status == DONE and not self.refused


def start(old: str, new: str) -> int:
    """Have `new` take over from `old`; gives the job's id. ResolutionError and Conflict say what speaks against it."""
    if not principal().may("plugins.switch"):
        raise Forbidden(_("Your role does not allow you to switch modules; ask an administrator."))
    replacing.manifests_of(old, new)
    with transaction():
        working = trusted(
            select(job_table.c.id).where(job_table.c.name == JOB, job_table.c.status.in_((READY, RUNNING)))
        ).scalar()
        if working is not None:
            raise Conflict(_("One module is taking over from another already (job %(id)d); wait for it.", id=working))
        return enqueue(JOB, {"old": old, "new": new}, actor_id=principal().user_id)


def outcome(job_id: int) -> Outcome | None:
    """How far the replacement of a job is; None when there is no such job."""
    row = trusted(select(job_table).where(job_table.c.id == job_id, job_table.c.name == JOB)).mappings().first()
    if row is None:
        return None
    state = row["checkpoint"] or {}
    refused = state.get("refused", "")
    if row["status"] == DEAD:
        refused = refused or (row["last_error"] or "").partition("\n")[0]
    if row["status"] == CANCELLED:
        refused = refused or _("It was cancelled; nothing was replaced.")
    return Outcome(
        job_id=job_id, old=row["payload"]["old"], new=row["payload"]["new"], status=row["status"],
        note=row["progress_note"], refused=refused, done=row["progress_done"], total=row["progress_total"] or 0,
        records=state.get("records", 0), caught_up=state.get("caught_up", 0), held_s=state.get("held_s", 0.0),
        took_s=state.get("took_s", 0.0),
    )  # fmt: skip


def replace_and_wait(host: Any, old: str, new: str, tell: Callable[[Outcome], None]) -> Outcome:
    """For the command line: start, and work on it here when no worker process is alive; else wait for that one."""
    job_id = start(old, new)
    stop = threading.Event()
    while True:
        found = outcome(job_id)
        if found is None:
            raise Conflict(_("The job of this replacement is gone; look at the page of modules."))
        tell(found)
        if found.is_over:
            return found
        if any(one["kind"] == "worker" for one in processes.alive(host.database)):
            time.sleep(POLL_S)
        else:
            Worker(host, stop).run_once()


# -- what will happen -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What a replacement does. Counts are of records; `lost` fields and `hidden` types are kept, but not shown."""

    old: str
    new: str
    moved: tuple[tuple[TypeInfo, int], ...]
    hidden: tuple[tuple[TypeInfo, int], ...]  # types that only the leaving plugin has
    lost: tuple[tuple[TypeInfo, FieldInfo, int], ...]  # fields in use that only the leaving plugin keeps
    adds: Mapping[str, Sequence[str]]  # what the coming plugin brings


def preview(old: str, new: str) -> Preview:
    """What `new` in the place of `old` would mean; raises what `start` raises, and what the check of `new` finds."""
    _leaving, coming = replacing.manifests_of(old, new)
    report = probe.check(coming.name)
    if not report.ok:
        raise Conflict(" ".join(report.problems))
    made = replacing.candidate(old, new)
    pairs = pairs_of(catalogue(), made, old, new)
    taken = {one.old.key for one in pairs}
    return Preview(
        old=old,
        new=new,
        moved=tuple((one.old, transfer.counts(one)) for one in pairs),
        hidden=tuple(
            (info, transfer.alive(info)) for info in catalogue().types.values()
            if info.plugin == old and info.key not in taken
        ),
        lost=tuple(
            (one.old, left, count) for one in pairs for left in one.left if (count := transfer.used(left, one.old))
        ),
        adds=probe.adds(made.plugins[new]),
    )  # fmt: skip


def pairs_of(running: Catalogue, made: Generation, old: str, new: str) -> list[TypePair]:
    """Types that both plugins keep, the leaving one's tables beside the coming one's."""
    coming: Catalogue = made.state["records"]
    return [
        transfer.pair(info, coming.types[key])
        for key, info in running.types.items()
        if info.plugin == old and key in coming.types and coming.types[key].plugin == new
    ]


# -- the job ----------------------------------------------------------------------------------------------------------


@sliced
def run(job: JobContext) -> None:
    """Replace; a refusal ends the job with its sentence, and nothing is replaced."""
    try:
        _Replacement(job).run()
    except (Stopped, Outdated):
        raise
    except (KumikoError, IntegrityError, DataError) as fault:
        new = job.payload["new"]
        sentence = fault.message if isinstance(fault, KumikoError) else _not_taken(new, fault)
        with job.settle():
            job.checkpoint({**job.state, "refused": sentence})
            job.progress(0, 0, sentence)


def _not_taken(new: str, fault: DBAPIError) -> str:
    why = str(fault.orig).strip().splitlines()[0]
    return _("The tables of %(new)s do not take what there is (%(why)s); nothing was replaced.", new=new, why=why)


class _Replacement:
    def __init__(self, job: JobContext) -> None:
        self.job = job
        self.old, self.new = job.payload["old"], job.payload["new"]
        self.pairs: list[TypePair] = []
        self.total = 0

    def run(self) -> None:
        self._keep(began_at=self.job.state.get("began_at") or time.time())
        self._tell(_("%(new)s is being checked", new=self.new))
        _leaving, coming = replacing.manifests_of(self.old, self.new)
        replacing.prepare(coming)
        made = replacing.candidate(self.old, self.new)
        self.pairs = pairs_of(catalogue(), made, self.old, self.new)
        with self.job.slice():
            self.total = sum(transfer.counts(one) for one in self.pairs)
            if "since" not in self.job.state:
                self._keep(since=transfer.position().as_json(), at={}, suspects=[], done=0, caught_up=0)
        self._copy()
        self._catch_up()
        self._compare()
        self._catch_up()
        self._switch(made)

    def _keep(self, **state: Any) -> None:
        self.job.checkpoint({**self.job.state, **state})

    def _tell(self, note: str) -> None:
        self.job.progress(self.job.state.get("done", 0), self.total or None, note)

    def _in_slices(self, stage: str, act: Callable[[TypePair, int, int | None], None]) -> None:
        """Do something with ranges of ids of every type, one transaction each; goes on behind the range kept last."""
        for one in self.pairs:
            key = one.old.key
            while (after := self.job.state.get(stage, {}).get(key, 0)) is not None:
                with self.job.slice():
                    last = transfer.next_slice(one, after)
                    act(one, after, last)
                    self._keep(**{stage: {**self.job.state.get(stage, {}), key: last}})

    def _copy(self) -> None:
        def copy(one: TypePair, after: int, last: int | None) -> None:
            transfer.copy_range(one, after, last)
            self._keep(done=self.job.state["done"] + (transfer.SLICE if last is not None else 0))
            self._tell(_("copying %(what)s", what=one.old.type.label_plural))

        self._in_slices("at", copy)

    def _catch_up(self) -> None:
        for _round in range(MOST_ROUNDS):
            with self.job.slice():
                here = transfer.position()
                count = self._bring_over()
                self._keep(since=here.as_json(), caught_up=self.job.state["caught_up"] + count)
                self._tell(_("catching up with what was written meanwhile"))
            if count <= FEW:
                return

    def _bring_over(self) -> int:
        """Records written since the position kept; gives how many there were."""
        since = Position.from_json(self.job.state["since"])
        found = transfer.changed_since([one.old.key for one in self.pairs], since)
        for one in self.pairs:
            transfer.copy_ids(one, found.get(one.old.key, ()))
        return sum(map(len, found.values()))

    def _compare(self) -> None:
        """Ranges that differ are copied again; those where somebody may be writing are looked at again in the end."""

        def compare(one: TypePair, after: int, last: int | None) -> None:
            if transfer.differing(one, after, last):
                transfer.copy_range(one, after, last)
                suspects = [*self.job.state["suspects"], [one.old.key, after, last]]
                if len(suspects) > MOST_SUSPECTS:
                    raise Conflict(self._unlike(one))
                self._keep(suspects=suspects)
            self._tell(_("comparing %(what)s", what=one.old.type.label_plural))

        self._in_slices("compared", compare)

    def _unlike(self, one: TypePair) -> str:
        return _(
            "%(new)s does not keep the copied %(what)s as they were; nothing was replaced.",
            new=self.new, what=one.old.type.label_plural,
        )  # fmt: skip

    def _switch(self, made: Generation) -> None:
        with self.job.settle():
            asked_s = time.monotonic()
            revision.hold_writers()
            held_s = time.monotonic()
            count = self._bring_over()
            suspects = [tuple(one) for one in self.job.state["suspects"]]
            for one in self.pairs:
                ranges = [(after, last) for key, after, last in suspects if key == one.old.key]
                for after, last in ranges:
                    transfer.copy_range(one, after, last)
                if any(transfer.differing(one, after, last) for after, last in ranges) or transfer.surplus(one):
                    raise Conflict(self._unlike(one))
            replacing.flip(made, self.old, self.new)
            before, context.current().generation = context.current().generation, made
            try:
                reindex.ask(one.old.key for one in self.pairs)
            finally:
                context.current().generation = before
            self._keep(
                records=sum(transfer.counts(one) for one in self.pairs),
                caught_up=self.job.state["caught_up"] + count,
                held_s=round(time.monotonic() - held_s, 3),
                waited_s=round(held_s - asked_s, 3),
                took_s=round(time.time() - self.job.state["began_at"], 1),
            )
            self.job.progress(self.total, self.total, _("%(new)s has taken over", new=self.new))
