"""Ready processes as data: what people start from. Each names its actions and triggers by key; absent ones are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kumiko import catalogue
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_processes import offers
from kumiko_processes.tree import OWN_TRIGGERS, places

DEAL, LEAD, PERSON, INVOICE, QUOTE = "deals.deal", "inquiries.lead", "parties.person", "sales.invoice", "sales.quote"
OPEN = {"f": "outcome", "op": "eq", "v": "open"}
ANSWER = {"on": "inquiries.message_received"}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A ready process. `make()` gives its tree in the reader's language."""

    key: str
    name: Any
    text: Any
    about: str
    icon: str
    make: Callable[[], dict[str, Any]]


def _tree(trigger: Mapping[str, Any], *steps: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A tree whose steps and paths get their ids here."""
    made = {"format": 1, "trigger": dict(trigger), "if": None, "stop_when": [], "hours": False, **more}
    numbers = iter(range(1, 1000))

    def numbered(listed: Any) -> list[dict[str, Any]]:
        found = []
        for one in listed:
            step = {"id": f"s{next(numbers)}", **one}
            if "paths" in one:
                step["paths"] = [
                    {**path, "id": f"s{next(numbers)}", "steps": numbered(path.get("steps", ()))}
                    for path in one["paths"]
                ]
            found.append(step)
        return found

    made["steps"] = numbered(steps)
    return made


def _task(name: str, due_in: int, unit: str, *, kind: str = "to_do", **more: Any) -> dict[str, Any]:
    values = {"name": name, "kind": kind, "due_in": due_in, "due_unit": unit, **more}
    return {"kind": "action", "action": "tasks.create_task", "values": values}


def _mail(subject: str, text: str, **more: Any) -> dict[str, Any]:
    return {"kind": "action", "action": "integrations.send_mail", "values": {"subject": subject, "text": text, **more}}


def _tell(text: str, to: str = "owner") -> dict[str, Any]:
    return {"kind": "notify", "to": to, "values": {"text": text}}


def _wait(amount: int, unit: str = "days", *, working: bool = False) -> dict[str, Any]:
    return {"kind": "wait", "for": "time", "amount": amount, "unit": unit, **({"working": True} if working else {})}


def _new_inquiry() -> dict[str, Any]:
    return _tree(
        {"on": "inquiries.lead_created"},
        _mail(
            _("We have your message"),
            _("Hello {{ person.name }},\n\nthank you for your message. We call you back within the next working hour."),
        ),
        _task(_("Call {{ name }} back"), 30, "working_minutes", kind="call", priority="high"),
        _wait(60, "minutes", working=True),
        {"kind": "only", "if": {"f": "first_responded_at", "op": "empty"}},
        _tell(_("Nobody has reacted to {{ name }} for a working hour."), "team_head"),
    )


def _for_payment() -> dict[str, Any]:
    return _tree(
        {"on": "sales.stage_entered", "values": {}},
        {"kind": "action", "action": "sales.issue_invoice", "values": {}},
        _mail(_("Your invoice"), _("Hello {{ person.name }},\n\nplease find the invoice for {{ name }} attached.")),
    )


def _hung_up() -> dict[str, Any]:
    return _tree(
        {"on": "sales.stage_entered", "values": {}},
        _wait(3),
        _mail(
            _("Still interested in {{ name }}?"),
            _(
                "Hello {{ person.name }},\n\na short reminder of what you get: one contact, fixed prices, delivery "
                "within two weeks."
            ),
        ),
        _wait(7),
        _mail(
            _("Shall we keep {{ name }} open?"),
            _("Hello {{ person.name }},\n\na word from you is enough, and we go on or close it."),
        ),
        _task(_("Call {{ name }}: two reminders without an answer"), 1, "working_days", kind="call"),
        stop_when=[ANSWER],
        hours=True,
    )


def _signing() -> dict[str, Any]:
    return _tree(
        {"on": "sales.stage_entered", "values": {}},
        _mail(
            _("How it goes on with {{ name }}"),
            _(
                "Hello {{ person.name }},\n\nthe contract is on its way to you. We plan to begin on "
                "{{ expected_close_on }}; {{ owner.name }} is your contact."
            ),
        ),
        {
            "kind": "wait",
            "for": "date",
            "field": "expected_close_on",
            "amount": 3,
            "unit": "days",
            "side": "before",
            "at": "09:00",
            "past": "ask",
        },
        _task(_("Prepare the start of {{ name }}"), 1, "working_days"),
        hours=True,
    )


def _lost_again() -> dict[str, Any]:
    return _tree(
        {"on": "deals.deal_lost"},
        _wait(182),
        _task(_("Ask {{ name }} again"), 2, "working_days", kind="call", body=_("Lost half a year ago.")),
    )


def _won_thanks() -> dict[str, Any]:
    return _tree(
        {"on": "deals.deal_won"},
        _wait(1, working=True),
        _mail(
            _("Thank you"),
            _("Hello {{ person.name }},\n\nthank you for your trust. {{ owner.name }} stays your contact."),
        ),
        _wait(30),
        _task(_("Ask {{ name }} for a recommendation"), 3, "working_days", kind="call"),
        hours=True,
    )


def _onboarding() -> dict[str, Any]:
    return _tree(
        {"on": "deals.deal_won"},
        _task(_("Hand {{ name }} over to delivery"), 1, "working_days"),
        _task(_("Welcome call: {{ name }}"), 3, "working_days", kind="call"),
        _task(_("Is everything well? {{ name }}"), 20, "working_days", kind="call"),
    )


def _no_next_step() -> dict[str, Any]:
    return _tree(
        {"on": "schedule", "every": "weekday", "at": "08:30"},
        _tell(_("{{ name }} has no next step. What comes next?")),
        **{"if": {"and": [OPEN, {"f": "next_step", "op": "empty"}]}},
    )


def _too_long() -> dict[str, Any]:
    return _tree(
        {"on": "match"},
        _tell(_("{{ name }} has stood in the same stage for a month.")),
        _wait(5, working=True),
        {"kind": "only", "if": {"and": [OPEN, {"f": "stage_entered_at", "op": "lt", "v": "-30"}]}},
        _tell(_("{{ name }} still has not moved."), "team_head"),
        **{"if": {"and": [OPEN, {"f": "stage_entered_at", "op": "lt", "v": "-30"}]}},
    )


def _close_date() -> dict[str, Any]:
    return _tree(
        {"on": "date", "field": "expected_close_on", "amount": 3, "unit": "days", "side": "before", "at": "09:00"},
        _tell(_("{{ name }} is expected to close on {{ expected_close_on }}. Is it on its way?")),
        **{"if": OPEN},
    )


def _large_deal() -> dict[str, Any]:
    return _tree(
        {"on": "changed", "field": "amount"},
        {
            "kind": "branch",
            "paths": [
                {
                    "if": {"f": "amount", "op": "gte", "v": 100000},
                    "steps": [
                        _tell(_("{{ name }} is worth {{ amount }} now."), "role:head"),
                        {
                            "kind": "ask",
                            "to": "team_head",
                            "values": {"text": _("Shall {{ name }} be marked as a key deal?")},
                        },
                        {"kind": "set", "values": {"campaign": _("key deal")}},
                    ],
                },
                {"if": None, "steps": []},
            ],
        },
        **{"if": OPEN},
    )


def _birthday() -> dict[str, Any]:
    return _tree(
        {"on": "date", "field": "birth_date", "amount": 0, "unit": "days", "side": "before", "at": "09:00"},
        _tell(_("Today is the birthday of {{ name }}.")),
    )


def _overdue() -> dict[str, Any]:
    return _tree(
        {"on": "sales.invoice_overdue"},
        _mail(
            _("A reminder of invoice {{ name }}"),
            _("Hello,\n\nour invoice {{ name }} is still open. Please look into it."),
        ),
        _wait(7),
        _task(_("Call about invoice {{ name }}"), 1, "working_days", kind="call", priority="high"),
        hours=True,
    )


def _quote() -> dict[str, Any]:
    return _tree(
        {"on": "changed", "field": "state", "to": "sent"},
        {
            "kind": "wait",
            "for": "event",
            "event": {"on": "changed", "field": "state"},
            "amount": 5,
            "unit": "days",
            "working": True,
            "paths": [
                {"steps": []},
                {"steps": [_task(_("Ask about quote {{ name }}"), 1, "working_days", kind="call")]},
            ],
        },
    )


def _renewal() -> dict[str, Any]:
    return _tree(
        {"on": "date", "field": "closed_on", "amount": 335, "unit": "days", "side": "after", "at": "09:00"},
        _task(_("A year since {{ name }}: talk about the renewal"), 5, "working_days", kind="call"),
        **{"if": {"f": "outcome", "op": "eq", "v": "won"}},
    )


RECIPES = (
    Recipe(
        key="new_inquiry",
        name=_l("New inquiry"),
        about=LEAD,
        icon="inbox",
        make=_new_inquiry,
        text=_l("Answers at once, plans a call in 30 working minutes, warns the head when nobody has reacted."),
    ),
    Recipe(
        key="for_payment",
        name=_l("For payment"),
        about=DEAL,
        icon="file-invoice",
        make=_for_payment,
        text=_l("Issues the invoice from the deal's lines and mails it."),
    ),
    Recipe(
        key="hung_up",
        name=_l("Hung up"),
        about=DEAL,
        icon="hourglass",
        make=_hung_up,
        text=_l("Waits three days, reminds of the benefits, and stops as soon as the client answers."),
    ),
    Recipe(
        key="signing",
        name=_l("Signing agreement"),
        about=DEAL,
        icon="pencil",
        make=_signing,
        text=_l("Mails what comes next, with dates from the deal, and prepares the start."),
    ),
    Recipe(
        key="lost_again",
        name=_l("Lost deal comes back"),
        about=DEAL,
        icon="repeat",
        make=_lost_again,
        text=_l("Half a year after a deal was lost somebody asks again."),
    ),
    Recipe(
        key="won_thanks",
        name=_l("Thank you and recommendation"),
        about=DEAL,
        icon="trophy",
        make=_won_thanks,
        text=_l("Thanks for a won deal, and asks for a recommendation a month later."),
    ),
    Recipe(
        key="onboarding",
        name=_l("New customer"),
        about=DEAL,
        icon="rocket",
        make=_onboarding,
        text=_l("Plans the hand-over, the welcome call and the first question how it goes."),
    ),
    Recipe(
        key="no_next_step",
        name=_l("No next step"),
        about=DEAL,
        icon="flag",
        make=_no_next_step,
        text=_l("Every working morning: owners hear of open deals without a next step."),
    ),
    Recipe(
        key="too_long",
        name=_l("Too long in a stage"),
        about=DEAL,
        icon="clock-pause",
        make=_too_long,
        text=_l("After a month in one stage the owner hears of it, a week later the head."),
    ),
    Recipe(
        key="close_date",
        name=_l("Close date comes near"),
        about=DEAL,
        icon="calendar-due",
        make=_close_date,
        text=_l("Three days before the expected close the owner is reminded."),
    ),
    Recipe(
        key="large_deal",
        name=_l("A large deal"),
        about=DEAL,
        icon="star",
        make=_large_deal,
        text=_l("Above a limit every head hears of it, and one is asked to mark it."),
    ),
    Recipe(
        key="birthday",
        name=_l("Birthday"),
        about=PERSON,
        icon="heart",
        make=_birthday,
        text=_l("On the birthday of a person their contact is told."),
    ),
    Recipe(
        key="overdue",
        name=_l("Overdue invoice"),
        about=INVOICE,
        icon="alert-circle",
        make=_overdue,
        text=_l("Reminds by mail, and plans a call a week later."),
    ),
    Recipe(
        key="quote",
        name=_l("Quote without an answer"),
        about=QUOTE,
        icon="file-text",
        make=_quote,
        text=_l("Five working days after a quote was sent somebody asks, unless it was answered."),
    ),
    Recipe(
        key="renewal",
        name=_l("Renewal"),
        about=DEAL,
        icon="refresh",
        make=_renewal,
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
