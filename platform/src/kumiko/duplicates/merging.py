"""Making one record of several. What is shown beforehand is what is done: the same plan, not written yet.

All is one unit (via "merge"): the others go to the bin, the winner gets what was chosen, and everything that named the
others names the winner. Undoing the unit brings all of it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert

from kumiko.duplicates import choosing, moving
from kumiko.duplicates.choosing import Choice, Take
from kumiko.duplicates.declaring import Matching, matching_of
from kumiko.duplicates.models import merged_table
from kumiko.host import context
from kumiko.host.errors import Conflict, Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.records import rights, service
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.drafts import Draft
from kumiko.records.inputs import check_assignment, run_rules
from kumiko.records.states import State
from kumiko.records.units import unit
from kumiko.records.views import RecordView, view_of
from kumiko.records.writer import write

MOST = 20
#: Records that follow in the request itself; more are moved by a job (`large`).
AT_ONCE = 1000
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Which records become one. `take`: field -> id of the record whose value is kept, or "all" to put lists together;
    `accept`: ids of records that go although they should stay (a won deal); `versions`: id -> version it was seen at.
    """

    type_key: str
    winner: int
    losers: tuple[int, ...]
    take: Mapping[str, Take] = field(default_factory=dict)
    accept: frozenset[int] = frozenset()
    versions: Mapping[int, int] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[int, ...]:
        """All of them, the one that remains first."""
        return (self.winner, *self.losers)

    def as_json(self) -> dict[str, Any]:
        """For the payload of a job; the versions were compared when it was ordered."""
        return {"type": self.type_key, "winner": self.winner, "losers": list(self.losers), "take": dict(self.take),
                "accept": sorted(self.accept)}  # fmt: skip

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Wish:
        """What `as_json` made."""
        return cls(type_key=said["type"], winner=said["winner"], losers=tuple(said["losers"]), take=said["take"],
                   accept=frozenset(said["accept"]))  # fmt: skip


@dataclass
class Merge:
    """A merge that is planned: nothing is written yet. `warnings`: id of a loser -> why it should stay.

    `is_large`: so much follows that a job does it in slices; `moves` is empty then, the counts are exact all the same.
    """

    info: TypeInfo
    winner: Draft
    losers: list[Draft]
    choices: list[Choice]
    moves: list[Draft]
    before: dict[str, int]  # type key -> how many records name the winner now
    coming: dict[str, int]  # type key -> how many name the others
    warnings: dict[int, str]
    after: dict[str, int]  # type key -> how many records will name the winner
    is_large: bool = False

    def result(self) -> dict[str, Any]:
        """Field name -> the value the record will have."""
        return {name: self.winner.get(name) for name in self.info.fields}


@dataclass(frozen=True)
class Done:
    """What a merge did: the record, the unit, and how many records of each type follow (type key -> count)."""

    record: RecordView
    unit: int
    moved: Mapping[str, int]


def plan(wish: Wish, *, lock: bool = False, most: int = AT_ONCE) -> Merge:
    """What the merge does. Forbidden, NotFound, Stale, Conflict and Invalid say why it cannot be.

    When more than `most` records follow, only their rights are checked here, their rules by the job that moves them.
    """
    info, matching = _matched(wish)
    states = _states(info, wish, lock=lock)
    winner, others = states[wish.winner], [states[record_id] for record_id in wish.losers]
    with merging():
        olds = [Draft(info, "changed", {}, one) for one in (winner, *others)]
        made = choosing.choices(info, matching, olds, wish.take)
        draft = Draft(info, "changed", {}, winner)
        for one in made:
            if not _same(one, draft.before(one.field.name)):
                draft.set(one.field.name, one.result)
        check_assignment([draft])
        run_rules([draft])
        losers = [Draft(info, "deleted", {}, one) for one in others]
        run_rules(losers)
        for loser in losers:
            loser.check_given()
        coming = moving.naming(info, wish.losers, beside=wish.ids)
        present = moving.naming(info, [wish.winner], beside=wish.ids)
        is_large = sum(len(one.places) for one in coming) > most
        moves: list[Draft] = []
        if is_large:
            moving.require_editable(coming)
        else:
            moves = moving.moved(coming, info, wish.losers, wish.winner, lock=lock)
    return Merge(
        info, draft, losers, made, moves, moving.counts(present), moving.counts(coming),
        _warnings(matching, wish, others), moving.counts_together(present, coming), is_large,
    )  # fmt: skip


