"""Background work: archives that were ordered, backups by hand and by the clock, rehearsals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from secrets import token_hex
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from kumiko.access import audit
from kumiko.archive import backups, rehearsal, telling, writing
from kumiko.host import settings
from kumiko.host.columns import utc_now
from kumiko.host.config import Config
from kumiko.host.context import current, principal, transaction
from kumiko.host.errors import KumikoError, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.jobs import enqueue, sliced
from kumiko.jobs.job import JobContext
from kumiko.jobs.models import READY, RUNNING, job_table

WRITE, BACK_UP, REHEARSE, WATCH = "archive.write", "archive.back_up", "archive.rehearse", "archive.watch"
LABELS = {
    WRITE: _l("Write the archive of the company"),
    BACK_UP: _l("Back everything up"),
    REHEARSE: _l("Try a backup out"),
    WATCH: _l("Back up when the day's hour has come"),
}
TRIED_EVERY = timedelta(days=7)
_KEPT_ARCHIVES = 5


def config() -> Config:
    """Of the running installation."""
    generation = current().generation
    if generation is None:
        raise NotFound(_("No application is built yet."))
    return generation.config


def order_archive() -> int:
    """Have the archive of the company written; gives the job's id."""
    with transaction():
        audit.note("export", "archive", what="archive")
        return enqueue(WRITE, {}, max_attempts=2)


def order_backup() -> int:
    with transaction():
        audit.note("backup.make")
        return enqueue(BACK_UP, {"reason": backups.BY_HAND, "by": principal().name}, max_attempts=2)


def order_rehearsal(name: str) -> int:
    backups.get(config(), name)
    with transaction():
        audit.note("backup.rehearse", name)
        return enqueue(REHEARSE, {"name": name}, max_attempts=2)


def archives() -> list[Path]:
    """Archives of the company that were written, the newest first."""
    folder = config().home / "exports"
    found = [path for path in folder.glob("company-*.zip") if path.stem.removeprefix("company-").isdigit()]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def keep_configuration(content: bytes) -> str:
    """Keep a file of configuration between plan and doing; gives the word by which it is found again."""
    folder = config().home / "exports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.glob(".configuration-*"):
        if utc_now().timestamp() - path.stat().st_mtime > 24 * 3600:
            path.unlink(missing_ok=True)
    word = token_hex(16)
    (folder / f".configuration-{word}").write_bytes(content)
    return word


def kept_configuration(word: str) -> bytes:
    path = config().home / "exports" / f".configuration-{word}"
    if not re.fullmatch("[0-9a-f]{32}", word) or not path.is_file():
        raise NotFound(_("The file is no longer here; choose it again."))
    return path.read_bytes()


@dataclass(frozen=True)
class Work:
    """A job of this module that waits or runs: its kind, the backup that it is about, how far it is."""

    kind: str
    about: str
    done: int
    total: int  # 0: it has not begun


def under_way() -> list[Work]:
    """Jobs of this module that wait or run, in the order in which they were ordered."""
    columns = (job_table.c.name, job_table.c.payload, job_table.c.progress_done, job_table.c.progress_total)
    query = sa.select(*columns).where(
        job_table.c.name.in_((WRITE, BACK_UP, REHEARSE)), job_table.c.status.in_((READY, RUNNING))
    )
    return [
        Work(row.name, str(row.payload.get("name", "")), row.progress_done or 0, row.progress_total or 0)
        for row in trusted(query.order_by(job_table.c.id))
    ]


@sliced
def write_archive(job: JobContext) -> None:
    def told(done: int, total: int, what: str) -> None:
        if total:
            job.progress(done, total, what)
        job.heartbeat()

    folder = config().home / "exports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    manifest = writing.write(folder / f"company-{job.id}.zip", told)
    for path in archives()[_KEPT_ARCHIVES:]:
        path.unlink(missing_ok=True)
    count = sum(one["rows"] for one in manifest["tables"].values())
    job.progress(len(manifest["tables"]), len(manifest["tables"]), f"{count}")


@sliced
def back_up(job: JobContext) -> None:
    reason = str(job.payload["reason"])

    def told(done: int, total: int) -> None:
        job.progress(done, total)
        job.heartbeat()

    try:
        one = backups.make(config(), current().database, reason=reason, by=str(job.payload["by"]), told=told)
    except (KumikoError, OSError) as fault:
        why = fault.message if isinstance(fault, KumikoError) else str(fault.strerror or fault)
        if job.attempt > 1:  # it was no passing trouble
            with job.slice():
                telling.tell(_("A backup could not be made: %(why)s", why=why), key=f"backup {job.id}")
        raise
    keep = int(settings.section("archive").get("keep") or 14)
    backups.prune(config(), keep)
    job.progress(1, 1, one.name)
    tried = [other for other in backups.listed(config()) if rehearsal.is_good(other.rehearsal)]
    if reason == backups.BY_SCHEDULE and not any(utc_now() - other.made_at < TRIED_EVERY for other in tried):
        with job.slice():
            enqueue(REHEARSE, {"name": one.name}, max_attempts=2)


@sliced
def rehearse(job: JobContext) -> None:
    generation = current().generation
    core = tuple(one.package for one in generation.installed.manifests.values() if one.core) if generation else ()
    name = str(job.payload["name"])
    found = rehearsal.rehearse(config(), name, core, told=job.progress)
    job.progress(1, 1, f"{found['equal']}/{found['tables']}")
    if not rehearsal.is_good(found):
        with job.slice():
            told = _("The backup %(name)s was tried out, and it does not hold.", name=name)
            telling.tell(told, key=f"rehearsal {job.id}")


def watch(_job: JobContext) -> None:
    """Every hour: order the day's backup once its hour has come, in the company's zone."""
    wanted = settings.section("archive")
    if not wanted.get("scheduled"):
        return
    now = utc_now().astimezone(ZoneInfo(str(settings.get("host.zone") or "UTC")))
    hour = int(wanted["hour"])
    slot = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if slot > now:
        slot -= timedelta(days=1)
    if now - slot > timedelta(hours=12) or any(
        one.reason == backups.BY_SCHEDULE and one.made_at >= slot for one in backups.listed(config())
    ):
        return
    telling.tell_if_late(BACK_UP, slot.astimezone(UTC))
    payload = {"reason": backups.BY_SCHEDULE, "by": ""}
    enqueue(BACK_UP, payload, max_attempts=3, dedupe=f"{BACK_UP}:{slot.isoformat()}")
