"""Every provider of inquiries/1 does this."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from kumiko_contracts.inquiries import (
    BECAME_LEAD,
    CONVERSATION,
    FACTS,
    INQUIRY,
    INQUIRY_RECEIVED,
    JOINED,
    LEAD,
    LEAD_CONVERTED,
    LEAD_CREATED,
    MESSAGE,
    MESSAGE_RECEIVED,
    VERSION,
    Incoming,
    Origin,
    Received,
    Sender,
)
from kumiko_contracts.parties import PERSON
from kumiko_contracts.suites import Lab, same

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACCOUNT = "mailbox:1"


def _mail(word: str, **more: Any) -> Incoming:
    known: dict[str, Any] = {
        "channel": "mail", "account": ACCOUNT, "external_id": f"<{word}@there.example>",
        "message_id": f"<{word}@there.example>", "received_at": AT, "subject": f"About {word}",
        "text": f"We need a {word}.", "sender": Sender(name="Mia Stone", email=f"mia-{word}@there.example"),
    }  # fmt: skip
    return Incoming(**{**known, **more})


def _receive(lab: Lab, incoming: Incoming) -> Received:
    found: Received = lab.service(VERSION).receive(incoming)
    return found


def _link(record: Any, name: str) -> int | None:
    return record[name]["id"] if record[name] else None


def a_stranger_becomes_a_lead(lab: Lab) -> None:
    """What a stranger writes is an inquiry, a lead and a conversation with the message, each naming the others."""
    found = _receive(lab, _mail("press", origin=Origin(campaign="spring")))
    same((found.is_new, found.state, found.person_id), (True, BECAME_LEAD, None), "what became of it")
    inquiry, lead = lab.read(INQUIRY, found.inquiry_id or 0), lab.read(LEAD, found.lead_id or 0)
    same(
        (inquiry["channel"], inquiry["state"], _link(inquiry, "lead")), ("mail", BECAME_LEAD, lead["id"]), "the inquiry"
    )
    same((lead["status"], lead["campaign"], lead["channel"]), ("new", "spring", "mail"), "the lead")
    same(_link(lab.read(CONVERSATION, found.conversation_id or 0), "lead"), lead["id"], "lead of the conversation")
    message = lab.read(MESSAGE, found.message_id or 0)
    wanted = ("in", "We need a press.", found.conversation_id)
    same((message["direction"], message["body"], _link(message, "conversation")), wanted, "the message")


def what_comes_twice_is_received_once(lab: Lab) -> None:
    """The same item of the same account is received once; the second time says what became of the first."""
    first = _receive(lab, _mail("drill"))
    lab.facts()
    again = _receive(lab, _mail("drill"))
    same(again.is_new, False, "whether the second one is new")
    wanted = (first.inquiry_id, first.state, first.lead_id, first.conversation_id, first.message_id)
    same((again.inquiry_id, again.state, again.lead_id, again.conversation_id, again.message_id), wanted, "the second")
    same(lab.facts(), [], "facts stated by the second one")


def a_known_customer_is_joined(lab: Lab) -> None:
    """Who writes with the e-mail of exactly one customer joins that customer, and no lead is made."""
    person = lab.create(PERSON, {"name": "Mia Stone", "email": "mia-lathe@there.example"})
    found = _receive(lab, _mail("lathe"))
    same((found.state, found.person_id, found.lead_id), (JOINED, person, None), "what became of it")
    same(_link(lab.read(CONVERSATION, found.conversation_id or 0), "person"), person, "person of the conversation")


def an_answer_stays_in_its_conversation(lab: Lab) -> None:
    """A mail that answers one of a conversation its sender takes part in is a message of it, and no inquiry."""
    first = _receive(lab, _mail("saw", cc=("boss@there.example",)))
    answer = _receive(
        lab,
        _mail("saw-2", in_reply_to="<saw@there.example>", sender=Sender(email="boss@there.example"),
              received_at=AT + timedelta(hours=1)),
    )  # fmt: skip
    same((answer.inquiry_id, answer.conversation_id), (None, first.conversation_id), "inquiry and conversation")
    same(_link(lab.read(MESSAGE, answer.message_id or 0), "conversation"), first.conversation_id, "of the message")


def a_forged_answer_is_a_message_of_its_own(lab: Lab) -> None:
    """A mail of somebody else that only claims to answer a conversation does not come into it."""
    first = _receive(lab, _mail("weld"))
    forged = _receive(
        lab, _mail("weld-2", in_reply_to="<weld@there.example>", sender=Sender(email="mallory@else.example"))
    )
    same(forged.conversation_id != first.conversation_id and forged.inquiry_id is not None, True, "kept apart")


def a_chat_is_one_conversation(lab: Lab) -> None:
    """Messages with the same thread of the same account are one conversation, of another account another."""
    found = [
        _receive(
            lab,
            Incoming(channel="chat", account=account, external_id=f"chat-{number}", thread="session-7",
                     received_at=AT + timedelta(minutes=number), text=f"Line {number}",
                     sender=Sender(handle="visitor")),
        ).conversation_id
        for number, account in enumerate(("chat:1", "chat:1", "chat:2"))
    ]  # fmt: skip
    same((found[0] == found[1], found[0] == found[2]), (True, False), "same conversation: same account, other account")


def a_lead_is_converted_and_that_is_undone(lab: Lab) -> None:
    """Converting makes a customer and a deal with the lead's campaign, once; one undo takes all of it back."""
    found = _receive(lab, _mail("crane", origin=Origin(campaign="autumn")))
    lab.facts()
    lab.act(LEAD, found.lead_id or 0, "convert", {})
    lead = lab.read(LEAD, found.lead_id or 0)
    deal = lab.read("deals.deal", _link(lead, "deal") or 0)
    same(
        (lead["status"], deal["campaign"], _link(deal, "person")), ("converted", "autumn", _link(lead, "person")), "it"
    )
    same([name for name, _, _ in lab.facts()], [LEAD_CONVERTED], "facts stated")
    if not lab.refusal(lambda: lab.act(LEAD, found.lead_id or 0, "convert", {})):
        raise AssertionError("a lead was converted twice; wanted a refusal with a sentence")
    lab.undo_last()
    lead = lab.read(LEAD, found.lead_id or 0)
    same((lead["status"], lead["deal"], lead["person"]), ("new", None, None), "the lead after the undo")


