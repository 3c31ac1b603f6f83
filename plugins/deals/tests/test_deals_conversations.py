"""What is said with customers: one thread whatever the channel, answers that go out, and what became of them."""

from datetime import UTC, datetime, timedelta

import pytest
from intake_lab import CONVERSATION, INQUIRY, LEAD, MESSAGE, PERSON, Carrier, receive

from kumiko import Conflict, Invalid, create, get, run_action, services, unit, update
from kumiko.access.principals import principal_for_email
from kumiko.records.undo import undo
from kumiko_deals import answering


@pytest.fixture
def carrier(intake):
    """A carrier of messages in the place of integrations/1."""
    made = Carrier()
    intake.generation.services._makers["integrations/1"] = ("a test", lambda: made)
    return made


def test_an_answer_goes_out_its_reply_comes_back_and_the_lead_was_answered_once(intake, carrier):
    with intake.acting():
        found = receive("What does it cost?", email="mia@there.example")
        ann = principal_for_email("ann@example.com")
        before = get(LEAD, found.lead_id)
        assert (before.get("status"), before.get("first_response_due_at") > datetime.now(UTC)) == ("new", True)
        automatic = answering.write_message(
            (LEAD, found.lead_id), channel="form", text="We got it.", automatic=True, key="step-1"
        )
        assert get(LEAD, found.lead_id).get("first_responded_at") is None
        again = answering.write_message((LEAD, found.lead_id), channel="form", text="We got it.", key="step-1")
        assert (again, len(carrier.sent)) == (automatic, 1)
    with intake.acting() as context:
        context.as_principal(ann)
        run_action(CONVERSATION, found.conversation_id, "answer", {"text": "About 900."})
        key, outgoing, about, message = carrier.sent[-1]
        assert (outgoing.to, outgoing.subject, outgoing.text) == (
            ("mia@there.example",),
            "Re: What does it cost?",
            "About 900.",
        )
        sent = get(MESSAGE, message[1])
        assert (sent.get("delivery"), sent.get("sender"), about[0], key) == (
            "queued", "Ann", CONVERSATION, f"inquiries.message:{message[1]}",
        )  # fmt: skip
        lead = get(LEAD, found.lead_id)
        assert (lead.get("status"), lead.get("answered_late")) == ("contacted", False)
        first = lead.get("first_responded_at")
        assert first == sent.get("happened_at")
    with intake.acting():
        with unit():
            answering.note_sent(message[1], datetime.now(UTC), "<ours-1@crm.example>", {})
            answering.note_sent(message[1], datetime.now(UTC), "<ours-1@crm.example>", {})
        assert (get(MESSAGE, message[1]).get("delivery"), get(CONVERSATION, found.conversation_id).get("state")) == (
            "sent", "pending",
        )  # fmt: skip
        reply = receive("Fine.", channel="mail", account="mailbox:1", email="mia@there.example",
                        in_reply_to="<ours-1@crm.example>", message_id="<theirs@x>")  # fmt: skip
        assert (reply.conversation_id, reply.inquiry_id) == (found.conversation_id, None)
        assert get(CONVERSATION, found.conversation_id).get("state") == "open"
        answering.write_message((CONVERSATION, found.conversation_id), channel="mail", text="Good.")
        assert carrier.sent[-1][1].references == ("<ours-1@crm.example>", "<theirs@x>")
        assert get(LEAD, found.lead_id).get("first_responded_at") == first


