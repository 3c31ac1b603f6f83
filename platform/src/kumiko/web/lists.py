"""Lists of records: the address is the state, rows come by key in pages of 50, counts and sums come after the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Response, make_response, redirect, render_template, request

from kumiko import features
from kumiko.currencies.services import base_currency, money_day
from kumiko.fields.loading import columns_for
from kumiko.host.context import principal
from kumiko.host.declarations import Board
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import dumps, links, queries, rights
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.plans import Plan
from kumiko.web import as_of, converted, fitting, formats, views
from kumiko.web.addresses import columns_text, read_columns
from kumiko.web.answers import is_htmx, page
from kumiko.web.cells_build import build_rows, columns_of
from kumiko.web.filters_form import (
    Condition,
    as_node,
    chips,
    filter_row,
    parse_node,
    query_of,
    quick_filters,
    read_conditions,
)
from kumiko.web.i18n import ngettext
from kumiko.web.types import may_create, may_edit, type_of
from kumiko.web.values import label_of
from kumiko.web.viewmodels import Action, BulkAction, Chip, Column, Empty, Filters, Link, ListView

PAGE = 50
MOST_COLUMNS = 20
EDITABLE = ("text", "integer", "number", "money", "percent", "boolean", "date", "moment", "choice", "multichoice",
            "email", "phone", "url", "tags", "link")  # fmt: skip


@dataclass(frozen=True)
class ListState:
    """What an address says about a list."""

    info: TypeInfo
    q: str = ""
    sort: str = ""
    after: str = ""
    view: str = ""
    columns: tuple[str, ...] = ()
    filter: str = ""
    conditions: tuple[Condition, ...] = ()
    widths: Mapping[str, int] = field(default_factory=dict)
    group: str = ""

    @classmethod
    def of(cls, info: TypeInfo, args: Any) -> ListState:
        """The state in a query; Invalid names what is wrong with it."""
        columns, widths = read_columns(info, args.get("columns", ""), MOST_COLUMNS)
        sort = args.get("sort", "")
        sort = f"-{info.plain(sort[1:])}" if sort.startswith("-") else info.plain(sort)
        return cls(
            info, args.get("q", "")[:200], sort, args.get("after", ""), args.get("view", ""), columns,
            args.get("filter", ""), tuple(read_conditions(info, args)), widths, args.get("group_by", "")[:120],
        )  # fmt: skip

    @property
    def node(self) -> Any:
        return as_node(self.conditions, parse_node(self.filter))

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.conditions or self.filter)

    def pairs(self, *, without: Condition | None = None) -> list[tuple[str, str]]:
        """Parameters that make this list again, but for the page."""
        found = [("q", self.q), ("filter", self.filter)]
        for one in self.conditions:
            if one is not without:
                found += one.pairs
        return [*found, *self.keep(), ("view", self.view)]

    def keep(self) -> list[tuple[str, str]]:
        """Parameters that are no filters."""
        own = (("sort", self.sort), ("columns", columns_text(self.columns, self.widths)), ("group_by", self.group))
        return [pair for pair in (*own, *as_of.pairs()) if pair[1]]

    def href(self, *, without: Condition | None = None, more: Iterable[tuple[str, str]] = (), place: str = "") -> str:
        """Address of this list with changes; later pairs win."""
        changed = dict(more)
        pairs = [pair for pair in self.pairs(without=without) if pair[0] not in changed and pair[0] != "view"]
        query = query_of([*pairs, *changed.items()])
        path = f"/{self.info.collection}{place}"
        return f"{path}?{query}" if query else path

    @property
    def query(self) -> str:
        """What "all rows" means, for bulk acts."""
        return query_of([pair for pair in self.pairs() if pair[0] not in ("sort", "columns", "view", "group_by")])

    @property
    def seen(self) -> list[tuple[str, str]]:
        """Filter, order, columns and groups, as of today."""
        past = dict(as_of.pairs())
        return [pair for pair in self.pairs() if pair[1] and pair[0] != "view" and pair[0] not in past]


def list_records(collection: str) -> Response:
    """GET /COLLECTION: the page, its list alone for filters and sorting, or the next rows."""
    info = type_of(collection)
    if not request.query_string and not is_htmx():
        opening = views.opening(info)
        if opening:
            return make_response(redirect(opening))
    try:
        state = ListState.of(info, request.args)
        if state.group and not state.after:
            return _grouped(info, state)
        fetched = _fetch(info, state)
    except Invalid as fault:
        return _refused(info, fault)
    editable = editable_columns(info)
    rows = build_rows(fetched.plan, editable)(fetched.rows, fetched.many, linked_names(fetched))
    more = state.href(more=(("after", fetched.next),)) if fetched.next else ""
    if state.after and is_htmx():
        columns = columns_of(fetched.plan, editable)
        short = ListView(collection, "", "", "", columns, tuple(rows), Filters(""), more_href=more)  # type: ignore[arg-type]
        return make_response(render_template("kumiko/_rows.html", v=short))
    view = _view(info, state, fetched.plan, rows, more, editable)
    template = "kumiko/list_part.html" if is_htmx() and "after" not in request.args else "kumiko/list.html"
    return page(template, v=view)


def _grouped(info: TypeInfo, state: ListState) -> Response:
    """The page of a list in groups: their heads; the rows of a group are asked for when it is opened."""
    from kumiko.web import list_groups  # local: cycle

    plan = queries.plan_of(info, names=shown_columns(info, state), node=state.node, sort=state.sort, q=state.q)
    editable = editable_columns(info)
    heads, note = list_groups.heads_of(info, state, plan, tuple(columns_of(plan, editable)))
    view = _view(info, state, plan, [], "", editable)
    view = replace(view, groups=heads, groups_note=note, empty=None if heads else view.empty,
                   totals_href=state.href(place="/totals") if heads else "")  # fmt: skip
    return page("kumiko/list_part.html" if is_htmx() else "kumiko/list.html", v=view)


def _fetch(info: TypeInfo, state: ListState) -> queries.Page:
    return queries.list_page(
        info,
        names=shown_columns(info, state),
        node=state.node,
        sort=state.sort,
        limit=PAGE,
        after=state.after,
        q=state.q,
    )


def shown_columns(info: TypeInfo, state: ListState) -> list[str]:
    """Names of the columns, the title first."""
    readable = info.readable(principal())
    wanted = state.columns or columns_for(info, principal().roles)
    names = [name for name in wanted if name.partition(".")[0] in readable and name != "name"]
    return ["name", *names]


def editable_columns(info: TypeInfo) -> frozenset[str]:
    """Columns whose cells open an editor. Links to records other than people stay links, to be followed."""
    if not may_edit(info):
        return frozenset()
    return frozenset(
        name
        for name, one in info.by_hand(principal()).items()
        if one.kind in EDITABLE and (one.kind != "link" or is_people(one)) and name != "name"
    )


def is_people(one: FieldInfo) -> bool:
    """Whether a link names a user or team."""
    return one.field.to in links.PEOPLE


def linked_names(fetched: queries.Page) -> dict[tuple[str, int], str]:
    """Names of what lists, sets and records of any type in the rows name; asks only when there are such columns."""
    info = fetched.plan.info
    found = dumps.linked_in(fetched.plan, fetched.rows, fetched.many)
    if not found:
        return {}
    return links.names_of((info, target, key) for to, key in found if (target := catalogue().find(to)) is not None)


def _view(
    info: TypeInfo, state: ListState, plan: Plan, rows: list[Any], more: str, editable: frozenset[str]
) -> ListView:
    from kumiko.web import list_groups  # local: cycle

    declared, path = info.type, f"/{info.collection}"
    quick = quick_filters(info, list(state.conditions))
    active = {one.name for one in quick if one.active}
    loose = [one for one in state.conditions if not (one.param in active and len(one.values) == 1)]
    whole = not more and not state.after
    return ListView(
        collection=info.collection,
        title=str(declared.label_plural),
        path=path,
        icon=declared.icon,
        columns=tuple(_sorted_head(head, plan, state) for head in columns_of(plan, editable)),
        rows=tuple(rows),
        filters=Filters(
            action=path,
            q=state.q,
            search_label=_("Search %(what)s", what=inside(declared.label_plural)),
            quick=quick,
            chips=(*chips(info, loose, state), *_filter_chip(info, state)),
            add=filter_row(info),
            clear_href=path if state.narrows else "",
            keep=tuple(pair for pair in state.keep() if pair[0] != "group_by"),
            editor_href=state.href(place="/filter"),
        ),
        views=views.links_of(info, state.view),
        save_view_href=state.href(place="/views/new") if state.narrows or state.keep() else "",
        count=formats.count_text(len(rows)) if whole and rows else "",
        count_word=count_word(info, len(rows)),
        totals_href="" if not rows else state.href(place="/totals") if not whole or money_fields(info, plan) else "",
        more_href=more,
        bulk=_bulk(info),
        actions=_actions(info),
        menu=_menu(info, state),
        layouts=_layouts(info, state),
        empty=None if rows else _empty(info, state),
        all_query=state.query,
        group_options=list_groups.options(info, state.group),
    )


def _filter_chip(info: TypeInfo, state: ListState) -> tuple[Chip, ...]:
    """The rest of the filter, which is no single condition, as a sentence."""
    from kumiko.web.filter_words import sentence_of  # local: cycle

    if not state.filter:
        return ()
    said = sentence_of(info, parse_node(state.filter))
    return (
        Chip("", said, state.href(more=(("filter", ""),)), (("filter", state.filter),),
             edit_href=state.href(place="/filter")),
    )  # fmt: skip


def count_word(info: TypeInfo, count: int) -> str:
    """The word after a number of records."""
    return inside(info.type.label if count == 1 else info.type.label_plural)


def _sorted_head(head: Column, plan: Plan, state: ListState) -> Column:
    column = next(one for one in plan.columns if one.path == head.name)
    pixels = state.widths.get(head.name, 0)
    if not column.sortable:
        return replace(head, pixels=pixels)
    own = plan.sort.path == head.name
    down = own and plan.sort.descending
    wanted = f"-{head.name}" if own and not down else head.name
    return Column(
        head.name, head.label, head.numeric,
        sort="none" if not own else "descending" if down else "ascending",
        sort_href=state.href(more=(("sort", wanted),)), editable=head.editable, phone=head.phone,
        pixels=pixels,
    )  # fmt: skip


def money_fields(info: TypeInfo, plan: Plan) -> list[str]:
    """Money columns of the type itself that a list shows."""
    return [one.path for one in plan.columns if one.info.kind == "money" and "." not in one.path][:2]


def _actions(info: TypeInfo) -> tuple[Action, ...]:
    if not may_create(info):
        return ()
    label = _("New %(what)s", what=inside(info.type.label))
    return (Action(label, f"/{info.collection}/new", "plus", primary=True, dialog=True),)


def _menu(info: TypeInfo, state: ListState) -> tuple[Action, ...]:
    from kumiko.web import view_pages  # local: cycle
    from kumiko.web.shell import _has_rule  # local: cycle

    who = principal()
    found = [Action(_("Columns"), state.href(place="/columns"), "columns-3", dialog=True)]
    if info.type.importable and who.may("import.run") and _has_rule("/import"):
        found.append(Action(_("Import"), f"/import?collection={info.collection}", "file-import"))
    if rights.level(info, who, "export") != "none" and _has_rule("/export/<collection>"):
        found.append(Action(_("Export"), f"/export/{info.collection}?{query_of(state.seen)}", "download", dialog=True))
    found += view_pages.menu_of(info, state)
    if not as_of.pairs():
        found.append(as_of.chooser(state.href()))
    found.append(Action(_("Bin"), f"/{info.collection}/bin", "trash"))
    return tuple(found)


def _layouts(info: TypeInfo, state: ListState) -> tuple[Link, ...]:
    if info.board is None or not features.usable(info.board) or info.board.by not in info.readable(principal()):
        return ()
    kept = [(name, request.args.get(name, "")) for name in ("scope", "by", "open") if info.find(name) is None]
    board = state.href(more=[pair for pair in kept if pair[1]], place="/board")
    return layouts_of(state.href(), board, board=False, own=own_boards(info, state))


def layouts_of(list_href: str, board_href: str, *, board: bool, own: tuple[Link, ...] = ()) -> tuple[Link, ...]:
    """The ways to look at the same records; `own`: boards of custom fields."""
    return (
        Link(_("List"), list_href, "list", active=not board),
        Link(_("Board"), board_href, "layout-kanban", active=board and not any(one.active for one in own)),
        *own,
    )


def own_boards(info: TypeInfo, state: ListState, shown: Board | None = None) -> tuple[Link, ...]:
    """Boards of custom choice fields beside the usual one; `shown`: the one that is looked at."""
    readable = info.readable(principal())
    return tuple(
        Link(label_of(readable[one.by]), state.href(more=[("board", one.by)], place="/board"), "layout-kanban",
             active=one == shown)
        for one in info.own_boards if one != info.board and one.by in readable
    )  # fmt: skip


def _bulk(info: TypeInfo) -> tuple[BulkAction, ...]:
    who, path = principal(), f"/{info.collection}/bulk"
    if who.read_only or rights.level(info, who, "bulk") == "none":
        return ()
    found: list[BulkAction] = []
    if rights.level(info, who, "edit") != "none":
        found.append(BulkAction("edit", _("Edit"), "pencil", path, dialog=True))
    if rights.level(info, who, "delete") != "none":
        found.append(BulkAction("delete", _("Delete"), "trash", f"{path}/delete", danger=True, preview=True))
    return tuple(found)


def _empty(info: TypeInfo, state: ListState) -> Empty:
    what = str(info.type.label_plural)
    if state.narrows:
        clear = Action(_("Clear filters"), f"/{info.collection}", "filter-off")
        return Empty(_("Nothing matches"), _("No %(what)s fit these filters.", what=what.lower()), "filter", clear)
    new = _actions(info)
    text = _("What you add or import appears here.")
    return Empty(_("No %(what)s yet", what=what.lower()), text, info.type.icon, new[0] if new else None)


def _refused(info: TypeInfo, fault: Invalid) -> Response:
    """A saved view without what is gone; else the list's frame with the sentence where the rows would be."""
    path = f"/{info.collection}"
    if left := fitting.address(info):
        return make_response(redirect(left))
    lines = [line for said in fault.errors.values() for line in said] or [fault.message]
    clear = Action(_("Clear filters"), path)
    view = ListView(
        info.collection, str(info.type.label_plural), path, info.type.icon, (), (),
        Filters(path, add=filter_row(info), clear_href=path),
        views=views.links_of(info, request.args.get("view", "")),
        empty=Empty(_("This list cannot be shown"), " ".join(dict.fromkeys(lines)), "filter-off", clear),
    )  # fmt: skip
    return page("kumiko/list_part.html" if is_htmx() else "kumiko/list.html", 422, v=view)


