"""processes/1: what runs by itself: processes that people define, and their runs, as other modules need them."""

from __future__ import annotations

from typing import Protocol

from kumiko_contracts.shapes import Fact, Shape, ShapeField

VERSION = "processes/1"
PROCESS = "processes.process"
RUN = "processes.run"
RUN_FINISHED = "processes.run_finished/1"
RUN_FAILED = "processes.run_failed/1"
DRAFT, ON, OFF = "draft", "on", "off"
QUEUED, RUNNING, WAITING, ASKED = "queued", "running", "waiting", "asked"
DONE, FAILED, STOPPED, UNDONE = "done", "failed", "stopped", "undone"

#: Record types of the contract. A run is about the record `about_id` of the type `about_type`.
SHAPES = (
    Shape(
        key=PROCESS,
        collection="processes",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="about", kind="text"),
            ShapeField(name="state", kind="choice", choices=(DRAFT, ON, OFF)),
        ),
    ),
    Shape(
        key=RUN,
        collection="runs",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="process", kind="link", to=PROCESS),
            ShapeField(name="about_type", kind="text"),
            ShapeField(name="about_id", kind="integer"),
            ShapeField(
                name="state",
                kind="choice",
                choices=(QUEUED, RUNNING, WAITING, ASKED, DONE, FAILED, STOPPED, UNDONE),
            ),
        ),
    ),
)

_RUN = {
    "process_id": "process that ran",
    "about_type": "key of the type of the record it was about",
    "about_id": "id of that record",
}

#: Facts of the contract, each stated once; their record is the run.
FACTS = (
    Fact(name=RUN_FINISHED, fields=_RUN),
    Fact(name=RUN_FAILED, fields={**_RUN, "error": "why, as a sentence"}),
)


class ProcessesOff(Exception):
    """Nobody provides processes/1 at present, so nothing can be started."""


class Processes(Protocol):
    """The service "processes/1"."""

    def start(self, process_id: int, about: tuple[str, int]) -> int:
        """Start a process that is on about a record (type key, id), as part of the caller's transaction; the run's id.

        Refused with a sentence: a process that is not on, a record of another type or that one may not see, and when
        the process ran for this record too often."""


class Null:
    """Stands in while nobody provides processes/1: there are no processes, and none can be started."""

    def start(self, process_id: int, about: tuple[str, int]) -> int:
        raise ProcessesOff("the module processes is switched off; switch it on to start processes")
