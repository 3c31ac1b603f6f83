"""Asking the servers of an installation to replace their processes, through the database they share."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Mapping

import sqlalchemy as sa

from kumiko.host import manifest
from kumiko.host.base import table_of
from kumiko.host.columns import utc_now
from kumiko.host.context import current, transaction
from kumiko.host.database import Database
from kumiko.host.errors import DeclarationError
from kumiko.host.manifest import Manifest
from kumiko.host.models import PluginState, Setting
from kumiko.host.scoping import trusted
from kumiko.operate import checks, lifecycle, migrate

log = logging.getLogger("kumiko.server")
KEY = "host.restart"  # the moment of the newest wish
LOOK_EVERY_S = 1.0


def ask() -> list[str]:
    """Check renewed modules, bring their tables to their newest form, then have every server replace its processes.

    Returns the modules whose tables changed. DeclarationError and MigrationFailed say what is wrong; then nothing is
    restarted, and the versions that run go on. While the old processes still answer, they work on the new tables:
    migrations of a module only add, until its next version.
    """
    context = current()
    url = context.database.url.render_as_string(hide_password=False)
    installed = manifest.scan(lifecycle.core_packages()).manifests
    renewed = _renewed(installed)
    for one in renewed:
        report = checks.before_enabling(one, "full", lifecycle.core_packages())
        if report is not None and not report.ok:
            raise DeclarationError(f"{' '.join(report.problems)} Nothing was restarted; the version before goes on.")
    moved = []
    for name in sorted(installed):
        one = installed[name]
        if (one.core or lifecycle.state_of(name) == "enabled") and migrate.upgrade(url, migrate.history_of(one)):
            moved.append(name)
    with transaction():
        for one in renewed:  # processes import only a version that passed its check
            states = table_of(PluginState)
            trusted(sa.update(states).where(states.c.name == one.name).values(version=one.version))
        table, value = table_of(Setting), utc_now().isoformat()
        done = trusted(sa.update(table).where(table.c.key == KEY).values(value=value))
        if done.rowcount == 0:
            trusted(sa.insert(table).values(key=KEY, value=value))
        details = {"migrated": ", ".join(moved)} if moved else {}
        lifecycle.audit("server.restart", "", details, context.principal)
    return moved


def _renewed(installed: Mapping[str, Manifest]) -> list[Manifest]:
    """Modules that are on and of which another version is installed than the one that was checked."""
    table = table_of(PluginState)
    rows = trusted(sa.select(table.c.name, table.c.version).where(table.c.state == "enabled"))
    found = [installed[name] for name, version in rows if name in installed and version != installed[name].version]
    return sorted(found, key=lambda one: one.name)


def watch(database_url: str) -> None:
    """In the parent of a server's processes: replace them (SIGHUP) whenever somebody asks; returns at once."""
    threading.Thread(target=_watch, args=(database_url,), name="kumiko-restart-watch", daemon=True).start()


def _watch(database_url: str) -> None:
    database = Database.open(database_url, pool_size=1)
    known = _wish(database, "")
    pause = threading.Event()
    while not pause.wait(LOOK_EVERY_S):
        wish = _wish(database, known)
        if wish != known:
            known = wish
            log.warning("somebody asked for a restart: the processes of this server are replaced one by one")
            os.kill(os.getpid(), signal.SIGHUP)


def _wish(database: Database, otherwise: str) -> str:
    table = table_of(Setting)
    try:
        with database.reader.connect() as connection:
            return str(connection.execute(sa.select(table.c.value).where(table.c.key == KEY)).scalar() or "")
    except sa.exc.SQLAlchemyError as fault:
        log.info("whether somebody asked for a restart cannot be read: %s", fault)
        return otherwise
