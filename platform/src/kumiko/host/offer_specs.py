"""Hooks by which a module offers things to other modules; `kumiko.host.hookspecs` says how to read them."""

from __future__ import annotations

from typing import Any

import pluggy

hookspec = pluggy.HookspecMarker("kumiko")


@hookspec
def declare_actions() -> Any:
    """What processes can do with a record.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of ActionType.
    Order:   by label, where they are offered.
    Errors:  the plugin is left out of the generation; an action that raises fails its step of the run.
    Since:   host API 1.
    """


@hookspec
def declare_triggers() -> Any:
    """What processes can wait for.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of TriggerType.
    Order:   by label, where they are offered.
    Errors:  the plugin is left out of the generation; a trigger that raises starts nothing and is recorded.
    Since:   host API 1.
    """


@hookspec
def declare_metrics() -> Any:
    """Figures with formula, unit, inputs and exclusions.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of Metric.
    Order:   by Metric.order, then key.
    Errors:  the plugin is left out of the generation; a figure that raises shows a notice in its place.
    Since:   host API 1.
    """


@hookspec
def declare_datasets() -> Any:
    """Sources of reports that are no record types.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of Dataset.
    Order:   by label, where they are offered.
    Errors:  the plugin is left out of the generation; a report on a source that raises says so.
    Since:   host API 1.
    """


@hookspec
def declare_channels() -> Any:
    """Ways to talk to customers.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of Channel.
    Order:   by label, where they are offered.
    Errors:  the plugin is left out of the generation; a channel that raises is tried again, then shown as failing.
    Since:   host API 1.
    """
