"""Declarations of the sample plugin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kumiko.host.declarations import Badge, Board, BoardScope, Choice, EventType, Field, Lane, RecordAction, RecordType
from kumiko.host.errors import Conflict, Veto
from kumiko.host.hookspecs import hookimpl
from kumiko.records import service
from kumiko_testing.sample.models import Base, Remark, Thing, ThingPart, Topic

STATES = (
    Choice(key="open", label="Open"),
    Choice(key="waiting", label="Waiting"),
    Choice(key="checked", label="Checked"),
    Choice(key="done", label="Done"),
)
FLAVOURS = (Choice(key="sweet", label="Sweet"), Choice(key="sour", label="Sour"))


def _label(draft: Any) -> None:
    """A derived field, and two rules: a done thing needs a code (people), nothing is called "veto" (everybody)."""
    if draft.action in ("created", "changed"):
        draft.set("label", " ".join(str(part) for part in (draft.get("code"), draft.get("name")) if part) or None)
        if draft.get("state") == "done" and not draft.get("code"):
            draft.guard("code", "A done thing needs a code.")
        if draft.get("name") == "veto":
            raise Veto("nothing may be called veto")


def _finish(record: Any, values: Mapping[str, Any]) -> None:
    service.update("sample.thing", record.id, {"state": "done", "due_on": values["on"]})
    service.emit("sample.finished/1", record, {"on": values["on"].isoformat() if values["on"] else None})


def _move(record: Any, values: Mapping[str, Any]) -> None:
    """Set the state, and a weight between those of the neighbours; a done thing needs a code, given with the move."""
    if record.get("name") == "stuck":
        raise Conflict("A stuck thing stays where it is.")
    low, high = (
        None if values[word] is None else service.get("sample.thing", values[word]).get("weight")
        for word in ("after", "before")
    )
    if low is None:
        weight = 0.0 if high is None else high - 1
    else:
        weight = low + 1 if high is None else (low + high) / 2
    found = {"state": values["state"], "weight": weight}
    service.update("sample.thing", record.id, found | ({"code": values["code"]} if values["code"] else {}))


def _scopes() -> tuple[BoardScope, ...]:
    lanes = tuple(
        Lane(value=one.key, label=one.label, closed=one.key == "done", limit=3 if one.key == "waiting" else None,
             hue={"open": "blue", "waiting": "amber", "checked": "teal", "done": "green"}[one.key])
        for one in STATES
    )  # fmt: skip
    return (
        BoardScope(key="all", label="All things", lanes=lanes),
        BoardScope(key="ready", label="Ready things", lanes=lanes, node={"f": "ready", "op": "eq", "v": True}),
    )


def _badges(rows: Any) -> dict[int, tuple[Badge, ...]]:
    late = Badge(text="Late", tone="warn", icon="clock")
    return {row.id: (late,) for row in rows if row.get("due_on") and row.get("due_on") < date(2026, 1, 1)}


BOARD = Board(
    by="state", scopes=_scopes, action="move", position="weight", amount="price", weight="share",
    fields=("topic", "due_on", "code"), badges=_badges,
)  # fmt: skip


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> list[RecordType]:
    return [
        RecordType(
            key="sample.topic", collection="topics", label="Topic", label_plural="Topics", model=Topic,
            fields=(Field(name="name", kind="text", label="Name", required=True, searchable=True),),
            dictionary=True, public="a list of values", order=20,
        ),
        RecordType(
            key="sample.thing", collection="things", label="Thing", label_plural="Things", model=Thing, order=10,
            board=BOARD, prepare=_label, list_columns=("name", "code", "price", "topic", "due_on", "owner"),
            fields=(
                Field(name="name", kind="text", label="Name", required=True, searchable=True),
                Field(name="code", kind="text", label="Code", searchable=True),
                Field(name="remark", kind="longtext", label="Remark"),
                Field(name="size", kind="integer", label="Size", minimum=0),
                Field(name="weight", kind="number", label="Weight"),
                Field(name="share", kind="percent", label="Share"),
                Field(name="price", kind="money", label="Price"),
                Field(name="ready", kind="boolean", label="Ready"),
                Field(name="due_on", kind="date", label="Due"),
                Field(name="seen_at", kind="moment", label="Seen"),
                Field(name="state", kind="choice", label="State", choices=STATES, default="open"),
                Field(name="flavours", kind="multichoice", label="Flavours", choices=FLAVOURS),
                Field(name="topic", kind="link", label="Topic", to="sample.topic"),
                Field(name="label", kind="text", label="Label", writable=False, derived=True),
                Field(
                    name="parts", kind="list", label="Parts", model=ThingPart, searchable=True,
                    items=(
                        Field(name="word", kind="text", label="Word", searchable=True),
                        Field(name="main", kind="boolean", label="Main"),
                        Field(name="topic", kind="link", label="Topic", to="sample.topic"),
                    ),
                ),
            ),
        ),
        RecordType(
            key="sample.remark", collection="remarks", label="Remark", label_plural="Remarks", model=Remark, order=30,
            parents=("thing",), timeline_links=("thing",),
            fields=(
                Field(name="name", kind="text", label="Text", required=True, searchable=True),
                Field(name="thing", kind="link", label="Thing", to="sample.thing"),
            ),
        ),
    ]  # fmt: skip


@hookimpl
def declare_record_actions() -> list[RecordAction]:
    return [
        RecordAction(
            type="sample.thing", name="finish", label="Finish", run=_finish,
            fields=(Field(name="on", kind="date", label="On", default=date.today),),
            available=lambda record: record.get("state") != "done",
        ),
        RecordAction(
            type="sample.thing", name="move", label="Move", run=_move, icon="arrow-right",
            fields=(
                Field(name="state", kind="choice", label="State", choices=STATES, required=True),
                Field(name="before", kind="integer", label="Above", by_hand=False),
                Field(name="after", kind="integer", label="Below", by_hand=False),
                Field(name="code", kind="text", label="Code"),
            ),
        ),
    ]  # fmt: skip


@hookimpl
def declare_events() -> list[EventType]:
    return [EventType(name="sample.finished/1", label="Thing finished", fields={"on": "date or null"})]
