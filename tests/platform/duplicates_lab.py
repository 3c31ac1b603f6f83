"""A house with all modules, records of every type that can name a person, and a picture of everything stored."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import select

from kumiko.duplicates import moving
from kumiko.host.columns import utc_now
from kumiko.host.scoping import trusted
from kumiko.jobs.worker import Worker
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.drafts import Draft
from kumiko.records.inputs import run_rules
from kumiko.records.money import Money
from kumiko.records.record_refs import RecordRef
from kumiko.records.states import load_states
from kumiko.records.units import unit
from kumiko.records.writer import write
from kumiko_testing.records import WHOLE, open_house, prepare_database

MODULES = ("analytics", "deals", "integrations", "processes", "sales", "tasks")
PERSON, ORGANIZATION, DEAL, LEAD = "parties.person", "parties.organization", "deals.deal", "inquiries.lead"
STAMPS = {"updated_at", "updated_by"}


def build(url):
    prepare_database(url, WHOLE, MODULES)


def open_all(clone_database, tmp_path, modules=MODULES):
    made = open_house(clone_database("duplicates", build), tmp_path, WHOLE, modules)
    assert {name: one.reason for name, one in made.generation.failed.items()} == {}
    return made


def name_everywhere(type_key: str, record_id: int) -> int:
    """A record of every type, in every place that can name a record of the type; gives how many there are."""
    count = 0
    for place in moving.places_of(catalogue().get(type_key)):
        values = {**_needed(place.type), **_naming(place, type_key, record_id)}
        with unit(via="import") as opened:
            draft = Draft(place.type, "created", values)
            run_rules([draft])
            write(opened, [draft])
        count += 1
    return count


def _naming(place: moving.Place, type_key: str, record_id: int) -> dict[str, Any]:
    name = place.field.name
    if place.item is not None:
        return {name: [{place.item.name: record_id}]}
    if place.type_field is not None:
        return {name: record_id, place.type_field.name: type_key}
    return {name: RecordRef(type_key, record_id) if place.field.kind == "record" else record_id}


def _needed(info: Any) -> dict[str, Any]:
    """Something for every field whose column or rule needs it; the rest stays empty."""
    made: dict[str, Any] = {"name": f"names somebody ({info.key})"}
    now = utc_now()
    plain = {
        "moment": now,
        "date": now.date(),
        "boolean": False,
        "json": {},
        "money": Money(100, "EUR"),
        "percent": 1,
        "number": 1,
        "text": "x",
        "integer": 1,
        "email": "x@y.example",
        "phone": "+4930123456",
        "longtext": "x",
        "link": 1,
    }
    if info.key == PERSON:  # the name follows from its parts
        made |= {"first_name": "names", "name": "names"}
    if info.key == "sharing.share":
        made["with_user"] = 1
    if info.key == "inquiries.inquiry":
        made["state"] = "joined"
    for one in info.fields.values():
        full = one.field.required or any(not column.nullable and column.default is None for column in one.columns)
        default = one.field.default() if callable(one.field.default) else one.field.default
        if default is not None:
            made.setdefault(one.name, default)
        elif full and one.name not in made and one.name not in ("created_at", "updated_at"):
            value = one.field.choices[0].key if one.kind == "choice" else plain.get(one.kind)
            if value is not None:
                made[one.name] = value
    return made


def picture() -> dict[tuple[str, int], Any]:
    """Everything that is stored of every record, but when it was last changed and how often."""
    found: dict[tuple[str, int], Any] = {}
    for info in catalogue().types.values():
        ids = list(trusted(select(info.table.c.id)).scalars())
        for record_id, state in load_states(info, ids).items():
            values = {name: value for name, value in state.values.items() if name not in STAMPS}
            found[info.key, record_id] = (state.deleted, values, state.many)
    return found


def unit_of(type_key: str, record_id: int) -> int:
    """The newest unit that wrote a record."""
    from kumiko.records import history

    return history.history(type_key, record_id)[0].unit


class WorkerHost:
    """What a worker sees of a house."""

    def __init__(self, house):
        self.database, self.generation = house.database, house.generation

    def follow(self):
        return self.generation


def run_jobs(house) -> None:
    """Let a worker do what waits."""
    worker = Worker(WorkerHost(house), threading.Event())
    while worker.run_once():
        pass


def make(type_key: str, **values: Any) -> int:
    return service.create(type_key, values).id
