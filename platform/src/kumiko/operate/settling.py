"""What is due before anybody sees a database that came back from a file, and `kumiko restore`, which sees to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database, normalise_url
from kumiko.host.wsgi import Host
from kumiko.operate import backups, instance, scratch


def settle(config: Config, core: Sequence[str], database: Database | None = None) -> list[str]:
    """Have every plugin do what it must after a restore (`generation.state["after_restore"]`); gives their sentences.

    Persons who were erased after the copy was made are erased again, indexes that no migration makes are made.
    """
    own = database or Database(normalise_url(config.database_url), pool_size=1)
    try:
        host = Host(config, database=own, core=core)
        with use(host.context(principal=SYSTEM, via="restore")):
            return [str(line) for act in host.generation.state.get("after_restore", ()) for line in act()]
    finally:
        if database is None:
            own.engine.dispose()


def put_back(config: Config, file: str, core: Sequence[str]) -> list[str]:
    """Replace the database by a backup's file, brought to the newest form and settled; gives sentences about it.

    It is prepared beside the database, so whatever is wrong with it is said before anything is replaced. Where there
    can be no database beside it, the file is restored first and settled in its place.
    """
    url = normalise_url(config.database_url)
    backups.check_file(url, file)
    try:
        with scratch.restored(config, Path(file)) as prepared:
            beside = scratch.with_database(config, prepared)
            instance.upgrade(beside, core)
            notes = settle(beside, core)
            backups.swap(url, prepared, config.home)
            return notes
    except scratch.NoScratch as fault:
        backups.restore(config, file)
        instance.upgrade(config, core)
        return [f"It was restored without a trial beside: {fault.message}.", *settle(config, core)]
