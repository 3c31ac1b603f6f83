"""Changing a tree: every function gives a new one and leaves the old one as it is."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from kumiko import Conflict
from kumiko import gettext as _
from kumiko_processes.tree import MOST_DEPTH, Tree, fresh_id, paths, places

TRUNK = ""


def put(tree: Tree, inside: str, number: int, step: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The tree with a new step as the `number`th of a path ("" for the trunk), and the id that the step got."""
    made = copy.deepcopy(dict(tree))
    added = {**step, "id": fresh_id(made)}
    steps = _steps(made, inside)
    steps.insert(min(max(number, 0), len(steps)), added)
    if added["kind"] == "branch":
        added["paths"] = []
        for condition in (None, None):
            added["paths"].append({"id": fresh_id(made), "if": condition, "steps": []})
    if added["kind"] == "wait" and added.get("for") == "event":
        _two_ways(made, added)
    _require_depth(made)
    return made, str(added["id"])


def change(tree: Tree, step_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The tree with other settings of a step; None drops one."""
    made = copy.deepcopy(dict(tree))
    step = _find(made, step_id)
    for name, value in values.items():
        if value is None:
            step.pop(name, None)
        else:
            step[name] = value
    if step.get("kind") == "wait":
        if step.get("for") == "event" and step.get("amount"):
            _two_ways(made, step)
        else:
            step.pop("paths", None)
    return made


def _two_ways(tree: dict[str, Any], step: dict[str, Any]) -> None:
    """A wait for an event that ends in time has two ways on: it happened, or time is up."""
    step.setdefault("paths", [])
    while len(step["paths"]) < 2:
        step["paths"].append({"id": fresh_id(tree), "steps": []})


def change_path(tree: Tree, path_id: str, condition: Any) -> dict[str, Any]:
    """The tree with another condition of a path."""
    made = copy.deepcopy(dict(tree))
    _find_path(made, path_id)["if"] = condition
    return made


def add_path(tree: Tree, step_id: str) -> tuple[dict[str, Any], str]:
    """The tree with one more path of a branch, ahead of the one for all others; and the new path's id."""
    made = copy.deepcopy(dict(tree))
    step = _find(made, step_id)
    if len(step["paths"]) >= 6:
        raise Conflict(_("A branch has at most six paths."))
    new: dict[str, Any] = {"id": fresh_id(made), "if": None, "steps": []}
    step["paths"].insert(len(step["paths"]) - 1, new)
    return made, str(new["id"])


def drop_path(tree: Tree, path_id: str) -> dict[str, Any]:
    """The tree without a path and its steps; two stay."""
    made = copy.deepcopy(dict(tree))
    for place in places(made).values():
        listed = [one for one in paths(place.step) if one.get("id") == path_id]
        if listed:
            if len(place.step["paths"]) <= 2 or place.step["paths"][-1]["id"] == path_id:
                raise Conflict(_("A branch keeps two paths, and the last one is for all others; delete the branch."))
            place.step["paths"].remove(listed[0])
            return made
    raise Conflict(_("This path is not there any more."))


def drop(tree: Tree, step_id: str) -> dict[str, Any]:
    """The tree without a step, and without what stands in its paths."""
    made = copy.deepcopy(dict(tree))
    steps, number = _where(made, step_id)
    del steps[number]
    return made


def move(tree: Tree, step_id: str, by: int) -> dict[str, Any]:
    """The tree with a step one place up (-1) or down (1) among its neighbours."""
    made = copy.deepcopy(dict(tree))
    steps, number = _where(made, step_id)
    there = number + (1 if by > 0 else -1)
    if 0 <= there < len(steps):
        steps[number], steps[there] = steps[there], steps[number]
    return made


def copied(tree: Tree, step_id: str) -> tuple[dict[str, Any], str]:
    """The tree with a copy of a step (without its paths' steps) behind it; and the copy's id."""
    place = places(tree).get(step_id)
    if place is None:
        raise Conflict(_("This step is not there any more."))
    plain = {name: value for name, value in place.step.items() if name not in ("id", "paths")}
    return put(tree, place.inside, place.number + 1, plain)


def count_changes(draft: Tree | None, tree: Tree | None) -> int:
    """How many parts of a draft differ from what is published: trigger, conditions, each step."""
    if not draft:
        return 0
    old: Tree = tree or {}
    parts = ("trigger", "if", "stop_when", "hours")
    count = sum(1 for name in parts if (draft.get(name) or None) != (old.get(name) or None)) if tree else 1
    mine, theirs = dict(_flat(draft)), dict(_flat(old))
    return count + sum(1 for key in {*mine, *theirs} if mine.get(key) != theirs.get(key))


def _flat(tree: Tree) -> Iterator[tuple[str, Any]]:
    for step_id, place in places(tree).items():
        plain = {name: value for name, value in place.step.items() if name != "paths"}
        conditions = [(one.get("id"), one.get("if")) for one in paths(place.step)]
        yield step_id, (plain, conditions, place.inside, place.number)


def _require_depth(tree: Tree) -> None:
    if any(
        place.depth > MOST_DEPTH + 1 or (place.depth > MOST_DEPTH and paths(place.step))
        for place in places(tree).values()
    ):
        raise Conflict(_("Branches stand at most %(most)d deep; start another process for the rest.", most=MOST_DEPTH))


def _find(tree: Tree, step_id: str) -> dict[str, Any]:
    place = places(tree).get(step_id)
    if place is None:
        raise Conflict(_("This step is not there any more."))
    return place.step  # type: ignore[return-value]


def _find_path(tree: Tree, path_id: str) -> dict[str, Any]:
    for place in places(tree).values():
        for one in paths(place.step):
            if one.get("id") == path_id:
                return one  # type: ignore[return-value]
    raise Conflict(_("This path is not there any more."))


def _steps(tree: dict[str, Any], inside: str) -> list[Any]:
    if inside == TRUNK:
        steps: list[Any] = tree.setdefault("steps", [])
        return steps
    path = _find_path(tree, inside)
    inner: list[Any] = path.setdefault("steps", [])
    return inner


def _where(tree: dict[str, Any], step_id: str) -> tuple[list[Any], int]:
    place = places(tree).get(step_id)
    if place is None:
        raise Conflict(_("This step is not there any more."))
    return _steps(tree, place.inside), place.number
