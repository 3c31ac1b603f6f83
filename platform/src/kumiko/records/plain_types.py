"""Record types whose tables follow from their fields: what name and kind say already is not written a second time.

A module that needs more of its table (a column that is no field, a wider index, a part of another record) writes a
mapped class with `RecordMixin` and hands it to `RecordType`, as before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Boolean, Date, Float, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column
from sqlalchemy.types import TypeEngine

from kumiko.host.base import plugin_base
from kumiko.host.columns import Id, JsonValue, MinorUnits, UtcDateTime
from kumiko.host.declarations import Extension, Field, RecordType
from kumiko.host.errors import DeclarationError
from kumiko.host.scoping import Scope
from kumiko.records.mixin import PartMixin, RecordMixin, record_indexes

TEXT_LENGTH = 300
#: Room for keys of choices: a longer list of choices needs no migration.
KEY_LENGTH = 80
_TYPES: dict[str, type[TypeEngine[Any]] | TypeEngine[Any]] = {
    "longtext": Text,
    "integer": Integer,
    "number": Float(53),
    "percent": Float(53),
    "boolean": Boolean,
    "date": Date,
    "moment": UtcDateTime,
    "choice": String(KEY_LENGTH),
    "multichoice": JsonValue,
    "email": String(254),
    "phone": String(40),
    "url": String(500),
    "json": JsonValue,
}
#: Fields whose columns every record has; a type declares them anew to name them its own way.
_COMMON = ("name", "owner", "team", "created_at", "created_by", "updated_at", "updated_by")


@dataclass(frozen=True, kw_only=True)
class PlainRecordType(RecordType):
    """A record type without a class of its own: `model` is made from `key` and `fields`, `visits.visit` is kept in the
    table `visits_visit`.

    Write it at the top of plugin.py, once; `declare_models` is not needed. Several of them, or classes of your own
    besides, share a `base` made by `plugin_base`. Columns may be empty in the table: what is `required` is checked at
    every write, so that a required field can join a table that holds records. A link has an index; a list field has a
    table of its own, made too. `model` serves own statements (`VISIT.model`).
    """

    base: type[DeclarativeBase] | None = None
    #: choice field with the values private, team and public: people read what is shared with their team or everybody,
    #: whatever their role may read else; a role that reads none reads none
    shared_by: str = ""
    matching: Any = None  # a `Matching`: what makes two records the same
    model: type = field(init=False)

    def __post_init__(self) -> None:
        plugin, _, thing = self.key.partition(".")
        table = f"{plugin}_{thing}".replace("-", "_")
        base = self.base or plugin_base(plugin)
        object.__setattr__(self, "fields", tuple(_with_parts(one, self.key, table, base) for one in self.fields))
        own = [one for one in self.fields if one.name not in _COMMON]
        indexed = [one for one in own if one.kind in ("link", "record")]
        links = [Index(f"ix_{table}_{one.name}", f"{one.name}_id", "id") for one in indexed]
        attributes = {
            "__tablename__": table,
            "__scope__": Scope.record(self.key),
            "__table_args__": (*record_indexes(table), *links),
            **_columns(own),
        }
        object.__setattr__(self, "model", type(_class_name(thing), (RecordMixin, base), attributes))


@dataclass(frozen=True, kw_only=True)
class PlainExtension(Extension):
    """Fields on somebody else's type, without a class of their own: the side table `PLUGIN_TYPE_side` is made from
    `target` and `fields`. Copies of base columns (`mirrors`) need a mapped class and `Extension`.
    """

    base: type[DeclarativeBase]
    model: type = field(init=False)

    def __post_init__(self) -> None:
        plugin = str(self.base.metadata.info.get("plugin", ""))
        if self.mirrors:
            raise DeclarationError(
                f"{plugin}: a plain extension of {self.target} keeps no copies of its columns; "
                "write the side table as a class and hand it to Extension"
            )
        table = f"{plugin}_{self.target.rpartition('.')[2]}_side".replace("-", "_")
        attributes = {
            "__tablename__": table,
            "__scope__": Scope.through(self.target, "record_id"),
            "record_id": mapped_column(Id, primary_key=True, autoincrement=False),
            **_columns(self.fields),
        }
        object.__setattr__(self, "model", type(_class_name(table), (self.base,), attributes))


def _with_parts(one: Field, key: str, table: str, base: type[DeclarativeBase]) -> Field:
    """A list field with the class of its rows."""
    if one.kind != "list" or one.model is not None:
        return one
    name = f"{table}_{one.name}"
    attributes = {
        "__tablename__": name,
        "__scope__": Scope.through(key, "parent_id"),
        **_columns(one.items),
    }
    return replace(one, model=type(_class_name(name), (PartMixin, base), attributes))


def _columns(fields: Iterable[Field]) -> dict[str, MappedColumn[Any]]:
    """Columns, by name, of what is stored in the row itself; they stand behind those that every row has."""
    stored: dict[str, Any] = {}
    for one in fields:
        if one.kind == "link":
            stored[f"{one.name}_id"] = Id
        elif one.kind == "record":
            stored |= {f"{one.name}_id": Id, f"{one.name}_type": String(KEY_LENGTH)}
        elif one.kind == "money":
            stored |= {f"{one.name}_minor": MinorUnits, f"{one.name}_currency": String(3)}
        elif one.kind == "text":
            stored[one.name] = String(one.max_length or TEXT_LENGTH)
        elif one.kind in _TYPES:
            stored[one.name] = _TYPES[one.kind]
    return {name: mapped_column(kind, sort_order=1) for name, kind in stored.items()}


def _class_name(words: str) -> str:
    return "".join(part.capitalize() for part in words.replace("-", "_").split("_"))
