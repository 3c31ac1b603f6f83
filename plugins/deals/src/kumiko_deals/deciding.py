"""What a person decides about an inquiry: it becomes a lead, joins a customer, is rejected, or waits again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko import Conflict, Invalid, as_system, create, find, services, unit, update
from kumiko import gettext as _
from kumiko_contracts.inquiries import BECAME_LEAD, CONVERSATION, INQUIRY, JOINED, LEAD, REJECTED, WAITING
from kumiko_contracts.parties import PERSON, Match
from kumiko_deals import matching
from kumiko_deals.assigning import assign
from kumiko_deals.interpreting import FIRST_TOUCH
from kumiko_deals.keeping import attribute, keeping

PLACES = ("lead", "person", "organization")


def make_lead(inquiry: Any) -> int:
    """Make a lead of an inquiry that waits or was rejected; gives its id."""
    with unit(reason=_("made a lead")):
        values: dict[str, Any] = {
            "name": inquiry.get("sender_name") or inquiry.get("sender_organization") or inquiry.title,
            "contact_name": inquiry.get("sender_name"), "contact_email": inquiry.get("sender_email"),
            "contact_phone": inquiry.get("sender_phone"), "organization_name": inquiry.get("sender_organization"),
            "description": inquiry.get("body"),
            **{name: inquiry.link_id(name) if name == "source" else inquiry.get(name) for name in FIRST_TOUCH},
        }  # fmt: skip
        if inquiry.link_id("owner") is not None:
            values["owner"] = inquiry.link_id("owner")
        with keeping():
            lead_id = create(LEAD, {**values, "inquiry": inquiry.id}).id
            _settle(inquiry, {"state": BECAME_LEAD, "reject_reason": None, "lead": lead_id})
        return lead_id


def join(inquiry: Any, places: Mapping[str, int | None]) -> None:
    """Say whose inquiry it is: a lead, a person or an organization."""
    chosen = {name: places.get(name) for name in PLACES}
    if not any(chosen.values()):
        raise Invalid(
            _("Some values are not accepted."), {"person": [_("Choose a person, an organization or a lead.")]}
        )
    if chosen["person"] is not None and chosen["organization"] is None:
        person = find(PERSON, chosen["person"])
        chosen["organization"] = person.link_id("organization") if person is not None else None
    with unit(reason=_("joined")), keeping():
        _settle(inquiry, {"state": JOINED, "reject_reason": None, **chosen})


def reject(inquiry: Any, reason: str) -> None:
    """It is nothing for us; say why."""
    with unit(reason=_("rejected")), keeping():
        _settle(inquiry, {"state": REJECTED, "reject_reason": reason, **dict.fromkeys(PLACES)}, state="closed")


def reopen(inquiry: Any) -> None:
    """It waits again, for somebody to decide anew."""
    with unit(reason=_("reopened")), keeping():
        _settle(inquiry, {"state": WAITING, "reject_reason": None, **dict.fromkeys(PLACES)}, state="open")


def give(inquiry: Any, owner_id: int | None) -> None:
    """Give an inquiry, and the conversation it began, to somebody; without a name to whom the rules say."""
    values: dict[str, Any] = {"owner": owner_id}
    if owner_id is None:
        with as_system("rules decide for everybody"):
            found = assign({**{name: inquiry.get(name) for name in ("name", "body")}, **_asked(inquiry)})
        if found.user_id is None:
            raise Conflict(found.why)
        values = {"owner": found.user_id, "team": found.team_id, "remark": found.why}
    with unit(reason=_("given")) as opened, keeping():
        attribute(opened)
        with as_system("who may give an inquiry on, may give it to anybody"):
            update(INQUIRY, inquiry.id, values)
            conversation = inquiry.link_id("conversation")
            if conversation is not None and find(CONVERSATION, conversation) is not None:
                update(CONVERSATION, conversation, {name: values[name] for name in values if name != "remark"})


def _asked(inquiry: Any) -> dict[str, Any]:
    names = (*FIRST_TOUCH, "sender_name", "sender_email", "sender_phone", "sender_organization")
    return {name: inquiry.link_id(name) if name == "source" else inquiry.get(name) for name in names}


def _settle(inquiry: Any, values: Mapping[str, Any], *, state: str = "") -> None:
    update(INQUIRY, inquiry.id, dict(values))
    conversation = inquiry.link_id("conversation")
    if conversation is None:
        return
    places = {name: values[name] for name in PLACES if name in values}
    with as_system("a conversation follows the inquiry that began it"):
        found = find(CONVERSATION, conversation)
        if found is not None and found.link_id("inquiry") == inquiry.id:
            update(CONVERSATION, conversation, {**places, **({"state": state} if state else {})})


def proposals(inquiry: Any) -> str:
    """Who it may be, as sentences with the reason; of those out of sight only that a colleague has them."""
    lines: list[str] = []
    hidden = 0
    for one in matching.candidates(inquiry.get("sender_email") or "", inquiry.get("sender_phone") or ""):
        if isinstance(one, Match):
            seen = services.get("parties/1").find_party(one.id)
            line = _("%(why)s: %(name)s", why=matching.word_for(one.by), name=one.name)
        else:
            seen = find(LEAD, one.id)
            line = _("Open lead with the same e-mail or number: %(name)s", name=one.name)
        if seen is None:
            hidden += 1
        else:
            lines.append(str(line))
    if hidden:
        lines.append(str(_("A customer or lead with this e-mail or number exists with a colleague.")))
    return " · ".join(lines) or str(_("Nobody with this e-mail or number is known yet."))
