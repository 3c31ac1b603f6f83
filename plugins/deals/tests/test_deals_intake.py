"""What comes in: nothing is lost or doubled, who is known is joined, and what came stays as it came."""

import contextlib
import random
import threading
from datetime import UTC, datetime, timedelta

import pytest
from intake_lab import CONVERSATION, INQUIRY, LEAD, MESSAGE, ORGANIZATION, PERSON, incoming, receive
from sqlalchemy import select

from kumiko import Conflict, Invalid, create, delete, find, get, run_action, services, session, unit, unscoped, update
from kumiko.access.principals import principal_for_email
from kumiko.records.undo import undo
from kumiko_contracts.inquiries import Attachment, Origin, Sender
from kumiko_deals import inbox
from kumiko_deals.inquiry_models import Inquiry, Lead

STATES = {"waiting", "lead", "joined", "rejected"}


def stored():
    with unscoped("a test counts"):
        query = select(Inquiry.channel, Inquiry.state, Inquiry.lead_id, Inquiry.reject_reason).where(
            Inquiry.deleted_at.is_(None)
        )
        return session().execute(query).all()


def test_received_is_always_the_sum_of_what_became_of_it(intake):
    dice, made, taken = random.Random(7), [], 0
    with intake.acting():
        twins = [create(PERSON, {"name": f"Twin {n}", "phone": "+49 30 5550100"}).id for n in (1, 2)]
        create(PERSON, {"name": "Known", "email": "known@there.example"})
    for step in range(90):
        with intake.acting():
            channel = dice.choice(("form", "mail", "chat"))
            with unit() as opened:
                found = receive(
                    f"Text {step % 40}", channel=channel, account=f"{channel}:1", external_id=f"{channel}-{step % 60}",
                    email=dice.choice((f"s{step}@x.example", "known@there.example", "")),
                    phone=dice.choice(("", "", "+49 30 5550100")),
                )  # fmt: skip
                unit_id = opened.id if found.is_new else None
            if found.is_new and found.inquiry_id:
                taken += 1
                made.append((found.inquiry_id, unit_id))
            one, its_unit = dice.choice(made)
            deed = dice.choice(("reject", "reopen", "make_lead", "join", "undo", "none"))
            values = {"reject": {"reason": "Spam"}, "join": {"person": twins[0]}}.get(deed, {})
            if deed == "undo" and find(INQUIRY, one) is not None:
                with contextlib.suppress(Conflict):  # undone already
                    undo(its_unit)
                taken -= find(INQUIRY, one) is None
            elif deed not in ("none", "undo") and find(INQUIRY, one) is not None:
                with contextlib.suppress(Conflict):  # not possible in its state, which is said
                    run_action(INQUIRY, one, deed, values)
            rows, counted = stored(), inbox.counters()
            assert sum(sum(one.values()) for one in counted.values()) == len(rows) == taken
            assert {row.state for row in rows} <= STATES
            assert all(row.lead_id for row in rows if row.state == "lead")
            assert all(row.reject_reason for row in rows if row.state == "rejected")
            assert not any(row.lead_id for row in rows if row.state in ("waiting", "rejected"))
    assert {state for one in inbox_counters(intake).values() for state in one} == STATES


def inbox_counters(house):
    with house.acting():
        return inbox.counters()


