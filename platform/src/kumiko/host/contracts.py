"""What contracts say to the host itself: their shapes, their facts, and the plain names kept for extensions.

A contract is a module, named by the entry-point group `kumiko.contracts` ("acme/1 = acme_contracts.acme") or lying in
the package of our own; so the host knows none by name, and a type without a contract is private to its plugin.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata
from typing import Any

PACKAGE = "kumiko_contracts"
GROUP = "kumiko.contracts"
_found: dict[str, Any] = {}  # modules only: what is absent today may be installed tomorrow


def find_contract(capability: str) -> Any:
    """The module of a contract ("deals/1"), None when it is not installed."""
    if capability in _found:
        return _found[capability]
    word, _, major = capability.partition("/")
    own = f"{PACKAGE}.{word}" if major in ("", "1") else f"{PACKAGE}.{word}_v{major}"
    for name in (*(entry.value for entry in metadata.entry_points(group=GROUP, name=capability)), own):
        try:
            _found[capability] = importlib.import_module(name)
            return _found[capability]
        except ModuleNotFoundError as missing:
            if missing.name != name and not name.startswith(f"{missing.name}."):
                raise
    return None


@cache
def reserved_names(type_key: str) -> frozenset[str]:
    """Plain names that the contract of a type keeps for extensions: `RESERVED[type_key]` of its module; else none."""
    contract = find_contract(type_key.partition(".")[0])
    return frozenset(getattr(contract, "RESERVED", {}).get(type_key, ()))


def shapes(capability: str) -> tuple[Any, ...]:
    """The record types of a contract, as `kumiko_contracts.shapes.Shape`; () when it has none or is not installed."""
    return tuple(getattr(find_contract(capability), "SHAPES", ()))


def lacking(capability: str, declared: Mapping[str, Any]) -> Iterator[str]:
    """What a provider's declarations lack of a contract, one sentence each. `declared`: hook -> declarations."""
    types = {one.key: one for one in declared["declare_records"]}
    verbs = {(one.type, one.name) for one in declared["declare_record_actions"]}
    for shape in shapes(capability):
        found = types.get(shape.key)
        if found is None or found.collection != shape.collection:
            yield f"{capability} wants records of {shape.key!r} at {shape.collection!r}; declare that type."
            continue
        yield from _lacking_fields(capability, shape.key, shape.fields, found.fields)
        for name in shape.actions:
            if (shape.key, name) not in verbs:
                yield f"{capability} wants the action {name!r} on {shape.key!r}; declare it."
    events = {one.name: one for one in declared["declare_events"]}
    for fact in getattr(find_contract(capability), "FACTS", ()):
        if fact.name not in events or sorted(events[fact.name].fields) != sorted(fact.fields):
            yield f"{capability} wants the event {fact.name!r} with {', '.join(sorted(fact.fields))}; declare it so."


def _lacking_fields(capability: str, owner: str, wanted: Any, found: Any) -> Iterator[str]:
    fields = {one.name: one for one in found}
    for one in wanted:
        mine = fields.get(one.name)
        if mine is None or mine.kind != one.kind or (one.to and mine.to != one.to):
            aim = f" to {one.to}" if one.to else ""
            yield f"{capability} wants the field {one.name!r} of {owner!r} as a {one.kind}{aim}; declare it so."
        elif missing := [key for key in one.choices if key not in {choice.key for choice in mine.choices}]:
            yield f"{capability} wants {', '.join(missing)} among the choices of {one.name!r} of {owner!r}."
        elif one.items:
            yield from _lacking_fields(capability, f"{owner}.{one.name}", one.items, mine.items)
