"""The import itself: rows in chunks, each one transaction and one unit, all in one group.

A chunk is read by columns, its links are found (and made) together, existing records are matched in one statement,
then the record layer writes it. A killed import leaves whole chunks; a rerun with a key completes it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any

from sqlalchemy.exc import DataError, IntegrityError

from kumiko.host import context
from kumiko.host.errors import Forbidden
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.imports.carriers import keep_exact
from kumiko.imports.changes import changes_of
from kumiko.imports.convert import Column, Fault, Survey
from kumiko.imports.doubles import SKIP, UPDATE
from kumiko.imports.groups import find_group
from kumiko.imports.likeness import find_repeated
from kumiko.imports.matching import mark_doubles, match
from kumiko.imports.order import Order, own_names
from kumiko.imports.plan import EXTERNAL, Plan
from kumiko.imports.rehearsal import RowBook
from kumiko.imports.report import ColumnCount, ImportReport
from kumiko.imports.seen import FirstRows
from kumiko.imports.tables import Row, Table
from kumiko.imports.targets import REFUSALS, Targets, put_links, read_leaves, reason_of
from kumiko.imports.wishes import RUN
from kumiko.imports.work import Work
from kumiko.records import inputs, links, rights
from kumiko.records.drafts import Draft
from kumiko.records.units import OpenUnit, open_group, unit
from kumiko.records.writer import write

CHUNK = 500

Transaction = Callable[[], AbstractContextManager[Any]]


class _RollBack(Exception):
    """Leaves a transaction that shall leave nothing."""


class _Again(Exception):
    """Linked records were made for rows that are refused: the chunk starts anew without these rows."""


class Importer:
    """One import of one table by one plan, in the current context and as its person."""

    def __init__(
        self, table: Table, plan: Plan, *, dry_run: bool = False, reason: str = "", group_id: int | None = None,
        book: RowBook | None = None,
    ) -> None:  # fmt: skip
        """`group_id`: a group that exists and takes these units in as well, so that one undo takes all back.

        `book`: where it is written down what becomes of each row; without one the report remembers those left out.
        """
        self.table = table
        self.plan = plan
        self.reason = reason or _("import of %(what)s", what=inside(plan.info.type.label_plural))
        self.report = ImportReport(
            plan.wishes.collection,
            dry_run=dry_run,
            unmapped=plan.unmapped,
            notes=tuple(table.notes),
            key=plan.key,
            columns={name: ColumnCount() for name in plan.columns},
            group_id=None if group_id is None or dry_run else find_group(group_id),
            keeps_all=book is None,
        )
        self._book = book
        self._keys = FirstRows()
        self._addresses = FirstRows()
        self._unit_id: int | None = None
        self._order: Order | None = None
        self._columns = self._survey()
        self._targets = Targets(self._columns)
        self._self_links = plan.self_links()
        self._has_lists = any(leaf.one is not None and leaf.one.kind == "list" for leaf in plan.root.leaves.values())
        person = context.principal()
        self._may_create = rights.level(plan.info, person, "create") != "none"
        if self._may_create and not plan.info.type.creatable and person.kind != "system":
            self._may_create = False

    def run(self, progress: Callable[[int, int], None] | None = None) -> ImportReport:
        """Import everything, chunk by chunk in transactions of the current context."""
        done = 0
        for rows in self.chunks():
            self.process(rows, context.transaction)
            done += len(rows)
            if progress is not None:
                progress(done, self.table.row_count)
        return self.report

    def go_on_from(self, made: dict[str, int]) -> None:
        """Take over the counts of linked records that an interrupted import made."""
        self._targets.made = dict(made)

    def chunks(self, *, skip: int = 0) -> Iterator[list[Row]]:
        """The rows in the order of their import. `skip`: how many an interrupted import has done already."""
        for level in self._order.levels() if self._order is not None else (self.table.rows,):
            rows = iter(level)
            while skip and (passed := list(islice(rows, min(skip, CHUNK)))):
                skip -= len(passed)
                self._note_keys(passed)
            while chunk := list(islice(rows, CHUNK)):
                yield chunk

    def process(self, rows: Sequence[Row], transaction: Transaction, settle: Callable[[], None] | None = None) -> None:
        """Import some rows in one transaction. `settle` is called inside it, after the counts are known.

        A chunk that changes nothing leaves nothing, not even a unit.
        """
        with _collection_paused():
            self._process(rows, transaction, settle)

    def _process(self, rows: Sequence[Row], transaction: Transaction, settle: Callable[[], None] | None) -> None:
        before = self.report.group_id
        works = [self._read(row) for row in rows]
        has_effect = False
        while True:
            try:
                with transaction():
                    has_effect = self._write(works)
                    if self.report.dry_run or not has_effect:
                        raise _RollBack
                    self._count(works)
                    self._settle(works, settle)
            except _Again:
                self._take_back(before)
                works = [work if work.faults else self._read(work.row) for work in works]
                continue
            except _RollBack:
                self.report.group_id = before
                self._count(works)
                if settle is not None or self._book is not None:
                    with transaction():
                        self._settle(works, settle)
            except BaseException:
                self._take_back(before)
                raise
            break
        self._targets.keep()
        if self._self_links and has_effect:
            self._targets.forget_missing(self._self_links)

    def _settle(self, works: Sequence[Work], settle: Callable[[], None] | None) -> None:
        if self._book is not None:
            self._book.settle(works)
        if settle is not None:
            settle()

    # -------------------------------------------------------------- reading

    def _survey(self) -> dict[int, Column]:
        """One pass over the file where something must be known of all rows before the first is read."""
        leaves = [leaf for node in (self.plan.root, *self.plan.root.all_links()) for leaf in node.leaves.values()]
        wishes = self.plan.wishes
        survey = Survey(leaves, date_order=wishes.date_order, decimal_mark=wishes.decimal_mark)
        if self.plan.self_links():
            self._order = Order(self.plan, self.table)
        if survey.columns:
            for cells in self.table.cells_of(survey.columns):
                survey.add(cells)
        return {id(leaf): Column(leaf, survey.habits_of(leaf)) for leaf in leaves}

    def _read(self, row: Row) -> Work:
        work = Work(self.plan.info, row)
        if row.problem is not None:
            work.faults.append(row.problem)
            return work
        if self._order is not None and self._order.in_circle(row.number):
            work.faults.append(_("this row stands below itself in the file"))
        work.values, faults = read_leaves(self.plan.root, row.values, self._columns)
        work.faults += faults
        self._read_key(work)
        return work

    def _read_key(self, work: Work) -> None:
        name = self.plan.key
        if not name:
            return
        if name == "id":
            work.key = self._key_alone(work.row)
            if isinstance(work.key, Fault):
                work.faults.append(f"id: {work.key.sentence}")
                work.key = None
        elif name == EXTERNAL:
            work.key = work.values.get("external_ids", {}).get("")
        else:
            work.key = work.values.get(name)
        if work.key is None:
            return
        first = self._keys.first(str(work.key), work.row.number)
        if first != work.row.number:
            work.is_double = True
            work.faults.append(
                _("%(key)s %(value)s stands in row %(first)d already; a key can come once in a file",
                  key=name, value=repr(work.key), first=first)
            )  # fmt: skip

    def _key_alone(self, row: Row) -> Any:
        leaf = self.plan.root.leaves[self.plan.key]
        cell = leaf.source.cell(row.values)
        return None if cell is None else self._columns[id(leaf)].read(cell)

    def _note_keys(self, rows: Sequence[Row]) -> None:
        for row in rows if self.plan.key else ():
            key = self._key_alone(row) if row.problem is None else None
            if key is not None and not isinstance(key, Fault):
                self._keys.first(str(key), row.number)
        if self.report.dry_run and self.plan.wishes.duplicates in (SKIP, UPDATE):
            for row in rows:
                work = Work(self.plan.info, row)
                if row.problem is None:
                    work.values, _faults = read_leaves(self.plan.root, row.values, self._columns)
                find_repeated((work,), self._addresses)

    # -------------------------------------------------------------- writing

    def _write(self, works: Sequence[Work]) -> bool:
        """Write what is acceptable; True when something was made or changed."""
        with unit(via="import", reason=self.reason) as opened:
            if self.report.group_id is None:
                self.report.group_id = open_group(self.reason)
            opened.group_id = self.report.group_id
            if self.plan.wishes.automations == RUN:
                opened.told_as = "web"
            if self._book is not None:
                self._book.follow(works)
            good = [work for work in works if not work.faults]
            match(self.plan, good)
            foreseen = self._book.foreseen_new() if self._book is not None else ()
            mark_doubles(self.plan, good, self._addresses, foreseen_new=foreseen)
            self._link(good, opened)
            drafts = self._drafts([work for work in good if not work.faults])
            if self._book is not None:
                drafts = self._compared(self._book, good, drafts)
            changed = self._store(opened, drafts) if drafts else 0
            if self._targets.has_fresh and any(work.faults for work in good):
                raise _Again
        return changed > 0 or self._targets.has_fresh

    def _take_back(self, group_id: int | None) -> None:
        self.report.group_id = group_id
        self._targets.take_back()

    def _compared(self, book: RowBook, works: Sequence[Work], drafts: list[Work]) -> list[Work]:
        """Those that the rehearsal foresaw, with what they change written down."""
        if book.wants_changes:
            for work in drafts:
                if work.draft is not None:
                    work.changes = changes_of(work.draft, self._targets.made_as)
        book.compare(works, self._named)
        return [work for work in drafts if not work.faults]

    def _named(self, row: Row) -> frozenset[str]:
        """The texts by which a row names the targets of its links."""
        nodes = self.plan.root.all_links()
        return frozenset(text for node in nodes for _name, text in self._targets.tokens(node, row.values))

    def _link(self, works: Sequence[Work], opened: OpenUnit) -> None:
        if not self.plan.root.links:
            return
        rows = [work.row.values for work in works]
        found = {name: self._targets.resolve(node, rows, opened) for name, node in self.plan.root.links.items()}
        for at, work in enumerate(works):
            linked = {name: hits[at] for name, hits in found.items()}
            owner = work.state.values.get("owner") if work.state is not None else None
            put_links(self.plan.info, work.values, linked, work.faults, is_new=work.state is None, owner_before=owner)

    def _drafts(self, works: Sequence[Work]) -> list[Work]:
        """Those with a draft that the rules accept; rows that change nothing get none."""
        trying: list[Work] = []
        for work in works:
            try:
                work.draft = self._draft(work)
            except REFUSALS as refusal:
                work.faults.append(reason_of(refusal))
            else:
                if work.draft is not None:
                    trying.append(work)
        drafts = [work.draft for work in trying if work.draft is not None]
        if self._has_lists:
            links.resolve(drafts)
        inputs.check_assignment(drafts)
        for work, draft in zip(trying, drafts, strict=True):
            try:
                inputs.run_rules([draft])
            except REFUSALS as refusal:
                work.faults.append(reason_of(refusal))
        inputs.check_external_ids([draft for work, draft in zip(trying, drafts, strict=True) if not work.faults])
        for work, draft in zip(trying, drafts, strict=True):
            if draft.errors and not work.faults:
                work.faults.append("; ".join(f"{name}: {' '.join(said)}" for name, said in draft.errors.items()))
        return [work for work in trying if not work.faults]

    def _draft(self, work: Work) -> Draft | None:
        values = work.values
        if work.state is None:
            if not self._may_create:
                raise Forbidden(_("it is new, and your role does not allow you to create it"))
            for one in self.plan.info.lists:
                _strip_ids(values.get(one.name), ())
            return inputs.draft_of_new(self.plan.info, values)
        for one in self.plan.info.lists:
            _strip_ids(values.get(one.name), work.state.many.get(one.name, {}))
        keep_exact(self.plan.root, values, work.row.values, work.state.values)
        draft = inputs.draft_of_change(work.state, values)
        return draft if draft.changes(*draft.values) else None

    def _store(self, opened: OpenUnit, works: Sequence[Work]) -> int:
        """Write drafts; when the database refuses, the rows that it refuses are found by halving."""
        self._unit_id = opened.id  # asked for now, because its row must outlive a savepoint
        try:
            with context.session().begin_nested():
                changed = write(opened, [work.draft for work in works if work.draft is not None])
        except (IntegrityError, DataError) as refusal:
            if len(works) == 1:
                works[0].faults.append(_("the database refuses it: %(why)s", why=str(refusal.orig).splitlines()[0]))
                return 0
            half = len(works) // 2
            count = 0
            for part in (works[:half], works[half:]):
                for work in part:
                    _unstage(work.draft)
                count += self._store(opened, part)
            return count
        written = {id(draft) for draft in changed}
        for work in works:
            work.changed = id(work.draft) in written
            if work.changed and work.state is None and work.draft is not None:
                self._note_new(work, work.draft.record_id or 0)
        return len(changed)

    def _note_new(self, work: Work, record_id: int) -> None:
        for node in self._self_links:
            names = own_names(self.plan, node, work.row)
            self._targets.note_new(self.plan.info, names, record_id, is_dry=self.report.dry_run)

    def _count(self, works: Sequence[Work]) -> None:
        report = self.report
        for work in works:
            report.rows += 1
            if work.faults:
                report.refuse(work.row.number, "; ".join(work.faults), work.kind)
            elif work.state is None:
                report.created += 1
            elif work.changed:
                report.updated += 1
            else:
                report.unchanged += 1
            for sentence in work.draft.warnings if work.draft is not None and not work.faults else ():
                report.warn(work.row.number, sentence)
            for name, count in report.columns.items():
                if work.row.values.get(name) is not None:
                    count.given += 1
                    count.taken += not work.faults
        report.made = dict(self._targets.made)


@contextmanager
def _collection_paused() -> Iterator[None]:
    """A chunk makes many objects and no cycles; looking for cycles all the while costs a tenth of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _strip_ids(rows: Any, known: Iterable[str]) -> None:
    """Rows of lists keep their ids only where the record has them; in another installation they are new."""
    for row in rows or ():
        if row.get("id") is not None and str(row["id"]) not in known:
            row["id"] = None


def _unstage(draft: Draft | None) -> None:
    """Forget ids that were taken in a savepoint that was rolled back."""
    if draft is None:
        return
    if draft.is_new:
        draft.record_id = None
    for one in draft.info.lists:
        _strip_ids(draft.values.get(one.name), draft.state.many.get(one.name, {}) if draft.state else ())
