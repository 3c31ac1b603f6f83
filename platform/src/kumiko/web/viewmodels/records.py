"""Lists, cards, forms and cell editors of records of any type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from kumiko.web.viewmodels.duplicates import SimilarRow
from kumiko.web.viewmodels.groups import GroupHead
from kumiko.web.viewmodels.kit import NO_HTML, Action, Empty, FieldGroup, FieldView, Link, Option, Person
from kumiko.web.viewmodels.shell import Banner


@dataclass(frozen=True, slots=True)
class Column:
    """Head of a list column. `sort` is aria-sort: none, ascending, descending; "" = cannot be sorted."""

    name: str
    label: str
    numeric: bool = False
    sort: str = ""
    sort_href: str = ""
    editable: bool = False
    width: Literal["", "s", "m", "l"] = ""
    phone: bool = False  # kept on a phone
    pixels: int = 0  # a width that somebody chose


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter: hidden inputs keep it while others change."""

    label: str
    value: str
    remove_href: str
    params: tuple[tuple[str, str], ...] = ()
    edit_href: str = ""


@dataclass(frozen=True, slots=True)
class QuickFilter:
    """A filter shown as a select in the bar: an option's key is the parameter's value, "" = any."""

    name: str
    label: str
    options: tuple[Option, ...]
    active: bool = False


@dataclass(frozen=True, slots=True)
class FilterRow:
    """The row being added in the filter popover: field, operator, value. `value.name` is the query parameter."""

    fields: tuple[Option, ...]
    operators: tuple[Option, ...] = ()
    value: FieldView | None = None
    row_href: str = ""  # answers list_filter_row.html for ?f=FIELD&op=OP


@dataclass(frozen=True, slots=True)
class Filters:
    """State of the filter bar."""

    action: str  # the list's path
    q: str = ""
    search_label: str = ""
    quick: tuple[QuickFilter, ...] = ()
    chips: tuple[Chip, ...] = ()
    add: FilterRow | None = None
    clear_href: str = ""
    keep: tuple[tuple[str, str], ...] = ()  # parameters that are no filters: sort, columns
    editor_href: str = ""  # where groups of conditions are put together


@dataclass(frozen=True, slots=True)
class BulkAction:
    """Something done with the selected rows: `dialog` loads a form first, `preview` posts and shows what would happen,
    else it is posted at once."""

    key: str
    label: str
    icon: str
    href: str
    dialog: bool = False
    danger: bool = False
    download: bool = False
    preview: bool = False


@dataclass(frozen=True, slots=True)
class ListView:
    """A page of records. `rows` are (id, title text, cells): the cells' HTML is made by `kumiko.web.cells`."""

    collection: str
    title: str
    path: str  # "/deals"
    icon: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[int, str, Markup], ...]
    filters: Filters
    crumbs: tuple[Link, ...] = ()
    views: tuple[Link, ...] = ()
    save_view_href: str = ""
    count: str = ""  # "5,000" or "1,000+"
    count_word: str = ""  # "deals", plural form chosen
    sums: tuple[str, ...] = ()  # one per currency, formatted
    totals_href: str = ""  # count and sums of the whole list, loaded after the page
    more_href: str = ""
    bulk: tuple[BulkAction, ...] = ()
    actions: tuple[Action, ...] = ()  # at most three, one primary
    menu: tuple[Action, ...] = ()  # import, export, bin, columns
    layouts: tuple[Link, ...] = ()
    column_choices: tuple[Option, ...] = ()
    empty: Empty | None = None  # set when there are no rows
    all_query: str = ""  # query string of the list: what "select all" stands for
    groups: tuple[GroupHead, ...] = ()  # instead of rows
    groups_note: str = ""
    group_options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Property:
    """One field of a card: label left, value right, editable in place when `edit_href` is set."""

    name: str
    label: str
    html: Markup
    edit_href: str = ""
    icon: str = ""
    wide: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class PropertyGroup:
    """Properties under a heading; `closed` folds them."""

    title: str
    properties: tuple[Property, ...]
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One changed field in words. `where` names the record when a unit touched several."""

    label: str
    before: str = ""
    after: str = ""
    where: str = ""
    href: str = ""
    note: str = ""  # "overwritten by ...", "waiting for sales"
    undo: tuple[str, tuple[tuple[str, str], ...]] | None = None  # where one field is put back: address, hidden fields


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """Something that happened. `body` is cleaned HTML or escaped text."""

    key: str
    title: str
    at: str  # RFC 3339
    at_text: str
    ago: str
    who: Person | None = None
    icon: str = "circle"
    hue: str = "gray"
    body: Markup = NO_HTML
    href: str = ""
    changes: tuple[Change, ...] = ()
    on: Link | None = None  # the record it belongs to, when it is another one
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of the timeline, newest first."""

    items: tuple[TimelineItem, ...]
    more_href: str = ""
    empty: Empty | None = None
    kinds: tuple[Link, ...] = ()  # filter: all, notes, calls ...


