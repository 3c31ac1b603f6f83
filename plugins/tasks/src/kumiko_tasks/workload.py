"""Who has how much to do, and moving it from one to another in one act that one undo takes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select

from kumiko import Invalid, away, bulk, company_today, session, unit, utc_now
from kumiko import gettext as _
from kumiko_tasks import due, people
from kumiko_tasks.models import OPEN_STATES, TASK, Task
from kumiko_tasks.report import Number, list_href

AHEAD_DAYS = 7
MOST_MOVED = 500
WHICH = ("overdue", "soon", "open")


@dataclass(frozen=True, kw_only=True)
class Load:
    """What somebody has to do. `share`: open tasks, of those who has most (0 to 1); `minutes`: planned for the week."""

    id: int
    name: str
    numbers: Mapping[str, Number]
    minutes: int
    share: float
    away: bool


def loads() -> Sequence[Load]:
    """Everybody whose tasks the person may see, most open tasks first."""
    who = people.colleagues()
    found = _counts([one.id for one in who])
    gone = away([one.id for one in who], company_today())
    most = max((row["open"] for row in found.values()), default=0) or 1
    nothing = {"open": 0, "overdue": 0, "soon": 0, "minutes": 0}
    made = []
    for one in who:
        row = found.get(one.id, nothing)
        numbers = {
            part: Number(count=row[part], href=list_href([_owned(one.id), *_conditions(part)])) for part in WHICH
        }
        made.append(Load(id=one.id, name=one.name, numbers=numbers, minutes=row["minutes"],
                         share=row["open"] / most, away=one.id in gone))  # fmt: skip
    return sorted(made, key=lambda load: (-load.numbers["open"].count, load.name.casefold()))


def move(source: str, target: str, which: str) -> tuple[int, int | None]:
    """Give tasks of one person to another: "overdue", "soon" (due within a week) or "open" (all). Gives how many, and
    the unit. Invalid when somebody is not among those whose tasks one may see."""
    known = {str(one.id): one for one in people.colleagues()}
    errors = {
        name: [_("Choose somebody from the list.")]
        for name, word in (("from", source), ("to", target))
        if word not in known
    }
    if which not in WHICH:
        errors["which"] = [_("Wanted one of: %(known)s.", known=", ".join(WHICH))]
    if not errors and source == target:
        errors["to"] = [_("Choose somebody else.")]
    if errors:
        raise Invalid(_("Some values are not accepted."), errors)
    query = select(Task.id).where(
        Task.owner_id == int(source), Task.state.in_(OPEN_STATES), Task.deleted_at.is_(None), *_where(which)
    )  # fmt: skip
    ids = list(session().execute(query.order_by(Task.deadline_at, Task.id).limit(MOST_MOVED)).scalars())
    if not ids:
        return 0, None
    with unit(reason=_("work moved to %(name)s", name=known[target].name)) as opened:
        changed = bulk(TASK, ids, values={"owner": int(target)}).changed
        return changed, opened.id if opened.has_effect else None


def _where(which: str) -> list[Any]:
    if which == "overdue":
        return [Task.deadline_at <= utc_now()]
    return [Task.deadline_at <= _horizon()] if which == "soon" else []


def _horizon() -> Any:
    return due.end_of(company_today() + timedelta(days=AHEAD_DAYS))


def _owned(user_id: int) -> dict[str, Any]:
    return {"f": "owner", "op": "eq", "v": user_id}


def _conditions(part: str) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = [{"f": "state", "op": "in", "v": list(OPEN_STATES)}]
    if part == "overdue":
        nodes.append({"f": "deadline_at", "op": "lte", "v": "now"})
    elif part == "soon":
        nodes.append({"f": "due_on", "op": "lte", "v": f"+{AHEAD_DAYS}d"})
    return nodes


def _counts(user_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    soon = Task.deadline_at <= _horizon()
    query = (
        select(
            Task.owner_id,
            func.count().label("open"),
            func.sum(case((Task.deadline_at <= utc_now(), 1), else_=0)).label("overdue"),
            func.sum(case((soon, 1), else_=0)).label("soon"),
            func.sum(case((soon, func.coalesce(Task.effort_min, 0)), else_=0)).label("minutes"),
        )
        .where(Task.owner_id.in_(list(user_ids)), Task.state.in_(OPEN_STATES), Task.deleted_at.is_(None))
        .group_by(Task.owner_id)
    )
    names = ("open", "overdue", "soon", "minutes")
    return {row.owner_id: {name: int(getattr(row, name) or 0) for name in names} for row in session().execute(query)}
