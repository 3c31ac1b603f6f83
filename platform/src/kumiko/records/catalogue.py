"""What the generation knows of record types: one immutable `TypeInfo` per type, with all of its fields resolved.

Built once per generation in `assemble`; everything generic (lists, forms, REST, import, rights) reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

from sqlalchemy import Column, ColumnElement, FromClause, Table

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.context import Principal
from kumiko.host.declarations import Board, Choice, Extension, Field, RecordAction, RecordType
from kumiko.host.errors import DeclarationError, NotFound
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.records import choice_boards, custom
from kumiko.records.custom import FieldRule
from kumiko.records.hanging import hangs_on_any

USER = "access.user"
TEAM = "access.team"

#: Kinds that only the record layer itself uses, for fields kept in its generic tables.
SET_KINDS = ("tags", "users", "external_ids")

COMMON_FIELDS: tuple[Field, ...] = (
    Field(name="owner", kind="link", label=_l("Owner"), to=USER),
    Field(name="team", kind="link", label=_l("Team"), to=TEAM),
    Field(name="co_owners", kind="users", label=_l("Co-owners"), sortable=False, filterable=False),
    Field(name="tags", kind="tags", label=_l("Tags"), sortable=False, searchable=True),
    Field(name="external_ids", kind="external_ids", label=_l("External ids"), sortable=False, filterable=False),
    Field(name="created_at", kind="moment", label=_l("Created"), writable=False, history=False),
    Field(name="created_by", kind="link", label=_l("Created by"), to=USER, writable=False, history=False),
    Field(name="updated_at", kind="moment", label=_l("Changed"), writable=False, history=False),
    Field(name="updated_by", kind="link", label=_l("Changed by"), to=USER, writable=False, history=False),
)


@dataclass(frozen=True, eq=False)
class FieldInfo:
    """A field as the record layer works with it: which plugin owns it and where its values are stored."""

    field: Field
    plugin: str
    columns: tuple[Column[Any], ...]  # link, text...: one; money: minor, currency; list and sets: none
    extension: ExtensionInfo | None = None
    custom: custom.Place | None = None  # of a custom field; its `columns` are stand-ins

    def __repr__(self) -> str:
        return f"<field {self.plugin}.{self.field.name} {self.field.kind}>"

    def at(self, rows: FromClause, number: int = 0) -> ColumnElement[Any]:
        """The field's value in rows of its table or an alias of it; of an amount, `number` 1 is the currency."""
        if self.custom is None:
            found: ColumnElement[Any] = rows.c[self.columns[number].name]
            return found
        return custom.expression(rows.c.custom, self.custom, number, sqlite=context.current().database.is_sqlite)

    # Kept after the first call: an import asks for these some twenty times per cell.
    @cached_property
    def name(self) -> str:
        return self.field.name

    @cached_property
    def kind(self) -> str:
        return self.field.kind

    @cached_property
    def journal_name(self) -> str:
        """Name in journal entries and stored filters: extension fields carry their plugin, custom ones say so."""
        if self.custom is not None:
            return f"{custom.STORED}{self.custom.key}"
        return f"{self.plugin}:{self.name}" if self.extension else self.name

    @cached_property
    def is_many(self) -> bool:
        """Whether values are rows elsewhere, journaled one by one."""
        return self.kind == "list" or self.kind in SET_KINDS

    @cached_property
    def choices(self) -> Mapping[str, Choice]:
        return {choice.key: choice for choice in self.field.choices}

    @cached_property
    def part_table(self) -> Table:
        if self.field.model is None:
            raise DeclarationError(f"list field {self.name} has no model")
        return table_of(self.field.model)

    @cached_property
    def items(self) -> tuple[FieldInfo, ...]:
        """The fields of one row of a list field, resolved; empty for other kinds."""
        if self.kind != "list":
            return ()
        return tuple(FieldInfo(one, self.plugin, stored_columns(one, self.part_table)) for one in self.field.items)


@dataclass(frozen=True, eq=False)
class ExtensionInfo:
    """An extension with its side table."""

    extension: Extension
    plugin: str
    table: Table

    @property
    def key(self) -> Column[Any]:
        return self.table.c.record_id

    @cached_property
    def mirrors(self) -> frozenset[str]:
        """Names of the base columns that the side table holds copies of."""
        return frozenset(self.extension.mirrors)