@dataclass(frozen=True, slots=True)
class ComposerKind:
    """One tab of the composer."""

    key: str
    label: str
    icon: str
    placeholder: str = ""
    fields: tuple[FieldView, ...] = ()
    html: Markup = NO_HTML  # drawn by the module that added it
    submit: str = ""  # what the button says while it is chosen; "": what the composer's says


@dataclass(frozen=True, slots=True)
class Composer:
    """Where a note, call or meeting is written down."""

    action: str
    kinds: tuple[ComposerKind, ...]
    chosen: str
    body: FieldView
    submit: str
    mention_href: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class PanelView:
    """A panel beside a card or on the start page. `html` when drawn, `href` when it loads by itself, else `failed`."""

    key: str
    title: str
    html: Markup = NO_HTML
    href: str = ""
    failed: str = ""
    plugin: str = ""
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path (stages of a deal)."""

    label: str
    state: Literal["done", "now", "next", "won", "lost"] = "next"
    href: str = ""


@dataclass(frozen=True, slots=True)
class CardView:
    """One record."""

    id: int
    type: str
    type_label: str
    title: str
    path: str  # "/deals/12"
    version: str
    icon: str = "file"
    hue: str = "gray"
    subtitle: str = ""
    person: bool = False  # round avatar with initials instead of the icon
    badges: tuple[Option, ...] = ()
    crumbs: tuple[Link, ...] = ()
    actions: tuple[Action, ...] = ()
    menu: tuple[Action, ...] = ()
    steps: tuple[Step, ...] = ()
    groups: tuple[PropertyGroup, ...] = ()
    tabs: tuple[Link, ...] = ()
    tab_html: Markup = NO_HTML  # when another tab than the timeline is open
    composer: Composer | None = None
    timeline: Timeline | None = None
    panels: tuple[PanelView, ...] = ()
    banner: Banner | None = None  # "in the bin since ...", with a restore button
    prev_href: str = ""
    next_href: str = ""


@dataclass(frozen=True, slots=True)
class FormView:
    """A form as page or in the dialog. `summary` are errors that belong to no field."""

    title: str
    action: str
    groups: tuple[FieldGroup, ...]
    submit: str
    cancel_href: str = ""
    crumbs: tuple[Link, ...] = ()
    intro: str = ""
    summary: tuple[str, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    multipart: bool = False
    danger: bool = False
    again: str = ""  # label of "save and add another"
    similar: tuple[SimilarRow, ...] = ()  # possible duplicates, shown first
    similar_href: str = ""  # where they are asked for while somebody types
    binned: tuple[Link, ...] = ()  # records in the bin that match what is being made
    more_href: str = ""  # all fields instead of the short form
    menu: tuple[Action, ...] = ()
    again_from: tuple[str, ...] = ()  # fields whose change has the form drawn anew, from `again_href`
    again_href: str = ""
    rules: str = ""  # JSON for <km-rules>: which fields are shown, needed or locked when others have certain values


@dataclass(frozen=True, slots=True)
class CellView:
    """The editor of one value in a list or card."""

    action: str
    field: FieldView
    version: str
    target: str  # selector of what the answer replaces: "#r12 [data-f=amount]" or "#p-amount"
    place: Literal["list", "card"] = "list"


@dataclass(frozen=True, slots=True)
class MergeField:
    """A value that two people changed."""

    name: str
    label: str
    mine: str
    theirs: str
    base: str = ""
    mine_raw: str = ""


@dataclass(frozen=True, slots=True)
class MergeView:
    """A stale write: somebody saved first. Fields that only one side changed are in `kept`."""

    title: str
    action: str
    version: str  # the version now stored
    who: Person
    ago: str
    fields: tuple[MergeField, ...]
    kept: tuple[Change, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    cancel_href: str = ""
    crumbs: tuple[Link, ...] = ()
