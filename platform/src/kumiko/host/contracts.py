"""What contracts say to the host itself: which plain names extensions of their types may take (design 6, rule a).

A contract is found by the first word of a type's key, so the host knows none by name. A private type has no contract,
so nobody has reserved a name there.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

PACKAGE = "kumiko_contracts"


@cache
def reserved_names(type_key: str) -> frozenset[str]:
    """Plain names that the contract of a type keeps for extensions: `RESERVED[type_key]` of its module; else none."""
    module = f"{PACKAGE}.{type_key.partition('.')[0]}"
    try:
        contract: Any = importlib.import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name in (PACKAGE, module):
            return frozenset()
        raise
    return frozenset(getattr(contract, "RESERVED", {}).get(type_key, ()))
