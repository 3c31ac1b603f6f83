"""What a module hands to other modules through the host, beyond records: things that processes can do and hear, figures
and sources of reports, ways to talk to customers. Frozen dataclasses, returned by hooks and kept in
`generation.offers[HOOK][key]`; whoever uses them (processes, analytics, integrations) knows no module by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from kumiko.host.context import current
from kumiko.host.declarations import Choice, Field, Label


@dataclass(frozen=True, kw_only=True)
class ActionCall:
    """One call of an action: the record it is about, the values of its fields, and the key of this very step.

    The same `key` comes again when a step is tried again after a crash: what reaches beyond this database carries it.
    """

    type_key: str
    record_id: int
    values: Mapping[str, Any]
    key: str


@dataclass(frozen=True, kw_only=True)
class ActionType:
    """Something a process can do: "create a task", "send a mail", "issue an invoice".

    `run(call)` works inside an open unit with the rights of whoever the process acts for; network calls belong into
    jobs that it enqueues. What it returns (name -> value, as `results` says) later steps can use. Values of fields of
    kind text and longtext may hold placeholders; they arrive filled in.
    """

    key: str  # "tasks.create_task"
    label: Label
    run: Callable[[ActionCall], Mapping[str, Any] | None]
    fields: tuple[Field, ...] = ()
    types: tuple[str, ...] = ()  # keys of the record types it is about; empty: any
    describe: Callable[[Mapping[str, Any]], str] | None = None  # a step as a sentence, given its values
    icon: str = "bolt"
    recallable: bool = True  # False: undoing a run cannot take it back (a mail), it is listed as such
    results: Mapping[str, Label] = field(default_factory=dict)
    #: link or choice field -> its choices, when they are known only at run time
    offers: Mapping[str, Callable[[], Sequence[Choice]]] = field(default_factory=dict)
    feature: str = ""


@dataclass(frozen=True, kw_only=True)
class TriggerType:
    """Something a process can wait for, in the words of its module: "a deal enters a stage".

    It is an event (a contract event, or `record.created/1` and the like of `type`) narrowed by `fields`:
    `matches(payload, values)` says whether one is meant. For record events the payload is `{"before", "after"}`.
    A run is about the event's record, or the one that `record(payload)` names as (type key, id).
    """

    key: str  # "sales.stage_entered"
    label: Label
    event: str
    type: str  # key of the type that a run is about
    fields: tuple[Field, ...] = ()
    matches: Callable[[Mapping[str, Any], Mapping[str, Any]], bool] | None = None
    describe: Callable[[Mapping[str, Any]], str] | None = None
    record: Callable[[Mapping[str, Any]], tuple[str, int] | None] | None = None
    icon: str = "bolt"
    feature: str = ""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Something that is counted or added up over records: the definition of a number AND of the list behind it.

    `type`: key of a record type or Dataset. `how`: count, sum, avg, min, max, median, or distinct (values of `field`).
    `field`: what is added up; with `until`, a second day or moment, the days from one to the other (where it is not
    the earlier one); with `weight`, a percent field, each amount times that share. A count with a money `field` counts
    per currency.
    `node`: only these, in the filter language, or a function that gives it (for "now"). `day`: the day or moment that
    says to which period a record belongs;
    without it the measure is about now. `by`: word of a dimension ("owner") -> path of the field that it means here,
    or "" where it means nothing; a word that is not named is the field of that name.
    """

    type: str
    label: Label = ""
    how: str = "count"
    field: str = ""
    until: str = ""
    weight: str = ""
    node: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None = None
    day: str = ""
    by: Mapping[str, str] = dataclasses.field(default_factory=dict)  # `field` is one of its own


@dataclass(frozen=True, kw_only=True)
class MetricAsked:
    """What a figure that is a table is asked for: days `[since, until)`, and dimension -> chosen id or key."""

    since: date
    until: date
    chosen: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MetricRow:
    """A line of such a figure: column -> value, column -> address of the records behind it; `mark`: a word to note."""

    label: str
    values: Mapping[str, Any]
    hrefs: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""


