"""Contracts that the plugin provides: their suites. Types, fields, actions and facts are compared when it is loaded."""

from __future__ import annotations

from collections.abc import Iterator

from kumiko_testing import lab
from kumiko_testing.trial.house import TrialHouse


def problems(house: TrialHouse) -> Iterator[str]:
    """A sentence for each promise of a contract that the plugin provides and does not keep."""
    for capability in house.plugin.provides:
        for sentence, problem in lab.run_suite(capability, house):
            if problem:
                yield f"{house.plugin.name}: {capability} says “{sentence}”; found: {problem}"
