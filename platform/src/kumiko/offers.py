"""What a module hands to other modules through the host, beyond records: things that processes can do and hear, figures
and sources of reports, ways to talk to customers. Frozen dataclasses, returned by hooks and kept in
`generation.offers[HOOK][key]`; whoever uses them (processes, analytics, integrations) knows no module by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
class Channel:
    """A way to talk to customers: mail, a messenger. Accounts are connections that an administrator sets up.

    The functions are called outside of transactions with an account (`.id`, `.settings`, `.secrets`); they may raise.
    `poll(account, cursor)` gives what is new as raw items and the next cursor; `read(account, raw)` makes one message
    of a raw item (what raises goes to the list of failures with its raw text); `send(account, outgoing, key)`
    hands a message over and gives its id there; `check(account)` a sentence when something is wrong.
    """

    key: str  # "telegram"
    label: Label
    read: Callable[[Any, bytes], Any]
    icon: str = "message"
    settings: tuple[Field, ...] = ()
    secrets: tuple[Field, ...] = ()
    send: Callable[[Any, Any, str], Any] | None = None
    poll: Callable[[Any, Any], Any] | None = None
    hook: Callable[[Any, Mapping[str, str], bytes], Any] | None = None  # verifies and splits what a web hook brings
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
