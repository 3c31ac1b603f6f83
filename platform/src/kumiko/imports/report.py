"""What an import did or would do: counts, reasons, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kumiko.host.i18n import gettext as _
from kumiko.imports.models import DUPLICATE, LATE, REFUSED

SHOWN_WARNINGS = 50
SHOWN_PROBLEMS = 20


@dataclass
class ColumnCount:
    """One column of the file: cells that hold something, and how many of those came in."""

    given: int = 0
    taken: int = 0


@dataclass
class ImportReport:
    """The outcome of an import so far. `refused`: row number -> sentence of the rows that do not come in (all of them
    if `keeps_all`, else the first); of the `refused_count`, `duplicates` bring what is there and `set_aside` do
    something else than the rehearsal said. `made`: collection -> records made for links.

    `group_id` names the group to be undone; None when nothing was written.
    """

    collection: str
    dry_run: bool = False
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    refused_count: int = 0
    duplicates: int = 0
    set_aside: int = 0
    made: dict[str, int] = field(default_factory=dict)
    warnings: int = 0
    shown_warnings: list[tuple[int, str]] = field(default_factory=list)
    columns: dict[str, ColumnCount] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    key: str = ""
    group_id: int | None = None
    refused_file: str = ""
    keeps_all: bool = True

    def refuse(self, number: int, sentence: str, kind: str = REFUSED) -> None:
        self.refused_count += 1
        self.duplicates += kind == DUPLICATE
        self.set_aside += kind == LATE
        if self.keeps_all or len(self.refused) < SHOWN_PROBLEMS:
            self.refused[number] = sentence

    def warn(self, number: int, sentence: str) -> None:
        self.warnings += 1
        if len(self.shown_warnings) < SHOWN_WARNINGS:
            self.shown_warnings.append((number, sentence))

    def as_json(self) -> dict[str, Any]:
        """For programs; refused rows are counted here and listed in their file."""
        return {
            "collection": self.collection,
            "dry_run": self.dry_run,
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": self.refused_count,
            "duplicates": self.duplicates,
            "set_aside": self.set_aside,
            "made": dict(self.made),
            "warnings": self.warnings,
            "columns": {name: {"given": one.given, "taken": one.taken} for name, one in self.columns.items()},
            "unmapped": list(self.unmapped),
            "notes": list(self.notes),
            "key": self.key or None,
            "group": self.group_id,
            "refused_file": self.refused_file or None,
            "problems": [
                {"row": number, "reason": reason} for number, reason in list(self.refused.items())[:SHOWN_PROBLEMS]
            ],
        }

    def state(self) -> dict[str, Any]:
        """Counts to go on from after an interruption; refused rows are kept elsewhere."""
        return {
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "made": dict(self.made),
            "warnings": self.warnings,
            "shown_warnings": [list(one) for one in self.shown_warnings],
            "columns": {name: [one.given, one.taken] for name, one in self.columns.items()},
            "group": self.group_id,
            "refused": self.refused_count,
            "duplicates": self.duplicates,
            "set_aside": self.set_aside,
            "problems": [list(one) for one in list(self.refused.items())[:SHOWN_PROBLEMS]],
        }

    def go_on_from(self, state: Mapping[str, Any]) -> None:
        """Take over the counts of `state()`."""
        for name in ("rows", "created", "updated", "unchanged", "warnings"):
            setattr(self, name, int(state.get(name, 0)))
        self.made = dict(state.get("made", {}))
        self.shown_warnings = [(int(number), str(text)) for number, text in state.get("shown_warnings", [])]
        self.columns = {name: ColumnCount(*pair) for name, pair in state.get("columns", {}).items()}
        self.group_id = state.get("group")
        self.refused_count = int(state.get("refused", 0))
        self.duplicates = int(state.get("duplicates", 0))
        self.set_aside = int(state.get("set_aside", 0))
        self.refused = {int(number): str(text) for number, text in state.get("problems", [])}

    def lines(self) -> list[str]:
        """The outcome in sentences for people."""
        would = _("Nothing was written; this is what would happen.") if self.dry_run else ""
        said = [would] if would else []
        said.append(
            _("%(rows)s rows: %(created)s created, %(updated)s changed, %(unchanged)s unchanged, %(refused)s refused.",
              rows=f"{self.rows:,}", created=f"{self.created:,}", updated=f"{self.updated:,}",
              unchanged=f"{self.unchanged:,}", refused=f"{self.refused_count:,}")
        )  # fmt: skip
        for collection, count in self.made.items():
            said.append(_("Also created: %(count)s %(collection)s.", count=f"{count:,}", collection=collection))
        if self.duplicates:
            said.append(_("%(count)s of the refused rows are duplicates.", count=f"{self.duplicates:,}"))
        if self.unmapped:
            said.append(_("Columns left out: %(names)s.", names=", ".join(self.unmapped)))
        said += self.notes
        if self.warnings:
            number, sentence = self.shown_warnings[0]
            said.append(
                _("%(count)s warnings, the first in row %(row)d: %(text)s",
                  count=f"{self.warnings:,}", row=number, text=sentence)
            )  # fmt: skip
        if self.refused:
            number, sentence = next(iter(self.refused.items()))
            said.append(_("The first refused row is %(row)d: %(text)s", row=number, text=sentence))
        if self.refused_file:
            said.append(_("Refused rows with reasons: %(path)s", path=self.refused_file))
        if self.group_id is not None and (self.created or self.updated or self.made):
            said.append(_("Group %(id)d; take it all back with: kumiko undo %(id)d", id=self.group_id))
        return said
