"""List statements: built once per (type, columns, sort, filter, rights), executed as Core rows (peers.md section 4).

A plan reads everything a row shows in one statement: own columns, extension columns, and the names of linked records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Select, and_, bindparam, false, null, or_, select, tuple_

from kumiko.host import context
from kumiko.host.declarations import Field
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.records import filters, rights, search
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.filters import Where, compile_filter

#: The values of custom fields, as one column of a list.
CUSTOM = Field(name="custom", kind="json", label=_l("Custom"), writable=False, sortable=False, filterable=False)


@dataclass(frozen=True)
class PlanColumn:
    """One shown column: where its values stand in the row tuple. `width` is 0 for lists and sets, read apart.

    `path`: "amount" or "organization.city"; `kind`: kind of the value; a link has id and name (2 values).
    """

    path: str
    info: FieldInfo
    start: int
    width: int
    sortable: bool
    open: bool = True  # link: every name may be shown; else a missing name means "hidden"


@dataclass(frozen=True)
class Sort:
    """Order of a list: by a field's column, ties by id in the same direction."""

    path: str
    descending: bool
    nullable: bool

    @property
    def text(self) -> str:
        return f"-{self.path}" if self.descending else self.path


@dataclass(frozen=True)
class Plan:
    """A ready list statement. Row tuples start with id, version; the last value is what the list is sorted by."""

    info: TypeInfo
    columns: tuple[PlanColumn, ...]
    sort: Sort
    first: Select[Any]  # first page
    further: Select[Any]  # after a cursor whose value is not null: parameters c_value, c_id
    empties: Select[Any] | None  # nullable sort: rows whose value is null, after parameter c_id (0 or max to start)
    where: ColumnElement[bool]
    source: FromClause
    places: Where  # where columns are found in `source`

    @property
    def many(self) -> tuple[str, ...]:
        return tuple(column.path for column in self.columns if column.width == 0)


class Builder:
    """Collects joins and columns for one statement."""

    def __init__(self, info: TypeInfo, *, driven_by: Iterable[str], shown: Collection[str] | None = None) -> None:
        """`driven_by`: plugins whose fields the list is filtered, sorted or grouped by; the first one's side table is
        where it starts. `shown`: those whose fields are only shown (None: any may be)."""
        self.info = info
        self.base: FromClause = info.table
        sides = {side.plugin: side for side in info.extensions}
        driving = tuple(driven_by)
        first = sides[driving[0]] if driving else None
        self.driver: FromClause | None = None if first is None else first.table
        self.where = Where(self.base, {name: side.table for name, side in sides.items()}, first)
        source: Any = self.base
        if first is not None:
            source = first.table.join(self.base, first.key == info.table.c.id)
        for name, side in sides.items():
            if side is not first and (shown is None or name in driving or name in shown):
                source = source.join(side.table, side.key == info.table.c.id, isouter=name not in driving)
        self.source = source
        self._targets: dict[str, tuple[FromClause, TypeInfo]] = {}

    @property
    def id(self) -> ColumnElement[int]:
        return self.where.id

    def target(self, one: FieldInfo) -> tuple[FromClause, TypeInfo] | None:
        """The joined rows of a link's target; None when its module is off."""
        if one.name in self._targets:
            return self._targets[one.name]
        target = catalogue().find(one.field.to)
        if target is None:
            return None
        table = target.table.alias(f"l_{one.name}")
        on = table.c.id == self.where.shown(one)
        person = context.principal()
        if not rights.link_is_open(self.info, target, person):
            visible = rights.criterion(target, person, table=table)
            on = and_(on, visible) if visible is not None else on
        self.source = self.source.outerjoin(table, on)
        self._targets[one.name] = (table, target)
        return self._targets[one.name]


def build_plan(
    info: TypeInfo,
    names: Sequence[str],
    sort_text: str,
    node: Any,
    question: str,
    *,
    deleted: bool,
    grouped: Sequence[str] = (),
) -> Plan:
    """The plan of a list. Invalid names unknown columns, sorts and filters. `grouped`: fields it is summed by."""
    person = context.principal()
    sort_path, descending = (sort_text[1:], True) if sort_text.startswith("-") else (sort_text, False)
    sort_head = filters.readable_field(info, sort_path.partition(".")[0]) if sort_path != "id" else None
    heads = [sort_head, *(filters.readable_field(info, name) for name in grouped)]
    first = [one.plugin for one in heads if one is not None and one.extension]
    driven = tuple(dict.fromkeys([*first, *sorted(filters.extensions_in(info, node))]))
    shown = {one.plugin for name in names if (one := info.find(name.partition(".")[0])) is not None and one.extension}
    builder = Builder(info, driven_by=driven, shown=shown)
    selected: list[Any] = [builder.base.c.id, builder.base.c.version]
    columns = [add_column(builder, name, selected) for name in names]
    sort_column, nullable = _sort_column(builder, sort_path, sort_head)
    selected.append(sort_column.label("sort_value"))
    conditions = [rights.criterion(info, person, table=builder.base, deleted=deleted)]
    if builder.where.driver is not None:
        conditions.append(rights.mirrored_criterion(info, builder.where.driver, person, deleted=deleted))
    if node:
        conditions.append(compile_filter(info, node, builder.where))
    if question.strip():
        conditions.append(asked(builder, question))
    where = and_(*(one for one in conditions if one is not None))
    sort = Sort(sort_path, descending, nullable)
    first_page, further, empties = _statements(builder, selected, where, sort, sort_column)
    return Plan(info, tuple(columns), sort, first_page, further, empties, where, builder.source, builder.where)


