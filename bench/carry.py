"""Carries an installation's rows from SQLite to PostgreSQL, table by table: the same records, journal and documents.

    carry.py SQLITE_HOME      (KUMIKO_HOME and KUMIKO_DATABASE_URL name the target, which `kumiko init` has made)

Much faster than writing everything a second time, and both databases then hold equal data.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from kumiko.host import config as configuration
from kumiko.host.database import Database
from kumiko.host.wsgi import Host

HISTORY = "alembic"  # tables of the target's own history of migrations


def main() -> None:
    home = Path(sys.argv[1])
    config = configuration.load()
    host = Host(config)
    source, target = Database.open(f"sqlite:///{home / 'kumiko.db'}"), host.database
    known = sa.MetaData()
    known.reflect(target.engine)
    with source.reader.connect() as reading, target.engine.begin() as writing:
        raw = writing.connection.driver_connection
        names = [name for name in known.tables if HISTORY not in name]
        present = set(sa.inspect(source.engine).get_table_names())
        writing.exec_driver_sql("TRUNCATE " + ", ".join(f'"{name}"' for name in names) + " CASCADE")
        for name in names:
            if name in present:
                _carry(reading, raw, known.tables[name])
        _set_counters(reading, writing, known)
    shutil.copy(home / "bench.json", config.home / "bench.json")
    shutil.copy(home / "secret_key", config.home / "secret_key")
    with target.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _carry(reading: sa.Connection, raw: Any, table: sa.Table) -> None:
    columns = list(table.columns)
    quoted = ", ".join(f'"{column.name}"' for column in columns)
    rows = reading.exec_driver_sql(f'SELECT {quoted} FROM "{table.name}"')
    forms = [_form(column) for column in columns]
    with raw.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({quoted}) FROM STDIN') as copy:
        for row in _shaped(rows, forms):
            copy.write_row(row)


def _form(column: sa.Column[Any]) -> Any:
    """What a stored value of SQLite needs to become one of PostgreSQL, None for nothing."""
    if isinstance(column.type, sa.Boolean):
        return bool
    if isinstance(column.type, sa.DateTime):
        return lambda value: f"{value}+00:00"
    if isinstance(column.type, sa.JSON):
        return lambda value: orjson.dumps(orjson.loads(value)).decode()
    return None


def _shaped(rows: Any, forms: list[Any]) -> Iterator[list[Any]]:
    for row in rows:
        yield [value if form is None or value is None else form(value) for value, form in zip(row, forms, strict=True)]


def _set_counters(reading: sa.Connection, writing: sa.Connection, known: sa.MetaData) -> None:
    last = reading.exec_driver_sql("SELECT value FROM host_counter WHERE name = 'ids'").scalar_one()
    writing.exec_driver_sql(f"SELECT setval('host_ids', {int(last)})")
    for table in known.tables.values():
        for column in table.primary_key.columns:
            sequence = writing.execute(
                sa.text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": table.name, "c": column.name}
            ).scalar()
            if sequence:
                highest = writing.execute(sa.select(sa.func.coalesce(sa.func.max(column), 1))).scalar_one()
                writing.execute(sa.text("SELECT setval(:s, :n)"), {"s": sequence, "n": highest})


if __name__ == "__main__":
    main()
