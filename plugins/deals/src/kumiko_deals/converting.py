"""A lead becomes a customer and a deal, or is given up; an inquiry becomes a lead, joins, or is rejected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from kumiko import (
    Conflict,
    Invalid,
    as_system,
    create,
    emit,
    find,
    get,
    services,
    session,
    unit,
    unscoped,
    update,
    utc_now,
)
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL
from kumiko_contracts.inquiries import CONVERSATION, INQUIRY, LEAD, LEAD_CONVERTED
from kumiko_contracts.parties import ORGANIZATION, PERSON
from kumiko_deals.conversation_models import Conversation
from kumiko_deals.inquiry_models import Inquiry
from kumiko_deals.keeping import keeping
from kumiko_deals.models import INTERACTION, Interaction

CARRIED = ("source", "campaign")


def convert(lead_id: int, values: Mapping[str, Any]) -> int:
    """Make a deal of a lead, with its customer; gives the deal's id. All of it is one unit, undone in one go.

    `values`: person, organization (ids, when the person chose), deal_name, amount, each may be missing.
    """
    with unit(reason=_("converted")):
        lead = get(LEAD, lead_id)
        if lead.get("status") == "converted":
            raise Conflict(_("This lead has been converted already."))
        organization_id = values.get("organization") or lead.link_id("organization")
        person_id = values.get("person") or lead.link_id("person") or _known_person(lead)
        if organization_id is None:
            organization_id = _organization_of(person_id) or _organization(lead)
        if person_id is None:
            person_id = _new_person(lead, organization_id)
        deal = create(DEAL, _deal_values(lead, values, person_id, organization_id))
        with keeping():
            update(
                LEAD, lead_id,
                {"status": "converted", "converted_at": utc_now(), "person": person_id, "organization": organization_id,
                 "deal": deal.id},
            )  # fmt: skip
        _carry(lead_id, deal.id, person_id, organization_id)
        emit(
            LEAD_CONVERTED, lead,
            {
                "channel": lead.get("channel"), "lead_id": lead_id, "person_id": person_id,
                "organization_id": organization_id, "owner_id": lead.link_id("owner"), "deal_id": deal.id,
            },
        )  # fmt: skip
        return deal.id


def _deal_values(
    lead: Any, values: Mapping[str, Any], person_id: int | None, organization_id: int | None
) -> dict[str, Any]:
    amount = values.get("amount") or lead.get("estimated_value")
    found = {
        "name": values.get("deal_name") or lead.title, "person": person_id, "organization": organization_id,
        "source": lead.link_id("source"), "campaign": lead.get("campaign"), "description": lead.get("description"),
        "owner": lead.link_id("owner"), "amount": amount.as_json() if hasattr(amount, "as_json") else amount,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}


def _known_person(lead: Any) -> int | None:
    """The one customer with the lead's e-mail or number; Conflict when he is a colleague's, or there are several."""
    email, phone = lead.get("contact_email") or "", lead.get("contact_phone") or ""
    known = services.get("parties/1").matches(email=email, phone=phone)
    found = [one for one in known if one.type == PERSON]
    if not found:
        return None
    if len(found) > 1:
        raise Invalid(
            _("Some values are not accepted."),
            {"person": [_("%(count)d persons have this e-mail or number; choose which.", count=len(found))]},
        )
    if find(PERSON, found[0].id) is None:
        raise Conflict(_("A customer with this e-mail or number exists with a colleague; ask who leads you."))
    return found[0].id


def _organization_of(person_id: int | None) -> int | None:
    person = find(PERSON, person_id) if person_id is not None else None
    return person.link_id("organization") if person is not None else None


def _organization(lead: Any) -> int | None:
    name = (lead.get("organization_name") or "").strip()
    if not name:
        return None
    return find_organization(name) or create(ORGANIZATION, {"name": name, **_owned(lead)}).id


def find_organization(name: str) -> int | None:
    """The organization with exactly this name that the person may see; None when there is none, or more than one."""
    from kumiko import all_ids, catalogue  # local: only asked while something is converted

    ids = list(all_ids(catalogue().get(ORGANIZATION), node={"f": "name", "op": "eq", "v": name}))
    return ids[0] if len(ids) == 1 else None


def _new_person(lead: Any, organization_id: int | None) -> int | None:
    values = {
        "name": lead.get("contact_name"), "email": lead.get("contact_email"), "phone": lead.get("contact_phone"),
        "organization": organization_id, "language": lead.get("language"), **_owned(lead),
    }  # fmt: skip
    source = lead.get("source")
    if source is not None:
        values["source"] = source.name
    if not any(values[name] for name in ("name", "email", "phone")):
        return None  # an organization alone is a customer, too
    return create(PERSON, {name: value for name, value in values.items() if value is not None}).id


def _owned(lead: Any) -> dict[str, Any]:
    owner = lead.link_id("owner")
    return {"owner": owner} if owner is not None else {}


def _carry(lead_id: int, deal_id: int, person_id: int | None, organization_id: int | None) -> None:
    """Conversations, notes and inquiries of the lead stand on the cards of the customer and the deal, too."""
    places = {"deal": deal_id, "person": person_id, "organization": organization_id}
    customer = {"person": person_id, "organization": organization_id}
    with unscoped("what hangs on a lead goes with it"):
        kept = [
            (type_key, values, list(session().execute(select(model.id).where(
                model.lead_id == lead_id, model.deleted_at.is_(None))).scalars()))
            for type_key, model, values in (
                (CONVERSATION, Conversation, places), (INTERACTION, Interaction, places), (INQUIRY, Inquiry, customer),
            )
        ]  # fmt: skip
    with as_system("what hangs on a lead goes with it"), keeping():
        for type_key, values, ids in kept:
            for record_id in ids:
                update(type_key, record_id, values)


def disqualify(lead_id: int, reason: str) -> None:
    """Give a lead up, and say why."""
    with unit(reason=_("disqualified")):
        update(LEAD, lead_id, {"status": "unqualified", "disqualify_reason": reason})


def reopen(lead_id: int) -> None:
    """A lead that was given up is worked on again."""
    with unit(reason=_("reopened")):
        update(LEAD, lead_id, {"status": "contacted"})


def set_state(conversation_id: int, state: str) -> None:
    """Open or close a conversation."""
    update(CONVERSATION, conversation_id, {"state": state})


def move(conversation_id: int, places: Mapping[str, Any]) -> None:
    """Put a conversation, with all its messages, on other cards."""
    chosen = {name: places.get(name) for name in ("lead", "deal", "person", "organization")}
    if not any(chosen.values()):
        raise Invalid(_("Some values are not accepted."), {"person": [_("Choose at least one card.")]})
    with unit(reason=_("moved to another card")):
        update(CONVERSATION, conversation_id, chosen)