def add_column(builder: Builder, path: str, selected: list[Any]) -> PlanColumn:
    """Add what a shown column needs to `selected`; Invalid when there is no such column."""
    start = len(selected)
    if path == "custom":  # stands for all custom fields, which are columns of their own beside it
        selected.append(null())
        return PlanColumn(path, FieldInfo(CUSTOM, "records", (builder.info.table.c.custom,)), start, 1, sortable=False)
    head, _dot, rest = path.partition(".")
    one = filters.readable_field(builder.info, head)
    if rest:
        hit = builder.target(one) if one.kind == "link" else None
        if hit is None:
            raise Invalid(_("%(path)r leads nowhere", path=path), {"fields": [_("%(path)r leads nowhere", path=path)]})
        table, target = hit
        far = filters.readable_field(target, rest)
        selected.extend(far.at(table, number).label(None) for number in range(len(far.columns[:2])))
        if far.kind == "link" or not far.columns:
            raise Invalid(
                _("%(path)r cannot be a column", path=path), {"fields": [_("%(path)r cannot be a column", path=path)]}
            )
        return PlanColumn(path, far, start, len(far.columns), sortable=False)
    if one.is_many:
        return PlanColumn(path, one, start, 0, sortable=False)
    if one.kind == "link":
        hit = builder.target(one)
        selected.append(builder.where.shown(one))
        selected.append(hit[0].c.name.label(None) if hit else null())
        is_open = hit is None or rights.link_is_open(builder.info, hit[1], context.principal())
        return PlanColumn(path, one, start, 2, sortable=one.field.sortable, open=is_open)
    selected.extend(builder.where.shown(one, number) for number in range(len(one.columns)))
    return PlanColumn(path, one, start, len(one.columns), sortable=one.field.sortable)


def _sort_column(builder: Builder, path: str, head: FieldInfo | None) -> tuple[ColumnElement[Any], bool]:
    if head is None:
        return builder.id, False
    rest = path.partition(".")[2]
    if not head.field.sortable or head.is_many or head.kind in ("json", "multichoice", "record"):
        raise Invalid(
            _("lists cannot be sorted by %(name)r", name=path),
            {"sort": [_("lists cannot be sorted by %(name)r", name=path)]},
        )
    if head.kind == "link":
        hit = builder.target(head)
        if hit is None:
            return builder.where.column(head), True
        table, target = hit
        far = filters.readable_field(target, rest) if rest else None
        return (far.at(table) if far is not None and far.columns else table.c.name), True
    if rest:
        raise Invalid(_("%(name)r is no link", name=head.name), {"sort": [_("%(name)r is no link", name=head.name)]})
    column = head.columns[0]
    return builder.where.column(head), bool(column.nullable)


def asked(builder: Builder, question: str) -> ColumnElement[bool]:
    """Condition of a search for words."""
    if builder.info.today is not None:
        return builder.info.asked(builder.base, search.words_of(question))  # type: ignore[attr-defined, no-any-return]
    found = search.matching(question)
    table = search.table
    if found is None:
        return false()
    return builder.id.in_(select(table.c.record_id).where(table.c.type_key == builder.info.key, found))


def _statements(
    builder: Builder, selected: list[Any], where: ColumnElement[bool], sort: Sort, column: ColumnElement[Any]
) -> tuple[Select[Any], Select[Any], Select[Any] | None]:
    rows = (
        select(*selected)
        .select_from(builder.source)
        .where(where)
        .limit(bindparam("n", type_=Integer, literal_execute=True))
    )
    key = builder.id
    down = sort.descending
    order = (column.desc(), key.desc()) if down else (column, key)
    by_id = (key.desc(),) if down else (key,)
    after_id = key < bindparam("c_id", type_=key.type) if down else key > bindparam("c_id", type_=key.type)
    if sort.path == "id":
        return rows.order_by(*by_id), rows.where(after_id).order_by(*by_id), None
    value = bindparam("c_value", type_=column.type)
    pair = tuple_(column, key)
    mark = tuple_(value, bindparam("c_id", type_=key.type))
    beyond = pair < mark if down else pair > mark
    # The row-value comparison is what the index (column, id) answers; NULLs never pass it.
    if not sort.nullable:
        return rows.order_by(*order), rows.where(beyond).order_by(*order), None
    filled = rows.where(column.is_not(None))
    return (
        filled.order_by(*order),
        filled.where(beyond).order_by(*order),
        rows.where(column.is_(None), or_(bindparam("c_id", type_=key.type).is_(None), after_id)).order_by(*by_id),
    )
