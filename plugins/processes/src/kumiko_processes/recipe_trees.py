"""The trees of the recipes, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko import gettext as _

OPEN = {"f": "outcome", "op": "eq", "v": "open"}
ANSWER = {"on": "inquiries.customer_answers_deal"}


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
    return {
        "kind": "action",
        "action": "integrations.send_mail",
        "values": {"to": "customer", "subject": subject, "body": text, **more},
    }


def _tell(text: str, to: str = "owner") -> dict[str, Any]:
    return {"kind": "notify", "to": to, "values": {"text": text}}


def _wait(amount: int, unit: str = "days", *, working: bool = False) -> dict[str, Any]:
    return {"kind": "wait", "for": "time", "amount": amount, "unit": unit, **({"working": True} if working else {})}


def new_inquiry() -> dict[str, Any]:
    return _tree(
        {"on": "inquiries.lead_created"},
        {  # who left a phone number only is called all the same; a lead has no person yet, so it greets by its own name
            "kind": "branch",
            "paths": [
                {
                    "if": {"f": "contact_email", "op": "nempty"},
                    "steps": [
                        _mail(
                            _("We have your message"),
                            _(
                                "Hello {{ contact_name | default(name) }},\n\nthank you for your message. We call you "
                                "back within the next working hour."
                            ),
                        )
                    ],
                },
                {"if": None, "steps": []},
            ],
        },
        _task(_("Call {{ name }} back"), 30, "working_minutes", kind="call", priority="high"),
        _wait(60, "minutes", working=True),
        {"kind": "only", "if": {"f": "first_responded_at", "op": "empty"}},
        _tell(_("Nobody has reacted to {{ name }} for a working hour."), "team_head"),
    )


def for_payment() -> dict[str, Any]:
    return _tree(
        {"on": "sales.stage_entered", "values": {}},
        {"kind": "action", "action": "sales.issue_invoice", "values": {}},
        _mail(
            _("Your invoice"),
            _("Hello {{ person.name }},\n\nplease find the invoice for {{ name }} attached."),
            attachment="{{ s1.file_id }}",
        ),
    )


def hung_up() -> dict[str, Any]:
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


def signing() -> dict[str, Any]:
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


def lost_again() -> dict[str, Any]:
    return _tree(
        {"on": "deals.lost"},
        _wait(182),
        _task(_("Ask {{ name }} again"), 2, "working_days", kind="call", body=_("Lost half a year ago.")),
    )


def won_thanks() -> dict[str, Any]:
    return _tree(
        {"on": "deals.won"},
        _wait(1, working=True),
        _mail(
            _("Thank you"),
            _("Hello {{ person.name }},\n\nthank you for your trust. {{ owner.name }} stays your contact."),
        ),
        _wait(30),
        _task(_("Ask {{ name }} for a recommendation"), 3, "working_days", kind="call"),
        hours=True,
    )


def onboarding() -> dict[str, Any]:
    return _tree(
        {"on": "deals.won"},
        _task(_("Hand {{ name }} over to delivery"), 1, "working_days"),
        _task(_("Welcome call: {{ name }}"), 3, "working_days", kind="call"),
        _task(_("Is everything well? {{ name }}"), 20, "working_days", kind="call"),
    )


def no_next_step() -> dict[str, Any]:
    return _tree(
        {"on": "schedule", "every": "weekday", "at": "08:30"},
        _tell(_("{{ name }} has no next step. What comes next?")),
        **{"if": {"and": [OPEN, {"f": "next_step", "op": "empty"}]}},
    )


def too_long() -> dict[str, Any]:
    return _tree(
        {"on": "match"},
        _tell(_("{{ name }} has stood in the same stage for a month.")),
        _wait(5, working=True),
        {"kind": "only", "if": {"and": [OPEN, {"f": "stage_entered_at", "op": "lt", "v": "-30"}]}},
        _tell(_("{{ name }} still has not moved."), "team_head"),
        **{"if": {"and": [OPEN, {"f": "stage_entered_at", "op": "lt", "v": "-30"}]}},
    )


def close_date() -> dict[str, Any]:
    return _tree(
        {"on": "date", "field": "expected_close_on", "amount": 3, "unit": "days", "side": "before", "at": "09:00"},
        _tell(_("{{ name }} is expected to close on {{ expected_close_on }}. Is it on its way?")),
        **{"if": OPEN},
    )


def large_deal() -> dict[str, Any]:
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


def overdue() -> dict[str, Any]:
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


def quote() -> dict[str, Any]:
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


def renewal() -> dict[str, Any]:
    return _tree(
        {"on": "date", "field": "closed_on", "amount": 335, "unit": "days", "side": "after", "at": "09:00"},
        _task(_("A year since {{ name }}: talk about the renewal"), 5, "working_days", kind="call"),
        **{"if": {"f": "outcome", "op": "eq", "v": "won"}},
    )
