"""From journal to subscribers: jobs made in the business transaction, one per subscriber and slice of a unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.context import SYSTEM
from kumiko.host.contracts import find_contract
from kumiko.host.declarations import Subscription
from kumiko.host.errors import DeclarationError
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs.job import Hopeless
from kumiko.jobs.queue import NewJob, enqueue_many
from kumiko.records import absences
from kumiko.records.drafts import REPLAYING
from kumiko.records.models import ContractEvent, Entry, Unit
from kumiko.records.units import REACTION_ENTRIES, OpenUnit

SLICE = 500
DEPTH = 5  # answers to answers to answers to an event; what goes on longer goes on for ever
JOB = "records.deliver"
EVERYTHING = "*"  # an event of subscriptions that say at run time what they want to hear
RECORD_EVENTS = {
    "record.created/1": ("created", "restored"),
    "record.changed/1": ("changed",),
    "record.deleted/1": ("deleted",),
}
_unit, _entry, _event = table_of(Unit), table_of(Entry), table_of(ContractEvent)


@dataclass(frozen=True)
class Change:
    """One journal entry as a subscriber sees it; values in journal form."""

    type_key: str
    record_id: int
    action: str
    version: int
    title: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True)
class Fact:
    """One contract event."""

    name: str
    type_key: str
    record_id: int
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Delivery:
    """What a handler gets: one slice of one unit. Handlers must be idempotent: it may come twice."""

    unit_id: int
    at: datetime
    actor_id: int | None
    actor: str
    via: str
    reason: str
    changes: Sequence[Change] = ()
    facts: Sequence[Fact] = ()


def check_fact(generation: Any, name: str, payload: Mapping[str, Any]) -> None:
    """Raises DeclarationError unless a module that is on declares the event with exactly the fields of `payload`."""
    owned = generation.events.get(name) if generation is not None else None
    if owned is None:
        raise DeclarationError(
            f"emit: no module that is on declares the event {name!r}; add an EventType to declare_events"
        )
    lacking, strange = sorted(set(owned.item.fields) - set(payload)), sorted(set(payload) - set(owned.item.fields))
    if lacking or strange:
        raise DeclarationError(
            f"emit: the event {name!r} has the fields {', '.join(sorted(owned.item.fields)) or 'none'}; "
            f"missing: {', '.join(lacking) or 'none'}; not among them: {', '.join(strange) or 'none'}",
            owned.plugin,
        )


def check_subscriptions(generation: Any) -> None:
    """Raises DeclarationError, naming the module, when somebody waits for an event that can never come.

    Events of contracts that are not installed may exist; of those that are, only what they name.
    """
    for owned in generation.subscriptions.values():
        event = owned.item.event
        if event in RECORD_EVENTS or event in generation.events or event == EVERYTHING:
            continue
        word = event.partition(".")[0]
        known = sorted(RECORD_EVENTS) if word == "record" else _facts_of(word)
        if known is not None and event not in known:
            raise DeclarationError(
                f"{owned.plugin}, declare_subscriptions: {owned.item.name!r} waits for {event!r}, which does not "
                f"exist; there are {', '.join(known) or 'none'}",
                owned.plugin,
            )


def _facts_of(word: str) -> list[str] | None:
    """Names of the facts of a contract, None when it is not installed."""
    contract = find_contract(word) or find_contract(f"{word}/1")
    return None if contract is None else [fact.name for fact in getattr(contract, "FACTS", ())]


def enqueue_deliveries(unit: OpenUnit) -> None:
    """Add the jobs of every subscriber that wants something of this unit."""
    generation = context.current().generation
    if generation is None or not generation.subscriptions:
        return
    facts = [(event["name"], event["record_id"]) for event in unit.events]
    jobs = deliveries(unit.id, unit.told_as, unit.log, facts, generation.subscriptions.values())
    if unit.told_as != unit.via:
        jobs = [replace(job, payload={**job.payload, "as": unit.told_as}) for job in jobs]
    if jobs:
        # A module that catches up hears of this unit by its walk through the journal, behind what it has missed.
        late = absences.catching_up(generation, {job.plugin for job in jobs})
        jobs = [job for job in jobs if job.plugin not in late]
    if jobs:
        enqueue_many(jobs)


def deliveries(
    unit_id: int,
    via: str,
    log: Sequence[tuple[str, str, int]],
    facts: Sequence[tuple[str, int]],
    subscriptions: Iterable[Any],
) -> list[NewJob]:
    """The jobs that tell subscribers of one unit: slices of its entries (`log`: type, action, id) or of its `facts`."""
    replaying = via in REPLAYING
    depth = context.current().depth + 1
    jobs: list[NewJob] = []
    for owned in subscriptions:
        wanted = owned.item
        if replaying and not wanted.replays:
            continue
        for heard, ids in _told(log, facts, wanted, via):
            kind = f"{next(iter(heard))}:" if heard else ""
            for offset in range(0, len(ids), SLICE):
                jobs.append(
                    NewJob(
                        name=JOB,
                        payload={"subscription": wanted.name, "unit": unit_id, "offset": offset, **heard},
                        # One key per record: a later unit waits until its records' earlier changes were delivered.
                        order_keys=[f"{wanted.name}:{record_id}" for record_id in ids[offset : offset + SLICE]],
                        plugin=owned.plugin,
                        max_attempts=wanted.max_attempts,
                        depth=depth,
                        dedupe=f"deliver:{wanted.name}:{unit_id}:{kind}{offset}",
                    )
                )
    return jobs


def _told(
    log: Sequence[tuple[str, str, int]], facts: Sequence[tuple[str, int]], wanted: Subscription, via: str
) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """What of a unit a subscription hears: what the delivery remembers of that, and the records, one per entry or fact.

    A subscription to everything is asked for its words now, so that what it does not want costs nothing further; the
    delivery keeps them, because by then others may be wanted.
    """
    if wanted.event != EVERYTHING:
        yield {}, _records_of(log, facts, wanted)
        return
    words = wanted.types(via) if callable(wanted.types) else wanted.types
    if not words:
        return
    entries = [(f"{action} {type_key}", record_id) for type_key, action, record_id in log]
    for kind, told in (("entries", entries), ("facts", facts)):
        heard = sorted({word for word, _id in told if word in words})
        if heard:
            yield {kind: heard}, [record_id for word, record_id in told if word in words]


def _records_of(
    log: Sequence[tuple[str, str, int]], facts: Sequence[tuple[str, int]], wanted: Subscription
) -> list[int]:
    """Ids of the records that a subscription hears about, one per entry or fact, in their order."""
    actions, types = RECORD_EVENTS.get(wanted.event), tuple(wanted.types)  # type: ignore[arg-type]
    if actions is None:
        return [record_id for name, record_id in facts if name == wanted.event]
    return [record_id for type_key, action, record_id in log if action in actions and (not types or type_key in types)]


def deliver(job: Any) -> None:
    """The job: hand one slice of a unit to its subscriber, as the system, in the job's own transaction."""
    generation = context.current().generation
    owned = generation.subscriptions.get(job.payload["subscription"]) if generation else None
    if owned is None:
        return  # the subscription no longer exists; there is nobody to tell
    ctx = context.current()
    if ctx.depth > DEPTH:
        raise Hopeless(_too_deep(owned))
    with context.acting_as(SYSTEM, via="job"):
        ctx.entries_left = REACTION_ENTRIES
        found = load_delivery(job.payload["unit"], owned.item, job.payload["offset"], job.payload)
        if found is not None:
            owned.item.handler(found)