def test_what_cannot_be_sent_says_why_and_is_sent_again(intake, carrier):
    with intake.acting():
        person = create(PERSON, {"name": "Pat", "email": "pat@there.example"}).id
        made = answering.write_message((PERSON, person), channel="mail", text="Hello")
        answering.note_failed(made, "The mailbox does not exist.")
        failed = get(MESSAGE, made)
        assert (failed.get("delivery"), failed.get("error")) == ("failed", "The mailbox does not exist.")
        run_action(MESSAGE, made, "send_again", {})
        assert (get(MESSAGE, made).get("delivery"), [one[1].to for one in carrier.sent]) == (
            "queued", [("pat@there.example",)] * 2,
        )  # fmt: skip
        with pytest.raises(Conflict, match="Only what could not be sent"):
            run_action(MESSAGE, made, "send_again", {})
        with pytest.raises(Conflict, match="no account for it is set up"):
            answering.write_message((PERSON, person), channel="chat", text="Hello")
        nobody = create(PERSON, {"name": "No Address"}).id
        with pytest.raises(Invalid) as refused:
            answering.write_message((PERSON, nobody), channel="mail", text="Hello")
        assert refused.value.errors == {"to": ["No address is known; say where it shall go."]}
        with pytest.raises(Invalid):
            update(MESSAGE, made, {"body": "other"})


def test_an_answer_that_did_not_arrive_was_none(intake, carrier):
    with intake.acting():
        lead_id = receive("Hello", email="mia@there.example").lead_id
        made = answering.write_message((LEAD, lead_id), channel="mail", text="Hello")
        said = [get(LEAD, lead_id).get("status")]
        answering.note_failed(made, "The mailbox is full.")
        said += [get(LEAD, lead_id).get("status"), get(LEAD, lead_id).get("first_responded_at")]
        run_action(MESSAGE, made, "send_again", {})
        answering.note_sent(made, datetime.now(UTC), "<a@crm.example>", {"boss@there.example": "unknown"})
        sent = get(MESSAGE, made)
        assert (*said, get(LEAD, lead_id).get("status")) == ("contacted", "new", None, "contacted")
        assert (sent.get("delivery"), sent.get("error")) == ("sent", "boss@there.example: unknown")


def test_without_a_carrier_the_card_says_so_and_nothing_is_kept(intake):
    with intake.acting():
        found = receive("Hello", email="mia@there.example")
        with pytest.raises(Conflict, match="No mailbox is set up"):
            answering.write_message((LEAD, found.lead_id), channel="mail", text="Hello")
        assert services.get("inquiries/1").addresses((LEAD, found.lead_id), "mail") == ("mia@there.example",)
        assert get(CONVERSATION, found.conversation_id).get("state") == "open"


def test_a_call_written_down_is_the_first_answer_and_a_conversion_is_undone_whole(intake):
    with intake.acting():
        found = receive("Call me", phone="+49 30 5550133", received_at=datetime.now(UTC) - timedelta(minutes=1))
        create(
            "deals.interaction", {"kind": "call", "direction": "out", "lead": found.lead_id, "body": "Spoke to her."}
        )
        assert get(LEAD, found.lead_id).get("status") == "contacted"
        keys = ((LEAD, found.lead_id), (CONVERSATION, found.conversation_id), (MESSAGE, found.message_id),
                (INQUIRY, found.inquiry_id))  # fmt: skip
        before = {key: get(*key).values for key in keys}
        with unit() as opened:
            run_action(LEAD, found.lead_id, "convert", {})
        deal_id = get(LEAD, found.lead_id).link_id("deal")
        assert get(MESSAGE, found.message_id).link_id("deal") == deal_id
        undo(opened.id)
        stamps = {"updated_at", "updated_by"}
        for key, values in before.items():
            now = get(*key).values
            assert {n: v for n, v in now.items() if n not in stamps} == {
                n: v for n, v in values.items() if n not in stamps
            }


def test_moving_a_conversation_takes_its_messages_along(intake):
    with intake.acting():
        found = receive("For Pat", email="mia@there.example")
        pat = create(PERSON, {"name": "Pat"}).id
        run_action(CONVERSATION, found.conversation_id, "move", {"person": pat})
        message = get(MESSAGE, found.message_id)
        assert (message.link_id("person"), message.link_id("lead")) == (pat, None)
        with pytest.raises(Invalid):
            run_action(CONVERSATION, found.conversation_id, "move", {})
