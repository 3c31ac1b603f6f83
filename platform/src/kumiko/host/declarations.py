"""What plugins hand to the host: frozen dataclasses, returned by the `declare_*` hooks and validated by the loader.

Nothing here does anything. Labels may be lazy translations: anything with a useful `str()`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Label = Any  # str or a lazy translation; read with str() when a page is drawn

FIELD_KINDS = (
    "text", "longtext", "integer", "number", "money", "percent", "boolean", "date", "moment", "choice",
    "multichoice", "link", "record", "list", "email", "phone", "url", "json",
)  # fmt: skip
ACTIONS = ("read", "create", "edit", "delete", "export", "bulk", "assign")
LEVELS = ("none", "own", "team", "subtree", "all")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One value of a choice field: `key` is stored and sent, `label` is shown, `hue` is one of twelve names."""

    key: str
    label: Label
    hue: str = ""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a record type.

    The stored columns follow from name and kind: `link` -> NAME_id, `record` (of any type) -> NAME_id and NAME_type,
    `money` -> NAME_minor and NAME_currency, `list` -> rows of `model`, everything else -> NAME.
    """

    name: str
    kind: str
    label: Label
    help: Label = ""
    required: bool = False
    to: str = ""  # link: key of the target type
    choices: tuple[Choice, ...] = ()
    max_length: int | None = None  # text: taken from the column when not given
    minimum: float | None = None  # of integer, number, percent, money (in whole units of its currency)
    maximum: float | None = None
    default: Any = None  # a value or a callable without arguments; used at creation when nothing is given
    writable: bool = True  # False: kept by the service or by an action; refused in input
    by_hand: bool = True  # False: forms and cells do not offer it (actions and imports set it)
    derived: bool = False  # recomputed by `prepare` from other fields; never written by undo itself
    sortable: bool = True
    filterable: bool = True
    searchable: bool = False  # its text goes into the record's search document
    items: tuple[Field, ...] = ()  # list: the fields of one row
    model: type | None = None  # list: mapped class of the rows; has id, parent_id, position
    target_filter: Mapping[str, Any] | None = None  # link: only records that match may be chosen
    validate: Callable[[Any], Any] | None = None  # gets a parsed value, returns it (changed or not), raises Invalid
    history: bool = True  # False: changes are not shown in the card's history


class Prepare(Protocol):
    """Rules of a type, called before a row is written; may change `draft.values` or raise Invalid / Conflict."""

    def __call__(self, draft: Any) -> None: ...


class After(Protocol):
    """Consequences of a write, called inside the open unit once the rows are written: all drafts of one statement.

    A draft still knows what was before (`draft.before`, `draft.changes`). What is written here joins the same unit.
    """

    def __call__(self, drafts: Any) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A column of a board: the records whose field has `value`. `closed` ones are folded until somebody opens them."""

    value: Any
    label: Label
    hue: str = ""
    closed: bool = False
    limit: int | None = None  # how many records it shall hold at most
    note: Label = ""


