"""Processes that would start themselves, or each other in a ring: found when they are saved, not when they run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kumiko import gettext as _
from kumiko_processes import hearing_words, live
from kumiko_processes.tree import Step, Tree, places


def found_in(tree: Tree, about: str, process_id: int) -> Iterator[tuple[str, str]]:
    """(step id, sentence) for steps that would start this process again."""
    for step_id, place in places(tree).items():
        if _starts(place.step, about, tree, about):
            yield (
                step_id,
                _(
                    "This step would start this process again, for ever: it writes what the trigger listens to. "
                    "Narrow the trigger, or write another field."
                ),
            )
            continue
        for name in _ring(place.step, about, tree, about, process_id):
            yield step_id, _(
                "This step starts the process “%(name)s”, which starts this one again, for ever. Narrow one of the "
                "triggers.", name=name,
            )  # fmt: skip
            break


def _ring(step: Step, on: str, tree: Tree, about: str, process_id: int) -> Iterator[str]:
    """Names of processes that a step starts and that lead back to this tree."""
    others = {one.id: one for one in live.known().processes if one.id != process_id}
    for begun in others.values():
        if not _starts(step, on, begun.tree, begun.about):
            continue
        reached, queue = {begun.id}, [begun]
        while queue:
            one = queue.pop()
            for place in places(one.tree).values():
                if _starts(place.step, one.about, tree, about):
                    yield begun.name
                    return
                for other in others.values():
                    if other.id not in reached and _starts(place.step, one.about, other.tree, other.about):
                        reached.add(other.id)
                        queue.append(other)


def _starts(step: Step, on: str, tree: Tree, about: str) -> bool:
    """Whether a step of a process about `on` surely starts the process of `tree`, which is about `about`."""
    kind, trigger = step.get("kind"), tree.get("trigger") or {}
    if kind == "create":
        return trigger.get("on") == "created" and step.get("type") == about
    if kind != "set" or on != about or trigger.get("on") != "changed":
        return False
    written: Mapping[str, Any] = {name.rpartition(":")[2]: value for name, value in (step.get("values") or {}).items()}
    heard = hearing_words.fields_heard(tree, about)
    if heard is None:
        return bool(written)
    for name in heard & set(written):
        wanted = trigger.get("to")
        if wanted in (None, "") or hearing_words.same(written[name], wanted):
            return True
    return False
