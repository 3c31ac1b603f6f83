"""Taking former values out of the files of a database, so that a search of their bytes finds nothing either.

SQLite leaves former values in free places of its file and in the segments of its search index, PostgreSQL in dead rows.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from kumiko.host.database import Database

log = logging.getLogger("kumiko.privacy")
LARGEST_BYTES = 1024 * 1024 * 1024  # of a file of SQLite that is rewritten while people work: writers wait meanwhile
_WAIT_S = 10.0


def scrub(database: Database, names: Iterable[str]) -> bool:
    """Take former values out of the files of the database; `names` are the tables that were changed.

    False when the file is too large to be rewritten while people work, or the database refuses.
    """
    try:
        return _sqlite(database) if database.is_sqlite else _postgresql(database, names)
    except (DBAPIError, sqlite3.Error) as fault:
        log.warning("former values could not be taken out of the files of the database: %s", fault)
        return False


def _sqlite(database: Database) -> bool:
    file = Path(database.url.database or "")
    with database.engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection  # VACUUM runs in no transaction
        found = driver.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%USING fts5%'")
        for (name,) in found.fetchall():
            driver.execute(f'INSERT INTO "{name}" ("{name}") VALUES (\'optimize\')')  # noqa: S608 (a name of the schema)
        if not file.is_file() or file.stat().st_size > LARGEST_BYTES:
            return False
        driver.execute("PRAGMA temp_store=file")
        driver.execute("VACUUM")
        deadline = time.monotonic() + _WAIT_S
        while driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:  # somebody reads an older state
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        connection.invalidate()  # nobody else should get the one whose temporary files are on the disk
    return True


def _postgresql(database: Database, names: Iterable[str]) -> bool:
    there = set(sa.inspect(database.engine).get_table_names())
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in sorted(there & set(names)):
            connection.exec_driver_sql(f'VACUUM "{name}"')
    return True
