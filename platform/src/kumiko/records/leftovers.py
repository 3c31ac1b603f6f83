"""What the record layer holds for a module beside the module's own tables: counted before a purge, removed by it.

The rule: whatever only makes sense with the records goes (search documents, tags, shares, external ids, saved views of
their types, answers kept for repeated requests). What was said about them stays: the journal, and the links of other
records, which are shown as plain text; ids are never used again. Types that another module keeps, too, are left alone,
whether it runs or is off: one that took over keeps the ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table, delete, func, inspect, select, union_all

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.operate import lifecycle
from kumiko.records import view_order
from kumiko.records.catalogue import catalogue
from kumiko.records.models import Entry, ExternalId, IdempotencyKey, SavedView, SearchDocument, Share, Tag
from kumiko.records.view_sharing import forget_shares

_entry, _view = table_of(Entry), table_of(SavedView)
_NEVER_ON = ("", "installed", "checked", "migrated")
_BY_RECORD = ((Tag, "record_id"), (Share, "record_id"))
_BY_TYPE = (SearchDocument, ExternalId, IdempotencyKey, SavedView)


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """Something that a purge concerns. `stays`: it is kept, because it says what happened."""

    what: str
    count: int
    stays: bool = False


def free_types(loaded: Any) -> tuple[tuple[str, str, Table], ...]:
    """(type key, label, table) of a module's record types that no other module keeps."""
    known, others = catalogue().types, _kept_by_others(loaded)
    return tuple(
        (one.key, str(one.label_plural), table_of(one.model))
        for one in loaded.declared["declare_records"]
        if (one.key not in known or known[one.key].plugin == loaded.name) and one.key.partition(".")[0] not in others
    )


def _kept_by_others(loaded: Any) -> set[str]:
    """First words of its contracts that another module provides, too, which was ever switched on and not purged."""
    generation = context.current().generation
    manifests = generation.installed.manifests.values() if generation is not None else ()
    return {
        capability.partition("/")[0]
        for one in manifests
        for capability in set(one.provides) & set(loaded.manifest.provides)
        if one.name != loaded.name and lifecycle.state_of(one.name) not in _NEVER_ON
    }


def impact(loaded: Any) -> list[Leftover]:
    """Everything a purge of the module concerns in the record layer, with counts; nothing that is zero."""
    return [one for one in _impact(loaded) if one.count]


def _impact(loaded: Any) -> Iterator[Leftover]:
    types = free_types(loaded)
    for _key, label, table in types:
        if _exists(table):
            live = select(func.count()).select_from(table).where(table.c.deleted_at.is_(None))
            yield Leftover(what=label, count=_count(live))
            binned = select(func.count()).select_from(table).where(table.c.deleted_at.is_not(None))
            yield Leftover(what=_("%(label)s in the bin", label=label), count=_count(binned))
    for one in loaded.declared["declare_extensions"]:
        table, info = table_of(one.model), catalogue().find(one.target)
        if _exists(table):
            label = one.target if info is None else str(info.type.label_plural)
            fields = ", ".join(str(field.label) for field in one.fields)
            yield Leftover(
                what=_("Fields of %(label)s (%(fields)s), in rows", label=label, fields=fields),
                count=_count(select(func.count()).select_from(table)),
            )
    keys = [key for key, _label, _table in types]
    ids = _ids(types)
    labels = {
        Tag: _("Tags"), Share: _("Shares with others"), SearchDocument: _("Entries of the search"),
        ExternalId: _("Names in other systems"), IdempotencyKey: _("Answers kept for repeated requests"),
        SavedView: _("Saved views of these records"),
    }  # fmt: skip
    for model, column in _BY_RECORD:
        if ids is not None:
            query = select(func.count()).select_from(table_of(model)).where(table_of(model).c[column].in_(ids))
            yield Leftover(what=labels[model], count=_count(query))
    for kept in _BY_TYPE:
        query = select(func.count()).select_from(table_of(kept)).where(table_of(kept).c.type_key.in_(keys))
        yield Leftover(what=labels[kept], count=_count(query))
    yield Leftover(what=_("Saved views of other records that name its fields"), count=_naming_views(loaded), stays=True)
    journal = select(func.count()).select_from(_entry).where(_entry.c.type_key.in_(keys))
    yield Leftover(what=_("Entries of the journal"), count=_count(journal), stays=True)
    for info in (one for one in catalogue().types.values() if one.plugin != loaded.name):
        for one in info.fields.values():
            of_any = one.kind == "record"
            if one.columns and (of_any or (one.kind == "link" and one.field.to in keys)):
                table, value = info.stored(one, 1 if of_any else 0)
                query = select(func.count()).select_from(table).where(value.in_(keys) if of_any else value.is_not(None))
                what = _("Links from %(label)s (%(field)s), as plain text", label=str(info.type.label_plural),
                         field=str(one.field.label))  # fmt: skip
                yield Leftover(what=what, count=_count(query), stays=True)


def remove(loaded: Any) -> dict[str, int]:
    """Remove what `impact` says goes, beside the module's tables; inside the purging transaction. Counts by table."""
    types = free_types(loaded)
    keys, ids = [key for key, _label, _table in types], _ids(types)
    gone: dict[str, int] = {}
    for model, column in _BY_RECORD:
        if ids is not None:
            gone[table_of(model).name] = trusted(
                delete(table_of(model)).where(table_of(model).c[column].in_(ids))
            ).rowcount
    views = list(trusted(select(_view.c.id).where(_view.c.type_key.in_(keys))).scalars())
    forget_shares(views)
    view_order.forget(views)
    for kept in _BY_TYPE:
        gone[table_of(kept).name] = trusted(delete(table_of(kept)).where(table_of(kept).c.type_key.in_(keys))).rowcount
    return {name: count for name, count in gone.items() if count}


def _ids(types: tuple[tuple[str, str, Table], ...]) -> Select[Any] | None:
    """Ids of all records of these types, as a subquery; None when no table is left."""
    selects = [select(table.c.id) for _key, _label, table in types if _exists(table)]
    return select(union_all(*selects).subquery().c.id) if selects else None


def _naming_views(loaded: Any) -> int:
    prefix = f"{loaded.name}:"
    targets = [one.target for one in loaded.declared["declare_extensions"]]
    rows = trusted(select(_view.c.query).where(_view.c.type_key.in_(targets))).scalars() if targets else ()
    return sum(1 for query in rows if prefix in str(query))


def _exists(table: Table) -> bool:
    """Whether the table is there: a purge that stopped halfway may have dropped it already."""
    return inspect(context.current().session.connection()).has_table(table.name)


def _count(query: Any) -> int:
    return int(trusted(query).scalar() or 0)