@dataclass(frozen=True, eq=False)
class TypeInfo:
    """A record type with its own, common and extension fields, by name."""

    type: RecordType
    plugin: str
    table: Table
    fields: Mapping[str, FieldInfo]
    extensions: tuple[ExtensionInfo, ...] = ()
    actions: Mapping[str, RecordAction] = field(default_factory=dict)
    action_plugins: Mapping[str, str] = field(default_factory=dict)
    today: ClassVar[Any] = None  # of a type as of a moment (kumiko.records.as_of): the type as it is now
    rules: Mapping[str, FieldRule] = field(default_factory=dict)  # field -> when it is shown, needed, locked
    unique: frozenset[str] = frozenset()  # custom fields whose values no two live records share
    archived: Mapping[str, FieldInfo] = field(default_factory=dict)  # custom fields out of use; values are kept
    sections: Mapping[str, str] = field(default_factory=dict)  # custom field -> title of the group it was put into
    own_boards: tuple[Board, ...] = ()  # of custom choice fields

    def __repr__(self) -> str:
        return f"<type {self.type.key}>"

    @property
    def key(self) -> str:
        return self.type.key

    @property
    def collection(self) -> str:
        return self.type.collection

    @cached_property
    def lists(self) -> tuple[FieldInfo, ...]:
        """Fields whose values are rows of part tables."""
        return tuple(info for info in self.fields.values() if info.kind == "list")

    @cached_property
    def never_empty(self) -> tuple[FieldInfo, ...]:
        """Fields with a column of their own that takes no NULL."""
        return tuple(
            one for one in self.fields.values() if one.custom is None and one.columns and not one.columns[0].nullable
        )

    @cached_property
    def custom_fields(self) -> Mapping[str, FieldInfo]:
        """The custom fields among `fields`."""
        return {name: one for name, one in self.fields.items() if one.custom is not None}

    @cached_property
    def searchable(self) -> tuple[FieldInfo, ...]:
        return tuple(info for info in self.fields.values() if info.field.searchable)

    @cached_property
    def list_columns(self) -> tuple[str, ...]:
        """Names of the columns a list shows when nobody chose others; those of extensions come behind the third."""
        own = self.type.list_columns or tuple(list(self.fields)[:6])
        added = tuple(name for side in self.extensions for name in side.extension.list_columns)
        return (*own[:3], *added, *own[3:])

    @cached_property
    def board(self) -> Board | None:
        """How the type's records stand on a board: its own way, else that of an extension or of a custom field; None
        when there is none."""
        declared = (self.type.board, *(side.extension.board for side in self.extensions), *self.own_boards)
        found = next((one for one in declared if one is not None), None)
        if found is None:
            return None
        return choice_boards.completed(
            found, {name: info.field for name, info in self.fields.items()}, self.type.label_plural
        )

    def stored(self, one: FieldInfo, number: int = 0) -> tuple[Table, ColumnElement[Any]]:
        """The table that keeps a field, and its value there: for statements of one's own."""
        table = self.table if one.extension is None else one.extension.table
        return table, one.at(table, number)

    def board_by(self, name: str) -> Board | None:
        """The board whose lanes are the values of this field; the usual one for any other name."""
        return next((one for one in self.own_boards if one.by == name), self.board)

    @cached_property
    def whole(self) -> TypeInfo:
        """The type with its archived custom fields, for whoever works on what is kept: undo, another kind."""
        if not self.archived:
            return self
        return replace(self, fields={**self.fields, **self.archived}, archived={})

    def find_kept(self, name: str) -> FieldInfo | None:
        """As `find`, with custom fields that are archived: journals name their values, too."""
        found = self.find(name)
        if found is None and name.startswith(custom.STORED):
            return self.archived.get(f"{custom.PLAIN}{name.removeprefix(custom.STORED)}")
        return found

    def find(self, name: str) -> FieldInfo | None:
        """The field by its plain name (`stage`), or by the one that journals and stored filters use (`sales:stage`,
        `custom.size`)."""
        if name.startswith(custom.STORED):
            return self.fields.get(f"{custom.PLAIN}{name.removeprefix(custom.STORED)}")
        plugin, colon, plain = name.rpartition(":")
        one = self.fields.get(plain)
        if colon and one is not None and (one.extension is None or one.plugin != plugin):
            return None  # the name of another plugin's field, which is off
        return one

    def plain(self, path: str) -> str:
        """A path (`sales:stage`, `stage.name`) with the plain name of its field; as it is when there is none."""
        head, dot, rest = split_path(path)
        one = self.find(head)
        return path if one is None else f"{one.name}{dot}{rest}"

    def qualified(self, path: str) -> str:
        """A path as it is stored: fields of extensions carry their plugin's name, which nobody else can take over."""
        head, dot, rest = split_path(path)
        one = self.find(head)
        return path if one is None else f"{one.journal_name}{dot}{rest}"

    def readable(self, person: Principal) -> Mapping[str, FieldInfo]:
        """Fields whose values this person may see."""
        hidden = person.hidden.get(self.key)
        if not hidden:
            return self.fields
        return {name: info for name, info in self.fields.items() if name not in hidden}

    def writable(self, person: Principal) -> Mapping[str, FieldInfo]:
        """Fields that this person may set."""
        barred = person.hidden.get(self.key, frozenset()) | person.read_only_fields.get(self.key, frozenset())
        return {name: info for name, info in self.fields.items() if info.field.writable and name not in barred}

    def by_hand(self, person: Principal) -> Mapping[str, FieldInfo]:
        """Fields that forms and cells offer this person."""
        return {name: info for name, info in self.writable(person).items() if info.field.by_hand}