def merge(wish: Wish) -> Done:
    """Do it, as one unit or inside the open one, however much follows; what `plan` says, written."""
    info, _matching = _matched(wish)
    with unit(via="merge") as opened, merging():
        planned = plan(wish, lock=True, most=LARGEST_ID)
        require_accepted(planned, wish)
        opened.reason = opened.reason if opened.has_effect else reason_of(planned)
        # The others last: undo goes backwards, and what names them is brought back once they are there again.
        for drafts in (planned.moves, [planned.winner], planned.losers):
            for draft in drafts:
                opened.warnings += draft.warnings
            for _key, listed in _by_type(drafts):
                write(opened, listed)
        rows = [
            {"loser_id": one, "unit_id": opened.id, "winner_id": wish.winner, "type_key": info.key}
            for one in wish.losers
        ]
        trusted(insert(merged_table), rows)
        forgotten = moving.counts(moving.naming(info, wish.losers, beside=wish.ids))
        if forgotten:
            raise Conflict(_("Something else was added meanwhile; merge again."))
        record = service.get(info.key, wish.winner)
        return Done(record, opened.id, planned.coming)


def require_accepted(planned: Merge, wish: Wish) -> None:
    """Conflict when a record would go that should stay and that nobody said may go."""
    left = {one: why for one, why in planned.warnings.items() if one not in wish.accept}
    if left:
        raise Conflict(
            _("“%(title)s” should stay: %(why)s. Choose it as the one that remains, or say that it may go.",
              title=_title(planned, next(iter(left))), why=next(iter(left.values())))
        )  # fmt: skip


def who_remains(records: Sequence[RecordView]) -> int:
    """Id of the record that remains unless somebody chose: one that should stay, else the oldest."""
    matching = matching_of(records[0].type)
    keeps = matching.keeps if matching is not None else None
    staying = [one.id for one in records if keeps is not None and keeps(one)]
    return min(staying or [one.id for one in records])


def add_to(type_key: str, record_id: int, values: Mapping[str, Any]) -> Done:
    """Put the values of a record that somebody was about to make into one that is there: what that one lacks is
    filled, lists are put together. One unit, undone as one."""
    now = context.current()
    with unit(via="merge", reason=_("added to a record that was there")):
        merging, now.via = now.via, "web" if now.via == "merge" else now.via
        try:
            made = service.create(type_key, values)
        finally:
            now.via = merging
        return merge(Wish(type_key=type_key, winner=record_id, losers=(made.id,)))


@contextmanager
def merging() -> Iterator[None]:
    """Inside, writes are those of a merge: rules that guard people's hands only warn, the unit is one of a merge."""
    now = context.current()
    before = now.via
    now.via = "merge"
    if now.unit is not None and not now.unit.has_effect:
        now.unit.via = "merge"
    try:
        yield
    finally:
        now.via = before


def _matched(wish: Wish) -> tuple[TypeInfo, Matching]:
    info = catalogue().get(wish.type_key)
    matching = matching_of(info)
    if matching is None:
        raise Conflict(_("%(what)s cannot be merged.", what=str(info.type.label_plural)))
    if not wish.losers or wish.winner in wish.losers:
        sentence = _("name at least one other record, and not the record itself")
        raise Invalid(_("Some values are not accepted."), {"others": [sentence]})
    if len(wish.losers) >= MOST:
        sentence = _("at most %(most)d records become one at a time", most=MOST)
        raise Invalid(_("Some values are not accepted."), {"others": [sentence]})
    return info, matching


def _states(info: TypeInfo, wish: Wish, *, lock: bool) -> dict[int, State]:
    rights.require("edit", info)
    found: dict[int, State] = {}
    for record_id in sorted(wish.ids):
        state = service._state(info, record_id, "edit", lock=lock)
        if record_id != wish.winner:
            service._state(info, record_id, "delete")
        service._match(state, wish.versions.get(record_id))
        found[record_id] = state
    return found


def _warnings(matching: Matching, wish: Wish, others: Sequence[State]) -> dict[int, str]:
    if matching.keeps is None:
        return {}
    found = {one.id: matching.keeps(view_of(one)) for one in others}
    return {record_id: str(why) for record_id, why in found.items() if why}


def _same(one: Choice, before: Any) -> bool:
    if one.field.kind != "list":
        return bool(one.result == before) or (not one.result and not before)
    return [{**row, "position": 0} for row in one.result] == [{**row, "position": 0} for row in before or ()]


def _by_type(drafts: Sequence[Draft]) -> list[tuple[str, list[Draft]]]:
    found: dict[str, list[Draft]] = {}
    for draft in drafts:
        found.setdefault(draft.info.key, []).append(draft)
    return list(found.items())


def _title(planned: Merge, record_id: int) -> str:
    return next(str(one.before("name") or one.record_id) for one in planned.losers if one.record_id == record_id)


def reason_of(planned: Merge) -> str:
    names = ", ".join(f"“{one.before('name') or one.record_id}”" for one in planned.losers[:3])
    more = f" +{len(planned.losers) - 3}" if len(planned.losers) > 3 else ""
    title = str(planned.winner.before("name") or planned.winner.record_id)
    return _("merged %(names)s into %(what)s “%(title)s”", names=names + more,
             what=inside(planned.info.type.label), title=title)[:500]  # fmt: skip
