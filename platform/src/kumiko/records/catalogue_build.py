"""The catalogue made from declarations: fields find their columns, extensions their records, actions their type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Table

from kumiko.host.columns import table_of
from kumiko.host.declarations import Extension, Field, RecordAction, RecordType
from kumiko.host.errors import DeclarationError
from kumiko.records.catalogue import COMMON_FIELDS, Catalogue, ExtensionInfo, FieldInfo, TypeInfo, stored_columns


def build(
    records: Iterable[tuple[str, RecordType]],
    extensions: Iterable[tuple[str, Extension]],
    actions: Iterable[tuple[str, RecordAction]],
) -> Catalogue:
    """The catalogue of what plugins declared; each item comes with its plugin's name."""
    by_target: dict[str, list[tuple[str, Extension]]] = {}
    for plugin, extension in extensions:
        by_target.setdefault(extension.target, []).append((plugin, extension))
    by_type: dict[str, list[tuple[str, RecordAction]]] = {}
    for plugin, action in actions:
        by_type.setdefault(action.type, []).append((plugin, action))
    made = [
        _type_info(plugin, declared, by_target.get(declared.key, []), by_type.get(declared.key, []))
        for plugin, declared in records
    ]
    made.sort(key=lambda info: (info.type.order, info.key))
    return Catalogue(made)


def _type_info(
    plugin: str,
    declared: RecordType,
    extensions: Iterable[tuple[str, Extension]],
    actions: Iterable[tuple[str, RecordAction]],
) -> TypeInfo:
    table: Table = table_of(declared.model)
    table.info["kumiko_scoped"] = True
    fields: dict[str, FieldInfo] = {}
    for one in declared.fields:
        fields[one.name] = FieldInfo(one, plugin, stored_columns(one, table))
    for one in COMMON_FIELDS:
        fields.setdefault(one.name, FieldInfo(one, "records", stored_columns(one, table)))
    side: list[ExtensionInfo] = []
    for owner, extension in sorted(extensions, key=lambda pair: pair[0]):
        info = _extension_info(owner, extension, table)
        side.append(info)
        for one in extension.fields:
            if one.name in fields:
                sentence = (
                    f"{owner}: {declared.key} already has a field {one.name!r}, which belongs to "
                    f"{fields[one.name].plugin}; both cannot be on together"
                )
                raise DeclarationError(sentence, owner)
            fields[one.name] = FieldInfo(one, owner, _side_columns(one, info), info)
    verbs = {action.name: action for _, action in actions}
    for info_ in fields.values():
        if info_.kind == "list":
            info_.part_table.info["kumiko_scoped"] = True
    return TypeInfo(
        declared, plugin, table, fields, tuple(side), verbs, {action.name: owner for owner, action in actions}
    )


def _extension_info(owner: str, extension: Extension, base: Table) -> ExtensionInfo:
    table = table_of(extension.model)
    if [column.name for column in table.primary_key] != ["record_id"]:
        raise DeclarationError(f"{owner}: the primary key of {table.name} must be record_id", owner)
    for name in extension.mirrors:
        for one in (base, table):
            if name not in one.c:
                raise DeclarationError(f"{owner}: {one.name} has no column {name!r} that could be mirrored", owner)
    table.info["kumiko_scoped"] = True
    return ExtensionInfo(extension, owner, table)


def _side_columns(one: Field, side: ExtensionInfo) -> tuple[Column[Any], ...]:
    try:
        found = stored_columns(one, side.table)
    except DeclarationError as fault:
        raise DeclarationError(f"{side.plugin}: {fault.message}", side.plugin) from None
    taken = [column.name for column in found if column.name in side.mirrors or column.name == "record_id"]
    if taken:
        sentence = f"{side.plugin}: the field {one.name!r} needs {side.table.name}.{taken[0]}, which holds a copy"
        raise DeclarationError(sentence, side.plugin)
    return found
