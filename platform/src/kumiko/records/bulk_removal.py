"""What a bulk deletion takes with it, and what goes on naming the deleted records: counted inside the rehearsal.

Only what the acting person may see is counted, or the numbers would tell of records that are none of their business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, not_, select

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.records import queries, rights
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.filter_relations import Relation, relations_of
from kumiko.records.filter_values import MAX_VALUES
from kumiko.records.models import Entry

_entry = table_of(Entry)


@dataclass(frozen=True, kw_only=True)
class Along:
    """Records of a type that the same act changes, deletes or makes. `action`: created changed deleted restored."""

    type_key: str
    action: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Naming:
    """Records of a type that stay and name the deleted ones by `field`; `count` stops behind `queries.COUNT_CAP`."""

    type_key: str
    field: str
    count: int


def along_with(info: TypeInfo, ids: Sequence[int], unit_id: int | None) -> tuple[Along, ...]:
    """What the unit did to other records than the chosen ones."""
    if unit_id is None:
        return ()
    own = and_(_entry.c.type_key == info.key, _entry.c.record_id.in_(list(ids)))
    query = select(_entry.c.type_key, _entry.c.action, _entry.c.record_id).where(_entry.c.unit_id == unit_id, not_(own))
    by: dict[tuple[str, str], set[int]] = {}
    for type_key, action, record_id in trusted(query):
        by.setdefault((type_key, action), set()).add(record_id)
    found = [Along(type_key=key, action=action, count=_seen(key, some)) for (key, action), some in sorted(by.items())]
    return tuple(one for one in found if one.count)


def _seen(type_key: str, ids: set[int]) -> int:
    """How many of the records the person may see, also those that are in the bin by now."""
    info = catalogue().find(type_key)
    if info is None or rights.level(info, context.principal(), "read") == "none":
        return 0
    live, gone = (rights.allowed(info, "read", sorted(ids), deleted=deleted) for deleted in (False, True))
    return len(live | gone)


def still_naming(info: TypeInfo, ids: Sequence[int]) -> tuple[Naming, ...]:
    """Records that name the chosen ones and are not deleted with them: one count per way to name them."""
    if not ids:
        return ()
    found: list[Naming] = []
    for one in relations_of(info):
        count = queries.count_capped(one.info, node=_node(info, one, ids))
        found.append(Naming(type_key=one.info.key, field=one.field.name, count=count))
    return tuple(one for one in found if one.count)


def _node(info: TypeInfo, one: Relation, ids: Sequence[int]) -> dict[str, object]:
    path = f"{one.field.name}.{one.item.name}" if one.item is not None else one.field.name
    slices = [list(ids[start : start + MAX_VALUES]) for start in range(0, len(ids), MAX_VALUES)]
    among: dict[str, object] = {"or": [{"f": path, "op": "in", "v": part} for part in slices]}
    if one.item is None and one.field.kind == "record":
        return {"and": [{"f": f"{path}.type", "op": "eq", "v": info.key}, among]}
    return among
