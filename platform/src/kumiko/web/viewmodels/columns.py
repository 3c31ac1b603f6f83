"""The choice of a list's columns."""

from __future__ import annotations

from dataclasses import dataclass

from kumiko.web.viewmodels.filters import SubjectGroup
from kumiko.web.viewmodels.kit import Link, Option


@dataclass(frozen=True, slots=True)
class ColumnsView:
    """Columns in their order behind the title, and fields that may be added."""

    title: str
    action: str
    first: str
    columns: tuple[Option, ...]
    choices: tuple[SubjectGroup, ...]
    cancel_href: str
    crumbs: tuple[Link, ...] = ()
