"""Declarations of the extra plugin."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from kumiko.host.columns import table_of
from kumiko.host.declarations import Board, BoardScope, Choice, Extension, Field, Lane, RecordType, Subscription
from kumiko.host.hookspecs import hookimpl
from kumiko.host.scoping import trusted
from kumiko_testing.extra.models import Base, Heard, Kind, ThingSide

PHASES = (Choice(key="early", label="Early"), Choice(key="late", label="Late"))

LANES = tuple(Lane(value=one.key, label=one.label, closed=one.key == "late") for one in PHASES)
#: Lanes, order and sums of it lie in the side table alone.
BOARD = Board(
    by="extra_phase", scopes=lambda: (BoardScope(key="all", label="All", lanes=LANES),), action="finish",
    position="extra_rank", amount="price", weight="share", fields=("topic", "due_on"),
)  # fmt: skip


def _rank(draft: Any) -> None:
    if draft.get("extra_phase") == "late" and draft.get("extra_rank") is None:
        draft.refuse("extra_rank", "A late thing needs a rank.")


def _hear_changes(delivery: Any) -> None:
    told = [[change.action, change.record_id, dict(change.after)] for change in delivery.changes]
    trusted(insert(table_of(Heard)), {"event": "record", "unit": delivery.unit_id, "what": told})


def _hear_finish(delivery: Any) -> None:
    for fact in delivery.facts:
        if fact.payload["on"] == "2000-01-01":
            raise ValueError("this date makes the subscriber raise")
        trusted(insert(table_of(Heard)), {"event": fact.name, "unit": delivery.unit_id, "what": dict(fact.payload)})


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> list[RecordType]:
    return [
        RecordType(
            key="extra.kind", collection="kinds", label="Kind", label_plural="Kinds", model=Kind,
            fields=(Field(name="name", kind="text", label="Name", required=True, searchable=True),),
            dictionary=True, public="a list of values", order=90,
        )
    ]  # fmt: skip


@hookimpl
def declare_extensions() -> list[Extension]:
    return [
        Extension(
            target="sample.thing",
            model=ThingSide,
            fields=(
                Field(name="extra_phase", kind="choice", label="Phase", choices=PHASES, default="early"),
                Field(name="extra_rank", kind="integer", label="Rank"),
                Field(name="extra_kind", kind="link", label="Kind", to="extra.kind"),
                Field(name="extra_remark", kind="text", label="Aside", searchable=True),
            ),
            mirrors=("owner_id", "team_id", "size", "share", "price_minor", "price_currency", "deleted_at"),
            prepare=_rank,
            board=BOARD,
        )
    ]


@hookimpl
def declare_subscriptions() -> list[Subscription]:
    return [
        Subscription(name="extra.changes", event="record.changed/1", handler=_hear_changes, types=("sample.thing",)),
        Subscription(name="extra.replayed", event="record.created/1", handler=_hear_changes, replays=True),
        Subscription(name="extra.finish", event="sample.finished/1", handler=_hear_finish, max_attempts=2),
    ]
