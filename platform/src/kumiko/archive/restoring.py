"""Putting a backup in the place of everything: prepared in a database beside the real one, swapped in one transaction.

Whoever kills it leaves the old state or the new one. The present state is backed up first. In the prepared database
tables are brought to their newest form, persons who were erased since are erased again, work that was done since is
not done twice, and everybody who is signed in stays so. It runs in a process of its own (`start`), because the one that
was asked is among those that are told.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import URL

from kumiko.archive import backups, closing, tables
from kumiko.core import CORE
from kumiko.host import config as configs
from kumiko.host.columns import UtcDateTime, utc_now
from kumiko.host.config import Config
from kumiko.host.database import Database, normalise_url
from kumiko.host.errors import Conflict, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.operate import backups as database_backups
from kumiko.operate import instance, scratch, settling

log = logging.getLogger("kumiko.restore")
_PATIENCE_S = 20.0  # for jobs that run when the house closes
GRACE_S = 2.0  # for requests that are being answered when the house closes
_WAYS_IN = (
    "access_session", "access_token", "access_credential", "access_second_factor", "access_recovery_code",
    "access_one_time_link", "access_device", "access_identity",
)  # fmt: skip
_OUTCOME = "last-restore.json"


def check(config: Config, name: str) -> backups.Backup:
    """The backup, if it can be restored here; Conflict says why not. Nothing is changed."""
    one = backups.get(config, name)
    kind = normalise_url(config.database_url).get_backend_name()
    if one.database != kind:
        raise Conflict(
            _(
                "This backup is of %(theirs)s, and this installation keeps its data in %(ours)s. Use an archive to "
                "change the database.",
                theirs=one.database,
                ours=kind,
            )
        )
    if closing.find(config) is not None:
        raise Conflict(_("A backup is being restored already."))
    backups.check(one)
    return one


def start(config: Config, name: str, by: str) -> None:
    """Have it done by a process of its own; returns at once."""
    check(config, name)
    environment = {
        **os.environ, "KUMIKO_HOME": str(config.home), "KUMIKO_DATABASE_URL": config.database_url,
        "KUMIKO_SECRET_KEY": config.secret_key,
    }  # fmt: skip
    command = [sys.executable, "-m", "kumiko.archive.restoring", name, by]
    with (backups.folder(config) / "restore.log").open("ab") as output:
        child = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    deadline = time.monotonic() + 10
    while child.poll() is None and closing.find(config) is None and time.monotonic() < deadline:
        time.sleep(0.05)


def restore(
    config: Config, name: str, *, by: str = "", core: Sequence[str] = CORE, grace_s: float = GRACE_S
) -> dict[str, Any]:
    """Do it now. Returns what was done, which the page of backups shows, too."""
    began = time.monotonic()
    one = check(config, name)
    found: dict[str, Any] = {"name": name, "by": by, "error": "", "safety": "", "missing_files": 0, "notes": []}
    closing.put_up(config, name=name, by=by)
    try:
        time.sleep(grace_s)
        _wait_for_work(config, grace_s)
        live = Database(normalise_url(config.database_url), pool_size=1)
        try:
            closing.tell(config, 10, "safety")
            found["safety"] = backups.make(config, live, reason=backups.BEFORE_RESTORE, by=by).name
            closing.tell(config, 40, "beside")
            with scratch.restored(config, one.path) as url:
                closing.tell(config, 60, "prepare")
                _prepare(config, url, live, one, by, core, found)
                found["missing_files"] = backups.bring_files_back(config, one)
                closing.tell(config, 80, "swap")
                database_backups.swap(live.url, url, backups.folder(config))
        finally:
            live.engine.dispose()
    except KumikoError as refusal:
        found["error"] = refusal.message
        raise
    finally:
        found |= {"at": utc_now().isoformat(), "took_s": round(time.monotonic() - began, 1)}
        (backups.folder(config) / _OUTCOME).write_bytes(orjson.dumps(found))
        closing.take_down(config)
    return found


def last(config: Config) -> dict[str, Any] | None:
    """What came of the last restore."""
    try:
        found: dict[str, Any] = orjson.loads((backups.folder(config) / _OUTCOME).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return found


def _wait_for_work(config: Config, grace_s: float) -> None:
    """Let jobs that run come to their end, for a while: what they did afterwards would be lost or done again."""
    deadline = time.monotonic() + min(10 * grace_s, _PATIENCE_S)
    live = Database(normalise_url(config.database_url), pool_size=1)
    running = sa.text("SELECT count(*) FROM jobs_job WHERE status = 'running' AND lease_until > :now")
    try:
        while time.monotonic() < deadline:
            with live.reader.connect() as connection:
                now = sa.bindparam("now", utc_now(), type_=UtcDateTime)
                if not connection.execute(running.bindparams(now)).scalar():
                    return
            time.sleep(0.2)
    finally:
        live.engine.dispose()


def _prepare(
    config: Config, url: URL, live: Database, one: backups.Backup, by: str, core: Sequence[str], found: dict[str, Any]
) -> None:
    beside = scratch.with_database(config, url)
    instance.upgrade(beside, core)
    database = Database(url, pool_size=1)
    try:
        found["notes"] += settling.settle(beside, core, database)
        with tables.snapshot(live) as present, database.engine.begin() as connection:
            _go_on(present, connection)
            audit = tables.stored_tables(connection)["host_audit"].table
            connection.execute(
                sa.insert(audit).values(
                    at=utc_now(), actor=by, act="backup.restore", subject=one.name, details={"safety": found["safety"]}
                )
            )
    finally:
        database.engine.dispose()


def _go_on(present: sa.Connection, restored: sa.Connection) -> None:
    """What must not go back in time: numbers that processes watch, sessions, ids, and work that was done since."""
    now, then = tables.stored_tables(present), tables.stored_tables(restored)
    for name, number in present.exec_driver_sql("SELECT name, n FROM host_revision"):
        statement = sa.text("UPDATE host_revision SET n = :n WHERE name = :name AND n <= :n")
        restored.execute(statement, {"n": number + 1, "name": name})
    _keep_ids(present, restored)
    _keep_ways_in(present, restored, now, then)
    _not_twice(present, restored, now, then)


def _keep_ids(present: sa.Connection, restored: sa.Connection) -> None:
    if present.dialect.name == "sqlite":
        last_id = present.exec_driver_sql("SELECT value FROM host_counter WHERE name = 'ids'").scalar_one()
        statement = sa.text("UPDATE host_counter SET value = max(value, :n) WHERE name = 'ids'")
        restored.execute(statement, {"n": last_id})
    else:
        last_id = present.exec_driver_sql("SELECT last_value FROM host_ids").scalar_one()
        statement = sa.text("SELECT setval('host_ids', greatest(:n, (SELECT last_value FROM host_ids)))")
        restored.execute(statement, {"n": last_id})


def _keep_ways_in(present: sa.Connection, restored: sa.Connection, now: Any, then: Any) -> None:
    """Sessions, tokens, passwords and second factors stay as they are: who is signed in stays so, and what was taken
    back since the backup (a stolen password, a token, a link that was used) lets nobody in again."""
    users = then["access_user"].table
    known = set(restored.execute(sa.select(users.c.id)).scalars())
    for name in _WAYS_IN:
        if name not in now or name not in then:
            continue
        old = then[name]
        columns = [one for one in now[name].columns if one in old.kinds]
        restored.execute(sa.delete(old.table))
        for piece in tables.pieces(present, now[name], columns=columns):
            rows = [row for row in piece if row["user_id"] in known]
            if rows:
                restored.execute(sa.insert(old.table), rows)
        tables.go_on_numbering(restored, old)


def _not_twice(present: sa.Connection, restored: sa.Connection, now: Any, then: Any) -> None:
    """Jobs that waited when the backup was made and have run since: they would send the same mail again."""
    jobs, theirs = then["jobs_job"].table, now["jobs_job"].table
    unfinished = ("ready", "running", "dead")
    waiting = set(restored.execute(sa.select(jobs.c.id).where(jobs.c.status.in_(unfinished))).scalars())
    still = set(present.execute(sa.select(theirs.c.id).where(theirs.c.status.in_(unfinished))).scalars())
    done = sorted(waiting - still)
    for start_ in range(0, len(done), tables.PIECE):
        chosen = done[start_ : start_ + tables.PIECE]
        values = {"status": "cancelled", "last_error": "It ran after this backup was made, so it is not run again."}
        restored.execute(sa.update(jobs).where(jobs.c.id.in_(chosen)).values(**values))
        if "jobs_key" in then:
            keys = then["jobs_key"].table
            restored.execute(sa.delete(keys).where(keys.c.job_id.in_(chosen)))


def main(arguments: Sequence[str]) -> int:
    config = configs.load()
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        found = restore(config, arguments[0], by=arguments[1] if len(arguments) > 1 else "")
    except KumikoError as refusal:
        log.error("%s", refusal.message)
        return 1
    log.info("restored %s in %s s", found["name"], found["took_s"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
