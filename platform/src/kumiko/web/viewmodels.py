"""What templates see: frozen values, ready to print. No ORM objects, no queries, nothing to compute.

Texts are already translated and formatted for the reader; `Markup` says that a value is safe HTML. An empty string
means "leave it out". Hrefs are local paths. Hues are names of `HUES`; icons are names of the sprite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

HUES = ("gray", "red", "orange", "amber", "lime", "green", "teal", "cyan", "blue", "indigo", "violet", "pink")
_HASHED_HUES = HUES[1:]


def hue_of(key: str | int) -> str:
    """Steady hue for a person or a thing without one of its own."""
    text = str(key)
    return _HASHED_HUES[sum(ord(letter) * (place + 1) for place, letter in enumerate(text)) % len(_HASHED_HUES)]


def initials_of(name: str) -> str:
    """One or two letters for an avatar: first of the first and of the last word."""
    words = [word for word in name.split() if word[:1].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@dataclass(frozen=True, slots=True)
class Person:
    """A user or person as a chip: avatar and name."""

    name: str
    initials: str = ""
    hue: str = "gray"
    href: str = ""

    @classmethod
    def of(cls, name: str, key: str | int = "", href: str = "") -> Person:
        """Chip with initials and hue made from the name and the key."""
        return cls(name=name, initials=initials_of(name), hue=hue_of(key or name), href=href)


@dataclass(frozen=True, slots=True)
class Link:
    """Anything with a label to follow; used for crumbs and plain lists."""

    label: str
    href: str = ""
    icon: str = ""
    count: str = ""
    active: bool = False
    keys: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """A button. `method` post submits with the CSRF token; `dialog` loads `href` into the page's dialog first."""

    label: str
    href: str = ""
    icon: str = ""
    method: Literal["get", "post"] = "get"
    primary: bool = False
    danger: bool = False
    dialog: bool = False
    confirm: str = ""  # question asked before; only where there is no undo
    keys: str = ""
    disabled: str = ""  # the reason why it cannot be used now


# ---------------------------------------------------------------------------------------------------------- shell
@dataclass(frozen=True, slots=True)
class MenuSection:
    """A headed part of the sidebar."""

    title: str
    items: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Banner:
    """A strip above the page: view as seller, sample data, maintenance."""

    text: str
    action: Action | None = None
    tone: Literal["info", "warn"] = "info"


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message at the bottom; `undo` is the path to post to, `href` leads to details."""

    msg: str
    undo: str = ""
    href: str = ""
    tone: Literal["ok", "warn", "error"] = "ok"


@dataclass(frozen=True, slots=True)
class ShellView:
    """The frame around every page of a signed-in person; template global `shell`."""

    company: str
    user: Person
    sections: tuple[MenuSection, ...]
    foot: tuple[Link, ...] = ()  # below the menu: settings, plugins
    account: tuple[Action, ...] = ()  # menu of the user's name: profile, view as, sign out
    create: tuple[Link, ...] = ()  # what `c` and the plus offer
    phone_tabs: tuple[Link, ...] = ()  # at most four
    lang: str = "en"
    dir: Literal["ltr", "rtl"] = "ltr"
    theme: Literal["", "light", "dark"] = ""  # "" follows the system
    density: Literal["", "compact"] = ""
    shortcuts: bool = True
    live: str = ""  # epoch and catalogue number: a change makes the page offer a reload
    banners: tuple[Banner, ...] = ()
    toasts: tuple[Toast, ...] = ()
    css: tuple[str, ...] = ()  # sheet URLs of plugins, each already wrapped in layer(plugins)
    modules: tuple[str, ...] = ()  # module URLs of plugins
    import_map: str = ""  # JSON of the import map
    title: str = "Kumiko"


# ----------------------------------------------------------------------------------------------------------- kit
@dataclass(frozen=True, slots=True)
class Empty:
    """What a place says while it holds nothing: what it is, one sentence, one action."""

    title: str
    text: str = ""
    icon: str = "inbox"
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a field or filter."""

    key: str
    label: str
    hue: str = ""
    chosen: bool = False