class Catalogue:
    """All record types of a generation."""

    def __init__(self, types: Iterable[TypeInfo]) -> None:
        self.types: dict[str, TypeInfo] = {info.key: info for info in types}
        self.by_collection: dict[str, TypeInfo] = {info.collection: info for info in self.types.values()}
        self.cache: dict[Any, Any] = {}  # schemas, plans: built on first use, valid as long as the catalogue

    def get(self, type_key: str) -> TypeInfo:
        """The type; NotFound with a sentence when no enabled plugin provides it."""
        found = self.types.get(type_key)
        if found is None:
            raise NotFound(f"there is no record type {type_key!r}; its module may be switched off")
        return found

    def find(self, type_key: str) -> TypeInfo | None:
        return self.types.get(type_key)

    @cached_property
    def links_to(self) -> Mapping[str, tuple[tuple[TypeInfo, FieldInfo, FieldInfo | None], ...]]:
        """Target type key -> (linking type, link or record field, None) or (linking type, list field, item)."""
        found: dict[str, list[tuple[TypeInfo, FieldInfo, FieldInfo | None]]] = {}
        for info in self.types.values():
            for one in info.fields.values():
                if one.kind == "link":
                    found.setdefault(one.field.to, []).append((info, one, None))
                elif one.kind == "record":  # ids are unique among all types, so the id alone tells
                    for target in self.types.values():
                        if not (target.type.public or target.type.dictionary or hangs_on_any(target.type)):
                            found.setdefault(target.key, []).append((info, one, None))
                for item in item_fields(one):
                    if item.kind == "link":
                        found.setdefault(item.field.to, []).append((info, one, item))
        return {key: tuple(value) for key, value in found.items()}


def split_path(path: str) -> tuple[str, str, str]:
    """(field, dot, rest) of a path: ("organization", ".", "city"); the name of a custom field is `custom.size`."""
    if not path.startswith(custom.STORED):
        return path.partition(".")
    key, dot, rest = path.removeprefix(custom.STORED).partition(".")
    return f"{custom.STORED}{key}", dot, rest


def item_fields(info: FieldInfo) -> tuple[FieldInfo, ...]:
    """The fields of one row of a list field, resolved; empty for other kinds."""
    return info.items


def stored_columns(declared: Field, table: Table) -> tuple[Column[Any], ...]:
    """The columns that hold a field's value; DeclarationError naming the missing one."""
    if declared.kind == "list" or declared.kind in SET_KINDS:
        return ()
    names = {
        "link": (f"{declared.name}_id",),
        "money": (f"{declared.name}_minor", f"{declared.name}_currency"),
        "record": (f"{declared.name}_id", f"{declared.name}_type"),
    }.get(declared.kind, (declared.name,))
    missing = [name for name in names if name not in table.c]
    if missing:
        raise DeclarationError(f"field {declared.name!r} needs the column {missing[0]!r} in table {table.name}")
    return tuple(table.c[name] for name in names)


class _Instead:
    """The catalogue that is read in place of the generation's, if any: as of a moment."""

    def __init__(self) -> None:
        self._kept: ContextVar[Catalogue | None] = ContextVar("kumiko_catalogue", default=None)

    def __call__(self) -> Catalogue | None:
        return self._kept.get()

    @contextmanager
    def of(self, other: Catalogue | None) -> Iterator[None]:
        token = self._kept.set(other)
        try:
            yield
        finally:
            self._kept.reset(token)


reading_instead = _Instead()


def catalogue() -> Catalogue:
    """The catalogue of the current generation, with the custom fields of its catalogue number, or the one that is read
    instead of it."""
    instead = reading_instead()
    if instead is not None:
        return instead
    generation = context.current().generation
    if generation is None:
        raise NotFound("no generation is built yet")
    state = generation.state
    held: tuple[int, Any, Catalogue] | None = state.get("records_now")
    if held is not None and held[0] == generation.numbers.catalogue:
        return held[2]
    complete = state.get("complete_records")
    return state["records"] if complete is None else complete(generation)  # type: ignore[no-any-return]
