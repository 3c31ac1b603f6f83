"""Writing drafts: rows, parts, journal entries and search documents, in few statements however many records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, delete, update

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.database import next_ids
from kumiko.host.scoping import trusted
from kumiko.records import forms, search, sides
from kumiko.records.catalogue import ExtensionInfo, FieldInfo, TypeInfo, catalogue
from kumiko.records.drafts import Draft
from kumiko.records.extension_names import note_names
from kumiko.records.insertion import insert_rows
from kumiko.records.models import ExternalId, Share, Tag
from kumiko.records.units import OpenUnit

EXISTS = "@exists"

_SET_TABLES: dict[str, tuple[Table, str]] = {
    "tags": (table_of(Tag), "value"),
    "users": (table_of(Share), "user_id"),
    "external_ids": (table_of(ExternalId), "system"),
}


class Batch:
    """Rows to insert, update and delete, grouped by statement, so that many records cost few round trips."""

    def __init__(self) -> None:
        self.inserts: dict[Table, list[dict[str, Any]]] = {}
        self.updates: dict[tuple[Table, str, tuple[str, ...]], list[dict[str, Any]]] = {}
        self.deletes: dict[tuple[Table, tuple[str, ...]], list[dict[str, Any]]] = {}
        self.copies: dict[str, tuple[TypeInfo, ExtensionInfo, list[int]]] = {}  # records without their side row

    def insert(self, table: Table, row: dict[str, Any]) -> None:
        self.inserts.setdefault(table, []).append(row)

    def update(self, table: Table, key: str, key_value: int, values: dict[str, Any]) -> None:
        row = {f"k_{key}": key_value, **{f"v_{name}": value for name, value in values.items()}}
        self.updates.setdefault((table, key, tuple(sorted(values))), []).append(row)

    def delete(self, table: Table, **keys: Any) -> None:
        row = {f"k_{name}": value for name, value in keys.items()}
        self.deletes.setdefault((table, tuple(sorted(keys))), []).append(row)

    def run(self) -> None:
        for (table, keys), rows in self.deletes.items():
            gone = delete(table).where(*(table.c[name] == bindparam(f"k_{name}") for name in keys))
            trusted(gone, rows if len(rows) > 1 else rows[0])
        for table, rows in self.inserts.items():
            insert_rows(table, rows)
        for info, side, record_ids in self.copies.values():
            sides.make_rows(info, side, record_ids)
        for (table, key, names), rows in self.updates.items():
            changed = (
                update(table)
                .where(table.c[key] == bindparam(f"k_{key}"))
                .values({name: bindparam(f"v_{name}") for name in names})
            )
            trusted(changed, rows if len(rows) > 1 else rows[0])


def write(unit: OpenUnit, drafts: Sequence[Draft]) -> list[Draft]:
    """Write the drafts; gives those that changed something. All are of records locked or made by the caller."""
    ids = iter(_take_ids(drafts))
    batch, entries, changed = Batch(), [], []
    for draft in drafts:
        entry = _stage(draft, unit, batch, ids)
        if entry is not None:
            entries.append(entry)
            changed.append(draft)
    if not changed:
        return []
    batch.run()
    note_names(unit, zip(changed, entries, strict=True))
    unit.add_entries(entries)
    _write_search(changed)
    person = context.current().principal
    for draft in changed:  # whoever shows the draft as a record shows these, too
        draft.values |= {"updated_at": unit.at, "updated_by": person.user_id if person else None}
    _call_after(changed)
    return changed


def _call_after(changed: Sequence[Draft]) -> None:
    """Let types and extensions write what follows from the change, in the same unit."""
    by_type: dict[str, list[Draft]] = {}
    for draft in changed:
        by_type.setdefault(draft.info.key, []).append(draft)
    generation = context.current().generation
    for watch in generation.state.get("after_write", ()) if generation is not None else ():
        watch(changed)
    for drafts in by_type.values():
        info = drafts[0].info
        for after in (info.type.after, *(side.extension.after for side in info.extensions)):
            if after is not None:
                after(drafts)


def _take_ids(drafts: Iterable[Draft]) -> list[int]:
    count = 0
    for draft in drafts:
        count += draft.is_new and draft.record_id is None
        for name, value in draft.values.items():
            if draft.info.fields[name].kind == "list" and value:
                count += sum(1 for row in value if not row.get("id"))
    return next_ids(context.current().session.connection(), count) if count else []


def _stage(draft: Draft, unit: OpenUnit, batch: Batch, ids: Any) -> dict[str, Any] | None:
    info, person = draft.info, context.current().principal
    me = person.user_id if person else None
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    is_new = draft.is_new
    if is_new:
        draft.record_id = draft.record_id or next(ids)
        before[EXISTS], after[EXISTS] = False, True
    record_id = draft.record_id
    if record_id is None:
        raise ValueError("a change needs a record")
    base: dict[str, Any] = {}
    added: dict[str, dict[str, Any]] = {}  # plugin -> columns of its side row
    own: dict[str, Any] = {}  # key of a custom field -> what is stored
    for name, value in draft.values.items():
        one = info.fields[name]
        if one.is_many:
            _stage_many(draft, one, value, batch, ids, before, after)
            continue
        old = None if is_new else draft.before(name)
        if value == old:
            continue
        if not is_new:
            before[one.journal_name] = forms.to_journal(one, old)
        after[one.journal_name] = forms.to_journal(one, value)
        if one.custom is not None:
            own[one.custom.key] = one.custom.to_stored(value)
            continue
        forms.put_columns(one, value, added.setdefault(one.plugin, {}) if one.extension else base)
    if own:
        held = {**(draft.state.custom if draft.state is not None else {}), **own}
        base["custom"] = {key: value for key, value in held.items() if value is not None} or None
    if draft.action in ("deleted", "restored"):
        gone = draft.action == "deleted"
        base["deleted_at"] = unit.at if gone else None
        before[EXISTS], after[EXISTS] = gone, not gone
    if not after and not before:
        return None
    version = 1 if draft.state is None else draft.state.version + 1
    stamp = {"updated_at": unit.at, "updated_by_id": me, "version": version}
    if draft.is_new:
        authored = {"created_at": unit.at, "created_by_id": me}
        stored = {**_blank_row(info), **authored, **base, **stamp, "id": record_id}
        batch.insert(info.table, stored)
    else:
        stored = {**base, **stamp}
        batch.update(info.table, "id", record_id, stored)
    _stage_sides(draft, record_id, stored, added, batch)
    return {
        "type_key": info.key,
        "record_id": record_id,
        "action": draft.action,
        "title": str(draft.get("name") or "")[:300],
        "version": version,
        "before": before,
        "after": after,
        "names": None,
        "undone": None,
    }


def _blank_row(info: TypeInfo) -> Mapping[str, Any]:
    """What stands in the columns that no field of a draft fills: nothing, or the column's own plain default."""
    cache = catalogue().cache
    found: dict[str, Any] | None = cache.get(("blank row", info.key))
    if found is None:
        found = {column.name: None for column in info.table.c if column.nullable}
        for column in info.table.c:
            if not column.nullable and column.default is not None and column.default.is_scalar:
                found[column.name] = column.default.arg  # type: ignore[attr-defined]
        cache["blank row", info.key] = found
    return found