@dataclass(frozen=True, kw_only=True)
class BoardScope:
    """One of several boards of a type (a pipeline): its key in the address, its name, and its lanes in order."""

    key: str
    label: Label
    lanes: tuple[Lane, ...]
    node: Mapping[str, Any] | None = None  # filter that narrows the type's records to this board


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A short remark on a card of a board; `tone`: "", "warn" or "error"."""

    text: Label
    tone: str = ""
    icon: str = ""


@dataclass(frozen=True, kw_only=True)
class Board:
    """Records of a type as cards in lanes. `action` is the record action that moves a card: it gets the lane's value
    under the name of the field `by`; `before`: id of the card it shall stand above; `after`: of the one below which.
    Only what the action declares is sent; fields that are not `by_hand` are never asked for. `Board(by="state")` is
    enough for a choice field: its choices are the lanes, and moving a card sets it.
    """

    by: str  # choice or link field whose values are the lanes
    scopes: Callable[[], tuple[BoardScope, ...]] = tuple  # the boards that the person may use, the usual one first
    action: str = ""
    position: str = ""  # number field that orders the cards of a lane
    amount: str = ""  # money field that is summed per lane
    weight: str = ""  # percent field: amount x weight is summed, too
    fields: tuple[str, ...] = ()  # shown on a card besides its name; moments are only there for `badges`
    badges: Callable[[Any], Mapping[int, tuple[Badge, ...]]] | None = None  # records.boards.CardRows -> id -> remarks
    manage: str = ""  # address where lanes are set up, with "{key}" for the scope's key
    manages: str = ""  # type key: whoever may edit records of this type sees that address
    feature: str = ""  # name of the switchable part of the module that it belongs to


@dataclass(frozen=True, kw_only=True)
class RecordType:
    """A kind of thing users keep. See docs/hooks.md, declare_records.

    `model` is a mapped class that uses `kumiko.RecordMixin`; its `name` column is the record's title.
    """

    key: str  # "deals.deal": contract or plugin name, then the thing
    collection: str  # "deals": the word in URLs
    label: Label
    label_plural: Label
    model: type
    fields: tuple[Field, ...]
    icon: str = "file"
    hue: str = "gray"
    list_columns: tuple[str, ...] = ()  # names (own, extension or `organization.city`), in order
    card_groups: tuple[tuple[Label, tuple[str, ...]], ...] = ()
    quick_fields: tuple[str, ...] = ()  # the short create form; all required ones are added
    default_sort: str = "-created_at"
    prepare: Prepare | None = None
    after: After | None = None
    board: Board | None = None
    parents: tuple[str, ...] = ()  # link fields; the record hangs on the first one that is set and inherits its rights
    known: bool = False  # readable (not editable) for everybody who may read a record that names it
    public: str = ""  # reason why every signed-in person may read it (dictionaries, users)
    dictionary: bool = False  # values of a list: in use they are archived or replaced, never deleted
    importable: bool = True
    creatable: bool = True
    timeline: bool = True  # the card shows a timeline
    timeline_links: tuple[str, ...] = ()  # a timeline item of the records these link fields name
    timeline_kind: str = ""  # field whose value chooses icon and word of the item
    timeline_at: str = "created_at"
    grants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # role key -> action -> level, defaults
    subtitle: str = ""  # field shown below the title in pickers and search
    keys: tuple[str, ...] = ("external_id",)  # fields an import may use as key
    prefers: Callable[[Sequence[int]], int | None] | None = None  # which of several an import means by one name
    lands_on: str = ""  # address that making one by hand leads to, with "{id}" for its id; empty: its card
    menu: bool = True
    order: int = 100


@dataclass(frozen=True, kw_only=True)
class Extension:
    """Fields that a plugin adds to a type of another contract, kept in its own side table (design 6).

    `model` has `record_id` (primary key), the extension's columns and one column per mirrored base column.
    """

    target: str
    model: type
    fields: tuple[Field, ...]
    mirrors: tuple[str, ...] = ()
    before: Prepare | None = None  # runs ahead of the type's own rules: what the extension's fields mean for others
    prepare: Prepare | None = None  # runs behind them
    after: After | None = None
    reread: Callable[[Sequence[int]], None] | None = None  # ids of records whose journal was undone or redone in part
    board: Board | None = None
    list_columns: tuple[str, ...] = ()  # names that join the columns a list shows when nobody chose others


@dataclass(frozen=True, kw_only=True)
class RecordAction:
    """Something done with one record (win, convert, issue): card button, palette command, REST verb, process step.

    `run(record, values)` is called inside an open unit with the record as the person may see it (a `RecordView`)
    and the validated values; what it returns is ignored. Its dialog leaves out fields that are not `by_hand`.
    """

    type: str
    name: str
    label: Label
    run: Callable[[Any, Mapping[str, Any]], None]
    fields: tuple[Field, ...] = ()
    right: str = "edit"
    icon: str = "bolt"
    primary: bool = False
    available: Callable[[Any], bool] | None = None
    refusal: Callable[[Any], str] | None = None  # why it is not available for a record, as a sentence
    confirm: Label | Callable[[Any], str] = ""  # what to know beforehand; as a function: about this record
    makes: str = ""  # key of a type: the dialog leads to the record of it that the action made
    #: link field -> the records that the dialog offers, as choices of their ids, instead of a search among all
    offers: Mapping[str, Callable[[Any], Sequence[Choice]]] = field(default_factory=dict)
    #: names of the fields that the dialog asks for, given the record and the values so far; asked again when a choice
    #: among `offers` changes. Without it: all of them.
    asks: Callable[[Any, Mapping[str, Any]], Sequence[str]] | None = None
    feature: str = ""


@dataclass(frozen=True, kw_only=True)
class MenuItem:
    """One entry of the main menu. Give `collection` or `href`."""

    key: str
    label: Label
    section: Label = ""
    icon: str = "file"
    collection: str = ""
    href: str = ""
    order: int = 100
    keys: str = ""  # second key after `g`
    permission: str = ""
    feature: str = ""


@dataclass(frozen=True, kw_only=True)
class PaletteCommand:
    """One command of the palette."""

    key: str
    label: Label
    group: Label = ""
    icon: str = "bolt"
    href: str = ""
    keys: str = ""
    permission: str = ""
    feature: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A part of somebody else's page. `load(record_or_none)` gives the variables of `template`, or None to stay away.

    Slots: `record.<type key>.aside` (or `record.*.aside`: all cards), `.tabs`, `start.widgets`, `settings.sections`.
    """

    slot: str
    key: str
    title: Label
    template: str
    load: Callable[[Any], Mapping[str, Any] | None]
    order: int = 100
    lazy: bool = False
    permission: str = ""
    feature: str = ""


