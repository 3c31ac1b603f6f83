"""One row on its way into the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kumiko.imports.changes import Changes
from kumiko.imports.models import CHANGED, DUPLICATE, EQUAL, LATE, NEW, REFUSED
from kumiko.imports.tables import Row
from kumiko.records.catalogue import TypeInfo
from kumiko.records.drafts import Draft
from kumiko.records.states import State


@dataclass
class Work:
    """One row on its way: its checked values, and what is wrong with it."""

    info: TypeInfo
    row: Row
    values: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    key: Any = None
    state: State | None = None
    draft: Draft | None = None
    changed: bool = False
    changes: Changes = field(default_factory=dict)  # what it does, as long as its rows are written down
    is_double: bool = False  # it repeats an earlier row, or brings what is there already
    is_late: bool = False  # what it would do is no longer what the rehearsal said
    double_id: int | None = None

    @property
    def kind(self) -> str:
        """What became of it (kumiko.imports.models.KINDS)."""
        if self.faults:
            return DUPLICATE if self.is_double else LATE if self.is_late else REFUSED
        return NEW if self.state is None else CHANGED if self.changed else EQUAL

    @property
    def match_id(self) -> int | None:
        """The record that it is about, as far as it is there already."""
        return self.state.id if self.state is not None else self.double_id
