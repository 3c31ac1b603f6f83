"""Undo of a field, an entry, a unit or a group, by the value rule of design 2 (`undo_rule`).

Undo only sets marks, then moves each touched field to what the rule says. So all units undone, in any order, give the
start state, and undoing an undo (redo) is taking its marks back. Entries of undo units are derived: they have no say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from kumiko.host import context
from kumiko.host.columns import table_of, utc_now
from kumiko.host.errors import Conflict as ConflictError
from kumiko.host.errors import Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import forms
from kumiko.records.catalogue import catalogue
from kumiko.records.drafts import Draft
from kumiko.records.models import Entry, Mark, Unit
from kumiko.records.service import run_rules
from kumiko.records.undo_conflicts import Conflict, conflicts_of
from kumiko.records.undo_rule import draft_of_rule, names_of, undone_names, value_now
from kumiko.records.undo_touches import (
    Left,
    RecordTouch,
    Sentences,
    Touch,
    by_type,
    editable,
    is_redo,
    plan_of,
    touches_of,
    units_in,
)
from kumiko.records.units import OpenUnit, unit
from kumiko.records.writer import write

_unit, _entry, _mark = table_of(Unit), table_of(Entry), table_of(Mark)
SLICE = 500


@dataclass
class UndoResult:
    """What an undo did. `overwritten`: [{"type", "id", "field", "by"}], fields that a later unit holds.

    `refused`: [{"count", "reason"}], records the person may not edit today. `waiting`: names of modules that are off.
    `conflicts`: those fields with both values, and records that went although others had changed them.
    """

    unit: int | None = None
    reverted: int = 0
    overwritten: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    put_back: int = 0  # values written anew because one asked for them in spite of later changes

    @property
    def complete(self) -> bool:
        return not self.refused and not self.waiting

    def take(self, left: Left) -> None:
        """Note what was left."""
        for reason, count in left.refused.items():
            same = next((one for one in self.refused if one["reason"] == reason), None)
            if same is None:
                self.refused.append({"count": count, "reason": reason})
            else:
                same["count"] += count
        self.waiting += [one for one in left.waiting if one not in self.waiting]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a person wants in spite of the rule: (record id, field) by journal name.

    `back`: values that a later change holds, to be written anew as they were before; `keep`: left as they are.
    """

    back: frozenset[tuple[int, str]] = frozenset()
    keep: frozenset[tuple[int, str]] = frozenset()


NO_CHOICES = Choices()


def undo(
    unit_or_group: int, *, entry_id: int | None = None, name: str | None = None, choices: Choices = NO_CHOICES
) -> UndoResult:
    """Undo a unit or group, or only one of its entries, or one field of that entry.

    NotFound when there is none; Conflict when it is undone already. All is one unit of its own (via "undo"); values
    that `choices` put back in spite of later changes are another one.
    """
    result = UndoResult()
    with context.transaction():
        head = head_of(unit_or_group, lock=True)
        touches = touches_for(head, entry_id, name)
        with unit(via="undo", undo_of=unit_or_group, reason=_("undo of %(id)d", id=unit_or_group)) as opened:
            work = Undoing(head, opened, result, choices)
            for start in range(0, len(touches), SLICE):
                work.take(touches[start : start + SLICE])
            work.end()
            whole = entry_id is None and not choices.keep
            settle(head, touches, opened.id, whole=whole, complete=result.complete)
            result.unit = opened.id
        write_anew(result, choices, unit_or_group)
    return result


def head_of(unit_or_group: int, *, lock: bool = False) -> Any:
    """The unit or group to be undone; NotFound, or Conflict when it is undone already."""
    query = select(_unit).where(_unit.c.id == unit_or_group)
    if lock and not context.current().database.is_sqlite:
        query = query.with_for_update()
    head = trusted(query).mappings().first()
    if head is None or not _may_know(head):
        raise NotFound(_("There is no change %(id)d that you may undo.", id=unit_or_group))
    if head["undone_at"] is not None:
        raise ConflictError(_("This change is undone already."))
    return head