def _stage_sides(
    draft: Draft, record_id: int, stored: dict[str, Any], added: dict[str, dict[str, Any]], batch: Batch
) -> None:
    """Side rows are made with their record and keep copies of the mirrored base columns (extension-study 3).

    `stored`: what is written to the base row, all of it for a new record.
    """
    missing = draft.state.missing_sides if draft.state is not None else ()
    for side in draft.info.extensions:
        values = added.get(side.plugin, {})
        copies = {name: value for name, value in stored.items() if name in side.mirrors}
        if draft.is_new:
            empty = {column.name: None for column in side.table.c if column.nullable}
            batch.insert(side.table, {**empty, **copies, **values, "record_id": record_id})
        elif side.plugin in missing:  # a process that did not know the extension yet made the record
            batch.copies.setdefault(side.plugin, (draft.info, side, []))[2].append(record_id)
            if values:
                batch.update(side.table, "record_id", record_id, values)
        elif copies or values:
            batch.update(side.table, "record_id", record_id, {**copies, **values})


def _stage_many(
    draft: Draft,
    one: FieldInfo,
    value: Any,
    batch: Batch,
    ids: Any,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    stored = draft.state.many.get(one.name, {}) if draft.state else {}
    wanted = _wanted(draft, one, value, ids)
    rows = {str(row["id"]): row for row in value or ()} if one.kind == "list" else {}
    for key, kept in stored.items():
        if key not in wanted:
            before[f"{one.journal_name}#{key}"], after[f"{one.journal_name}#{key}"] = kept, None
            _delete_element(draft, one, key, batch)
    for key, new in wanted.items():
        old = stored.get(key)
        if old == new:
            continue
        before[f"{one.journal_name}#{key}"], after[f"{one.journal_name}#{key}"] = old, new
        if one.kind == "list":
            columns = forms.item_to_columns(one, rows[key])
            if old is not None:
                batch.update(one.part_table, "id", int(key), columns)
            else:
                batch.insert(one.part_table, {"id": int(key), "parent_id": draft.record_id, **columns})
        else:
            if old is not None:
                _delete_element(draft, one, key, batch)
            _insert_element(draft, one, key, new, batch)


def _wanted(draft: Draft, one: FieldInfo, value: Any, ids: Any) -> dict[str, Any]:
    """The elements the field shall have: key -> journal form. New rows get their ids here."""
    if value is None:
        return {}
    if one.kind == "list":
        found: dict[str, Any] = {}
        for position, row in enumerate(value):
            if not row.get("id"):
                row["id"] = next(ids)
            elif not draft.replaying and str(row["id"]) not in (
                draft.state.many.get(one.name, {}) if draft.state else {}
            ):
                draft.refuse(one.name, f"this record has no row {row['id']}; leave the id out for a new row")
                draft.check()
            row["position"] = position
            found[str(row["id"])] = forms.item_to_journal(one, row)
        return found
    if one.kind == "external_ids":
        return dict(value)
    return {str(key): True for key in value}


def _delete_element(draft: Draft, one: FieldInfo, key: str, batch: Batch) -> None:
    if one.kind == "list":
        batch.delete(one.part_table, id=int(key))
        return
    table, column = _SET_TABLES[one.kind]
    batch.delete(table, record_id=draft.record_id, **{column: int(key) if one.kind == "users" else key})


def _insert_element(draft: Draft, one: FieldInfo, key: str, new: Any, batch: Batch) -> None:
    table, column = _SET_TABLES[one.kind]
    row: dict[str, Any] = {"record_id": draft.record_id, column: int(key) if one.kind == "users" else key}
    if one.kind == "external_ids":
        row |= {"type_key": draft.info.key, "value": new}
    batch.insert(table, row)


def _write_search(drafts: Iterable[Draft]) -> None:
    gone: list[int] = []
    documents: list[dict[str, Any]] = []
    for draft in drafts:
        if draft.action == "deleted" or (draft.state is not None and draft.state.deleted and draft.action == "changed"):
            gone.append(draft.record_id or 0)
        elif draft.action != "changed" or any(
            draft.info.fields[name].field.searchable or name in ("name", "external_ids") for name in draft.values
        ):
            documents.append(search.document(draft))
    search.drop(gone)
    search.put(documents)