def _too_deep(owned: Any) -> str:
    return _(
        "%(event)s was not told to %(subscription)s: this change is the answer to an event, which was the answer to "
        "an event, and so on, %(depth)d times. Two modules answer each other, or one answers itself; switch off what "
        "was enabled last and report it to whoever made it.",
        event=owned.item.event, subscription=owned.item.name, depth=DEPTH,
    )  # fmt: skip


def load_delivery(unit_id: int, wanted: Any, offset: int, heard: Mapping[str, Any]) -> Delivery | None:
    """The slice of a unit that a subscription is about; None when nothing of it is left.

    `heard`: what a subscription to everything asked for, "entries" or "facts".
    """
    head = trusted(select(_unit).where(_unit.c.id == unit_id)).mappings().first()
    if head is None:
        return None
    common = {name: head[name] for name in ("at", "actor_id", "actor", "via", "reason")}
    if "as" in heard:
        common["via"] = heard["as"]
    actions = RECORD_EVENTS.get(wanted.event)
    if actions is None and "entries" not in heard:
        names = heard.get("facts", (wanted.event,))
        query = select(_event).where(_event.c.unit_id == unit_id, _event.c.name.in_(names))
        rows = trusted(query.order_by(_event.c.id).offset(offset).limit(SLICE)).mappings()
        facts = [Fact(row["name"], row["type_key"], row["record_id"], row["payload"] or {}) for row in rows]
        return Delivery(unit_id, **common, facts=facts) if facts else None
    query = select(_entry).where(_entry.c.unit_id == unit_id)
    if actions is None:
        query = query.where((_entry.c.action + " " + _entry.c.type_key).in_(heard["entries"]))
    else:
        query = query.where(_entry.c.action.in_(actions))
        if wanted.types:
            query = query.where(_entry.c.type_key.in_(wanted.types))
    rows = trusted(query.order_by(_entry.c.id).offset(offset).limit(SLICE)).mappings()
    changes = [
        Change(row["type_key"], row["record_id"], row["action"], row["version"], row["title"], row["before"] or {},
               row["after"] or {})
        for row in rows
    ]  # fmt: skip
    return Delivery(unit_id, **common, changes=changes) if changes else None
