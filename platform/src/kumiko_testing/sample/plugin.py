"""Declarations of the sample plugin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kumiko.host.declarations import Choice, EventType, Field, RecordAction, RecordType
from kumiko.host.errors import Veto
from kumiko.host.hookspecs import hookimpl
from kumiko.records import service
from kumiko_testing.sample.models import Base, Remark, Thing, ThingPart, Topic

STATES = (Choice(key="open", label="Open"), Choice(key="done", label="Done"))
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
            prepare=_label, list_columns=("name", "code", "price", "topic", "due_on", "owner"),
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
        )
    ]  # fmt: skip


@hookimpl
def declare_events() -> list[EventType]:
    return [EventType(name="sample.finished/1", label="Thing finished", fields={"on": "date or null"})]
