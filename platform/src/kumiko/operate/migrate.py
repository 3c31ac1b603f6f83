"""Tables: one Alembic history and one version table per plugin, under a lock, from a command - never at start.

Alembic is used as a library and imported when it is needed: it costs 0.4 s that no web process pays.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kumiko.core import CORE
from kumiko.host import manifest, models
from kumiko.host.database import engine_for_migration, normalise_url
from kumiko.host.errors import KumikoError, MigrationFailed
from kumiko.host.manifest import Manifest

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig
    from alembic.script import ScriptDirectory

log = logging.getLogger("kumiko.migrate")
HOST = "host"
_LOCK = 7_021_385  # one lock for all histories of an installation
_LOCK_TIMEOUT = "4s"  # a migration waits no longer for a table that somebody reads


@dataclass(frozen=True, kw_only=True)
class History:
    """The migrations of one plugin (or the host): `prefix` limits the tables it may touch."""

    name: str
    prefix: str
    folder: Path

    @property
    def version_table(self) -> str:
        return f"alembic_{self.name.replace('-', '_')}"

    @property
    def has_scripts(self) -> bool:
        return (self.folder / "versions").is_dir() and any((self.folder / "versions").glob("[!_]*.py"))


@dataclass(frozen=True, kw_only=True)
class Status:
    """Where one history stands in a database; `waiting` are the revisions not applied yet, oldest first."""

    name: str
    current: str
    head: str
    waiting: tuple[str, ...]


def host_history() -> History:
    return History(name=HOST, prefix=HOST, folder=Path(models.__file__).parent / "migrations")


def history_of(one: Manifest) -> History:
    return History(name=one.name, prefix=one.prefix, folder=one.migrations)


def histories(names: Sequence[str] | None = None, *, core: Sequence[str] = CORE) -> list[History]:
    """Host, core plugins, then the installed plugins called `names` (None: all), in this order."""
    installed = manifest.scan(core)
    chosen = [one for one in installed.manifests.values() if one.core or names is None or one.name in names]
    return [host_history(), *(history_of(one) for one in chosen)]


def upgrade(url: str, history: History, to: str = "head") -> list[str]:
    """Apply what is missing up to a revision, in one transaction under the lock. Returns the revisions applied.

    MigrationFailed leaves nothing of the attempt behind.
    """
    if not history.has_scripts:
        return []

    def steps(script: ScriptDirectory, revision: Any) -> Any:
        return script._upgrade_revs(to, revision)

    return _run(url, history, steps, to)


def revisions(history: History) -> list[str]:
    """Every revision that the installed version of a plugin knows, the oldest first."""
    if not history.has_scripts:
        return []
    return [str(one.revision) for one in _script(history)[1].walk_revisions("base", "heads")][::-1]


def downgrade_to_base(url: str, history: History) -> list[str]:
    """Take back every migration and drop the version table: nothing of the plugin's tables stays."""

    def steps(script: ScriptDirectory, revision: Any) -> Any:
        return script._downgrade_revs("base", revision)

    if not history.has_scripts:
        return []
    return _run(url, history, steps, "base", drop_version_table=True)


def status(url: str, history: History) -> Status:
    """Where a history stands."""
    engine = engine_for_migration(normalise_url(url))
    try:
        with engine.connect() as connection:
            return statuses(connection, [history])[0]
    finally:
        engine.dispose()


def statuses(connection: sa.Connection, wanted: Sequence[History]) -> list[Status]:
    """Where several histories stand, read in two statements however many they are."""
    tables = set(sa.inspect(connection).get_table_names())
    there = [one for one in wanted if one.version_table in tables]
    query = " UNION ALL ".join(f"SELECT '{one.name}', version_num FROM {one.version_table}" for one in there)  # noqa: S608
    current = {row[0]: row[1] for row in connection.exec_driver_sql(query)} if there else {}
    return [_status(one, str(current.get(one.name) or "")) for one in wanted]


def _status(history: History, current: str) -> Status:
    if not history.has_scripts:
        return Status(name=history.name, current=current, head="", waiting=())
    _, script = _script(history)
    head = script.get_current_head() or ""
    chain = [one.revision for one in script.walk_revisions("base", "heads")][::-1]
    if current and current not in chain:
        raise MigrationFailed(
            f"{history.name}: this database is at revision {current!r}, which this version does not know; "
            "it was migrated by a newer one: install that"
        )
    return Status(
        name=history.name,
        current=current,
        head=head,
        waiting=tuple(chain[chain.index(current) + 1 if current else 0 :]),
    )


def _script(history: History) -> tuple[AlembicConfig, ScriptDirectory]:
    from alembic.config import Config as AlembicConfig
    from alembic.script import ScriptDirectory

    config = AlembicConfig()
    config.set_main_option("script_location", str(history.folder).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(history.folder / "versions").replace("%", "%%"))
    return config, ScriptDirectory.from_config(config)


def _run(
    url: str,
    history: History,
    steps: Callable[[ScriptDirectory, Any], Any],
    destination: str,
    *,
    drop_version_table: bool = False,
) -> list[str]:
    from alembic.runtime.environment import EnvironmentContext

    done: list[str] = []
    try:
        config, script = _script(history)

        def noting(revision: Any, _context: Any) -> Any:
            found = steps(script, revision)
            done.extend(str(step.revision.revision) for step in found)
            return found

        with (
            _locked(url) as connection,
            EnvironmentContext(config, script, fn=noting, destination_rev=destination) as environment,
        ):
            environment.configure(
                connection=connection,
                version_table=history.version_table,
                render_as_batch=connection.dialect.name == "sqlite",
                transactional_ddl=True,
                transaction_per_migration=False,
            )
            environment.run_migrations()
            if drop_version_table:
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {history.version_table}")
            _check_foreign_keys(connection, history)
    except KumikoError:
        raise
    except Exception as fault:
        raise MigrationFailed(
            f"{history.name}: its tables could not be brought to {destination}; nothing of this attempt remains. "
            f"{type(fault).__name__}: {str(fault).splitlines()[0] if str(fault) else ''}"
        ) from fault
    if done:
        log.info("%s: applied %s", history.name, ", ".join(done))
    return done


@contextmanager
def _locked(url: str) -> Iterator[sa.Connection]:
    """One transaction that no other migration runs beside, on a connection of its own."""
    engine = engine_for_migration(normalise_url(url))
    try:
        with engine.begin() as connection:  # SQLite: BEGIN IMMEDIATE
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
            yield connection
    finally:
        engine.dispose()


def _check_foreign_keys(connection: sa.Connection, history: History) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise MigrationFailed(
            f"{history.name}: after its migration a row of {broken[0]} names a missing row of {broken[2]}"
        )


# -- comparing with models (drift tests, and what writes migrations) ---------------------------------------------


@contextmanager
def comparing(url: str, history: History, metadata: sa.MetaData) -> Iterator[Any]:
    """An Alembic context that compares the history's own tables with `metadata` (autogenerate, drift tests)."""
    from alembic.migration import MigrationContext

    def own(name: str | None, kind: str, _parents: Any = None) -> bool:
        return kind != "table" or (name or "").startswith(f"{history.prefix}_")

    def own_object(_object: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
        return own(name, kind)

    engine = engine_for_migration(normalise_url(url))
    try:
        with engine.connect() as connection:
            yield MigrationContext.configure(
                connection,
                opts={
                    "version_table": history.version_table,
                    "target_metadata": metadata,
                    "include_name": own,
                    "include_object": own_object,
                    "compare_type": True,
                    "render_as_batch": True,
                },
            )
    finally:
        engine.dispose()
