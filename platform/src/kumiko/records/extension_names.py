"""Names for the journal of what the links of extensions point to (design 6, rule e).

While its plugin is off nobody can look up what `sales:stage` = 17 meant; so the entry itself says "Negotiation".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, select

from kumiko.host.scoping import trusted
from kumiko.records.catalogue import catalogue
from kumiko.records.drafts import Draft
from kumiko.records.units import OpenUnit

Known = dict[tuple[str, int], str]


def note_names(unit: OpenUnit, written: Iterable[tuple[Draft, dict[str, Any]]]) -> None:
    """Put into each entry the names of the records that its extension links name: {"sales:stage": {"17": "Won"}}.

    Looked up once per unit and record; an entry without such a link costs nothing.
    """
    wanted: list[tuple[dict[str, Any], str, str, int]] = []
    known: Known = unit.memo.setdefault("names of extension links", {})
    for draft, entry in written:
        for side in draft.info.extensions:
            for one in side.extension.fields:
                info = draft.info.fields[one.name]
                name = info.journal_name
                if info.kind != "link":
                    continue
                for values in (entry["before"], entry["after"]):
                    if isinstance(values.get(name), int):
                        wanted.append((entry, name, one.to, values[name]))
        known.update(draft.link_names)
    _look_up(known, {(target, record_id) for _entry, _name, target, record_id in wanted})
    for entry, name, target, record_id in wanted:
        names = entry["names"] = entry["names"] or {}
        names.setdefault(name, {})[str(record_id)] = known.get((target, record_id), "")


def _look_up(known: Known, wanted: set[tuple[str, int]]) -> None:
    missing: dict[str, list[int]] = {}
    for target, record_id in wanted:
        if (target, record_id) not in known:
            missing.setdefault(target, []).append(record_id)
    for target, ids in missing.items():
        info = catalogue().find(target)
        if info is None:
            continue
        table = info.table
        query = select(table.c.id, table.c.name).where(table.c.id.in_(bindparam("ids", expanding=True)))
        known.update({(target, record_id): name for record_id, name in trusted(query, {"ids": sorted(ids)})})
