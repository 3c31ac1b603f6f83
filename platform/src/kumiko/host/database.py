"""One engine per process, the session class, table metadata of plugins, and the installation-wide id counter.

The engine belongs to the process and is shared by all generations (extension-study 1).
"""

from __future__ import annotations

import threading
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event, inspect, make_url, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from kumiko.host.errors import ConfigError

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def plugin_metadata(plugin: str) -> MetaData:
    """MetaData of one plugin, with the naming convention that migrations rely on.

    Every plugin has its own, so that a broken mapper hurts only its plugin and its set of tables is known.
    """
    return MetaData(naming_convention=NAMING_CONVENTION, info={"plugin": plugin})


class HostSession(Session):
    """The session class of the house; `kumiko.host.scoping` listens on it, once, at import."""

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """The instance with this single-column key, or None; always asks the database.

        The inherited method answers from the identity map without a query, which no limit of rights would see.
        """
        mapper = inspect(entity)
        key = mapper.get_property_by_column(mapper.primary_key[0]).class_attribute
        return self.execute(select(entity).where(key == ident).limit(1), **options).scalars().first()


def normalise_url(url: str) -> URL:
    """The database URL with the driver we use; ConfigError for engines we do not support."""
    text_url = url.strip()
    for prefix in ("postgres://", "postgresql://", "postgresql+psycopg2://"):
        if text_url.startswith(prefix):
            text_url = "postgresql+psycopg://" + text_url.removeprefix(prefix)
    try:
        made = make_url(text_url)
    except Exception as fault:
        raise ConfigError(
            f"KUMIKO_DATABASE_URL is no database URL: {url!r}; wanted something like postgresql://user@host/name"
        ) from fault
    if made.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigError(f"Kumiko runs on SQLite and PostgreSQL; found {made.get_backend_name()!r}")
    return made


class Database:
    """Engine and sessions of one database. Get it with `Database.open(url)`: one per process and URL."""

    _opened: dict[str, Database] = {}
    _lock = threading.Lock()

    def __init__(self, url: URL, *, pool_size: int = 5) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = _make_engine(url, pool_size)
        # Reads hold no transaction. psycopg forgets its prepared statements at every ROLLBACK, which the pool would
        # send when a connection comes back (peers.md section 4, point 3); in autocommit there is nothing to roll back.
        self.reader = self.engine.execution_options(
            **({"kumiko_reading": True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"})
        )

    @classmethod
    def open(cls, url: str, *, pool_size: int = 5) -> Database:
        """The process's one Database for `url`."""
        made = normalise_url(url)
        key = made.render_as_string(hide_password=False)
        with cls._lock:
            if key not in cls._opened:
                cls._opened[key] = cls(made, pool_size=pool_size)
            return cls._opened[key]

    def new_session(self, *, reading: bool) -> HostSession:
        """A session of its own; callers outside `kumiko.host.context` have no business here."""
        return HostSession(bind=self.reader if reading else self.engine, expire_on_commit=False, autoflush=True)

    def close(self) -> None:
        """Close all pooled connections (end of a test, fork)."""
        with self._lock:
            self._opened.pop(self.url.render_as_string(hide_password=False), None)
        self.engine.dispose()


#: The journal writes two JSON values per entry; orjson is an order of magnitude quicker than the standard module.
#: A JSON column of SQLite turns the text 25 into the number 25, which is what it means.
_JSON: dict[str, Any] = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": lambda text: text if isinstance(text, int | float) else orjson.loads(text),
}


def _make_engine(url: URL, pool_size: int) -> Engine:
    if url.get_backend_name() == "sqlite":
        memory = url.database in (None, "", ":memory:")
        if memory:
            raise ConfigError("SQLite in memory cannot be shared by worker processes; give a file")
        engine = create_engine(
            url,
            connect_args={"check_same_thread": False, "isolation_level": None, "cached_statements": 512},
            pool_size=pool_size,
            max_overflow=10,
            **_JSON,
        )
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
        return engine
    # A search of all types has hundreds of expressions: compiling them took minutes, running them takes milliseconds.
    arguments = {"options": f"{url.query.get('options', '')} -c jit=off"}
    return create_engine(url, connect_args=arguments, pool_size=pool_size, max_overflow=10, pool_recycle=1800, **_JSON)


def _on_sqlite_connect(dbapi_connection: Any, _record: Any) -> None:
    for pragma in (
        "journal_mode=wal",
        "synchronous=normal",
        "busy_timeout=15000",
        "foreign_keys=on",
        "cache_size=-32768",
        "mmap_size=268435456",
        "temp_store=memory",
    ):
        dbapi_connection.execute(f"pragma {pragma}")
    dbapi_connection.create_function("kumiko_lower", 1, _lower, deterministic=True)


def _lower(value: str | None) -> str | None:
    return value.lower() if isinstance(value, str) else value


def _on_sqlite_begin(connection: Connection) -> None:
    if not connection.get_execution_options().get("kumiko_reading"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def engine_for_migration(url: URL) -> Engine:
    """An engine without pool. On SQLite foreign keys are off: batch mode rebuilds tables, and with the pragma on the
    implicit DELETE cascades into other plugins' rows (backend-study D3)."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url, poolclass=NullPool)
    engine = create_engine(url, connect_args={"isolation_level": None}, poolclass=NullPool)

    def off(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.execute("pragma busy_timeout=30000")
        dbapi_connection.execute("pragma journal_mode=wal")
        dbapi_connection.execute("pragma foreign_keys=off")

    event.listen(engine, "connect", off)
    event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def next_ids(connection: Connection, count: int = 1) -> list[int]:
    """Fresh ids from the installation-wide counter, ascending; never given twice, gaps are normal.

    Works inside the caller's write transaction.
    """
    if connection.dialect.name == "sqlite":
        last = connection.execute(_SQLITE_IDS, {"n": count}).scalar_one()
        return list(range(last - count + 1, last + 1))
    if count == 1:
        return [connection.execute(_PG_ID).scalar_one()]
    return list(connection.execute(_PG_IDS, {"n": count}).scalars())


_SQLITE_IDS = text("UPDATE host_counter SET value = value + :n WHERE name = 'ids' RETURNING value")
_PG_ID = text("SELECT nextval('host_ids')")
_PG_IDS = text("SELECT nextval('host_ids') FROM generate_series(1, :n)")
