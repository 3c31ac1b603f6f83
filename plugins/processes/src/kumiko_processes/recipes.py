"""Ready processes as data: what people start from. Each names its actions and triggers by key; absent ones are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kumiko import catalogue
from kumiko import lazy_gettext as _l
from kumiko_processes import offers, recipe_trees
from kumiko_processes.tree import OWN_TRIGGERS, places

DEAL, LEAD, INVOICE, QUOTE = "deals.deal", "inquiries.lead", "sales.invoice", "sales.quote"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A ready process. `make()` gives its tree in the reader's language."""

    key: str
    name: Any
    text: Any
    about: str
    icon: str
    make: Callable[[], dict[str, Any]]


RECIPES = (
    Recipe(
        key="new_inquiry",
        name=_l("New inquiry"),
        about=LEAD,
        icon="inbox",
        make=recipe_trees.new_inquiry,
        text=_l("Answers at once, plans a call in 30 working minutes, warns the head when nobody has reacted."),
    ),
    Recipe(
        key="for_payment",
        name=_l("For payment"),
        about=DEAL,
        icon="file-invoice",
        make=recipe_trees.for_payment,
        text=_l("Issues the invoice from the deal's lines and mails it."),
    ),
    Recipe(
        key="hung_up",
        name=_l("Hung up"),
        about=DEAL,
        icon="hourglass",
        make=recipe_trees.hung_up,
        text=_l("Waits three days, reminds of the benefits, and stops as soon as the client answers."),
    ),
    Recipe(
        key="signing",
        name=_l("Signing agreement"),
        about=DEAL,
        icon="pencil",
        make=recipe_trees.signing,
        text=_l("Mails what comes next, with dates from the deal, and prepares the start."),
    ),
    Recipe(
        key="lost_again",
        name=_l("Lost deal comes back"),
        about=DEAL,
        icon="repeat",
        make=recipe_trees.lost_again,
        text=_l("Half a year after a deal was lost somebody asks again."),
    ),
    Recipe(
        key="won_thanks",
        name=_l("Thank you and recommendation"),
        about=DEAL,
        icon="trophy",
        make=recipe_trees.won_thanks,
        text=_l("Thanks for a won deal, and asks for a recommendation a month later."),
    ),
    Recipe(
        key="onboarding",
        name=_l("New customer"),
        about=DEAL,
        icon="rocket",
        make=recipe_trees.onboarding,
        text=_l("Plans the hand-over, the welcome call and the first question how it goes."),
    ),
    Recipe(
        key="no_next_step",
        name=_l("No next step"),
        about=DEAL,
        icon="flag",
        make=recipe_trees.no_next_step,
        text=_l("Every working morning: owners hear of open deals without a next step."),
    ),
    Recipe(
        key="too_long",
        name=_l("Too long in a stage"),
        about=DEAL,
        icon="clock-pause",
        make=recipe_trees.too_long,
        text=_l("After a month in one stage the owner hears of it, a week later the head."),
    ),
    Recipe(
        key="close_date",
        name=_l("Close date comes near"),
        about=DEAL,
        icon="calendar-due",
        make=recipe_trees.close_date,
        text=_l("Three days before the expected close the owner is reminded."),
    ),
    Recipe(
        key="large_deal",
        name=_l("A large deal"),
        about=DEAL,
        icon="star",
        make=recipe_trees.large_deal,
        text=_l("Above a limit every head hears of it, and one is asked to mark it."),
    ),
    Recipe(
        key="overdue",
        name=_l("Overdue invoice"),
        about=INVOICE,
        icon="alert-circle",
        make=recipe_trees.overdue,
        text=_l("Reminds by mail, and plans a call a week later."),
    ),
    Recipe(
        key="quote",
        name=_l("Quote without an answer"),
        about=QUOTE,
        icon="file-text",
        make=recipe_trees.quote,
        text=_l("Five working days after a quote was sent somebody asks, unless it was answered."),
    ),
    Recipe(
        key="renewal",
        name=_l("Renewal"),
        about=DEAL,
        icon="refresh",
        make=recipe_trees.renewal,
        text=_l("Eleven months after a deal was won its owner talks about the renewal."),
    ),
)


def find(key: str) -> Recipe | None:
    """The recipe with this key."""
    return next((one for one in RECIPES if one.key == key), None)


def lacks(tree: Mapping[str, Any], about: str) -> Iterator[str]:
    """Modules that a tree needs and that are not on, each once."""
    found: dict[str, None] = {}
    info = catalogue().find(about)
    if info is None:
        found[offers.module_of(about)] = None
    triggers = [tree.get("trigger") or {}, *(tree.get("stop_when") or ())]
    for place in places(tree).values():
        if place.step.get("kind") == "action" and offers.action_of(str(place.step.get("action"))) is None:
            found[offers.module_of(str(place.step["action"]))] = None
        triggers += [place.step["event"]] if place.step.get("event") else []
    for one in triggers:
        on = str(one.get("on") or "")
        if on and on not in OWN_TRIGGERS and offers.trigger_of(on) is None:
            found[offers.module_of(on)] = None
    yield from found
