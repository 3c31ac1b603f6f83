"""Migrations: up from nothing, equal to the models, down without a trace, and up again."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from kumiko.host.database import engine_for_migration, normalise_url
from kumiko.host.loader import LoadedPlugin
from kumiko.operate import migrate

#: What lies in a database: (kind, name) -> how it is made. Compared as a whole.
Objects = dict[tuple[str, str], str]


def problems(loaded: LoadedPlugin, url: str) -> Iterator[str]:
    """Every sentence about the plugin's migrations. Leaves its tables made."""
    history = migrate.history_of(loaded.manifest)
    yield from scripts(loaded)
    before = objects(url)
    migrate.upgrade(url, history)
    made = objects(url)
    yield from foreign(loaded, before, made)
    yield from differences(loaded, url)
    if not history.has_scripts:
        return
    migrate.downgrade_to_base(url, history)
    yield from leftovers(loaded, before, objects(url))
    try:
        migrate.upgrade(url, history)
    except Exception as fault:
        raise ValueError(f"its migrations ran, were taken back, and do not run a second time: {fault}") from fault
    again = objects(url)
    for kind, name in sorted(key for key in {*made, *again} if made.get(key) != again.get(key)):
        yield f"{history.name}: {kind} {name} is another one when its migrations run a second time."


def scripts(loaded: LoadedPlugin) -> Iterator[str]:
    """A sentence for each script that does not say what it is for, and for tables nobody makes."""
    history = migrate.history_of(loaded.manifest)
    paths = sorted((history.folder / "versions").glob("[!_]*.py")) if history.has_scripts else []
    for path in paths:
        if not (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").strip():
            yield f"{history.name}: migrations/versions/{path.name} has no docstring; say in one line what it changes."
    if not paths and loaded.tables:
        yield (
            f"{history.name}: it has models, but no migration makes their tables; write one with "
            f'`kumiko dev migration {history.name} "tables of {history.name}"`.'
        )


def foreign(loaded: LoadedPlugin, before: Objects, after: Objects) -> Iterator[str]:
    """What migrations made, changed or dropped that is not the plugin's."""
    one, own = loaded.manifest, f"{loaded.manifest.prefix}_"
    for kind, name in sorted(set(after) - set(before)):
        if kind == "table" and not name.startswith(own) and name != migrate.history_of(one).version_table:
            yield f"{one.name}: its migrations make the table {name!r}; names of its tables start with {own!r}."
    for kind, name in sorted(key for key in before if after.get(key) != before[key]):
        done = "change" if (kind, name) in after else "drop"
        yield f"{one.name}: its migrations {done} the {kind} {name!r}, which is not its own."


def differences(loaded: LoadedPlugin, url: str) -> Iterator[str]:
    """A sentence when models and tables differ."""
    from alembic.autogenerate import compare_metadata  # local: slow import

    if loaded.base is None or not migrate.history_of(loaded.manifest).has_scripts:
        return
    with migrate.comparing(url, migrate.history_of(loaded.manifest), loaded.base.metadata) as context:
        found = [_difference(one) for one in _flat(compare_metadata(context, loaded.base.metadata))]
    if found:
        name = loaded.manifest.name
        yield (
            f"{name}: its models and the tables that its migrations make differ ({'; '.join(found[:5])}); write the "
            f'missing one with `kumiko dev migration {name} "..."`.'
        )


def leftovers(loaded: LoadedPlugin, before: Objects, after: Objects) -> Iterator[str]:
    """What stays when all migrations are taken back, and what is missing then."""
    name = loaded.manifest.name
    for kind, what in sorted(set(after) - set(before)):
        yield (
            f"{name}: the {kind} {what!r} stays when its migrations are taken back; drop it in downgrade() of the "
            "migration that makes it."
        )
    for kind, what in sorted(key for key in before if after.get(key) != before[key]):
        yield f"{name}: taking its migrations back does not leave the {kind} {what!r} as it was before them."


def objects(url: str) -> Objects:
    """Tables, indexes, triggers, functions, types and sequences of a database."""
    engine = engine_for_migration(normalise_url(url))
    try:
        with engine.connect() as connection:
            return _sqlite(connection) if connection.dialect.name == "sqlite" else _postgresql(connection)
    finally:
        engine.dispose()


def _sqlite(connection: sa.Connection) -> Objects:
    rows = connection.exec_driver_sql("SELECT type, name, coalesce(sql, '') FROM sqlite_master")
    return {(kind, name): sql for kind, name, sql in rows if not name.startswith("sqlite_")}


_CATALOGUE = """
SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view'
                    ELSE 'object' END, relname,
       CASE relkind WHEN 'i' THEN pg_get_indexdef(oid)
                    ELSE coalesce((SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod)
                                          || CASE WHEN attnotnull THEN ' not null' ELSE '' END, ', ' ORDER BY attnum)
                                   FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0
                                   AND NOT attisdropped), '') END
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i', 'S', 'v', 'm')
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc
          WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
          AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
UNION ALL SELECT 'type', typname, typtype::text FROM pg_type
          WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
          WHERE connamespace = 'public'::regnamespace
"""


def _postgresql(connection: sa.Connection) -> Objects:
    return {(kind, name): made for kind, name, made in connection.exec_driver_sql(_CATALOGUE)}


def _flat(found: Any) -> Iterator[Any]:
    for one in found:
        if isinstance(one, list):
            yield from one
        else:
            yield one


def _difference(one: Any) -> str:
    """An operation of Alembic in a few words: "add_column goats_goat.milk"."""
    act, *rest = one
    names = [part if isinstance(part, str) else getattr(part, "name", "") for part in rest[:4] if part is not None]
    return f"{act} {'.'.join(str(name) for name in names if name)}".strip()
