"""Which plugins can run together, and in which order. Pure: manifests in, names and sentences out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from kumiko.host.manifest import Manifest


@dataclass(frozen=True)
class Resolution:
    """`order` can start, requirements first; `problems` maps each plugin left out to its sentences."""

    order: tuple[str, ...]
    problems: Mapping[str, tuple[str, ...]]
    providers: Mapping[str, str]

    @property
    def sentences(self) -> list[str]:
        return [line for name in sorted(self.problems) for line in self.problems[name]]


def resolve(wanted: Iterable[Manifest], installed: Iterable[Manifest] = ()) -> Resolution:
    """Order `wanted`. A plugin with a problem is left out, and so is each one that needs it.

    `installed` (a superset) only makes the sentences better: they can name a plugin that would help.
    """
    left = {one.name: one for one in wanted}
    everything = {**{one.name: one for one in installed}, **left}
    problems: dict[str, list[str]] = {}
    _conflicts(left, problems)
    while True:
        providers = {capability: one.name for one in left.values() for capability in one.provides}
        broken = {one.name: lines for one in left.values() if (lines := _missing(one, providers, left, everything))}
        if not broken:
            break
        for name, lines in broken.items():
            problems.setdefault(name, []).extend(lines)
            del left[name]
    order = _order(left, providers, problems)
    return Resolution(
        tuple(order),
        {name: tuple(lines) for name, lines in problems.items()},
        {capability: name for capability, name in providers.items() if name in left},
    )


def dependents(name: str, enabled: Iterable[Manifest]) -> list[str]:
    """Names of the enabled plugins that cannot run without `name`, nearest first, those that need them included."""
    manifests = {one.name: one for one in enabled}
    gone: list[str] = [name]
    for leaving in gone:
        lost = set(manifests[leaving].provides) if leaving in manifests else set()
        for one in sorted(manifests.values(), key=lambda each: each.name):
            if one.name not in gone and lost & set(one.requires):
                gone.append(one.name)
    return gone[1:]


def _conflicts(left: dict[str, Manifest], problems: dict[str, list[str]]) -> None:
    """Two providers of one capability (or owners of one collection): neither may win by its name's place in the
    alphabet, so the one that was there as core stays, else both are left out."""
    claims: dict[tuple[str, str], list[Manifest]] = {}
    for one in left.values():
        for capability in one.provides:
            claims.setdefault(("contract", capability), []).append(one)
        for collection in one.collections:
            claims.setdefault(("collection", collection), []).append(one)
        claims.setdefault(("prefix", one.prefix), []).append(one)
    for (kind, thing), owners in claims.items():
        if len(owners) < 2:
            continue
        names = sorted(one.name for one in owners)
        for one in owners:
            if one.core:
                continue
            others = " and ".join(name for name in names if name != one.name)
            word = "provide the contract" if kind == "contract" else f"claim the {kind}"
            swap = ", or let one take over from the other (replace)" if kind == "contract" else ""
            problems.setdefault(one.name, []).append(
                f"{one.name} and {others} both {word} {thing!r}; only one of them can be on: "
                f"disable the other first{swap}."
            )
    for name in problems:
        left.pop(name, None)


def _missing(
    one: Manifest, providers: Mapping[str, str], left: Mapping[str, Manifest], everything: Mapping[str, Manifest]
) -> list[str]:
    return [
        _why_missing(one, capability, providers, everything)
        for capability in one.requires
        if capability not in providers and capability not in one.provides
    ]


def _why_missing(
    one: Manifest, capability: str, providers: Mapping[str, str], everything: Mapping[str, Manifest]
) -> str:
    word, _, major = capability.partition("/")
    offered = sorted((other, name) for other, name in providers.items() if other.partition("/")[0] == word)
    if offered:
        other, name = offered[0]
        return (
            f"{one.name} needs {capability!r}, and {name} provides {other!r}: the majors differ; "
            f"install a {one.name} made for {other!r} or a {name} that provides {word}/{major}."
        )
    helpers = sorted(each.name for each in everything.values() if capability in each.provides and each.name != one.name)
    if helpers:
        return f"{one.name} needs {capability!r}, which no active module provides; enable {' or '.join(helpers)} first."
    return f"{one.name} needs {capability!r}, which no installed module provides; install one that does."


def _order(left: dict[str, Manifest], providers: Mapping[str, str], problems: dict[str, list[str]]) -> list[str]:
    while True:
        graph = {
            one.name: {
                providers[capability] for capability in one.requires if providers.get(capability, one.name) != one.name
            }
            for one in sorted(left.values(), key=lambda each: each.name)
        }
        # core plugins come first whatever they say
        core = [one.name for one in left.values() if one.core]
        for name, before in graph.items():
            if name in core:
                before.clear()
        try:
            rest = [name for name in TopologicalSorter(graph).static_order() if name in left and name not in core]
            return [*core, *rest]
        except CycleError as fault:
            circle = list(dict.fromkeys(fault.args[1]))
            first = circle.index(min(circle))
            circle = circle[first:] + circle[:first]
            path = " -> ".join([*circle, circle[0]])
            for name in circle:
                problems.setdefault(name, []).append(
                    f"{name} is part of a circle of requirements ({path}); one of them must only want, not require."
                )
                left.pop(name, None)
            for name in list(left):
                lost = [cap for cap in left[name].requires if providers.get(cap) in circle]
                if lost:
                    problems.setdefault(name, []).append(
                        f"{name} needs {lost[0]!r}, whose provider is part of a circle of requirements."
                    )
                    left.pop(name)