def touches_for(head: Any, entry_id: int | None, name: str | None) -> list[Touch]:
    """The touches of an undo of all, of an entry, or of a field of it."""
    wanted = ""
    if entry_id is not None:
        type_key = trusted(select(_entry.c.type_key).where(_entry.c.id == entry_id)).scalar_one_or_none()
        info = catalogue().find(type_key) if type_key else None
        wanted = (info.qualified(name) if info is not None else name) if name else ""
    touches = touches_of(head, entry_id=entry_id, name=wanted)
    if entry_id is not None and not touches:
        raise NotFound(_("There is no entry %(id)d in this change.", id=entry_id))
    return touches


def _may_know(head: Any) -> bool:
    """Own units, and for administrators everybody's; what is in them is checked record by record."""
    person = context.principal()
    if person.is_administrator or head["actor_id"] == person.user_id:
        return True
    query = select(_entry.c.type_key, _entry.c.record_id).where(_entry.c.unit_id.in_(units_in(head))).limit(SLICE)
    by_key: dict[str, list[int]] = {}
    for type_key, record_id in trusted(query):
        by_key.setdefault(type_key, []).append(record_id)
    return any(editable(info, ids) for key, ids in by_key.items() if (info := catalogue().find(key)) is not None)


def sentences() -> Sentences:
    """Why records and fields are left."""
    return Sentences(
        gone=_("erased for good"),
        barred=_("not yours to change today"),
        hidden=_("a field that your role may not change"),
    )


class Undoing:
    """An undo at work, slice by slice. Drafts that a rule refuses as things stand are tried again at the `end`."""

    def __init__(self, head: Any, opened: OpenUnit, result: UndoResult, choices: Choices = NO_CHOICES) -> None:
        self.head = head
        self.opened = opened
        self.result = result
        self.choices = choices
        self.postponed: list[tuple[Draft, RecordTouch]] = []
        self._touched: dict[str, set[int]] = {}

    def take(self, touches: Sequence[Touch]) -> None:
        """Undo some entries."""
        left = Left()
        for type_key, listed in by_type(touches).items():
            info = catalogue().find(type_key)
            if info is None:
                left.wait_for(type_key.partition(".")[0])
                continue
            plans = plan_of(info.whole, listed, left, sentences(), kept=self.choices.keep, lock=True)
            self._write(plans)
        self.result.take(left)

    def _write(self, plans: Sequence[RecordTouch]) -> None:
        set_marks(self.opened, plans)
        drafts: list[Draft] = []
        for plan in plans:
            self._touched.setdefault(plan.info.key, set()).add(plan.state.id)
            found = conflicts_of(plan, self.head)
            self.result.conflicts += found
            self.result.overwritten += [
                {"type": one.type_key, "id": one.record_id, "field": one.field, "by": one.by}
                for one in found
                if not one.is_existence
            ]
            draft = draft_of_rule(plan.info, plan.state, plan.wanted) or _draft_of_derived(plan)
            if draft is None:
                continue
            try:
                _run_rules(draft, plan)
            except (Invalid, ConflictError):
                self.postponed.append((draft, plan))
            else:
                drafts.append(draft)
        self.result.reverted += len(write(self.opened, drafts))

    def end(self) -> None:
        """The last slice is done: what a rule still refuses is counted with its reason."""
        left = Left()
        for _touches, reason in self.pause():
            left.refuse(reason)
        self.result.take(left)

    def pause(self) -> list[tuple[list[Touch], str]]:
        """Once the rest is written: a team may go when its members and the teams below it are gone.

        Gives what a rule refuses even so, with its reason; those records stand as before, and so do their marks.
        """
        reasons: list[str] = []
        while self.postponed:
            waiting: list[tuple[Draft, RecordTouch]] = []
            reasons = []
            for draft, plan in self.postponed:
                draft.errors.clear()
                try:
                    _run_rules(draft, plan)
                except (Invalid, ConflictError) as fault:
                    waiting.append((draft, plan))
                    reasons.append(_told(fault))
                else:
                    self.result.reverted += len(write(self.opened, [draft]))
            if len(waiting) == len(self.postponed):
                break
            self.postponed = waiting
        refused = [plan for _draft, plan in self.postponed]
        take_marks_back(self.opened, refused)
        self.postponed = []
        self._reread()
        return [(plan.changed, reason) for plan, reason in zip(refused, reasons, strict=True)]

    def _reread(self) -> None:
        """Let extensions whose tables are a reading of the journal read these records' again: their marks changed."""
        for type_key, ids in self._touched.items():
            info = catalogue().find(type_key)
            for side in info.extensions if info is not None else ():
                if side.extension.reread is not None:
                    side.extension.reread(sorted(ids))
        self._touched = {}


