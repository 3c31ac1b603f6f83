"""The leak walk as tests use it; it is the one that administrators start from the page of the leak test."""

from __future__ import annotations

from kumiko.admin import leak_sent
from kumiko.admin.leak_plant import plant
from kumiko.admin.leak_walk import (
    AMOUNT,
    ASKED,
    MARKS,
    WORD,
    Leak,
    Planted,
    address_of,
    errors_drawn_once,
    filling,
    walk,
)

__all__ = [
    "AMOUNT",
    "ASKED",
    "MARKS",
    "WORD",
    "Leak",
    "Planted",
    "address_of",
    "errors_drawn_once",
    "filling",
    "leak_sent",
    "plant",
    "walk",
]