def test_two_processes_that_bring_the_same_take_it_in_once(intake):
    found, start = [], threading.Barrier(4)

    def bring(number):
        with intake.acting():
            start.wait()
            found.append(receive("Same words", external_id=f"x-{number % 2}", email="two@there.example"))

    threads = [threading.Thread(target=bring, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.is_new for one in found) == [False, False, True, True]
    with intake.acting(), unscoped("a test counts"):
        leads = session().execute(select(Lead.id).where(Lead.contact_email == "two@there.example")).all()
        states = session().execute(select(Inquiry.state).order_by(Inquiry.state)).scalars().all()
    assert (len(leads), states) == (1, ["joined", "lead"])


def test_several_with_the_same_number_are_only_proposed_and_a_colleagues_is_not_named(intake):
    with intake.acting():
        with intake_person(intake, "ann@example.com"):
            mine = create(PERSON, {"name": "Mia Mine", "phone": "+49 30 5550111"}).id
        with intake_person(intake, "ben@example.com"):
            create(PERSON, {"name": "Zoe Secret", "phone": "+49 30 5550111"})
        ann = principal_for_email("ann@example.com").user_id
        found = receive("Call me", phone="+49 30 5550111", owner_id=ann)
        assert (found.state, found.lead_id, found.person_id) == ("waiting", None, None)
    with intake.acting() as context:
        context.as_principal(principal_for_email("ann@example.com"))
        confirm = get(INQUIRY, found.inquiry_id).type.actions["join"].confirm
        said = confirm(get(INQUIRY, found.inquiry_id))
        assert said == (
            "Same phone number: Mia Mine · A customer or lead with this e-mail or number exists with a colleague."
        )
        run_action(INQUIRY, found.inquiry_id, "join", {"person": mine})
        assert get(CONVERSATION, found.conversation_id).link_id("person") == mine


def intake_person(house, email):
    from kumiko import acting_as

    return acting_as(principal_for_email(email))


def test_an_inquiry_stays_as_it_came_and_first_touch_survives_conversion(intake):
    origin = Origin(source="partner", medium="mail", campaign="Spring", term="press", content="top", landing_page="/p",
                    referrer="https://r.example")  # fmt: skip
    with intake.acting():
        found = receive(
            "x" * 300_000, email="Mia@New.Example", origin=origin, raw={"a": "\x00b", "n": 1},
            html="<script>1</script>", language="de", name="Mia Stone\n",
        )  # fmt: skip
        inquiry = get(INQUIRY, found.inquiry_id)
        assert (inquiry.get("raw"), len(inquiry.get("body"))) == (
            {"a": "�b", "n": 1, "subject": "", "email": "Mia@New.Example"}, 100_000,
        )  # fmt: skip
        for name, value in (
            ("body", "other"),
            ("raw", {}),
            ("campaign", "x"),
            ("state", "rejected"),
            ("channel", "mail"),
        ):
            with pytest.raises(Invalid):
                update(INQUIRY, found.inquiry_id, {name: value})
        lead = run_action(LEAD, found.lead_id, "convert", {"deal_name": "Press"})
        deal = get("deals.deal", lead.link_id("deal"))
        touch = [lead.get(name) for name in ("campaign", "utm_medium", "utm_term", "landing_page", "language")]
        assert touch == ["Spring", "mail", "press", "/p", "de"]
        assert (deal.get("source").name, deal.get("campaign"), deal.title) == ("Partner", "Spring", "Press")
        assert get(PERSON, lead.link_id("person")).get("email") == "mia@new.example"
        conversation = get(CONVERSATION, found.conversation_id)
        message = get(MESSAGE, found.message_id)
        for one in (conversation, message):
            assert (one.link_id("deal"), one.link_id("person")) == (deal.id, lead.link_id("person"))
        with pytest.raises(Invalid):
            update(LEAD, lead.id, {"source": None})


def test_broken_things_are_taken_in_as_far_as_they_can_be(intake):
    with intake.acting():
        found = receive("", name="", email="not an address", phone="ext. 5", html="<p>Hello <b>you</b></p><img src=x>")
        inquiry = get(INQUIRY, found.inquiry_id)
        assert (inquiry.get("sender_email"), inquiry.get("sender_phone"), inquiry.get("body")) == (
            None,
            None,
            "Hello you",
        )
        assert inquiry.get("raw")["email"] == "not an address"
        assert get(MESSAGE, found.message_id).get("html") == "<p>Hello <b>you</b></p>"
        empty = receive("", name="")
        assert (empty.state, get(INQUIRY, empty.inquiry_id).title) == ("lead", "form")


def test_the_api_takes_an_inquiry_once_and_gives_it_by_rule(intake):
    with intake.acting(via="api") as context:
        context.as_principal(principal_for_email("root@example.com"))
        values = {
            "sender_name": "Ola",
            "sender_email": "ola@there.example",
            "body": "Laser cutter?",
            "external_id": "p-1",
        }
        made = create(INQUIRY, values)
        now = get(INQUIRY, made.id)
        assert (now.get("channel"), now.get("state"), now.get("owner").name) == ("api", "lead", "Ann")
        with pytest.raises(Invalid, match="Some values") as refused:
            create(INQUIRY, values)
        assert "received before" in str(refused.value.errors) or "already names" in str(refused.value.errors)
        again = create(INQUIRY, {**values, "external_id": "p-2", "body": "Are you there?"})
        assert (get(INQUIRY, again.id).get("state"), get(INQUIRY, again.id).link_id("lead")) == (
            "joined",
            now.link_id("lead"),
        )


def test_a_message_is_seen_by_who_answers_for_it_not_by_who_knows_the_person(intake):
    with intake.acting():
        ann, ben = (principal_for_email(f"{name}@example.com") for name in ("ann", "ben"))
        person = create(PERSON, {"name": "Pat", "email": "pat@there.example", "owner": ann.user_id}).id
        found = receive("My secret wish", email="pat@there.example")
        assert get(CONVERSATION, found.conversation_id).link_id("owner") == ann.user_id
        create("deals.deal", {"name": "Ben's", "person": person, "owner": ben.user_id})
    with intake.acting() as context:
        context.as_principal(ben)
        assert find(PERSON, person) is not None
        assert [find(key, one) for key, one in ((MESSAGE, found.message_id), (CONVERSATION, found.conversation_id),
                                                (INQUIRY, found.inquiry_id))] == [None, None, None]  # fmt: skip
    with intake.acting() as context:
        context.as_principal(ann)
        assert get(MESSAGE, found.message_id).get("body") == "My secret wish"


def test_what_comes_to_an_organization_joins_it_and_a_deleted_customer_is_nobody(intake):
    with intake.acting():
        acme = create(ORGANIZATION, {"name": "Acme", "email": "post@acme.example"}).id
        found = receive("Hello", email="POST@acme.example")
        assert (found.state, get(INQUIRY, found.inquiry_id).link_id("organization")) == ("joined", acme)
        delete(ORGANIZATION, acme)
        assert receive("Hello again", email="post@acme.example").state == "lead"
        late = receive("Hello", email="post@acme.example", received_at=datetime.now(UTC) + timedelta(hours=1))
        assert late.state == "joined"  # the open lead of the one before
        assert services.get("inquiries/1").receive(
            incoming("With a file", attachments=(Attachment(name="a.txt", media_type="text/plain", content=b"x"),),
                     email="file@there.example")
        ).state == "lead"  # fmt: skip
        assert receive("x", sender=Sender(handle="visitor"), channel="chat", thread="t").state == "lead"
