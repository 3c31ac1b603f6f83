"""The values of a record for a text, read when the text asks for them, with the rights of whoever acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from kumiko.host import context, settings
from kumiko.host.errors import Invalid
from kumiko.notify.mentions import without_marks
from kumiko.records import service
from kumiko.records.catalogue import USER, FieldInfo, TypeInfo, catalogue
from kumiko.records.days import company_today
from kumiko.records.field_names import why_off
from kumiko.records.views import LinkValue, RecordView
from kumiko.texts.shapes import Empty, Shown
from kumiko.web import values as web_values

#: Beside the fields of the record; a field of the same name wins.
COMMON = ("company", "today", "me", "link")
COMPANY = ("name", "currency")


def record_values(type_key: str, record_id: int) -> Mapping[str, Any]:
    """Values of a record under the names that `text_names` lists; NotFound when the person may not see it.

    Links lead on (`organization.city`), lists can be walked, custom fields are `custom.size`. A field that is hidden
    from the person is empty.
    """
    return RecordValues(service.get(type_key, record_id), whole=True)


def names_of(info: TypeInfo) -> dict[str, FieldInfo]:
    """The fields of a type that a text may name."""
    return {name: one for name, one in info.fields.items() if one.kind not in ("json", "external_ids")}


def custom_names(info: TypeInfo) -> dict[str, FieldInfo]:
    """The custom fields of a type by their keys, as they stand behind `custom.`."""
    return {one.custom.key: one for one in info.custom_fields.values() if one.custom is not None}


class RecordValues(Mapping[str, Any]):
    """A record that was read already. `whole`: with what is there beside its fields."""

    def __init__(self, view: RecordView, *, whole: bool = False) -> None:
        self._view, self._whole = view, whole
        self._fields = names_of(view.type)

    def __iter__(self) -> Iterator[str]:
        yield from self._fields
        yield from (name for name in ("id", "custom") if name not in self._fields)
        if self._whole:
            yield from (name for name in COMMON if name not in self._fields)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        if name in self._fields or name in ("id", "custom") or (self._whole and name in COMMON):
            return True
        off = why_off(self._view.type, str(name))
        if off:
            raise Invalid(off)
        return False

    def __getitem__(self, name: str) -> Any:
        if name in self._fields:
            return value_of(self._fields[name], self._view.get(name))
        if name == "id":
            return str(self._view.id)
        if name == "custom":
            return CustomValues(self._view)
        made = common_value(name, self._view)
        if made is None:
            raise KeyError(name)
        return made()


class LinkedValues(Mapping[str, Any]):
    """A record behind a link: its name is known, the rest is read when it is asked for."""

    def __init__(self, type_key: str, link: LinkValue) -> None:
        self._type_key, self._link = type_key, link

    @cached_property
    def _names(self) -> Mapping[str, Any]:
        return names_below(self._type_key)

    @cached_property
    def _record(self) -> RecordValues | None:
        if self._link.hidden or catalogue().find(self._type_key) is None:
            return None
        found = service.find(self._type_key, self._link.id)
        return None if found is None else RecordValues(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __getitem__(self, name: str) -> Any:
        if name == "name":
            return self._link.name
        return None if self._record is None else self._record[name]


class CustomValues(Mapping[str, Any]):
    """Custom fields by their keys, shown as other fields are; one that is archived by now is empty."""

    def __init__(self, view: RecordView) -> None:
        self._view, self._fields = view, custom_names(view.type)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> Any:
        one = self._fields.get(name)
        return None if one is None else value_of(one, self._view.get(one.name))


def names_below(type_key: str) -> Mapping[str, Any]:
    """The names below a link to a type; only `name` while its module is off."""
    info = catalogue().find(type_key)
    return {"name": None} if info is None else {**names_of(info), "id": None, "custom": custom_names(info)}


def value_of(one: FieldInfo, value: Any) -> Any:
    """A value of a RecordView as texts use it."""
    kind = one.kind
    if kind == "link":
        if value is None or value.hidden:
            return Empty(names_below(one.field.to))
        return LinkedValues(one.field.to, value)
    if value is None:
        return None
    if kind == "users":
        return [LinkedValues(USER, user) for user in value if not user.hidden]
    if kind == "list":
        items = {item.name: item for item in one.items}
        return [{name: value_of(item, row.get(name)) for name, item in items.items()} for row in value]
    if kind == "multichoice":
        return [Shown(key, one.choices[key].label if key in one.choices else key) for key in value]
    if kind in ("choice", "boolean"):
        return Shown(value, web_values.value_text(one, value))
    if kind == "longtext":
        return without_marks(value)
    return str(value) if kind == "integer" and one.name.endswith("year") else value


def common_value(name: str, view: RecordView) -> Callable[[], Any] | None:
    """What makes a value that every text has; None when there is none of this name."""
    generation = context.current().generation
    base_url = "" if generation is None else generation.config.base_url
    return {
        "company": lambda: {
            "name": settings.get("host.company") or None,
            "currency": settings.get("host.currency"),
        },
        "today": company_today,
        "me": lambda: {"name": context.principal().name, "email": context.principal().email},
        "link": lambda: f"{base_url}/{view.type.collection}/{view.id}",
    }.get(name)
