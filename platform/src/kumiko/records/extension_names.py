"""Names for the journal of what the links of extensions point to (design 6, rule e).

While its plugin is off nobody can look up what `sales:stage` = 17 meant; so the entry itself says "Negotiation". Names
that not everybody may read are not copied: the entry says of which type the target is, and rights are asked then.
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
#: Beside the names: the type of targets whose names have rights of their own.
TYPE = "@type"


def note_names(unit: OpenUnit, written: Iterable[tuple[Draft, dict[str, Any]]]) -> None:
    """Put into each entry the names of the records that its extension links name.

    {"sales:stage": {"17": "Won"}}, or {"pack:buyer": {"@type": "parties.person"}} where names have rights of their own.

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
    public = {target for _entry, _name, target, _id in wanted if is_public(target)}
    _look_up(known, {(target, record_id) for _entry, _name, target, record_id in wanted if target in public})
    for entry, name, target, record_id in wanted:
        names = entry["names"] = entry["names"] or {}
        if target in public:
            names.setdefault(name, {})[str(record_id)] = known.get((target, record_id), "")
        else:
            names.setdefault(name, {})[TYPE] = target


def is_public(target: str) -> bool:
    """Whether everybody may read the names of a type's records."""
    info = catalogue().find(target)
    return info is not None and bool(info.type.public)


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
