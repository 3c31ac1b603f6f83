"""The rows of one rehearsal: kept while it runs, and followed to the letter when it is accepted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, BigInteger, Integer, bindparam, column, delete, func, select, update

from kumiko.host.context import current
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.imports.cells import cell_json
from kumiko.imports.changes import differing
from kumiko.imports.models import DUPLICATE, EQUAL, LATE, LEFT_OUT, NEW, row_table
from kumiko.records.insertion import insert_rows

if TYPE_CHECKING:
    from kumiko.imports.work import Work

_rows = row_table
#: Rows of former rehearsals that go in one transaction.
FORGOTTEN_AT_ONCE = 5_000


class RowBook:
    """What is written down about the rows of a run, in the transaction that settles them.

    `accepting`: a rehearsal was accepted, so rows come in only as it said. `brief`: only rows that do not come in are
    written down (an import without rehearsal).
    """

    def __init__(self, run_id: int, number: int, columns: Sequence[str], *, accepting: bool, brief: bool) -> None:
        self.accepting = accepting
        self.wants_changes = not brief
        self._run = {"run_id": run_id, "round": number}
        self._columns = columns
        self._brief = brief
        self._expected: dict[int, Any] = {}

    def follow(self, works: Sequence[Work]) -> None:
        """Before anything is looked up: rows that the rehearsal left out stay out, for the reason that it gave."""
        if not self.accepting or not works:
            return
        numbers = [work.row.number for work in works]
        query = select(_rows).where(
            _rows.c.run_id == self._run["run_id"], _rows.c.round == self._run["round"], _rows.c.number.in_(numbers)
        )
        self._expected = {row.number: row for row in trusted(query)}
        for work in works:
            expected = self._expected.get(work.row.number)
            if expected is not None and expected.kind in LEFT_OUT and not work.faults:
                work.faults.append(expected.reason)
                work.is_double = expected.kind == DUPLICATE
                work.is_late = expected.kind == LATE

    def foreseen_new(self) -> frozenset[int]:
        """Those of the rows followed that the rehearsal found new."""
        return frozenset(number for number, row in self._expected.items() if row.kind == NEW)

    def compare(self, works: Iterable[Work], named: Any) -> None:
        """Before anything is written: rows that would do something else than the rehearsal said are set aside."""
        if not self.accepting:
            return
        for work in works:
            if not work.faults:
                sentence = self._difference(work, named)
                if sentence:
                    work.faults.append(sentence)
                    work.is_late = True

    def _difference(self, work: Work, named: Any) -> str:
        expected = self._expected.get(work.row.number)
        if expected is None:
            return _("the rehearsal did not see this row; rehearse the import again")
        state = work.state
        if expected.kind == NEW:
            if state is not None:
                return _("a record with this key has been made since the rehearsal")
        elif state is None or state.id != expected.record_id:
            return _("its record was deleted or got another key since the rehearsal")
        elif work.draft is None and expected.kind == EQUAL:
            return ""
        elif state.version != expected.version:
            return _("its record was changed since the rehearsal; rehearse this row again to see what it would do now")
        elif expected.kind == EQUAL:
            return ""  # the same record and the same row: it comes to nothing again
        name = differing(work.info, expected.changes or {}, work.changes, work.values, lambda: named(work.row))
        if name:
            return _("it would now write %(field)s otherwise than the rehearsal said; rehearse this row again",
                     field=name)  # fmt: skip
        return ""

    def settle(self, works: Sequence[Work]) -> None:
        """Write down what became of some rows; in the transaction that commits it."""
        if self.accepting:
            self._amend(works)
            return
        made = [self._row(work) for work in works if not self._brief or work.kind in LEFT_OUT]
        if made:
            insert_rows(_rows, made)

    def _row(self, work: Work) -> dict[str, Any]:
        left_out = work.kind in LEFT_OUT
        return {
            **self._run,
            "number": work.row.number,
            "kind": work.kind,
            "record_id": work.match_id,
            "version": work.state.version if work.state is not None else None,
            "reason": "; ".join(work.faults),
            "changes": None if left_out or work.kind == EQUAL else work.changes,
            "cells": [cell_json(work.row.values.get(name)) for name in self._columns] if left_out else None,
        }

    def _amend(self, works: Sequence[Work]) -> None:
        made = [
            {"of_row": work.row.number, "made_id": work.draft.record_id}
            for work in works
            if work.kind == NEW and work.draft is not None
        ]
        mine = (_rows.c.run_id == self._run["run_id"]) & (_rows.c.round == self._run["round"])
        if made:
            _note_made(mine, made)
        late = [work for work in works if work.kind in LEFT_OUT and self._is_news(work)]
        for work in late:
            row = self._row(work)
            values = {name: row[name] for name in ("kind", "record_id", "reason", "changes", "cells")}
            trusted(update(_rows).where(mine, _rows.c.number == work.row.number).values(**values))

    def _is_news(self, work: Work) -> bool:
        expected = self._expected.get(work.row.number)
        return expected is None or expected.kind != work.kind


def _note_made(mine: Any, made: list[dict[str, Any]]) -> None:
    """Write down which records rows became; PostgreSQL, whose driver sends row by row, takes them as one list."""
    if current().database.is_sqlite:
        at_row = mine & (_rows.c.number == bindparam("of_row"))
        trusted(update(_rows).where(at_row).values(record_id=bindparam("made_id")), made)
        return
    document: Any = bindparam("made", type_=JSON)
    listed = (
        func.json_to_recordset(document)
        .table_valued(column("of_row", Integer), column("made_id", BigInteger))
        .render_derived(with_types=True)
    )
    amend = update(_rows).where(mine, _rows.c.number == listed.c.of_row).values(record_id=listed.c.made_id)
    trusted(amend, {"made": made})


def forget_rounds(run_id: int, before: int) -> bool:
    """Remove some rows of former rehearsals of a run; whether more are left."""
    old = (
        select(_rows.c.round, _rows.c.number)
        .where(_rows.c.run_id == run_id, _rows.c.round < before)
        .order_by(_rows.c.round, _rows.c.number)
        .limit(FORGOTTEN_AT_ONCE)
    )
    found = trusted(old).all()
    if not found:
        return False
    first, last = found[0], found[-1]
    trusted(
        delete(_rows).where(
            _rows.c.run_id == run_id,
            _rows.c.round >= first.round,
            (_rows.c.round < last.round) | ((_rows.c.round == last.round) & (_rows.c.number <= last.number)),
        )
    )
    return len(found) == FORGOTTEN_AT_ONCE
