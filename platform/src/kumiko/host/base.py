"""The declarative base of one plugin: its own registry, its own metadata, the house's column types."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase

from kumiko.host.columns import JsonValue, UtcDateTime
from kumiko.host.database import plugin_metadata


def plugin_base(plugin: str) -> type[DeclarativeBase]:
    """A fresh declarative base for the tables of `plugin` (`PREFIX_...`); call it once, in models.py.

    `Mapped[datetime]` becomes an aware UTC moment, `Mapped[dict[str, Any]]` becomes JSON.
    """

    class Base(DeclarativeBase):
        metadata = plugin_metadata(plugin)
        type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JsonValue}

    return Base


def table_of(model: type[Any]) -> sa.Table:
    """The table of a mapped class, for Core statements."""
    table: sa.Table = model.__table__
    return table