@dataclass(frozen=True, kw_only=True)
class Permission:
    """A right that is not about a record type; `roles` are the keys of the default roles that have it."""

    name: str  # "deals.merge": starts with the plugin's name
    label: Label
    roles: tuple[str, ...] = ("administrator",)


@dataclass(frozen=True, kw_only=True)
class SettingsSection:
    """Settings of a plugin: fields with defaults, kept as JSON under the plugin's name."""

    title: Label
    fields: tuple[Field, ...]


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A part of a plugin that may be switched off for everybody, or be kept from roles (not when it is background
    work: `by_role=False`). Declarations name it as `feature`, views by `@kumiko.feature(NAME)`."""

    name: str
    label: Label
    help: Label = ""  # what is gone without it, in plain words
    by_role: bool = True


@dataclass(frozen=True, kw_only=True)
class EventType:
    """A contract event: a business fact, stated once. `fields` documents the payload: name -> meaning and unit."""

    name: str  # "deals.deal_won/1"
    label: Label
    fields: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A reaction, run as a job of its own in its own transaction, at least once, in order per record.

    `event` is `record.created/1`, `record.changed/1`, `record.deleted/1` (then `types` names the record types, empty =
    all), a contract event, or "*": `types(via)` says per unit what counts ("changed deals.deal", "deals.deal_won/1").
    `handler(delivery)` must be idempotent. Without `replays` units made by import, undo, merge or restore are not told.
    """

    name: str
    event: str
    handler: Callable[[Any], None]
    types: tuple[str, ...] | Callable[[str], Collection[str]] = ()
    replays: bool = False
    max_attempts: int = 6
    feature: str = ""


@dataclass(frozen=True, kw_only=True)
class JobType:
    """Background work. `run(job)` gets a `kumiko.jobs.JobContext`; `cron` (five fields, UTC) makes it periodic."""

    name: str  # "deals.remind_stale"
    run: Callable[[Any], None]
    label: Label = ""
    cron: str = ""
    max_attempts: int = 6
    lease_s: int = 60
    feature: str = ""


@dataclass(frozen=True, kw_only=True)
class Assets:
    """Stylesheets and ES modules of a plugin's `static/<plugin>/` folder, loaded on every page while it is on."""

    css: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    imports: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DemoData:
    """Sample data of a plugin: `make()` is called inside one unit of the group "sample data"."""

    name: str
    make: Callable[[], None]
    order: int = 100


@dataclass(frozen=True, kw_only=True)
class Health:
    """Answer of `check_health`."""

    ok: bool
    message: str = ""


FieldRight = Literal["hidden", "read"]
