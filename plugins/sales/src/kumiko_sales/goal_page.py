"""The page of goals: fact, attainment, pace and what is missing, and the rating of those who have personal goals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request
from sqlalchemy import select

from kumiko import (
    Invalid,
    Money,
    catalogue,
    company_today,
    feature,
    may,
    money_text,
    number_text,
    principal,
    session,
    unscoped,
)
from kumiko import gettext as _
from kumiko_sales import goal_figures, goals, ratings
from kumiko_sales.goal_figures import Progress

blueprint = feature("goals")(Blueprint("sales_goals", __name__))
MOST_GOALS = 100


@dataclass(frozen=True)
class GoalRow:
    """A goal as the page reads it, with the names of whom it is for and who set it."""

    values: dict[str, Any]
    who: str
    set_by: str

    def get(self, name: str) -> Any:
        return self.values.get(name)

    def link_id(self, name: str) -> int | None:
        found: int | None = self.values.get(name)
        return found


@dataclass(frozen=True, kw_only=True)
class GoalView:
    """A line of the page; texts are ready to show. `tone`: "", "ok", "warn"."""

    href: str
    who: str
    measure: str
    from_on: date
    until_on: date
    fact: str
    fact_href: str
    target: str
    missing: str
    attainment: float | None
    pace: float | None
    tone: str
    set_by: str
    pipeline: bool
    rates: str = ""  # those that the fact was converted by


@dataclass(frozen=True, kw_only=True)
class RatedView:
    """A seller with his parts (label, share or None, weight) and the score."""

    name: str
    parts: tuple[tuple[str, float | None, float], ...]
    score: float | None


@blueprint.get("/goals/progress")
def progress() -> Response:
    """Goals whose period holds a day (`?on=`, default today), that the person may see."""
    today = company_today()
    on = _day(request.args.get("on", ""), today)
    rows = goal_rows(on)
    weight = ratings.weights()
    return Response(
        render_template(
            "sales/goals.html", on=on, today=today, earlier=on - timedelta(days=30), later=on + timedelta(days=30),
            groups=_groups(rows, today), rated=_rated(rows, today, weight), labels=part_labels(), weights=weight,
            may_set=may("create", goals.GOAL) and not principal().read_only, may_weigh=principal().is_administrator,
        )
    )  # fmt: skip


def part_labels() -> dict[str, str]:
    """What the parts of a rating are called."""
    return {
        ratings.ATTAINMENT: _("Goal reached"), ratings.WIN_RATE: _("Win rate"),
        ratings.PUNCTUALITY: _("Tasks in time"), ratings.ANSWERS: _("Answers in time"),
    }  # fmt: skip


def goal_rows(on: date) -> list[GoalRow]:
    """Goals whose period holds a day, as far as the person may see them; two statements."""
    model: Any = goals.GOAL_TYPE.model
    query = (
        select(
            model.id, model.name, model.who, model.for_user_id, model.for_team_id, model.measure, model.target_count,
            model.target_amount_minor, model.target_amount_currency, model.from_on, model.until_on, model.pipeline_id,
            model.created_by_id,
        )
        .where(model.deleted_at.is_(None), model.from_on <= on, model.until_on >= on)
        .order_by(model.until_on, model.who, model.measure, model.id)
        .limit(MOST_GOALS)
    )  # fmt: skip
    rows = session().execute(query).all()
    names = _names({row.for_user_id for row in rows} | {row.created_by_id for row in rows}, goals.USER)
    names |= _names({row.for_team_id for row in rows}, goals.TEAM)
    return sorted((_goal_row(row, names) for row in rows), key=lambda one: (one.who.casefold(), one.get("measure")))


def _goal_row(row: Any, names: dict[int, str]) -> GoalRow:
    values = {
        "id": row.id, "who": row.who, "measure": row.measure, "from_on": row.from_on, "until_on": row.until_on,
        "for_user": row.for_user_id, "for_team": row.for_team_id, "pipeline": row.pipeline_id,
        "target_count": row.target_count, "name": row.name,
        "target_amount": None if row.target_amount_minor is None
        else Money(row.target_amount_minor, row.target_amount_currency),
    }  # fmt: skip
    who = names.get(row.for_user_id or row.for_team_id or 0, "") if row.who != goals.OF_COMPANY else _("The company")
    return GoalRow(values, who, names.get(row.created_by_id or 0, ""))


def _names(ids: set[int | None], type_key: str) -> dict[int, str]:
    wanted = sorted(one for one in ids if one is not None)
    model: Any = catalogue().get(type_key).type.model
    if not wanted:
        return {}
    with unscoped("who may see a goal may see whose it is"):
        return {row.id: row.name for row in session().execute(select(model.id, model.name).where(model.id.in_(wanted)))}


def _groups(rows: list[GoalRow], today: date) -> list[tuple[str, list[GoalView]]]:
    titles = {
        goals.OF_COMPANY: _("The company"), goals.OF_TEAM: _("Teams"), goals.PERSONAL: _("People"),
    }  # fmt: skip
    found = []
    for kind, title in titles.items():
        views = [_view(row, goal_figures.progress_of(row, today=today)) for row in rows if row.get("who") == kind]
        if views:
            found.append((title, views))
    return found


def _view(row: GoalRow, made: Progress) -> GoalView:
    measure = next((str(one.label) for one in goals.MEASURES if one.key == row.get("measure")), "")

    def said(amount: int) -> str:
        return money_text(amount, made.currency) if made.currency else number_text(amount)

    tone = "" if made.pace is None else "ok" if made.pace >= 1 or not made.missing else "warn"
    return GoalView(
        href=f"/goals/{row.get('id')}", who=row.who, measure=measure, from_on=row.get("from_on"),
        until_on=row.get("until_on"), fact=said(made.fact), fact_href=made.href, target=said(made.target),
        missing=said(made.missing) if made.missing else "", attainment=made.attainment, pace=made.pace, tone=tone,
        set_by=row.set_by, pipeline=row.get("pipeline") is not None, rates=made.rates,
    )  # fmt: skip


def _rated(rows: list[GoalRow], today: date, weight: dict[str, float]) -> list[RatedView]:
    """People with a personal goal about money in the period, best first; the first such goal counts."""
    mine: dict[int, GoalRow] = {}
    for row in rows:
        owner = row.link_id("for_user")
        if owner is not None and row.get("measure") in goals.MONEY:
            mine.setdefault(owner, row)
    labels = part_labels()
    found = []
    for owner, row in mine.items():
        start, until = row.get("from_on"), row.get("until_on")
        parts = {
            ratings.ATTAINMENT: goal_figures.progress_of(row, today=today).attainment,
            ratings.WIN_RATE: ratings.win_rate(owner, start, until),
            ratings.PUNCTUALITY: ratings.punctuality(owner, start, until),
            ratings.ANSWERS: ratings.answers(owner, start, until),
        }
        made = ratings.rating_of(parts, weight)
        shown = tuple((labels[name], share, weight[name]) for name, share in parts.items())
        found.append(RatedView(name=row.who, parts=shown, score=made.score))
    return sorted(found, key=lambda one: (one.score is None, -(one.score or 0), one.name))


def _day(text: str, today: date) -> date:
    if not text:
        return today
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 1900 < found.year < 2200:
        sentence = _("A day is written as 2026-01-31; found %(found)r.", found=text[:40])
        raise Invalid(sentence, {"on": [sentence]})
    return found
