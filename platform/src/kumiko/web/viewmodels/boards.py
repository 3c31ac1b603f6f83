"""Boards: lanes of cards."""

from __future__ import annotations

from dataclasses import dataclass

from kumiko.web.viewmodels.kit import Action, Empty, Link, Person
from kumiko.web.viewmodels.records import Filters


@dataclass(frozen=True, slots=True)
class CardFact:
    """One shown field of a card: its label is for screen readers and the tooltip."""

    label: str
    text: str
    hue: str = ""


@dataclass(frozen=True, slots=True)
class CardBadge:
    """A remark on a card; `tone`: "", "warn", "error"."""

    text: str
    tone: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class BoardCard:
    """A record on a board."""

    id: int
    version: int
    title: str
    href: str
    amount: str = ""
    line: str = ""  # the first linked record
    beside: CardFact | None = None  # beside the amount: the first day or choice
    facts: tuple[CardFact, ...] = ()
    badges: tuple[CardBadge, ...] = ()
    owner: Person | None = None
    first: bool = False  # the one that Tab comes to


@dataclass(frozen=True, slots=True)
class LaneHead:
    """What stands above the cards of a lane. `sums` are (sum, weighted sum, rates used), in the
    company's currency and each without a rate."""

    number: int
    key: str
    label: str
    hue: str
    count: str  # "1,555" or "5 / 5"
    count_text: str  # "1,555 deals", for screen readers
    sums: tuple[tuple[str, str, str], ...] = ()
    note: str = ""
    over: bool = False  # at its limit or beyond
    folded: bool = False
    closed: bool = False
    fold_href: str = ""  # folds or unfolds
    new_href: str = ""


@dataclass(frozen=True, slots=True)
class BoardLane:
    """A lane: its head, the cards that are shown, and where more come from."""

    head: LaneHead
    cards: tuple[BoardCard, ...] = ()
    more_href: str = ""
    more_text: str = ""
    place: str = ""  # distinguishes the same lane in several rows


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A row of a board by owner: the cards come when it is scrolled to."""

    key: str
    label: str
    owner: Person | None
    count: str
    sums: tuple[tuple[str, str, str], ...]
    href: str


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board as page or part. `empty` stands in the place of the lanes."""

    collection: str
    title: str
    path: str
    filters: Filters
    lanes: tuple[BoardLane, ...] = ()
    rows: tuple[BoardRow, ...] = ()
    crumbs: tuple[Link, ...] = ()
    scopes: tuple[Link, ...] = ()
    scope: str = ""
    views: tuple[Link, ...] = ()
    save_view_href: str = ""
    layouts: tuple[Link, ...] = ()
    groupings: tuple[Link, ...] = ()
    actions: tuple[Action, ...] = ()
    menu: tuple[Action, ...] = ()
    move_href: str = ""  # "" where nothing may be moved
    since_href: str = ""
    mark: str = ""
    ordered: bool = False
    empty: Empty | None = None
    note: str = ""  # a sentence above the lanes: nothing matches
    count: str = ""  # the filter bar says neither count nor sums: the heads do
    totals_href: str = ""