def _run_rules(draft: Draft, plan: RecordTouch) -> None:
    """Derived values are computed anew, of names that other records may have by now; where the record stands as it
    once was, they are what they were then."""
    run_rules([draft])
    for name in [name for name in draft.values if plan.info.fields[name].field.derived]:
        one = plan.info.fields[name]
        known, value = plan.as_it_was(one.journal_name)
        if known and not one.is_many:
            draft.values[name] = forms.from_journal(one, value)


def _draft_of_derived(plan: RecordTouch) -> Draft | None:
    """Where nothing else moves: derived values that an undo in another order left as of a state in between."""
    values: dict[str, Any] = {}
    for one in plan.info.fields.values():
        name = one.journal_name
        if one.field.derived and not one.is_many and any(name in (entry["after"] or {}) for entry in plan.history):
            known, value = plan.as_it_was(name)
            if known and value != value_now(plan.info, plan.state, name):
                values[one.name] = forms.from_journal(one, value)
    return Draft(plan.info, "changed", values, plan.state) if values else None


def _told(fault: Invalid | ConflictError) -> str:
    errors: Mapping[str, Sequence[str]] = getattr(fault, "errors", {}) or {}
    return "; ".join(" ".join(lines) for lines in errors.values()) or fault.message


def set_marks(opened: OpenUnit, plans: Iterable[RecordTouch]) -> None:
    """Mark entries, and remember which marks this unit set or took back."""
    rows: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    for plan in plans:
        entries += [{"k_id": entry_id, "v_undone": sorted(names) or None} for entry_id, names in plan.marks.items()]
        rows += [
            {"unit_id": opened.id, "entry_id": one.entry["id"], "names": sorted(one.names), "undone": one.undone}
            for one in plan.changed
        ]
    if rows:
        trusted(update(_entry).where(_entry.c.id == bindparam("k_id")).values(undone=bindparam("v_undone")), entries)
        trusted(insert(_mark), rows)


def take_marks_back(opened: OpenUnit, plans: Iterable[RecordTouch]) -> None:
    """A record that a rule does not let go back stands as before: its entries are not marked either."""
    for plan in plans:
        for one in plan.changed:
            trusted(update(_entry).where(_entry.c.id == one.entry["id"]).values(undone=one.entry["undone"]))
        ids = [one.entry["id"] for one in plan.changed]
        trusted(delete(_mark).where(_mark.c.unit_id == opened.id, _mark.c.entry_id.in_(ids)))


