"""Column types that hide the differences of SQLite and PostgreSQL (backend-study D4)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Table
from sqlalchemy.types import TypeDecorator

#: Ids come from one installation-wide counter; SQLite only keeps "INTEGER" primary keys compact.
Id = BigInteger().with_variant(Integer(), "sqlite")

#: Amounts in minor units: 64 bits hold 92 thousand million million cents.
MinorUnits = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Refuses naive values, stores UTC, returns aware UTC on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a zone, found the naive {value!r}; use datetime.now(UTC)")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonValue(TypeDecorator[Any]):
    """JSON whose Python None is SQL NULL, not the JSON word null."""

    impl = JSON(none_as_null=True)
    cache_ok = True


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def table_of(mapped: Any) -> Table:
    """The table of a mapped class."""
    table: Table = mapped.__table__
    return table
