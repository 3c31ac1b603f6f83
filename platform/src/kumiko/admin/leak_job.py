"""The leak test as a job: a process of its own walks a scratch installation; its outcome is kept and shown.

A rolled-back transaction cannot carry it: the walk sends hundreds of requests, each with transactions of its own, and
tries writing, too. So it runs beside the real data, on an empty installation of the same plugins, roles and rules.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import insert, select, update

from kumiko.access.defaults import ADMINISTRATOR
from kumiko.access.models import Role, User, table
from kumiko.exits.models import proofs
from kumiko.host.columns import utc_now
from kumiko.host.context import current, principal, transaction
from kumiko.host.errors import Forbidden, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.jobs import enqueue, sliced
from kumiko.jobs.job import JobContext
from kumiko.jobs.models import READY, RUNNING, job_table
from kumiko.notify.services import notify_people
from kumiko.operate import lifecycle

JOB = "admin.leak_test"
LABEL = _l("Leak test")
PAGE = "/admin/leaks"
LOOK_EVERY_S = 0.5
MOST_S = 3600
_role, _user = table(Role), table(User)


def start() -> int:
    """Have a worker run the test; gives the run's id. One run at a time: the id of the one that is under way."""
    if not principal().may("audit.read"):
        raise Forbidden(_("Your role does not allow you to run the leak test."))
    with transaction():
        query = (
            select(proofs.c.id)
            .join(job_table, job_table.c.id == proofs.c.job_id)
            .where(job_table.c.status.in_((READY, RUNNING)))
        )
        working = trusted(query).scalar()
        if working is not None:
            return int(working)
        generation = current().generation
        row = {"at": utc_now(), "asked_by_id": principal().user_id, "note": "", "probes": 0, "leaks": 0,
               "epoch": generation.numbers.epoch if generation is not None else 0}  # fmt: skip
        proof_id = int(trusted(insert(proofs).values(row).returning(proofs.c.id)).scalar_one())
        job_id = enqueue(JOB, {"proof": proof_id}, actor_id=principal().user_id)
        trusted(update(proofs).where(proofs.c.id == proof_id).values(job_id=job_id))
        return proof_id


def newest(limit: int = 20) -> list[Any]:
    """Runs, newest first, with the state of their jobs."""
    query = (
        select(proofs, job_table.c.status, job_table.c.progress_note)
        .outerjoin_from(proofs, job_table, job_table.c.id == proofs.c.job_id)
        .order_by(proofs.c.id.desc())
        .limit(limit)
    )
    return list(trusted(query).mappings())


def find(proof_id: int) -> Any:
    """One run, or None."""
    found = [one for one in newest(200) if one["id"] == proof_id]
    return found[0] if found else None


@sliced
def run(job: JobContext) -> None:
    """Walk, keep what was found, and tell the administrators when something leaks."""
    with job.slice():
        order = _order()
    outcome = _walk(job, order)
    with job.settle():
        _keep(job, outcome)


def _order() -> dict[str, Any]:
    generation = current().generation
    running = [one.name for one in generation.plugins.values() if not one.manifest.core] if generation else []
    columns = (_role.c.key, _role.c.name, _role.c.kind, _role.c.grants, _role.c.fields, _role.c.permissions)
    query = select(*columns).where(_role.c.deleted_at.is_(None), _role.c.key != ADMINISTRATOR).order_by(_role.c.id)
    roles = [dict(row) for row in trusted(query).mappings()]
    return {"core": list(lifecycle.core_packages()), "plugins": running, "roles": roles}


def _walk(job: JobContext, order: Mapping[str, Any]) -> dict[str, Any]:
    """Run the other process; its lines become progress. KumikoError when it ends without an outcome."""
    roles, at, said = max(len(order["roles"]), 1), 0, ""
    with _process(order) as lines:
        waited_s = 0.0
        while True:
            job.heartbeat()
            try:
                line = lines.get(timeout=LOOK_EVERY_S)
            except queue.Empty:
                waited_s += LOOK_EVERY_S
                if waited_s > MOST_S:
                    raise KumikoError(_("The leak test took too long and was ended.")) from None
                continue
            if line is None:
                raise KumikoError(_("The leak test ended without an outcome: %(why)s", why=said or _("no word")))
            try:
                found = json.loads(line)
            except ValueError:
                said = line.strip()[:500] or said
                continue
            if "outcome" in found:
                outcome: dict[str, Any] = found["outcome"]
                return outcome
            if "step" in found:
                at = int(found["step"])
                job.progress(at, roles, _("as %(role)s", role=found["role"]))
            elif "probes" in found:
                name = order["roles"][at]["name"]
                job.progress(at, roles, _("as %(role)s: %(count)d questions", role=name, count=found["probes"]))


@contextmanager
def _process(order: Mapping[str, Any]) -> Iterator[queue.Queue[str | None]]:
    """The process that walks, and its lines; it ends with the block. Its input stays open as long as we are there."""
    lines: queue.Queue[str | None] = queue.Queue()
    process = subprocess.Popen(
        [sys.executable, "-m", "kumiko.admin.leak_scratch"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    stdout = process.stdout

    def read() -> None:
        for line in stdout:
            lines.put(line)
        lines.put(None)

    try:
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        threading.Thread(target=read, daemon=True).start()
        yield lines
    finally:
        process.stdin.close()  # it cleans up after itself and goes
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _keep(job: JobContext, outcome: Mapping[str, Any]) -> None:
    proof_id, roles = int(job.payload["proof"]), outcome["roles"]
    probes, leaks = sum(one["probes"] for one in roles), sum(one["leak_count"] for one in roles)
    values = {"finished_at": utc_now(), "probes": probes, "leaks": leaks, "results": dict(outcome), "note": ""}
    trusted(update(proofs).where(proofs.c.id == proof_id).values(values))
    if not leaks:
        return
    people = trusted(select(_user.c.id, _user.c.roles).where(_user.c.active.is_(True), _user.c.deleted_at.is_(None)))
    administrators = [row.id for row in people if ADMINISTRATOR in (row.roles or ())]
    first = next(leak for one in roles for leak in one["leaks"])
    told = _("The leak test found %(count)d leaks, the first at %(method)s %(exit)s.", count=leaks,
             method=first["method"], exit=first["exit"])  # fmt: skip
    notify_people(administrators, told, href=f"{PAGE}/{proof_id}", key=f"leak test {proof_id}")
