"""Declarations of the extra plugin."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from kumiko.host.columns import table_of
from kumiko.host.declarations import Choice, Extension, Field, Subscription
from kumiko.host.hookspecs import hookimpl
from kumiko.host.scoping import trusted
from kumiko_testing.extra.models import Base, Heard, ThingSide

PHASES = (Choice(key="early", label="Early"), Choice(key="late", label="Late"))


def _rank(draft: Any) -> None:
    if draft.get("phase") == "late" and draft.get("rank") is None:
        draft.refuse("rank", "A late thing needs a rank.")


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
def declare_extensions() -> list[Extension]:
    return [
        Extension(
            target="sample.thing",
            model=ThingSide,
            fields=(
                Field(name="phase", kind="choice", label="Phase", choices=PHASES, default="early"),
                Field(name="rank", kind="integer", label="Rank"),
            ),
            mirrors=("owner_id", "size", "deleted_at"),
            prepare=_rank,
        )
    ]


@hookimpl
def declare_subscriptions() -> list[Subscription]:
    return [
        Subscription(name="extra.changes", event="record.changed/1", handler=_hear_changes, types=("sample.thing",)),
        Subscription(name="extra.replayed", event="record.created/1", handler=_hear_changes, replays=True),
        Subscription(name="extra.finish", event="sample.finished/1", handler=_hear_finish, max_attempts=2),
    ]
