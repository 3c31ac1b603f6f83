"""History, units, bin, search and errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from kumiko.web.viewmodels.kit import NO_HTML, Action, Empty, Link, Option, Person
from kumiko.web.viewmodels.records import Change


@dataclass(frozen=True, slots=True)
class UnitRow:
    """What one unit of work did."""

    id: int
    href: str
    title: str
    who: Person
    at: str
    at_text: str
    ago: str
    via: str
    reason: str = ""
    changes: tuple[Change, ...] = ()
    more: str = ""  # "and 340 more changes"
    undone: str = ""  # "undone by Ana, 2 minutes ago"
    undo: Action | None = None


@dataclass(frozen=True, slots=True)
class UndoConflict:
    """A value (`is_record`: a record as a whole) that was changed after what is undone."""

    key: str  # names the choice in the form
    title: str
    href: str
    label: str
    now: str
    back: str
    who: str
    ago: str
    at_text: str
    via: str
    unit_href: str
    is_record: bool = False
    may: bool = True


@dataclass(frozen=True, slots=True)
class UndoView:
    """What an undo would do, and what was changed since, to choose from."""

    title: str
    what: str
    who: Person
    at: str
    crumbs: tuple[Link, ...]
    lines: tuple[str, ...]
    conflicts: tuple[UndoConflict, ...]
    action: str
    submit: str
    cancel_href: str
    more: str = ""
    final: tuple[str, ...] = ()  # what cannot be taken back
    hidden: tuple[tuple[str, str], ...] = ()
    may: bool = True


@dataclass(frozen=True, slots=True)
class HistoryView:
    """Units that touched a record, newest first."""

    title: str
    crumbs: tuple[Link, ...]
    units: tuple[UnitRow, ...]
    more_href: str = ""
    as_of: str = ""
    as_of_action: str = ""
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class JournalView:
    """Every change in the house, newest first. `who`: None where only one's own are shown."""

    title: str
    action: str
    units: tuple[UnitRow, ...]
    ways: tuple[Option, ...]
    types: tuple[Option, ...]
    who: str | None = None
    narrowed: bool = False
    more_href: str = ""
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class UnitView:
    """The page of a unit or group: what it did, and what undoing it did."""

    title: str
    crumbs: tuple[Link, ...]
    unit: UnitRow
    facts: tuple[tuple[str, str], ...] = ()
    units: tuple[UnitRow, ...] = ()  # the units of a group
    result_text: str = ""  # after an undo: what it did
    kept: tuple[UndoConflict, ...] = ()  # and which values later changes hold
    final: tuple[str, ...] = ()  # what cannot be taken back, and why
    more_href: str = ""


@dataclass(frozen=True, slots=True)
class BulkView:
    """How far a job is that changes many records, and in the end what became of it."""

    title: str
    crumbs: tuple[Link, ...]
    done: int
    total: int
    text: str
    tone: Literal["", "warn", "error"] = ""
    progress_href: str = ""  # while it works: where the page asks again
    refused: tuple[tuple[str, str], ...] = ()  # sentence, count
    conflicts: tuple[UndoConflict, ...] = ()  # of an undo: values that later changes hold
    actions: tuple[Action, ...] = ()
    samples: tuple[Any, ...] = ()  # a preview: rows of kumiko.web.viewmodels.bulk.SampleRow
    samples_more: str = ""


@dataclass(frozen=True, slots=True)
class AsOfView:
    """Asks for the moment at which a page shall be seen."""

    title: str
    action: str
    hidden: tuple[tuple[str, str], ...]
    at: str
    crumbs: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class BinRow:
    """A deleted record."""

    title: str
    type_label: str
    icon: str
    who: Person
    ago: str
    at: str
    restore: Action
    href: str = ""
    at_text: str = ""
    via: str = ""
    unit_href: str = ""
    together: Action | None = None  # undo of the whole change that deleted it
    ref: str = ""  # names it in the form for many


@dataclass(frozen=True, slots=True)
class BinView:
    """Deleted records that can be restored."""

    crumbs: tuple[Link, ...]
    rows: tuple[BinRow, ...]
    kinds: tuple[Link, ...] = ()
    more_href: str = ""
    empty: Empty | None = None
    action: str = ""
    q: str = ""
    mine: bool = False
    mine_href: str = ""
    may_restore: bool = False
    may_erase: bool = False


@dataclass(frozen=True, slots=True)
class EraseView:
    """Asks once more before records are erased for good."""

    title: str
    text: str
    action: str
    hidden: tuple[tuple[str, str], ...]
    submit: str
    cancel_href: str
    crumbs: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A found record, command or place. `cmd` names a client command instead of an href."""

    label: str
    href: str = ""
    icon: str = "file"
    hint: str = ""
    keys: str = ""
    cmd: str = ""
    snippet: Markup = NO_HTML
    method: Literal["get", "post"] = "get"


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Hits of one kind."""

    title: str
    hits: tuple[Hit, ...]
    all_href: str = ""


@dataclass(frozen=True, slots=True)
class SearchView:
    """Result page of the search."""

    q: str
    groups: tuple[HitGroup, ...]
    count: str = ""
    kinds: tuple[Link, ...] = ()
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class ErrorView:
    """An error as a page: what was wanted, what was found, what to do."""

    code: str
    title: str
    text: str
    icon: str = "compass"
    actions: tuple[Action, ...] = ()
    details: str = ""  # request id or technical detail, folded