FieldKind = Literal[
    "text", "longtext", "integer", "number", "money", "percent", "boolean", "date", "moment", "choice",
    "multichoice", "link", "tags", "list", "email", "phone", "url", "json", "password", "file", "user", "team",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldView:
    """One input. Values are strings as typed, so a refused form shows exactly what was sent."""

    name: str
    label: str
    kind: FieldKind = "text"
    value: str = ""
    text: str = ""  # link, user, team: the name of the chosen record; other kinds: the formatted value beside it
    help: str = ""
    errors: tuple[str, ...] = ()
    required: bool = False
    readonly: bool = False
    wide: bool = False
    autofocus: bool = False
    placeholder: str = ""
    autocomplete: str = "off"
    max_length: int = 0
    minimum: str = ""
    maximum: str = ""
    options: tuple[Option, ...] = ()  # choice, multichoice, money (currencies)
    unit: str = ""  # money: chosen currency; number: suffix; moment: zone
    find_href: str = ""  # link, user, team, tags: server search, answers picker_options.html
    create_href: str = ""  # link: short create form
    chosen: tuple[Option, ...] = ()  # tags
    items: tuple[FieldView, ...] = ()  # list: the fields of a blank row, names with `__n__` for the number
    rows: tuple[tuple[FieldView, ...], ...] = ()  # list: filled rows; an unremoved row may hold its id as hidden field
    accept: str = ""  # file
    icon: str = ""


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields under a heading; the first group may have none."""

    title: str
    fields: tuple[FieldView, ...]
    help: str = ""


# ---------------------------------------------------------------------------------------------------------- list
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


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter: hidden inputs keep it while others change."""

    label: str
    value: str
    remove_href: str
    params: tuple[tuple[str, str], ...] = ()


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


@dataclass(frozen=True, slots=True)
class BulkAction:
    """Something done with the selected rows: `dialog` loads a form first, else it is posted at once."""

    key: str
    label: str
    icon: str
    href: str
    dialog: bool = False
    danger: bool = False
    download: bool = False


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
    more_href: str = ""
    bulk: tuple[BulkAction, ...] = ()
    actions: tuple[Action, ...] = ()  # at most three, one primary
    menu: tuple[Action, ...] = ()  # import, export, bin, columns
    layouts: tuple[Link, ...] = ()
    column_choices: tuple[Option, ...] = ()
    empty: Empty | None = None  # set when there are no rows
    all_query: str = ""  # query string of the list: what "select all" stands for


# ---------------------------------------------------------------------------------------------------------- card
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
    body: Markup = Markup("")
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
    html: Markup = Markup("")
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
    tab_html: Markup = Markup("")  # when another tab than the timeline is open
    composer: Composer | None = None
    timeline: Timeline | None = None
    panels: tuple[PanelView, ...] = ()
    banner: Banner | None = None  # "in the bin since ...", with a restore button
    prev_href: str = ""
    next_href: str = ""


# ---------------------------------------------------------------------------------------------------------- forms
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
    similar: tuple[Link, ...] = ()  # possible duplicates, shown above the buttons
    more_href: str = ""  # all fields instead of the short form
    menu: tuple[Action, ...] = ()


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


# ------------------------------------------------------------------------------------------- history, bin, search
@dataclass(frozen=True, slots=True)
class UnitRow:
    """What one unit of work did."""

    id: int
    href: str
    title: str
    who: Person
    at: str
    at_text: str
    ago: str
    via: str
    reason: str = ""
    changes: tuple[Change, ...] = ()
    more: str = ""  # "and 340 more changes"
    undone: str = ""  # "undone by Ana, 2 minutes ago"
    undo: Action | None = None


@dataclass(frozen=True, slots=True)
class HistoryView:
    """Units that touched a record, newest first."""

    title: str
    crumbs: tuple[Link, ...]
    units: tuple[UnitRow, ...]
    more_href: str = ""
    as_of: str = ""
    as_of_action: str = ""
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class UnitView:
    """The page of a unit or group: what it did, and what undoing it did."""

    title: str
    crumbs: tuple[Link, ...]
    unit: UnitRow
    facts: tuple[tuple[str, str], ...] = ()
    units: tuple[UnitRow, ...] = ()  # the units of a group
    result: tuple[tuple[str, tuple[Change, ...]], ...] = ()  # after an undo: overwritten, refused, waiting
    result_text: str = ""
    more_href: str = ""


@dataclass(frozen=True, slots=True)
class BinRow:
    """A deleted record."""

    title: str
    type_label: str
    icon: str
    who: Person
    ago: str
    at: str
    restore: Action
    href: str = ""


@dataclass(frozen=True, slots=True)
class BinView:
    """Deleted records that can be restored."""

    crumbs: tuple[Link, ...]
    rows: tuple[BinRow, ...]
    kinds: tuple[Link, ...] = ()
    more_href: str = ""
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A found record, command or place. `cmd` names a client command instead of an href."""

    label: str
    href: str = ""
    icon: str = "file"
    hint: str = ""
    keys: str = ""
    cmd: str = ""
    snippet: Markup = Markup("")
    method: Literal["get", "post"] = "get"


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Hits of one kind."""

    title: str
    hits: tuple[Hit, ...]
    all_href: str = ""


@dataclass(frozen=True, slots=True)
class SearchView:
    """Result page of the search."""

    q: str
    groups: tuple[HitGroup, ...]
    count: str = ""
    kinds: tuple[Link, ...] = ()
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class ErrorView:
    """An error as a page: what was wanted, what was found, what to do."""

    code: str
    title: str
    text: str
    icon: str = "compass"
    actions: tuple[Action, ...] = ()
    details: str = ""  # request id or technical detail, folded


# ------------------------------------------------------------------------------------------------ sign in, welcome
@dataclass(frozen=True, slots=True)
class SignInView:
    """Sign-in page."""

    company: str
    action: str
    email: str = ""
    error: str = ""
    notice: str = ""
    next: str = ""
    wait: str = ""  # throttled: "Try again in 30 seconds"
    forgot_href: str = ""
    methods: tuple[Action, ...] = ()  # other ways of signing in
    code: bool = False  # ask for the second factor instead


@dataclass(frozen=True, slots=True)
class SetPasswordView:
    """First password or reset through a one-time link."""

    company: str
    action: str
    email: str
    name: str = ""
    errors: tuple[str, ...] = ()
    minimum: int = 10
    first: bool = True
    skip_href: str = ""


@dataclass(frozen=True, slots=True)
class ModuleChoice:
    """A module offered at the start."""

    name: str
    title: str
    text: str
    icon: str
    hue: str = "blue"
    chosen: bool = True
    needs: str = ""


@dataclass(frozen=True, slots=True)
class WelcomeView:
    """First run: company, modules, data."""

    action: str
    company: FieldView
    currency: FieldView
    zone: FieldView
    language: FieldView
    modules: tuple[ModuleChoice, ...]
    data: Literal["demo", "empty"] = "demo"
    demo_text: str = ""
    summary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tick:
    """One of the first five things to do."""

    key: str
    title: str
    text: str
    action: Action
    icon: str = "circle"
    done: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with a name."""

    label: str
    value: str
    hint: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class StartView:
    """Start page of a person."""

    greeting: str
    today: str = ""
    ticks: tuple[Tick, ...] = ()
    ticks_done: str = ""  # "2 of 5 done"
    hide_ticks: Action | None = None
    figures: tuple[Figure, ...] = ()
    panels: tuple[PanelView, ...] = ()
    actions: tuple[Action, ...] = ()
    timeline: Timeline | None = None


# ------------------------------------------------------------------------------------------------- administration
@dataclass(frozen=True, slots=True)
class PluginRow:
    """A plugin in the administration. `problem` is a sentence, `fix` the button that helps."""

    name: str
    title: str
    version: str
    text: str
    icon: str = "puzzle"
    hue: str = "blue"
    vendor: str = ""
    on: bool = False
    core: bool = False
    state: str = ""  # "on", "off", "failed", "needs migration" in words
    tone: Literal["", "ok", "warn", "error"] = ""
    toggle_href: str = ""
    locked: str = ""  # why it cannot be switched
    needs: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()  # "2 record types", "Deals in the menu"
    problem: str = ""
    detail: str = ""
    fix: tuple[Action, ...] = ()
    settings_href: str = ""
    docs_href: str = ""


@dataclass(frozen=True, slots=True)
class PluginsView:
    """The plugin page."""

    plugins: tuple[PluginRow, ...]
    core: tuple[PluginRow, ...] = ()
    tabs: tuple[Link, ...] = ()
    actions: tuple[Action, ...] = ()
    impact: ImpactView | None = None


@dataclass(frozen=True, slots=True)
class ImpactView:
    """What happens when a plugin is switched off (or purged): shown in the dialog before it is done."""

    title: str
    text: str
    action: str
    submit: str
    lines: tuple[str, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    danger: bool = False
    typed: str = ""  # the word to type when it cannot be undone


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user in the administration."""

    person: Person
    email: str
    roles: str
    team: str
    state: str
    tone: Literal["", "ok", "warn", "error"] = ""
    seen: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class UsersView:
    """All users."""

    rows: tuple[UserRow, ...]
    q: str = ""
    action: str = "/admin/users"
    tabs: tuple[Link, ...] = ()
    actions: tuple[Action, ...] = ()
    count: str = ""
    more_href: str = ""
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class UserView:
    """One user: the form, ways in, sessions, tokens. `secret` is shown once (link or token)."""

    person: Person
    form: FormView
    crumbs: tuple[Link, ...]
    state: str = ""
    tone: Literal["", "ok", "warn", "error"] = ""
    secret_label: str = ""
    secret: str = ""
    actions: tuple[Action, ...] = ()
    sessions: tuple[tuple[str, str, Action], ...] = ()  # device, when, sign out
    tokens: tuple[tuple[str, str, Action], ...] = ()
    tabs: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class TeamNode:
    """A team and what hangs below it, drawn as a tree by `depth` (0 = top, at most 8 drawn)."""

    name: str
    href: str
    depth: int
    head: Person | None = None
    members: tuple[Person, ...] = ()
    count: str = ""


@dataclass(frozen=True, slots=True)
class TeamsView:
    """The tree of teams."""

    nodes: tuple[TeamNode, ...]
    actions: tuple[Action, ...] = ()
    tabs: tuple[Link, ...] = ()
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class RoleRow:
    """Levels of one record type: one FieldView (choice) per action, in the order of RolesView.actions."""

    label: str
    icon: str
    cells: tuple[FieldView | None, ...]


@dataclass(frozen=True, slots=True)
class RolesView:
    """Matrix record type x action of one role."""

    roles: tuple[Link, ...]
    role: str
    text: str
    action: str
    columns: tuple[str, ...]
    rows: tuple[RoleRow, ...]
    permissions: tuple[FieldView, ...] = ()
    locked: str = ""  # the administrator role cannot be reduced
    actions: tuple[Action, ...] = ()
    tabs: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A person's own settings."""

    person: Person
    form: FormView
    password: FormView | None = None
    sessions: tuple[tuple[str, str, Action], ...] = ()
    tokens: tuple[tuple[str, str, Action], ...] = ()
    token_form: FormView | None = None
    secret_label: str = ""
    secret: str = ""


# --------------------------------------------------------------------------------------------------------- import
@dataclass(frozen=True, slots=True)
class ImportColumn:
    """A column of the file and the field it goes to; the option with key "" means "leave out"."""

    name: str  # of the select
    header: str
    samples: tuple[str, ...]
    options: tuple[Option, ...]
    filled: str = ""  # "8,800 of 8,800"
    note: str = ""


@dataclass(frozen=True, slots=True)
class ImportView:
    """One step of an import: upload, match, check, run, result."""

    step: Literal["upload", "match", "check", "run", "result"]
    title: str
    crumbs: tuple[Link, ...]
    action: str
    file: str = ""
    file_text: str = ""  # "8,800 rows, 12 columns, CSV in UTF-8"
    fields: tuple[FieldView, ...] = ()  # upload: collection, file; match: key, defaults
    columns: tuple[ImportColumn, ...] = ()
    values: tuple[tuple[str, tuple[FieldView, ...]], ...] = ()  # match: foreign words of a choice to ours
    figures: tuple[Figure, ...] = ()
    problems: tuple[tuple[str, str, str], ...] = ()  # row, field, sentence
    problems_more: str = ""
    problems_href: str = ""  # file of refused rows
    unmapped: tuple[str, ...] = ()
    done: int = 0
    total: int = 0
    progress_text: str = ""
    progress_href: str = ""
    undo: Action | None = None
    actions: tuple[Action, ...] = ()
    submit: str = ""
    back_href: str = ""
    summary: tuple[str, ...] = ()
    hidden: Mapping[str, str] | None = None
