"""A record as somebody may see it: readable fields as Python values, links with the names of their targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from kumiko.host import context
from kumiko.records import links
from kumiko.records.catalogue import USER, TypeInfo, catalogue, item_fields
from kumiko.records.drafts import Draft
from kumiko.records.record_refs import RecordRef
from kumiko.records.states import State


@dataclass(frozen=True, slots=True)
class LinkValue:
    """A link as shown: `name` is "" and `hidden` true when the person may not see the target.

    `type`: key of the target's type, when the field takes records of any type.
    """

    id: int
    name: str
    hidden: bool = False
    type: str = ""


@dataclass(frozen=True)
class RecordView:
    """One record. `values`: field -> Python value; links are LinkValue, lists are lists of dicts with `id`."""

    type: TypeInfo
    id: int
    version: int
    deleted: bool
    values: Mapping[str, Any]

    @cached_property
    def custom(self) -> Mapping[str, Any]:
        """Values of custom fields by their keys; they are among `values`, too, as `custom_KEY`."""
        fields = self.type.custom_fields
        return {one.custom.key: self.values[name] for name, one in fields.items() if one.custom and name in self.values}

    @property
    def title(self) -> str:
        return str(self.values.get("name") or f"{self.type.type.label} {self.id}")

    def get(self, name: str) -> Any:
        """Value of a field; None when it is empty, unknown or hidden from the person."""
        return self.values.get(name)

    def record_ref(self, name: str) -> RecordRef | None:
        """Which record a field of kind `record` names, seen or not; None when it is empty."""
        value = self.values.get(name)
        return RecordRef(value.type, value.id) if isinstance(value, LinkValue) and value.type else None

    def link_id(self, name: str) -> int | None:
        """Id of a link's target, or None."""
        value = self.values.get(name)
        return value.id if isinstance(value, LinkValue) else None


def view_of(state: State, draft: Draft | None = None, *, version: int | None = None) -> RecordView:
    """The view of a stored state, with the new values of a draft laid over it."""
    return views_of([(state, draft, version)])[0]


def views_of(pairs: list[tuple[State, Draft | None, int | None]]) -> list[RecordView]:
    """Views of several states; the names of linked records are looked up together."""
    person = context.principal()
    wanted: set[tuple[str, str, int]] = set()
    known: dict[tuple[str, int], str] = {}
    if person.user_id is not None:
        known[USER, person.user_id] = person.name
    raw: list[tuple[State, dict[str, Any], int]] = []
    for state, draft, version in pairs:
        if draft is not None:
            known.update(draft.link_names)
        values = _values(state, draft)
        raw.append((state, values, version or state.version))
        for target, record_id in _link_ids(state.info, values):
            wanted.add((state.info.key, target, record_id))
    types = catalogue()
    refs = [
        (types.get(source), types.get(target), record_id)
        for source, target, record_id in sorted(wanted)
        if (target, record_id) not in known and types.find(target)
    ]
    if refs:
        known.update(links.names_of(refs))
    return [_view(state, values, version, known) for state, values, version in raw]


def _values(state: State, draft: Draft | None) -> dict[str, Any]:
    source = draft or Draft(state.info, "changed", {}, state)
    return {name: source.get(name) for name in state.info.readable(context.principal())}


def _link_ids(info: TypeInfo, values: Mapping[str, Any]) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for name, value in values.items():
        one = info.fields[name]
        if value is None:
            continue
        if one.kind == "link":
            found.append((one.field.to, value))
        elif one.kind == "record":
            found.append(value)
        elif one.kind == "users":
            found += [(USER, int(user_id)) for user_id in value]
        elif one.kind == "list":
            for item in item_fields(one):
                if item.kind == "link":
                    found += [(item.field.to, row[item.name]) for row in value if row.get(item.name)]
    return found


def _view(state: State, values: dict[str, Any], version: int, known: Mapping[tuple[str, int], str]) -> RecordView:
    def link(target: str, record_id: int) -> LinkValue:
        name = known.get((target, record_id))
        return LinkValue(record_id, name or "", hidden=name is None)

    shown: dict[str, Any] = {}
    for name, value in values.items():
        one = state.info.fields[name]
        if value is None:
            shown[name] = [] if one.is_many or one.kind == "multichoice" else None
            if one.kind == "external_ids":
                shown["external_id"] = None
        elif one.kind == "link":
            shown[name] = link(one.field.to, value)
        elif one.kind == "record":
            shown[name] = replace(link(*value), type=value.type_key)
        elif one.kind == "users":
            shown[name] = [link(USER, int(user_id)) for user_id in sorted(value, key=int)]
        elif one.kind == "tags":
            shown[name] = sorted(value)
        elif one.kind == "external_ids":
            shown[name] = [{"system": system, "id": text} for system, text in sorted(value.items())]
            shown["external_id"] = value.get("")
        elif one.kind == "list":
            shown[name] = [
                {
                    "id": row["id"],
                    **{
                        item.name: link(item.field.to, row[item.name])
                        if item.kind == "link" and row.get(item.name) is not None
                        else row.get(item.name)
                        for item in item_fields(one)
                    },
                }
                for row in value
            ]
        else:
            shown[name] = value
    return RecordView(state.info, state.id, version, state.deleted, shown)
