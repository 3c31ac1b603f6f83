"""Capabilities of the running generation: who provides "deals/1", and what stands in while nobody does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from kumiko.host.contracts import find_contract
from kumiko.host.errors import ResolutionError


class Services:
    """Services of one generation, each made at its first use."""

    def __init__(self, makers: Mapping[str, tuple[str, Callable[[], Any]]]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, Any] = {}
        self._lock = threading.RLock()

    def __contains__(self, capability: str) -> bool:
        return capability in self._makers

    def provider(self, capability: str) -> str:
        """Name of the plugin that provides a capability, "" when none is on."""
        return self._makers[capability][0] if capability in self._makers else ""

    def get(self, capability: str) -> Any:
        """The service that your plugin.toml requires; ResolutionError when no active plugin provides it."""
        made = self._made.get(capability)
        if made is not None:
            return made
        if capability not in self._makers:
            raise ResolutionError([f"no active module provides {capability!r}; enable one that does."])
        with self._lock:
            if capability not in self._made:
                self._made[capability] = self._makers[capability][1]()
            return self._made[capability]

    def find(self, capability: str) -> Any:
        """The service that your plugin.toml wants: the provider's, else the contract's Null object, else None."""
        return self.get(capability) if capability in self._makers else null_object(capability)


def null_object(capability: str) -> Any:
    """The contract's `Null` (kumiko_contracts.deals.Null for "deals/1"); None when the contract is not installed."""
    null = getattr(find_contract(capability), "Null", None)
    return null() if isinstance(null, type) else null
