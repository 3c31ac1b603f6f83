"""Side tables of extensions after a pause: rows that are missing are made, mirrors that went stale are put right.

While a plugin is off nobody writes its side tables. Enabling it runs this in the enabling transaction, before its
fields show (extension-study 3.3, cure a).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Insert, Update, and_, insert, literal, or_, select, update

from kumiko.host.scoping import trusted
from kumiko.records.catalogue import Catalogue, ExtensionInfo, TypeInfo


def settle(generation: Any, plugin: str) -> None:
    """Bring every side table of a plugin in step with its base table; `generation` already knows the plugin."""
    known: Catalogue = generation.state["records"]
    for info in known.types.values():
        for side in info.extensions:
            if side.plugin == plugin:
                trusted(_missing(info, side))
                if side.extension.mirrors:
                    trusted(_stale(info, side))


def _missing(info: TypeInfo, side: ExtensionInfo) -> Insert:
    """Rows for records made while the plugin was off, with the fields' plain defaults."""
    base, table = info.table, side.table
    defaults = {
        column.name: one.default
        for one in side.extension.fields
        if one.default is not None and not callable(one.default) and one.kind not in ("money", "link", "list")
        for column in (table.c[one.name],)
    }
    names = ["record_id", *side.extension.mirrors, *defaults]
    values = [
        base.c.id,
        *(base.c[name] for name in side.extension.mirrors),
        *(literal(value, type_=table.c[name].type) for name, value in defaults.items()),
    ]
    absent = ~select(table.c.record_id).where(table.c.record_id == base.c.id).exists()
    return insert(table).from_select(names, select(*values).where(absent))


def _stale(info: TypeInfo, side: ExtensionInfo) -> Update:
    """Mirrors that differ from their base columns."""
    base, table = info.table, side.table
    differs = or_(*(table.c[name].is_distinct_from(base.c[name]) for name in side.extension.mirrors))
    fresh = {
        name: select(base.c[name]).where(base.c.id == table.c.record_id).scalar_subquery()
        for name in side.extension.mirrors
    }
    chosen = select(table.c.record_id).join(base, base.c.id == table.c.record_id).where(and_(differs))
    return update(table).where(table.c.record_id.in_(chosen)).values(fresh)
