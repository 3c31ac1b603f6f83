"""The form of a definition: a JSON tree of trigger, conditions and steps, and how to walk it.

    {"format": 1,
     "trigger": {"on": "changed", "field": "stage", "to": 12},
     "if": {"f": "amount", "op": "gte", "v": 9000},
     "stop_when": [{"on": "inquiries.message_received"}],
     "hours": true,
     "steps": [{"id": "s1", "kind": "action", "action": "tasks.create_task", "values": {"title": "Call {{ name }}"}},
               {"id": "s2", "kind": "wait", "for": "time", "amount": 3, "unit": "days"},
               {"id": "s3", "kind": "branch",
                "paths": [{"id": "s4", "if": {...}, "steps": [...]}, {"id": "s5", "steps": []}]}]}

A branch takes the first path whose condition fits; the last path, without one, is for all others. Behind a branch all
paths join. Ids of steps are unique in a tree and stay when steps are moved, so that logs and waits find them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = 1
MOST_DEPTH = 3
MOST_STEPS = 100
KINDS = ("action", "verb", "set", "create", "wait", "only", "branch", "notify", "ask", "stop")
RECORD_TRIGGERS = ("created", "changed", "deleted")
CLOCK_TRIGGERS = ("date", "schedule", "match")
OWN_TRIGGERS = (*RECORD_TRIGGERS, *CLOCK_TRIGGERS, "manual")
WAITS = ("time", "date", "event")
UNITS = ("minutes", "hours", "days")
EVERY = ("day", "weekday", "week", "month")

Tree = Mapping[str, Any]
Step = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A step where it stands: the path around it ("" for the trunk), its number there, and the step behind it."""

    step: Step
    inside: str
    number: int
    count: int
    depth: int
    next: str


def empty(on: str = "manual") -> dict[str, Any]:
    """A tree that does nothing yet."""
    return {"format": FORMAT, "trigger": {"on": on}, "if": None, "stop_when": [], "hours": False, "steps": []}


def places(tree: Tree) -> dict[str, Place]:
    """Every step by its id, in reading order; what is no step is left out."""
    found: dict[str, Place] = {}
    _walk(tree.get("steps"), "", 1, "", found)
    return found


def _walk(steps: Any, inside: str, depth: int, after: str, found: dict[str, Place]) -> None:
    known = [one for one in steps if isinstance(one, Mapping)] if isinstance(steps, list) else []
    for number, one in enumerate(known):
        following = str(known[number + 1].get("id", "")) if number + 1 < len(known) else after
        found[str(one.get("id", ""))] = Place(
            step=one, inside=inside, number=number, count=len(known), depth=depth, next=following
        )
        for path in paths(one):
            _walk(path.get("steps"), str(path.get("id", "")), depth + 1, following, found)


def paths(step: Step) -> list[Mapping[str, Any]]:
    """The paths of a branch or of a wait for an event."""
    listed = step.get("paths")
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def first(steps: Any, otherwise: str) -> str:
    """Id of the first of some steps, or of what comes behind them."""
    return str(steps[0]["id"]) if steps else otherwise


def all_ids(tree: Tree) -> Iterator[str]:
    """Ids of steps and of paths, as often as they occur."""
    stack = [tree.get("steps")]
    while stack:
        steps = stack.pop()
        for one in steps if isinstance(steps, list) else ():
            if isinstance(one, Mapping):
                yield str(one.get("id", ""))
                for path in paths(one):
                    yield str(path.get("id", ""))
                    stack.append(path.get("steps"))


def fresh_id(tree: Tree) -> str:
    """An id that no step or path of the tree has."""
    numbers = [int(one[1:]) for one in all_ids(tree) if one[:1] == "s" and one[1:].isdecimal() and len(one) < 9]
    return f"s{max(numbers, default=0) + 1}"


def listeners(tree: Tree) -> list[Mapping[str, Any]]:
    """Everything that the tree waits for beside its trigger: ends of the process and waits for events."""
    stops = [one for one in tree.get("stop_when") or () if isinstance(one, Mapping)]
    waits = [place.step["event"] for place in places(tree).values()
             if place.step.get("kind") == "wait" and isinstance(place.step.get("event"), Mapping)]  # fmt: skip
    return [*stops, *waits]