def totals(collection: str) -> Response:
    """GET /COLLECTION/totals: count and sums of the whole list, asked for after the page is there."""
    info = type_of(collection)
    state = ListState.of(info, request.args)
    node = state.node
    count = queries.count_capped(info, node=node, q=state.q)
    capped = count > queries.COUNT_CAP
    shown = f"{formats.count_text(queries.COUNT_CAP)}+" if capped else formats.count_text(count)
    plan = queries.plan_of(info, names=shown_columns(info, state), node=node, sort=state.sort, q=state.q)
    base, day = base_currency(), money_day(info.key)
    found = queries.totals(info, money_fields(info, plan)[:1], node=node, q=state.q, base=base, day=day)
    sums = converted.sums_of(total for _by, total in found if total.currency)
    return page("kumiko/list_totals.html", count=shown, word=count_word(info, count), sums=sums)


def new_filter_row(collection: str) -> Response:
    """GET /COLLECTION/filter-row: the row of a filter being added, after field or operator changed."""
    info = type_of(collection)
    row = filter_row(info, request.args.get("_f", ""), request.args.get("_op", ""))
    return page("kumiko/list_filter_row.html", r=row)


def count_of_all(count: int) -> str:
    """ "12 records" in the reader's words."""
    return ngettext("%(num)s record", "%(num)s records", count)


def link_to(info: TypeInfo) -> Link:
    """Crumb to a list."""
    return Link(str(info.type.label_plural), f"/{info.collection}")
