"""Who gets a new lead, and why: the first active rule whose conditions hold and that finds somebody who is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kumiko import company_today, deputy_of, session, unscoped
from kumiko import gettext as _
from kumiko_deals import conditions, turns
from kumiko_deals.inquiry_models import AssignmentRule
from kumiko_deals.people import Somebody, away_today, find_somebody, leaders, members, open_leads_of

USER, ROUND_ROBIN, LEAST_LOAD = "user", "round_robin", "least_load"


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Who gets it, by which rule, and why as a sentence; without `user_id` nobody, and `why` says so."""

    why: str
    user_id: int | None = None
    team_id: int | None = None
    rule_id: int | None = None
    name: str = ""  # of the user
    rule: str = ""  # name of the rule


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A rule and what became of it, for the page that tries rules."""

    rule_id: int
    name: str
    said: str
    decided: bool


def assign(asked: Mapping[str, Any]) -> Assignment:
    """Who gets a lead with these values (names of inquiry fields). The turn is taken, in the open transaction."""
    return decide(asked, dry=False)[0]


def decide(asked: Mapping[str, Any], *, dry: bool) -> tuple[Assignment, list[Tried]]:
    """The same, and what became of each rule on the way; `dry`: only asked, nobody's turn is taken."""
    tried: list[Tried] = []
    rules = _active_rules()
    holding = conditions.holding(rules, asked)
    for rule in rules:
        missed = conditions.why_not(rule, asked, holding)
        found = None if missed else _by_rule(rule, dry=dry)
        said = missed or (found.why if found else "")
        decided = found is not None and found.user_id is not None
        tried.append(Tried(rule_id=rule.id, name=rule.name, said=said, decided=decided))
        if decided and found is not None:
            return found, tried
    passed = "; ".join(f"{one.name}: {one.said}" for one in tried if not one.decided)
    why = _("There are no rules of assignment.")
    if passed:
        why = _("No rule found anybody (%(passed)s).", passed=passed)
    return _to_leader(str(why)), tried


def _to_leader(why: str) -> Assignment:
    """Nobody's lead would be lost: somebody who leads, and is there, gets it."""
    away = away_today()
    people = sorted(leaders(), key=lambda one: one.id in away)
    if not people:
        return Assignment(why=why[:500])
    chosen = people[0]
    said = f"{why} {_('%(name)s leads, and gets it.', name=chosen.name)}"
    return Assignment(why=said[:500], user_id=chosen.id, team_id=chosen.team_id, name=chosen.name)


def _active_rules() -> Sequence[Any]:
    query = (
        select(
            AssignmentRule.id, AssignmentRule.name, AssignmentRule.channels, AssignmentRule.source_id,
            AssignmentRule.language, AssignmentRule.campaign, AssignmentRule.condition, AssignmentRule.way,
            AssignmentRule.user_id, AssignmentRule.group_id, AssignmentRule.most_open,
        )
        .where(AssignmentRule.active.is_(True), AssignmentRule.deleted_at.is_(None))
        .order_by(AssignmentRule.position, AssignmentRule.id)
    )  # fmt: skip
    with unscoped("rules decide for everybody"):
        return session().execute(query).all()


def _by_rule(rule: Any, *, dry: bool) -> Assignment:
    if rule.way == USER:
        return _to_user(rule)
    people = members(rule.group_id)
    if not people:
        return Assignment(why=str(_("nobody active is in it")))
    away = away_today()
    here = [one for one in people if one.id not in away]
    missing = "; ".join(
        str(_("%(name)s is absent until %(day)s", name=one.name, day=away[one.id].isoformat()))
        for one in people
        if one.id in away
    )
    load = open_leads_of([one.id for one in here]) if rule.way == LEAST_LOAD or rule.most_open else {}
    if rule.most_open:
        here = [one for one in here if load.get(one.id, 0) < rule.most_open]
        if not here:
            return Assignment(why=str(_("everybody there has %(most)d open leads or more", most=rule.most_open)))
    if not here:
        return Assignment(why=missing)
    ask = turns.peek_turn if dry else turns.take_turn
    chosen_id = ask(rule.id, [one.id for one in here], load=load if rule.way == LEAST_LOAD else None)
    chosen = next(one for one in here if one.id == chosen_id)
    if rule.way == LEAST_LOAD:
        why = _("%(rule)s: %(name)s has fewest open leads (%(count)d)", rule=rule.name, name=chosen.name,
                count=load.get(chosen.id, 0))  # fmt: skip
    else:
        why = _("%(rule)s: %(name)s's turn", rule=rule.name, name=chosen.name)
    return _given(rule, chosen, f"{why}; {missing}" if missing else str(why))


def _to_user(rule: Any) -> Assignment:
    wanted = find_somebody(rule.user_id)
    if wanted is None:
        return Assignment(why=str(_("the user it names is not active")))
    away = away_today()
    if wanted.id not in away:
        return _given(rule, wanted, str(_("%(rule)s: always %(name)s", rule=rule.name, name=wanted.name)))
    until = away[wanted.id].isoformat()
    deputy = find_somebody(deputy_of(wanted.id, company_today()))
    if deputy is None:
        return Assignment(why=str(_("%(name)s is absent until %(day)s", name=wanted.name, day=until)))
    why = _("%(rule)s: %(name)s is absent until %(day)s, %(deputy)s stands in", rule=rule.name, name=wanted.name,
            day=until, deputy=deputy.name)  # fmt: skip
    return _given(rule, deputy, str(why))


def _given(rule: Any, somebody: Somebody, why: str) -> Assignment:
    return Assignment(
        why=why[:500], user_id=somebody.id, team_id=somebody.team_id, rule_id=rule.id, name=somebody.name,
        rule=rule.name,
    )  # fmt: skip
