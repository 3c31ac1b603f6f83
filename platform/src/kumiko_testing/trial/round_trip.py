"""What happens to a record in its life: made, changed and changed back, binned and restored, exported and imported."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from kumiko.host.errors import KumikoError, NotFound
from kumiko_testing.trial.house import ADMINISTRATOR, TrialHouse
from kumiko_testing.trial.planting import Filled

#: What every write moves, and what therefore does not count as a difference.
_STAMPS = ("version", "updated_at", "updated_by")


def problems(house: TrialHouse, filled: Filled) -> Iterator[str]:
    """Sentences about the types of the plugin whose records do not come through."""
    for key, sentence in filled.broken.items():
        yield f"{house.plugin.name}: no {key} can be made: {sentence}."
    for info in house.types():
        record_id = filled.planted.ids.get(info.collection)
        if record_id is not None:
            with house.acting(ADMINISTRATOR):
                yield from _of_record(house, info, record_id)
    yield from house.failures("its records are written")


def warnings(house: TrialHouse, filled: Filled) -> Iterator[str]:
    """Types of which no record could be made without knowing more."""
    own = {info.key for info in house.types()}
    for key, reason in filled.refused.items():
        if key in own:
            yield (
                f"{house.plugin.name}: no {key} could be made without knowing more ({reason}), so nothing was tried "
                "with one; its own tests should."
            )


def _of_record(house: TrialHouse, info: Any, record_id: int) -> Iterator[str]:
    from kumiko.records import service

    name, key = house.plugin.name, info.key
    before = read(key, record_id)
    field = next((one for one in ("name", *info.writable(_person())) if _is_text(info, one)), "")
    try:
        if field:
            service.update(key, record_id, {field: "Changed"})
            if read(key, record_id)[field] != "Changed":
                yield f"{name}: {key}.{field} was set to 'Changed' and is {read(key, record_id)[field]!r} afterwards."
            undo_last(key, record_id)
            yield from _same(name, key, "changing it and undoing that", before, read(key, record_id))
        service.delete(key, record_id)
        try:
            service.get(key, record_id)
            yield f"{name}: a deleted {key} can still be read; select with deleted_at in mind."
        except NotFound:
            pass
        service.restore(key, record_id)
        yield from _same(name, key, "deleting and restoring it", before, read(key, record_id))
    except KumikoError as refusal:
        yield f"{name}: a {key} cannot be changed, deleted and restored by an administrator: {_said(refusal)}"
        return
    if house.has("imports") and info.type.importable:
        yield from _out_and_in(name, info, record_id, before)


def _out_and_in(name: str, info: Any, record_id: int, before: dict[str, Any]) -> Iterator[str]:
    from kumiko.imports.engine import Importer
    from kumiko.imports.export import export_to
    from kumiko.imports.plan import compile_plan
    from kumiko.imports.tables import open_table
    from kumiko.imports.wishes import Wishes

    stream = io.BytesIO()
    export_to(stream, info.collection, "csv", node={"f": "id", "op": "eq", "v": record_id})
    table = open_table(stream.getvalue(), filename="export.csv")
    wishes = Wishes(collection=info.collection, key="id")
    report = Importer(table, compile_plan(wishes, table.columns), dry_run=False).run()
    for number, sentence in report.refused.items():
        yield f"{name}: an export of {info.collection} cannot be imported again: row {number}: {sentence}"
    if report.created:
        yield f"{name}: importing an export of {info.collection} again makes new records instead of finding them."
    yield from _same(name, info.key, "exporting and importing it", before, read(info.key, record_id))


def read(type_key: str, record_id: int) -> dict[str, Any]:
    """A record as REST shows it."""
    from kumiko.records import service
    from kumiko.records.dumps import dump_view

    return dict(dump_view(service.get(type_key, record_id)))


def undo_last(type_key: str, record_id: int) -> None:
    """Undo the newest change of a record."""
    from kumiko.records import history
    from kumiko.records.undo import undo

    undo(history.history(type_key, record_id, limit=1)[0].unit)


def _same(name: str, key: str, doing: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for field, value in before.items():
        if field not in _STAMPS and value != after.get(field):
            yield (f"{name}: {doing} leaves {key}.{field} at {after.get(field)!r:.80}; before it was {value!r:.80}.")


def _is_text(info: Any, name: str) -> bool:
    one = info.fields.get(name)
    return one is not None and one.kind == "text" and name in info.writable(_person()) and not one.field.choices


def _person() -> Any:
    from kumiko.host.context import principal

    return principal()


def _said(refusal: KumikoError) -> str:
    errors = getattr(refusal, "errors", {})
    return "; ".join(f"{field}: {' '.join(lines)}" for field, lines in errors.items()) or refusal.message
