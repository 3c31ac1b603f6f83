"""A hand-over: what goes to whom, done in one undoable group, at once or as a job.

The group holds the changes of all records, the saved lists that moved, and the user who is switched off. The record of
the hand-over stays beside it and says what it came to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from kumiko.access import principals, sessions
from kumiko.access.models import USER, Team, User, table
from kumiko.host.context import acting_as, current, narrowed, principal, transaction
from kumiko.host.declarations import ACTIONS
from kumiko.host.errors import Conflict, Forbidden, Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs import enqueue, sliced
from kumiko.jobs.job import JobContext
from kumiko.leaving import inventory
from kumiko.leaving.inventory import Holding
from kumiko.leaving.models import HAND_OVER
from kumiko.notify.services import notify_people
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.drafts import Draft
from kumiko.records.inputs import draft_of_new, prepare
from kumiko.records.states import load_states
from kumiko.records.units import OpenUnit, open_group, unit
from kumiko.records.writer import write

JOB = "leaving.hand_over"
AT_ONCE, SLICE = 1000, 500
RULES = ("one", "even", "team")
_user, _team = table(User), table(Team)


@dataclass
class Plan:
    """What a hand-over would do: (holding, successor's id -> count), saved lists, and names of the successors."""

    person_id: int
    name: str
    rows: list[tuple[Holding, dict[int, int]]] = field(default_factory=list)
    views: int = 0
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(holding.count for holding, _counts in self.rows)


def plan(person_id: int, successors: Sequence[int], rule: str) -> Plan:
    """Check a hand-over and count what goes to whom; Invalid and Conflict say what speaks against it."""
    name = check(person_id, successors, rule)
    found = Plan(person_id, name, views=len(inventory.private_views(person_id)), names=_names(successors))
    split = Split(successors, rule)
    for holding in inventory.inventory(person_id):
        counts = dict.fromkeys(successors, 0)
        after = number = 0
        while ids := inventory.some_ids(holding, person_id, after, SLICE):
            for successor, listed in split.of(holding, ids, number).items():
                counts[successor] += len(listed)
            after, number = ids[-1], number + len(ids)
        found.rows.append((holding, counts))
    return found


def check(person_id: int, successors: Sequence[int], rule: str) -> str:
    """The name of whoever leaves; refuses what cannot be."""
    if not principal().may("users.edit"):
        raise Forbidden(_("Your role does not allow you to change users; ask an administrator."))
    view = service.get(USER, person_id)
    faults: dict[str, list[str]] = {}
    if person_id == principal().user_id:
        faults["person"] = [_("You cannot hand over yourself; another administrator can.")]
    if rule not in RULES:
        faults["rule"] = [_("Choose how it is distributed: %(rules)s.", rules=", ".join(RULES))]
    if not successors or len(successors) > 50 or len(set(successors)) != len(successors):
        faults["successors"] = [_("Choose one to fifty different successors.")]
    elif rule == "one" and len(successors) != 1:
        faults["successors"] = [_("Choose exactly one successor, or another way to distribute.")]
    elif person_id in successors:
        faults["successors"] = [_("Whoever leaves cannot be a successor.")]
    elif missing := [one for one in successors if principals.principal_for_user(one) is None]:
        faults["successors"] = [_("User %(id)d is not active.", id=missing[0])]
    if faults:
        raise Invalid(_("This hand-over cannot be done."), faults)
    if "administrator" in (view.get("roles") or ()):
        if not principal().is_administrator:
            raise Forbidden(_("Only an administrator can do that to an administrator."))
        if principals.count_active_administrators(without=person_id) == 0:
            raise Conflict(_("This is the only active administrator; make somebody else one first."))
    return view.title


class Split:
    """Who gets which record: always the first, evenly in turn, or evenly among those of the record's own team."""

    def __init__(self, successors: Sequence[int], rule: str) -> None:
        self.successors, self.rule = list(successors), rule
        rows = trusted(select(_user.c.id, _user.c.team_id).where(_user.c.id.in_(successors)))
        teams = {row.id: row.team_id for row in rows}
        heads = trusted(select(_team.c.id, _team.c.head_id).where(_team.c.head_id.in_(successors)))
        headed = {row.id: row.head_id for row in heads}
        self._of_team: dict[int | None, list[int]] = {}
        for one in self.successors:
            self._of_team.setdefault(teams.get(one), []).append(one)
        for team_id, head in headed.items():
            self._of_team.setdefault(team_id, [head])

    def of(self, holding: Holding, ids: Sequence[int], number: int) -> dict[int, list[int]]:
        """Successor -> ids. `number`: how many of this place came before, so that turns go on."""
        teams = inventory.teams_of(holding.info, ids) if self.rule == "team" else {}
        found: dict[int, list[int]] = {}
        for place, record_id in enumerate(ids, start=number):
            able = self.successors
            if self.rule == "team":
                able = self._of_team.get(teams.get(record_id)) or self.successors
            found.setdefault(able[place % len(able)], []).append(record_id)
        return found


def start(person_id: int, successors: Sequence[int], rule: str) -> int:
    """Do a hand-over, or have a job do it when it is much; gives the id of its record."""
    if current().principal is None or principal().read_only:
        raise Forbidden(_("Nothing can be changed here: you are only reading."))
    planned = plan(person_id, successors, rule)
    large = planned.total > AT_ONCE
    with transaction():
        group_id = open_group(_reason(planned.name, planned.names), via="web")
        with _allowed_all(), unit(reason=_reason(planned.name, planned.names)) as opened:
            made_id = _create(
                opened,
                {"name": planned.name, "person": person_id, "successors": list(successors), "rule": rule,
                 "group_id": group_id},
            )  # fmt: skip
            if large:
                payload = {"id": made_id, "person": person_id, "successors": list(successors), "rule": rule,
                           "group": group_id, "reason": _reason(planned.name, planned.names)}  # fmt: skip
                job_id = enqueue(JOB, payload, actor_id=principal().user_id)
                _change(opened, made_id, {"job_id": job_id})
                return made_id
        state: dict[str, Any] = {}
        work = _Work(made_id, person_id, successors, rule, group_id, _reason(planned.name, planned.names))
        while work.step(state):
            pass
    return made_id


def _create(opened: OpenUnit, values: Mapping[str, Any]) -> int:
    """The record of a hand-over: nobody else writes its fields, so it passes by the service's checks of them."""
    draft = draft_of_new(catalogue().get(HAND_OVER), values)
    prepare([draft])
    write(opened, [draft])
    return draft.record_id or 0


def _change(opened: OpenUnit, record_id: int, values: Mapping[str, Any]) -> None:
    info = catalogue().get(HAND_OVER)
    state = load_states(info, [record_id], lock=True)[record_id]
    write(opened, [Draft(info, "changed", values, state)])


@sliced
def run(job: JobContext) -> None:
    """The same as a job, a slice of records per transaction; a killed one goes on where it stopped."""
    said = job.payload
    work = _Work(said["id"], said["person"], said["successors"], said["rule"], said["group"], said["reason"])
    with job.slice():
        total = job.state.get("total") or sum(one.count for one in inventory.inventory(said["person"]))
    while True:
        with job.slice():
            state = {**job.state, "total": total}
            going_on = work.step(state)
            job.checkpoint(state)
            job.progress(state.get("moved", 0) + state.get("refused", 0), total)
        if not going_on:
            return


class _Work:
    """The steps of a hand-over; `state` says which is next, and is kept with what the step wrote."""

    def __init__(
        self, record_id: int, person_id: int, successors: Sequence[int], rule: str, group_id: int, reason: str
    ) -> None:
        self.record_id, self.person_id, self.successors = record_id, person_id, list(successors)
        self.rule, self.group_id, self.reason = rule, group_id, reason

    def step(self, state: dict[str, Any]) -> bool:
        """Do one step; False when it was the last."""
        context = current()
        before, context.group_id = context.group_id, self.group_id
        try:
            with _allowed_all(), unit(reason=self.reason) as opened:
                if self._move_some(state):
                    return True
                if not state.get("ended"):
                    self._end(opened, state)
                    state["ended"] = True
            return False
        finally:
            context.group_id = before

    def _move_some(self, state: dict[str, Any]) -> bool:
        places = {one.key: one for one in inventory.places()}
        done = state.setdefault("done", [])
        for key, holding in places.items():
            if key in done:
                continue
            after, number = state.get("at", {}).get(key, (0, 0))
            ids = inventory.some_ids(holding, self.person_id, after, SLICE)
            if not ids:
                done.append(key)
                continue
            split = Split(self.successors, self.rule)
            for successor, listed in split.of(holding, ids, number).items():
                result = service.bulk(holding.info.key, listed, values={holding.field.name: successor})
                moved = state.setdefault("moved_to", {})
                moved[str(successor)] = moved.get(str(successor), 0) + result.changed
                state["moved"] = state.get("moved", 0) + result.changed
                state["refused"] = state.get("refused", 0) + len(result.refused)
            state["at"] = {**state.get("at", {}), key: (ids[-1], number + len(ids))}
            return True
        return False

    def _end(self, opened: OpenUnit, state: dict[str, Any]) -> None:
        """The saved lists, the person's way in, the figures, and a notice to each successor."""
        views = {
            str(view_id): {"from": self.person_id, "to": self.successors[0], "name": name}
            for view_id, name in inventory.private_views(self.person_id)
        }
        figures = {"moved": state.get("moved", 0), "refused": state.get("refused", 0)}
        _change(opened, self.record_id, {**figures, "views": views or None})
        service.update(USER, self.person_id, {"active": False})
        sessions.end_all(self.person_id)
        name = service.get(USER, self.person_id).title
        for successor, count in state.get("moved_to", {}).items():
            said = _("You took over %(count)d records of %(name)s.", count=count, name=name)
            href = f"/hand-overs/{self.record_id}"
            notify_people([int(successor)], said, href=href, key=f"hand-over {self.record_id}")


def _reason(name: str, names: Mapping[int, str]) -> str:
    return _("%(name)s leaves, taken over by %(successors)s", name=name, successors=", ".join(names.values()))[:500]


def _names(ids: Sequence[int]) -> dict[int, str]:
    rows = {row.id: row.name for row in trusted(select(_user.c.id, _user.c.name).where(_user.c.id.in_(ids)))}
    return {one: rows[one] for one in ids if one in rows}


def _allowed_all() -> Any:
    """Whoever may change users hands over all that somebody owns, also what they may not read themselves."""
    person = principal()
    return acting_as(narrowed(person, grants={"*": dict.fromkeys(ACTIONS, "all")}, read_only_fields={}, hidden={}))
