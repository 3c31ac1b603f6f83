"""The page on which saved views are put in order, shared and renamed."""

from __future__ import annotations

from dataclasses import dataclass

from kumiko.web.viewmodels.kit import Action, Empty, Link


@dataclass(frozen=True, slots=True)
class SavedViewRow:
    """One view. `facts`: with whom it is shared, what opens with it; `paused`: why it cannot be shown."""

    name: str
    href: str
    icon: str
    facts: tuple[str, ...] = ()
    paused: str = ""
    up: Action | None = None
    down: Action | None = None
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedViewsView:
    """All views of a type that the person may use."""

    title: str
    crumbs: tuple[Link, ...]
    rows: tuple[SavedViewRow, ...] = ()
    empty: Empty | None = None
