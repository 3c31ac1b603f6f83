"""What modules say about rows with personal data, beyond what is done with every text.

A module says it in `info` of its table (`MODEL.__table__.info`):
- `kept_by_law=(column, reason)`: rows whose column holds something stay as they are (issued invoices), together with
  their parts, history, search entry and files, unless whoever erases wants the name gone there, too.
- `erase="row"`: a row in which a term is found is deleted as a whole.
- `erase="text"`: its long texts are replaced as a whole, not only the terms in them.
Without any of it terms are replaced, and rows that are about the person lose their long texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kumiko.archive.tables import StoredTable
from kumiko.host.generation import Generation
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue

PERSON = "parties.person"
RECORD = {"id", "version", "deleted_at", "custom"}  # columns by which a table of records is known


@dataclass(frozen=True)
class Place:
    """How a table belongs to a record type: itself ("id"), its parts ("parent_id"), fields of others ("record_id")."""

    type_key: str
    column: str
    label: str


@dataclass(frozen=True)
class Law:
    """Rows of a table that the law keeps while `column` holds something."""

    table: str
    column: str
    reason: Any  # a sentence, perhaps a lazy translation


def places(generation: Generation) -> dict[str, Place]:
    """Table -> whose rows it holds, of every registered record type."""
    found: dict[str, Place] = {}
    for info in generation.state["records"].types.values():
        label = str(info.type.label_plural)
        found.setdefault(info.table.name, Place(info.key, "id", label))
        for one in info.lists:
            if one.field.model is not None:
                found.setdefault(one.part_table.name, Place(info.key, "parent_id", label))
        for side in info.extensions:
            found.setdefault(side.table.name, Place(info.key, "record_id", label))
    return found


def hanging_on(generation: Generation, type_key: str) -> Iterator[tuple[str, str, str, list[str]]]:
    """(type key, table, column that names the record, columns of long texts) of types that hang on another one."""
    for info in generation.state["records"].types.values():
        long = [one.columns[0].name for one in info.fields.values() if one.kind == "longtext" and one.extension is None]
        for name in info.type.parents:
            one = info.fields.get(name)
            if one is not None and one.kind == "link" and one.field.to == type_key:
                yield info.key, info.table.name, one.columns[0].name, long


def linking_to(type_key: str) -> Iterator[tuple[TypeInfo, str, FieldInfo]]:
    """(record type, table, field) of every link field, custom ones included, and of every field of a list, that names
    records of a type."""
    for info in catalogue().types.values():
        for one in info.fields.values():
            if one.kind == "link" and one.field.to == type_key and one.extension is None:
                yield info, info.table.name, one
            elif one.kind == "list" and one.field.model is not None:
                for item in one.items:
                    if item.kind == "link" and item.field.to == type_key:
                        yield info, one.part_table.name, item


def said(generation: Generation) -> dict[str, Mapping[str, Any]]:
    """Table -> what its module says about it."""
    return {
        table.name: table.info
        for loaded in generation.plugins.values()
        for table in loaded.tables
        if "erase" in table.info or "kept_by_law" in table.info
    }


def laws(generation: Generation) -> Iterator[Law]:
    for name, info in said(generation).items():
        if "kept_by_law" in info:
            column, reason = info["kept_by_law"]
            yield Law(name, column, reason)


def kept_records(connection: sa.Connection, generation: Generation, there: Mapping[str, StoredTable]) -> Kept:
    """Ids of all records that the law keeps, by type key."""
    known = places(generation)
    found: dict[str, set[int]] = {}
    for law in laws(generation):
        if law.table in there and law.table in known:
            table = there[law.table].table
            ids = connection.execute(sa.select(table.c.id).where(table.c[law.column].is_not(None))).scalars()
            found.setdefault(known[law.table].type_key, set()).update(ids)
    return Kept(found, known)


@dataclass(frozen=True)
class Kept:
    """Records that stay as they are, and whether a row of any table belongs to one of them."""

    records: Mapping[str, set[int]]
    places: Mapping[str, Place]

    def covers(self, table: str, row: Mapping[str, Any]) -> bool:
        if not self.records:
            return False
        place = self.places.get(table)
        if place is not None and place.type_key in self.records:
            return row.get(place.column) in self.records[place.type_key]
        for type_name, id_name in (("type_key", "record_id"), ("record_type", "record_id")):
            if type_name in row and id_name in row and table != "notify_notice":
                return row[id_name] in self.records.get(str(row[type_name]), ())
        return False
