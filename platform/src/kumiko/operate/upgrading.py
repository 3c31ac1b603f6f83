"""Bringing tables to their newest form without a risk: tried out on a copy, with a backup, rolled back as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from kumiko.host.columns import utc_now
from kumiko.host.config import Config
from kumiko.host.database import Database, normalise_url
from kumiko.host.errors import MigrationFailed
from kumiko.operate import backups, instance, migrate, scratch


@dataclass
class Upgraded:
    """What was done: name -> revisions, the backup that was made before ("" for none), remarks for the operator."""

    applied: dict[str, list[str]] = field(default_factory=dict)
    backup: str = ""
    remarks: list[str] = field(default_factory=list)


def upgrade(config: Config, core: Sequence[str]) -> Upgraded:
    """Back up, upgrade a copy, then upgrade. MigrationFailed says what is wrong; then everything is as it was."""
    done = Upgraded()
    url = config.database_url
    histories = migrate.histories(instance.enabled_names(url), core=core)
    waiting = [one.name for one in (migrate.status(url, history) for history in histories) if one.waiting]
    if not waiting:
        return done
    if not _holds_something(url):
        done.applied = instance.upgrade(config, core)
        return done
    file = _backup(config)
    done.backup = str(file)
    _try_out(config, file, core, done)
    try:
        done.applied = instance.upgrade(config, core)
    except MigrationFailed as fault:
        _put_back(config, file)
        raise MigrationFailed(
            f"{fault.message} Everything was put back as it was before; the versions that are installed do not fit "
            f"these data. The backup made before is {file}."
        ) from fault
    return done


def _try_out(config: Config, file: Path, core: Sequence[str], done: Upgraded) -> None:
    try:
        with scratch.restored(config, file) as url:
            instance.upgrade(scratch.with_database(config, url), core)
    except scratch.NoScratch as fault:
        done.remarks.append(f"It was not tried out on a copy first: {fault.message}.")
    except MigrationFailed as fault:
        raise MigrationFailed(
            f"{fault.message} It was tried out on a copy; nothing was changed here. Install versions that fit these "
            "data; until then the former ones go on working."
        ) from fault
    else:
        done.remarks.append("It was tried out on a copy first.")


def _backup(config: Config) -> Path:
    folder = config.home / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{utc_now():%Y%m%dT%H%M%SZ}-before-upgrade.kumiko"
    backups.backup(config, str(file))
    file.chmod(0o600)
    return file


def _put_back(config: Config, file: Path) -> None:
    """All tables as they were: what one module has done already goes, too."""
    try:
        with scratch.restored(config, file) as prepared:
            backups.swap(normalise_url(config.database_url), prepared, file.parent)
    except scratch.NoScratch:
        backups.restore(config, str(file))


def _holds_something(url: str) -> bool:
    database = Database.open(url)
    with database.reader.connect() as connection:
        return "host_revision" in sa.inspect(connection).get_table_names()