def write_anew(result: UndoResult, choices: Choices, unit_or_group: int) -> None:
    """Write the chosen ones of the values that a later change holds as they were before: a change like any other."""
    chosen = [one for one in result.conflicts if (one.record_id, one.field) in choices.back]
    if not chosen:
        return
    keys: dict[tuple[str, int], list[Conflict]] = {}
    for one in chosen:
        keys.setdefault((one.type_key, one.record_id), []).append(one)
    with unit(reason=_("old values put back, undo of %(id)d", id=unit_or_group)) as opened:
        for (type_key, record_id), listed in keys.items():
            info = catalogue().get(type_key)
            state = editable(info, [record_id], lock=True).get(record_id)
            writable = info.writable(context.principal())
            wanted = {
                one.field: one.back
                for one in listed
                if (known := info.find(one.field.partition("#")[0])) is not None and known.name in writable
            }
            draft = draft_of_rule(info, state, wanted) if state is not None else None
            if draft is None:
                continue
            run_rules([draft])
            result.put_back += len(wanted) if write(opened, [draft]) else 0
            done = {(record_id, name) for name in wanted}
            result.overwritten = [one for one in result.overwritten if (one["id"], one["field"]) not in done]
            result.conflicts = [one for one in result.conflicts if (one.record_id, one.field) not in done]


# ------------------------------------------------------------------ what counts as undone


def settle(head: Any, touches: Iterable[Touch], undoing: int, *, whole: bool, complete: bool) -> None:
    """Note which units are undone now as a whole, and which no longer are; `undoing`: the unit (or group) that did it.

    `whole`: the undo was of the head as a whole; `complete`: and nothing of it was left.
    """
    settle_units((touch.entry["unit_id"] for touch in touches), undoing)
    if whole and complete:
        settle_head(head, undoing)


def settle_head(head: Any, undoing: int) -> None:
    """The unit or group itself, after an undo of all of it."""
    if is_redo(head):
        _settle_redo(head, undoing)
    else:
        _note([head["id"]], undoing)


def settle_units(unit_ids: Iterable[int], undoing: int) -> None:
    """Units whose entries are all marked are undone; others are not. Groups follow their units."""
    listed = sorted(set(unit_ids))
    groups: set[int] = set()
    for start in range(0, len(listed), SLICE):
        chunk = listed[start : start + SLICE]
        columns = (_entry.c.id, _entry.c.unit_id, _entry.c.action, _entry.c.before, _entry.c.after, _entry.c.undone)
        open_units = set()
        query = select(*columns).where(_entry.c.unit_id.in_(chunk), _entry.c.derived.is_(False))
        for row in trusted(query).mappings():
            if not set(names_of(row)) <= undone_names(row, {}):
                open_units.add(row["unit_id"])
        _note([one for one in chunk if one not in open_units], undoing)
        _note(sorted(open_units), None)
        query = select(_unit.c.group_id).where(_unit.c.id.in_(chunk), _unit.c.group_id.is_not(None)).distinct()
        groups |= set(trusted(query).scalars())
    for group_id in sorted(groups):
        open_one = select(_unit.c.id).where(_unit.c.group_id == group_id, _unit.c.undone_at.is_(None)).limit(1)
        _note([group_id], undoing if trusted(open_one).first() is None else None)


def _settle_redo(head: Any, undoing: int) -> None:
    """An undo that was undone counts no longer; if it was itself a redo, the undo before counts again."""
    own = list(trusted(units_in(head)).scalars()) if head["is_group"] else []
    _note([head["id"], *own], undoing)
    before = head["undo_of"]
    via = trusted(select(_unit.c.via).where(_unit.c.id == before)).scalar_one_or_none() if before else None
    if via == "undo":
        _note([before], None)


def _note(unit_ids: Sequence[int], undoing: int | None) -> None:
    """Set (or, with None, take away) when and by what units are undone."""
    now = utc_now() if undoing is not None else None
    wrong = _unit.c.undone_at.is_(None) if undoing is not None else _unit.c.undone_at.is_not(None)
    for start in range(0, len(unit_ids), SLICE):
        chosen = _unit.c.id.in_(unit_ids[start : start + SLICE])
        trusted(update(_unit).where(chosen, wrong).values(undone_at=now, undone_by=undoing))
