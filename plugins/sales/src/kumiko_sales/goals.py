"""Goals: who shall reach how much of what, from when until when. Sellers see their own, heads those of their teams."""

from __future__ import annotations

from typing import Any

from kumiko import Choice, Draft, Field, PlainRecordType, find
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_sales.models import PIPELINE, Base

GOAL = "sales.goal"
USER, TEAM = "access.user", "access.team"
PERSONAL, OF_TEAM, OF_COMPANY = "user", "team", "company"
WON_AMOUNT, WON_DEALS, REVENUE, CASH = "won_amount", "won_deals", "revenue", "cash"
NEW_CUSTOMERS, CALLS, MEETINGS = "new_customers", "calls", "meetings"
MONEY = (WON_AMOUNT, REVENUE, CASH)
WHO = (
    Choice(key=PERSONAL, label=_l("A person"), hue="blue"),
    Choice(key=OF_TEAM, label=_l("A team"), hue="violet"),
    Choice(key=OF_COMPANY, label=_l("The company"), hue="teal"),
)
MEASURES = (
    Choice(key=WON_AMOUNT, label=_l("Amount of deals won")),
    Choice(key=WON_DEALS, label=_l("Deals won")),
    Choice(key=REVENUE, label=_l("Revenue, invoiced without tax")),
    Choice(key=CASH, label=_l("Payments received")),
    Choice(key=NEW_CUSTOMERS, label=_l("New customers, organizations")),
    Choice(key=CALLS, label=_l("Calls")),
    Choice(key=MEETINGS, label=_l("Meetings")),
)


def prepare_goal(draft: Draft) -> None:
    """Whose it is, what is counted, and until when; the goal belongs to whom it is set."""
    if draft.action == "deleted":
        return
    _check_who(draft)
    _check_target(draft)
    start, end = draft.get("from_on"), draft.get("until_on")
    if start is not None and end is not None and end < start:
        draft.refuse("until_on", _("A period ends on or after its first day; found %(day)s.", day=end))
    if draft.get("pipeline") is not None and draft.get("measure") not in (WON_AMOUNT, WON_DEALS):
        draft.refuse("pipeline", _("Only won deals are of a pipeline; leave it out for other measures."))
    draft.set("name", _name(draft))


def _check_who(draft: Draft) -> None:
    who = draft.get("who")
    if who is None:
        who = PERSONAL if draft.get("for_user") else OF_TEAM if draft.get("for_team") else OF_COMPANY
        draft.set("who", who)
    if who == PERSONAL and draft.get("for_user") is None:
        draft.refuse("for_user", _("Say whose goal it is."))
    if who == OF_TEAM and draft.get("for_team") is None:
        draft.refuse("for_team", _("Say which team's goal it is."))
    if who != PERSONAL:
        draft.set("for_user", None)
    if who != OF_TEAM:
        draft.set("for_team", None)
    if draft.errors or draft.via == "undo":
        return
    draft.set("owner", draft.get("for_user"))
    user = find(USER, draft.get("for_user")) if who == PERSONAL else None
    draft.set("team", user.link_id("team") if user is not None and "team" in user.values else draft.get("for_team"))


def _check_target(draft: Draft) -> None:
    wanted, other = ("amount", "count") if draft.get("measure") in MONEY else ("count", "amount")
    value = draft.get(f"target_{wanted}")
    if value is None or (value.minor if wanted == "amount" else value) <= 0:
        draft.refuse(f"target_{wanted}", _("Say how much shall be reached, above 0."))
    if draft.get(f"target_{other}") is not None and draft.via != "undo":
        draft.set(f"target_{other}", None)


def _name(draft: Draft) -> str:
    if not (draft.is_new or draft.changes("measure", "who", "for_user", "for_team")) and draft.before("name"):
        return str(draft.before("name"))
    measure = draft.info.fields["measure"].choices.get(draft.get("measure") or "")
    target = None
    if draft.get("for_user") is not None:
        target = find(USER, draft.get("for_user"))
    elif draft.get("for_team") is not None:
        target = find(TEAM, draft.get("for_team"))
    who = target.title if target is not None else _("The company")
    return f"{measure.label if measure is not None else ''}, {who}"[:300]


def _usual_grants() -> dict[str, dict[str, str]]:
    none: dict[str, Any] = dict.fromkeys(("create", "edit", "delete", "bulk", "assign"), "none")
    return {"seller": none}


GOAL_TYPE = PlainRecordType(
    key=GOAL, collection="goals", label=_l("Goal"), label_plural=_l("Goals"), base=Base, icon="target-arrow",
    hue="orange", order=59, prepare=prepare_goal, timeline=False, menu=False, grants=_usual_grants(),
    fields=(
        Field(
            name="name", kind="text", label=_l("Name"), derived=True, writable=False, searchable=True, max_length=300,
            help=_l("What is counted, and whose goal it is."),
        ),
        Field(name="who", kind="choice", label=_l("Whose goal"), choices=WHO, help=_l("Follows from the next two.")),
        Field(name="for_user", kind="link", to=USER, label=_l("For the person")),
        Field(name="for_team", kind="link", to=TEAM, label=_l("For the team")),
        Field(name="measure", kind="choice", label=_l("What is counted"), choices=MEASURES, required=True),
        Field(name="target_amount", kind="money", label=_l("Target, as an amount")),
        Field(name="target_count", kind="integer", label=_l("Target, as a number"), minimum=1, maximum=10_000_000),
        Field(name="from_on", kind="date", label=_l("From"), required=True),
        Field(name="until_on", kind="date", label=_l("Until"), required=True, help=_l("This day is included.")),
        Field(name="pipeline", kind="link", to=PIPELINE, label=_l("Only this pipeline")),
        Field(name="note", kind="longtext", label=_l("Note"), sortable=False),
    ),
    list_columns=("name", "who", "measure", "target_amount", "target_count", "from_on", "until_on", "created_by"),
    quick_fields=("for_user", "for_team", "measure", "target_amount", "target_count", "from_on", "until_on"),
    default_sort="-until_on", lands_on="/goals/progress",
)  # fmt: skip
