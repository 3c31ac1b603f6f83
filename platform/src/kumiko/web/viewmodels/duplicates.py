"""Duplicates: the warning in a form, the list of pairs, the page on which records become one."""

from __future__ import annotations

from dataclasses import dataclass

from kumiko.web.viewmodels.kit import Action, Empty, Link, Option


@dataclass(frozen=True, slots=True)
class SimilarRow:
    """A record that somebody may be creating a second time. `href` is empty for one that the person may not see."""

    title: str
    score: str  # "95 %"
    why: str
    href: str = ""
    owner: str = ""
    into: str = ""  # "parties.person:12": add what was typed to it


@dataclass(frozen=True, slots=True)
class PairSide:
    """One record of a pair."""

    title: str
    href: str
    facts: str = ""  # "anna@x.example · +49 30 1234"


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two records that may be the same."""

    key: str
    score: str
    hue: str
    why: str
    left: PairSide
    right: PairSide
    merge: Action | None
    decide: Action | None  # "not the same", or taking that back
    focus: bool = False


@dataclass(frozen=True, slots=True)
class PairsView:
    """The list of pairs of one type."""

    title: str
    types: tuple[Link, ...]
    states: tuple[Link, ...]
    action: str  # of the filters
    least: tuple[Option, ...]
    reasons: tuple[Option, ...]
    hidden: tuple[tuple[str, str], ...]
    rows: tuple[PairRow, ...]
    q: str = ""
    count: str = ""
    searched: str = ""
    progress: str = ""
    progress_href: str = ""
    actions: tuple[Action, ...] = ()
    empty: Empty | None = None
    more_href: str = ""
    crumbs: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class MergeCell:
    """A record's value of one field. `key` is what choosing it sends; empty when there is nothing to choose."""

    key: str
    text: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class MergeLine:
    """One field of the records that become one."""

    name: str
    label: str
    cells: tuple[MergeCell, ...]
    result: str
    together: MergeCell | None = None  # lists: all of them
    fixed: str = ""  # why nobody chooses
    differs: bool = False


@dataclass(frozen=True, slots=True)
class MergeHead:
    """One of the records."""

    id: str
    title: str
    href: str
    note: str = ""  # "owner Ann, made 3 days ago"
    winner: bool = False
    warning: str = ""
    accepted: bool = False
    version: str = ""
    drop_href: str = ""


@dataclass(frozen=True, slots=True)
class RecordsMergeView:
    """The page on which records become one: what each has, what is kept, what follows."""

    title: str
    action: str
    heads: tuple[MergeHead, ...]
    lines: tuple[MergeLine, ...]
    same: tuple[MergeLine, ...]
    moves: tuple[tuple[str, str, str, str], ...]  # kind, of the one that remains, of the others, afterwards
    problem: str = ""
    blocked: bool = False
    add_find: str = ""  # where another record is searched
    add_action: str = ""
    cancel_href: str = ""
    crumbs: tuple[Link, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    submit: str = ""


@dataclass(frozen=True, slots=True)
class SureRow:
    """Records that would become one: who remains, who goes, what follows, or why not."""

    key: str
    winner: Link
    losers: tuple[Link, ...]
    follows: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class SureView:
    """Sure pairs to be merged at once."""

    title: str
    action: str
    rows: tuple[SureRow, ...]
    submit: str
    intro: str
    cancel_href: str
    crumbs: tuple[Link, ...] = ()
    empty: Empty | None = None
