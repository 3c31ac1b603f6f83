"""How a contract describes what every provider of it keeps: record types with their fields, and the facts it states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ShapeField:
    """One field that every provider keeps. `kind` as in `kumiko.Field`; `to`: type key of a link; `items` of a list;
    `choices`: keys that every provider offers."""

    name: str
    kind: str
    to: str = ""
    items: tuple[ShapeField, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A record type that belongs to a contract: whoever provides the contract keeps records of it under this key.

    A provider may keep more fields and offer more actions; these are what others may rely on, and what goes along when
    one provider takes over from another. Owner, team, tags and the like are every record's and not listed.
    """

    key: str
    collection: str
    fields: tuple[ShapeField, ...]
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A contract event: its name with the major version, and the payload: field -> meaning and unit."""

    name: str
    fields: Mapping[str, str]
