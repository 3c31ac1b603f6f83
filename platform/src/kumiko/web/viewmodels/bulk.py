"""What a bulk edit would do, before it is done."""

from __future__ import annotations

from dataclasses import dataclass

from kumiko.web.viewmodels.kit import Action, Link
from kumiko.web.viewmodels.records import Change


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One record with the values that change."""

    title: str
    href: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class BulkPreviewView:
    """Counts, some records before and after, and what is left as it is. `hidden`: what the button sends again.

    `removes`: it is a deletion; then `along` says what goes with it, and `naming` who still names the deleted ones.
    """

    title: str
    action: str
    changed: str
    equal: str
    refused_count: str
    samples: tuple[SampleRow, ...]
    more: str
    refused: tuple[tuple[str, str], ...]
    hidden: tuple[tuple[str, str], ...]
    submit: str  # "": nothing would change
    cancel_href: str
    crumbs: tuple[Link, ...] = ()
    note: str = ""
    actions: tuple[Action, ...] = ()
    removes: bool = False
    along: tuple[str, ...] = ()
    naming: tuple[str, ...] = ()
