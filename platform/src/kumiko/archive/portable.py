"""Records by names instead of ids, so that they mean the same in another installation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.imports.export import records
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.dumps import json_value
from kumiko.records.views import LinkValue, RecordView

T = TypeVar("T")
_CORE = {"access.role": True, "access.team": True, "access.user": False}
_USER = "access.user"
_REF = "$record"
_LEFT = {
    "id", "owner", "co_owners", "team", "tags", "external_id", "external_ids", "created_at", "created_by", "updated_at",
    "updated_by", "version", "deleted_at",
}  # fmt: skip


def is_configuration(info: TypeInfo) -> bool:
    """Whether records of a type are configuration."""
    said = info.table.info.get("configuration", _CORE.get(info.key))
    return bool(said) if said is not None else info.type.dictionary or bool(info.type.public)


class Names:
    """Records by what they are called, for links; looked up once per type."""

    def __init__(self) -> None:
        self._ids: dict[str, dict[str, int]] = {}

    @cached_property
    def links(self) -> dict[str, str]:
        """Name of a link field -> type key, where it means lists of values or users whichever type it stands in."""
        found: dict[str, set[str]] = {}
        for info in catalogue().types.values():
            for one in info.fields.values():
                if one.kind == "link":
                    found.setdefault(one.name, set()).add(one.field.to)
        return {name: next(iter(targets)) for name, targets in found.items() if len(targets) == 1}

    def name_of(self, type_key: str, record_id: int) -> str | None:
        self.id_of(type_key, "")
        return next((name for name, one in self._ids[type_key].items() if one == record_id), None)

    def forget(self, type_key: str) -> None:
        self._ids.pop(type_key, None)

    def id_of(self, type_key: str, name: str) -> int | None:
        if type_key not in self._ids:
            info = catalogue().find(type_key)
            views = records(info) if info is not None else iter(())
            found = self._ids[type_key] = {}
            for view in views:
                found.setdefault(view.title, view.id)
                found[_word(view)] = view.id
        return self._ids[type_key].get(name)


def portable(info: TypeInfo, view: RecordView, names: Names) -> dict[str, Any]:
    """A record as the files hold it: values by field, links as {"name"}."""
    found: dict[str, Any] = {}
    said = info.table.info.get("configuration")
    left = said.get("leave", ()) if isinstance(said, Mapping) else ()
    for one in info.fields.values():
        value = view.values.get(one.name)
        if one.name in _LEFT or one.field.derived or value is None or value == []:
            continue
        if one.name not in left and (one.field.writable or one.name == "key"):
            found[one.name] = _without_ids(value, names) if one.kind == "json" else _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, LinkValue):
        return None if value.hidden else {"name": value.name}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if name not in ("id", "position")}
    return json_value(value)


def _without_ids(value: Any, names: Names) -> Any:
    """JSON in which ids of records that links mean - in filters, and in values by field - stand as names."""
    if isinstance(value, list):
        return [_without_ids(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    target = names.links.get(str(value.get("f", "")).rpartition(".")[2].rpartition(":")[2])
    made = {}
    for name, held in value.items():
        meant = target if name == "v" else names.links.get(name)
        made[name] = _named(held, meant, names) if meant is not None else _without_ids(held, names)
    return made


def _named(held: Any, type_key: str, names: Names) -> Any:
    if isinstance(held, list):
        return [_named(one, type_key, names) for one in held]
    if isinstance(held, int) and not isinstance(held, bool):
        found = names.name_of(type_key, held)
        return {_REF: [type_key, found]} if found is not None else held
    return _without_ids(held, names)


def _with_ids(value: Any, names: Names) -> Any:
    if isinstance(value, list):
        return [_with_ids(one, names) for one in value]
    if isinstance(value, dict):
        if set(value) == {_REF}:
            type_key, name = value[_REF]
            return _link(str(type_key), str(name), names)
        return {name: _with_ids(one, names) for name, one in value.items()}
    return value


def counted(pairs: Iterable[tuple[tuple[str, ...], T]]) -> Iterator[tuple[tuple[str, ...], T]]:
    """The same with a number behind keys: the second one of a name is another than the first."""
    seen: Counter[tuple[str, ...]] = Counter()
    for key, value in pairs:
        seen[key] += 1
        yield (*key, str(seen[key])), value


def _word(view: RecordView) -> str:
    return str(view.values.get("key") or view.title)


def is_stranger(info: TypeInfo, name: str, value: Any, names: Names) -> bool:
    """Whether a value names a user who is not here; users are no part of the configuration."""
    one = info.fields[name]
    return (
        one.kind == "link" and one.field.to == _USER and not one.field.required and isinstance(value, dict)
        and names.id_of(_USER, str(value.get("name"))) is None
    )  # fmt: skip


def identity(info: TypeInfo, said: Mapping[str, Any]) -> tuple[str, ...]:
    """Key or name, and the record of another list that it belongs to (a stage to its pipeline)."""
    own = str(said.get("key") or said.get("name") or "")
    above = []
    for one in info.fields.values():
        target = catalogue().find(one.field.to) if one.kind == "link" else None
        if target is not None and target.key != info.key and one.field.required and is_configuration(target):
            value = said.get(one.name)
            above.append(str(value["name"]) if isinstance(value, dict) else "")
    return (own, *above)


def here(info: TypeInfo, name: str, value: Any, names: Names) -> Any:
    """A value of the files as the record service takes it: links by the ids that they have here."""
    one = info.fields[name]
    if one.kind == "link" and isinstance(value, dict):
        return _link(one.field.to, str(value.get("name")), names)
    if one.kind == "json":
        return _with_ids(value, names)
    if one.kind == "list" and isinstance(value, list):
        items = {item.name: item for item in one.items}
        return [
            {
                part: _link(items[part].field.to, str(held["name"]), names)
                if part in items and items[part].kind == "link" and isinstance(held, dict)
                else held
                for part, held in row.items()
            }
            for row in value
        ]
    return value


def _link(type_key: str, name: str, names: Names) -> int:
    found = names.id_of(type_key, name)
    if found is None:
        info = catalogue().find(type_key)
        what = str(info.type.label) if info is not None else type_key
        raise Invalid(_("there is no %(what)s “%(name)s” here; make it first", what=what, name=name))
    return found
