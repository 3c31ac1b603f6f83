"""What a module hands to other modules through the host, beyond records: things that processes can do and hear, figures
and sources of reports, ways to talk to customers. Frozen dataclasses, returned by hooks and kept in
`generation.offers[HOOK][key]`; whoever uses them (processes, analytics, integrations) knows no module by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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
class Metric:
    """A figure with its formula, unit, inputs and exclusions; see docs/hooks.md, declare_metrics."""

    key: str  # "deals.win_rate.count": the variant is part of the name
    label: Label
    formula: Label
    unit: str  # money, percent, count, days, minutes, number
    compute: Callable[[Any], Any]
    inputs: Label = ""
    exclusions: Label = ""
    groups: tuple[str, ...] = ()  # what it can be split by: "owner", "source", ...
    order: int = 100
    feature: str = ""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A source of reports that is no record type: rows of a query, read with the rights of the type it hangs on."""

    key: str  # "sales.stage_stays"
    label: Label
    type: str  # rows are readable as far as the records of this type, and open them
    fields: tuple[Field, ...]
    select: Callable[[], Any]  # SQL select with `record_id` and one column per field
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