def a_lead_that_is_given_up_says_why(lab: Lab) -> None:
    """A lead is disqualified with a reason only."""
    found = _receive(lab, _mail("ladder"))
    if not lab.refusal(lambda: lab.act(LEAD, found.lead_id or 0, "disqualify", {})):
        raise AssertionError("a lead was given up without a reason; wanted a refusal with a sentence")
    lab.act(LEAD, found.lead_id or 0, "disqualify", {"reason": "No budget"})
    same(lab.read(LEAD, found.lead_id or 0)["status"], "unqualified", "status")


def what_was_received_is_not_changed(lab: Lab) -> None:
    """Nobody changes what came in, and the source of a lead stays as it was."""
    found = _receive(lab, _mail("pump", origin=Origin(campaign="winter")))
    deeds = (
        lambda: lab.change(INQUIRY, found.inquiry_id or 0, {"campaign": "other"}),
        lambda: lab.change(LEAD, found.lead_id or 0, {"campaign": "other"}),
    )
    for deed in deeds:
        if not lab.refusal(deed):
            raise AssertionError("what was received was changed; wanted a refusal with a sentence")


def facts_have_the_documented_fields(lab: Lab) -> None:
    """Each fact is stated once, with exactly the fields that the contract documents."""
    documented = {fact.name: sorted(fact.fields) for fact in FACTS}
    lab.facts()
    found = _receive(lab, _mail("gear"))
    lab.act(LEAD, found.lead_id or 0, "convert", {})
    stated = lab.facts()
    wanted = [INQUIRY_RECEIVED, LEAD_CONVERTED, LEAD_CREATED, MESSAGE_RECEIVED]
    same(sorted(name for name, _, _ in stated), wanted, "the facts stated")
    same({name: sorted(payload) for name, _, payload in stated}, documented, "facts and their fields")


def addresses_begin_with_the_usual_one(lab: Lab) -> None:
    """A lead and a conversation are reached by mail at the address that was written from."""
    found = _receive(lab, _mail("rope"))
    service = lab.service(VERSION)
    for about in ((LEAD, found.lead_id or 0), (CONVERSATION, found.conversation_id or 0)):
        same(service.addresses(about, "mail")[:1], ("mia-rope@there.example",), f"addresses of {about[0]}")


def what_one_may_not_see_is_not_there(lab: Lab) -> None:
    """What a customer wrote is seen by those who answer for the customer, and by nobody else."""
    lab.create(PERSON, {"name": "Mia Stone", "email": "mia-valve@there.example"})
    found = _receive(lab, _mail("valve"))
    same(found.state, JOINED, "what became of it")
    records = ((INQUIRY, found.inquiry_id), (CONVERSATION, found.conversation_id), (MESSAGE, found.message_id))
    with lab.acting("seller"):
        for type_key, record_id in records:
            if not lab.refusal(lambda key=type_key, one=record_id: lab.read(key, one or 0)):  # type: ignore[misc]
                raise AssertionError(f"a {type_key} of somebody else was read; wanted that there is none")
        about = (CONVERSATION, found.conversation_id or 0)
        same(lab.service(VERSION).addresses(about, "mail"), (), "addresses of a foreign conversation")


CHECKS = (
    a_stranger_becomes_a_lead,
    what_comes_twice_is_received_once,
    a_known_customer_is_joined,
    an_answer_stays_in_its_conversation,
    a_forged_answer_is_a_message_of_its_own,
    a_chat_is_one_conversation,
    a_lead_is_converted_and_that_is_undone,
    a_lead_that_is_given_up_says_why,
    what_was_received_is_not_changed,
    facts_have_the_documented_fields,
    addresses_begin_with_the_usual_one,
    what_one_may_not_see_is_not_there,
)