@dataclass(frozen=True, kw_only=True)
class MetricTable:
    """A figure of several lines. `columns`: (key, label, unit) in order; a funnel's first one is drawn as bars."""

    columns: tuple[tuple[str, Label, str], ...]
    rows: tuple[MetricRow, ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A figure with its definition: what is shown about it is what is computed.

    `formula` is arithmetic over the names of `parts` ("won / (won + lost)"): + - * / ( ) numbers; a part that has no
    value, or a denominator of 0, makes "no value". A part is a Measure, a function without arguments that gives a
    number (a setting), or a word that another figure stands for (`stands_for`; with "?" behind it the part may be
    missing). Modules that know nothing of each other meet in these words: revenue, won, lost, deals, customers, leads,
    pipeline, open, average, win_rate, cycle, cycle_median, forecast, funnel, stage_time, calls, goal, attainment,
    punctuality, overdue, in_time, response, gross_profit, discount.
    A figure whose lines are no dimension gives `table` instead of a formula.
    """

    key: str  # "deals.win_rate.count": the variant is part of the name
    label: Label
    unit: str  # money, percent (a share from 0 to 1), count, days, minutes, number
    formula: str = ""
    parts: Mapping[str, Measure | str | Callable[[], float | None]] = field(default_factory=dict)
    table: Callable[[MetricAsked], MetricTable] | None = None
    is_funnel: bool = False
    help: Label = ""  # the formula in words
    exclusions: Label = ""
    owner: Label = ""  # who answers for the definition
    groups: tuple[str, ...] = ()  # dimensions it is usually split by: "owner", "source", "month"
    stands_for: str = ""
    better: str = ""  # "more" or "less", where one of them is good
    order: int = 100
    feature: str = ""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A source of figures and reports that is no record type: rows of a query, each about one record.

    `select()` gives an SQL select over mapped classes with `record_id` and, per field, the columns that a record type
    would have (`owner_id`, `amount_minor`, `amount_currency`); rows are limited by the rights to those classes, so it
    names the class of `type`. `needs`: fields of `type` that a role must be able to read to see the dataset at all.
    """

    key: str  # "sales.stage_stays"
    label: Label
    type: str  # what the rows are about: they lead to the records of this type
    fields: tuple[Field, ...]
    select: Callable[[], Any]
    needs: tuple[str, ...] = ()
    feature: str = ""


@dataclass(frozen=True, kw_only=True)
class Account:
    """A connection as its channel sees it: `key` is its name in messages ("telegram.bot:7"), `secrets` are opened."""

    id: int
    key: str
    name: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class RawItem:
    """One thing as it came in. `external_id` is unique on its account: what comes twice is kept once."""

    external_id: str
    body: bytes
    received_at: datetime
    meta: Mapping[str, Any] = field(default_factory=dict)  # what the transport said about it; JSON values


@dataclass(frozen=True, kw_only=True)
class Polled:
    """A batch of what is new, kept in one transaction together with the cursor from which to go on."""

    items: Sequence[RawItem]
    cursor: Any  # JSON value


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """The other side took a message: its id there, and recipients that it refused for good, or for now (address ->
    sentence). For those that were `delayed`, `send` is called again with `only=(addresses)`."""

    external_id: str
    refused: Mapping[str, str] = field(default_factory=dict)
    delayed: Mapping[str, str] = field(default_factory=dict)


class NotDelivered(Exception):
    """A message did surely not go out, with why as a sentence. `final`: trying again would not help."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.message, self.final = message, final


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A way to talk to customers: mail, a messenger. Accounts are connections that an administrator sets up.

    The functions get an `Account` and are called outside of transactions. `poll(account, cursor)` yields what is new in
    `Polled` batches. `read(account, item)` makes one `kumiko_contracts.inquiries.Incoming` of a raw item; what raises
    goes to the list of failures with its raw text. `hook(account, headers, body)` checks what a web hook brings (raise
    `kumiko.Forbidden`) and gives its `RawItem`s. `send(account, outgoing, key)` hands a
    `kumiko_contracts.integrations.Outgoing` over and gives `Delivered`; it raises `NotDelivered` when it surely did not
    go out, anything else leaves that open, and then `find_sent(account, key)` is asked: its id there, "" when it did
    not go out, None when nobody can tell (it raises when the other side cannot be asked now). Then, and without it, a
    person is asked. `check(account)` gives a sentence when something is wrong.
    """

    key: str  # "telegram.bot": its plugin first
    label: Label
    read: Callable[[Any, Any], Any] | None = None
    kind: str = "messenger"  # the word of inquiries/1 for its conversations
    icon: str = "message"
    settings: tuple[Field, ...] = ()
    secrets: tuple[Field, ...] = ()
    send: Callable[[Any, Any, str], Any] | None = None
    find_sent: Callable[[Any, str], str | None] | None = None
    poll: Callable[[Any, Any], Any] | None = None
    hook: Callable[[Any, Mapping[str, str], bytes], Any] | None = None
    check: Callable[[Any], str] | None = None
    feature: str = ""


#: What each of these hooks returns: a list of one class. Their items are kept in `generation.offers[hook][key]`.
HOOKS: dict[str, type] = {
    "declare_actions": ActionType,
    "declare_triggers": TriggerType,
    "declare_metrics": Metric,
    "declare_datasets": Dataset,
    "declare_channels": Channel,
}


def offered(hook: str) -> Mapping[str, Any]:
    """What all modules that are on offer through a hook ("declare_actions"): key -> item, with `.plugin`."""
    generation = current().generation
    return generation.offers.get(hook, {}) if generation is not None else {}
