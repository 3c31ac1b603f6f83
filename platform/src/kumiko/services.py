"""Services of other plugins: `get` for what plugin.toml requires, `find` for what it wants."""

from __future__ import annotations

from typing import Any

from kumiko.host.context import current
from kumiko.host.errors import ResolutionError
from kumiko.host.services import Services


def _services() -> Services:
    generation = current().generation
    if generation is None:
        raise ResolutionError(["no generation is running in this context, so no module provides anything."])
    return generation.services


def get(capability: str) -> Any:
    """The service of a required capability ("deals/1"); ResolutionError when no active plugin provides it."""
    return _services().get(capability)


def find(capability: str) -> Any:
    """The service of a wanted capability, its contract's Null object, or None when the contract is unknown."""
    return _services().find(capability)
