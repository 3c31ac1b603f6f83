"""Indexes of custom fields: made and dropped in the background, so that nobody waits for a large table.

The index holds the very expression that filters use (`kumiko.records.custom.expression`), and the id, by which lists
with equal values go on. PostgreSQL makes and drops them without holding up writers (CONCURRENTLY).
"""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from kumiko.fields.record_types import CUSTOM_FIELD
from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.i18n import gettext as _
from kumiko.jobs import sliced
from kumiko.records import custom
from kumiko.records.catalogue import catalogue

log = logging.getLogger("kumiko.fields")
START = "ix_custom_"
_field = table_of(CUSTOM_FIELD.model)
#: Kinds without an order of their own; a list of choices is searched as text.
_WITHOUT = ("multichoice", "longtext")


def wanted(connection: Connection, *, sqlite_db: bool) -> dict[str, str]:
    """Name of each index that there should be -> the statement that makes it, without CONCURRENTLY."""
    query = select(_field.c.id, _field.c.record_type, _field.c.key, _field.c.kind).where(
        _field.c.deleted_at.is_(None),
        _field.c.archived.is_not(True),
        (_field.c.filterable.is_(True)) | (_field.c.unique.is_(True)),
    )
    found: dict[str, str] = {}
    for field_id, type_key, key, kind in connection.execute(query):
        info = catalogue().find(type_key)
        if info is None or kind in _WITHOUT or not key:
            continue
        stored = "link" if kind == "user" else kind
        value = custom.expression(info.table.c.custom, custom.Place(key, stored), sqlite=sqlite_db)
        dialect = sqlite.dialect() if sqlite_db else postgresql.dialect()
        said = str(value.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        said = said.replace(f"{info.table.name}.custom", "custom")
        name = f"{START}{field_id}_{stored}"
        found[name] = f"{name} ON {info.table.name} (({said}), id)"
    return found


def existing(connection: Connection, *, sqlite_db: bool) -> dict[str, bool]:
    """Name of each index of ours -> whether it is usable."""
    if sqlite_db:
        query = "SELECT name, 1 FROM sqlite_master WHERE type = 'index' AND name LIKE 'ix\\_custom\\_%' ESCAPE '\\'"
    else:
        query = (
            "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE c.relname LIKE 'ix\\_custom\\_%' AND pg_table_is_visible(c.oid)"
        )
    return {name: bool(valid) for name, valid in connection.execute(text(query))}


def bring_in_step(engine: Engine) -> tuple[int, int]:
    """Make the indexes that are missing and drop those that nobody wants any more; how many of each."""
    is_sqlite = engine.dialect.name == "sqlite"
    outside = engine if is_sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
    with context.unscoped("indexes are made for everybody's records"), outside.connect() as connection:
        should, there = wanted(connection, sqlite_db=is_sqlite), existing(connection, sqlite_db=is_sqlite)
        connection.rollback()
    now = "" if is_sqlite else "CONCURRENTLY "
    gone = [name for name, valid in there.items() if name not in should or not valid]
    missing = [said for name, said in should.items() if not there.get(name)]
    made = 0
    for statement in [*(f"DROP INDEX {now}IF EXISTS {name}" for name in gone),
                      *(f"CREATE INDEX {now}IF NOT EXISTS {said}" for said in missing)]:  # fmt: skip
        try:
            with outside.connect() as connection:
                connection.execute(text(statement.replace(":", "\\:")))
                connection.commit()
            made += statement.startswith("CREATE")
        except DBAPIError as fault:  # tried again by the clock; filters work without it, only slower
            log.warning("an index of a custom field: %s (%s)", fault.orig, statement)
    return made, len(gone)


def again() -> list[str]:
    """After an archive was loaded or a backup restored: no migration makes these indexes, so they are made here."""
    made, _gone = bring_in_step(context.current().database.engine)
    return [_("Indexes of custom fields that were made: %(count)d.", count=made)] if made else []


@sliced
def work(job: Any) -> None:
    """The job: outside of any transaction, as PostgreSQL demands of CONCURRENTLY."""
    job.enter()
    bring_in_step(context.current().database.engine)
