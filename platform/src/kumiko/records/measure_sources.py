"""Where figures are read from: a record type with the fields of its extensions, or a dataset that a module declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Executable

from kumiko.host import context
from kumiko.host.errors import Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.offers import Dataset, offered
from kumiko.records import filters, queries, rights
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.filters import Where
from kumiko.records.plans import Builder


@dataclass(frozen=True)
class Source:
    """What figures are read from. `info`: its fields; `type`: the record type that its rows lead to."""

    info: TypeInfo
    type: TypeInfo
    label: Any
    dataset: Dataset | None = None

    def target(self, one: FieldInfo) -> TypeInfo | None:
        """The type that a link of it names; None for other fields, when its module is off, and for datasets."""
        if one.kind != "link" or self.dataset is not None:
            return None
        return catalogue().find(one.field.to)


class Rows:
    """The rows of a source in one statement: where columns are found, and what limits them to what one may see."""

    def __init__(self, origin: Source, where: Where, source: Any, conditions: list[ColumnElement[bool]],
                 builder: Builder | None = None) -> None:  # fmt: skip
        self.origin = origin
        self.info = origin.info
        self.where = where
        self.conditions = conditions
        self._source = source
        self._builder = builder

    @property
    def source(self) -> Any:
        return self._source if self._builder is None else self._builder.source

    def far_column(self, link: FieldInfo, far: FieldInfo) -> ColumnElement[Any]:
        """A column of the record that a link names; nothing for a record that one may not see."""
        hit = self._builder.target(link) if self._builder is not None else None
        if hit is None:
            raise _refused(_("%(path)r leads nowhere", path=f"{link.name}.{far.name}"))
        return far.at(hit[0])

    def execute(self, query: Executable) -> Any:
        """Record types carry their conditions of rights themselves; datasets get them from the session."""
        if self.origin.dataset is None:
            return trusted(query, queries.who())
        return context.session().execute(query)


class _DatasetWhere(Where):
    """Columns of a dataset; its rows are known by the record that they are about."""

    @property
    def id(self) -> ColumnElement[int]:
        found: ColumnElement[int] = self.base.c.record_id
        return found


def source_of(key: str) -> Source:
    """The record type or dataset with this key; NotFound when no module that is on has it."""
    info = catalogue().find(key)
    if info is not None:
        return Source(info, info, info.type.label_plural)
    owned = offered("declare_datasets").get(key)
    about = catalogue().find(owned.item.type) if owned is not None else None
    if owned is None or about is None:
        raise NotFound(_("There is no source %(key)r; its module may be switched off.", key=key))
    declared: Dataset = owned.item
    person = context.principal()
    readable = about.readable(person)
    missing = [name for name in declared.needs if name in about.fields and name not in readable]
    if missing:
        names = ", ".join(str(about.fields[name].field.label) for name in missing)
        raise Forbidden(_("Your role hides fields that this is made of: %(fields)s.", fields=names))
    shown = [one for one in declared.fields if one.name not in about.fields or one.name in readable]
    fields = {one.name: FieldInfo(one, owned.plugin, ()) for one in shown}
    named = replace(about.type, key=declared.key, label=declared.label, label_plural=declared.label)
    return Source(TypeInfo(named, owned.plugin, about.table, fields), about, declared.label, declared)


def sources() -> list[Source]:
    """Everything that the acting person may make figures of, by name."""
    person = context.principal()
    found = [
        Source(info, info, info.type.label_plural)
        for info in catalogue().types.values()
        if rights.level(info, person, "read") != "none"
    ]
    for key in offered("declare_datasets"):
        try:
            one = source_of(key)
        except (NotFound, Forbidden):
            continue
        if rights.level(one.type, person, "read") != "none":
            found.append(one)
    return sorted(found, key=lambda one: str(one.label).casefold())


def rows_of(source: Source, paths: Iterable[str], nodes: Iterable[Any]) -> Rows:
    """The rows of a source, joined with the side tables of the extensions that paths and filters name."""
    if source.dataset is not None:
        return _rows_of_dataset(source, nodes)
    info = source.info
    plugins = {one.plugin for path in paths if (one := info.find(path.partition(".")[0])) and one.extension}
    for node in nodes:
        plugins |= filters.extensions_in(info, node) if node else set()
    builder = Builder(info, driven_by=(), shown=plugins)
    limit = rights.criterion(info, context.principal(), table=builder.base)
    return Rows(source, builder.where, None, [limit] if limit is not None else [], builder)


def _rows_of_dataset(source: Source, nodes: Iterable[Any]) -> Rows:
    assert source.dataset is not None
    for node in nodes:
        if any("." in path for path in _paths(node)):
            raise _refused(_("filters of “%(name)s” reach its own fields only", name=str(source.label)))
    rows = source.dataset.select().subquery()
    held: dict[str, FieldInfo] = {}
    for name, one in source.info.fields.items():
        wanted = {"link": (f"{name}_id",), "money": (f"{name}_minor", f"{name}_currency")}.get(one.kind, (name,))
        held[name] = FieldInfo(one.field, one.plugin, tuple(rows.c[column] for column in wanted))
    about = replace(source, info=TypeInfo(source.info.type, source.info.plugin, source.info.table, held))
    return Rows(about, _DatasetWhere(rows, {}), rows, [])


def _paths(node: Any) -> list[str]:
    if not isinstance(node, Mapping):
        return []
    found = [str(node["f"])] if "f" in node else []
    for word in ("and", "or"):
        if isinstance(node.get(word), list):
            found += [path for one in node[word] for path in _paths(one)]
    return found + (_paths(node["not"]) if "not" in node else [])


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, {"measure": [sentence]})
