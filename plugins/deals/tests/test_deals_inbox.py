"""The inbox and the cards in the browser and through REST: what they show, and what they may cost."""

import re
from datetime import date

import intake_lab
import pytest
from intake_lab import INQUIRY, LEAD, PERSON, receive

from kumiko import create, get
from kumiko.host import settings
from kumiko.host.context import transaction
from kumiko_contracts.deals import DEAL
from kumiko_testing.queries import counted


@pytest.fixture
def web(clone_database, tmp_path):
    made = intake_lab.Web(clone_database("intake_web", intake_lab.build_web), tmp_path)
    yield made
    made.database.close()


def words(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_the_inbox_adds_up_and_costs_the_same_whatever_is_in_it(web):
    with web.acting():
        receive("Do you sell presses?", email="mia@there.example")
        twins = [create(PERSON, {"name": f"Twin {n}", "phone": "+49 30 5550100"}).id for n in (1, 2)]
        waiting = receive("Call me back", phone="+49 30 5550100", channel="mail").inquiry_id
    said = words(web.get("/inquiries/inbox"))
    assert "2 Received = 1 Waiting + 1 Became leads + 0 Joined customers + 0 Rejected" in said
    assert "All channels Form 1 Mail 1" in said
    assert "2 customers or leads have this e-mail or number; choose which." in said
    with counted() as few:
        web.get("/inquiries/inbox")
    with web.acting():
        for number in range(60):
            receive(f"Text {number}", email=f"m{number}@there.example", channel=("form", "mail", "chat")[number % 3])
    with counted() as many:
        page = web.get("/inquiries/inbox")
    assert (len(few), len(many), page.text.count("deals-mail is-")) == (4, 4, 50)
    assert "Older ones" in page.text
    assert words(web.get("/inquiries/inbox?state=waiting")).count("Call me back") == 1
    dialog = web.get(f"/inquiries/{waiting}/actions/join")
    assert "Same phone number: Twin 1 · Same phone number: Twin 2" in words(dialog)
    assert web.post(f"/inquiries/{waiting}/actions/join", {"person": str(twins[1])}).status_code == 303
    assert web.post(f"/inquiries/{waiting}/actions/reopen").status_code == 303
    assert web.post(f"/inquiries/{waiting}/actions/reject", {"reason": "Nothing for us"}).status_code == 303
    assert "62 Received = 0 Waiting + 61 Became leads + 0 Joined customers + 1 Rejected" in words(
        web.get("/inquiries/inbox")
    )


def test_cards_show_the_conversation_and_stay_within_their_statements(web):
    with web.acting():
        found = receive("Do you sell presses?", email="mia@there.example", subject="Presses")
    for path in (f"/leads/{found.lead_id}", f"/conversations/{found.conversation_id}"):
        with counted() as asked:
            page = web.get(path)
        assert "Do you sell presses?" in page.text
        assert "No mailbox is set up that could send it" in page.text
        assert len(asked) <= 9, asked  # eight, and the files beside it
    answer = web.post(f"/leads/{found.lead_id}/timeline", {"kind": "deals:mail_lead", "body": "Yes, we do."})
    assert (answer.status_code, "No mailbox is set up" in answer.text, "Yes, we do." in answer.text) == (
        422,
        True,
        True,
    )
    assert "Everybody who sells, in turn: Ann&#39;s turn" in web.get(f"/leads/{found.lead_id}").text
    trial = words(web.get("/assignment-rules/try?channel=form&sender_email=x@y.example"))
    assert "Ben · Everybody who sells, in turn: Ben's turn" in trial.replace("&#39;", "'")


def test_a_program_and_a_person_bring_inquiries_once(web):
    body = {"sender_name": "Ola", "sender_email": "ola@there.example", "body": "A laser cutter?", "campaign": "Spring"}
    first = web.api("POST", "/inquiries", body, **{"Idempotency-Key": "k1"})
    again = web.api("POST", "/inquiries", body, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.json["id"]) == (201, first.json["id"])
    stored = web.api("GET", f"/inquiries/{first.json['id']}").json
    assert (stored["channel"], stored["state"], stored["campaign"]) == ("api", "lead", "Spring")
    second = web.api("POST", "/inquiries", {**body, "external_id": "p-1"})
    assert web.api("GET", f"/inquiries/{second.json['id']}").json["lead"] == stored["lead"]
    third = web.api("POST", "/inquiries", {**body, "external_id": "p-1"})
    assert (third.status_code, "p-1" in third.text) == (422, True)
    assert web.api("POST", "/inquiries", {"channel": "telepathy"}).status_code == 422
    logged = web.post("/inquiries/new", {"sender_name": "Nadia", "sender_phone": "+33 1 99 00 45 12", "channel": "call",
                                         "body": "Called about training."})  # fmt: skip
    assert logged.status_code == 303, logged.text[:500]
    with web.acting():
        made = get(INQUIRY, int(logged.headers["Location"].rpartition("/")[2].partition("?")[0]))
        assert (made.get("state"), made.get("owner").name, made.get("channel")) == ("lead", "Root", "call")
        assert get(LEAD, made.link_id("lead")).get("contact_phone") == "+33199004512"
    converted = web.api("POST", f"/leads/{stored['lead']['id']}/convert", {})
    assert (converted.status_code, converted.json["status"]) == (200, "converted")


def test_the_start_page_shows_what_waits_and_which_deals_need_a_step(web):
    with web.acting():
        create(PERSON, {"name": "Twin 1", "phone": "+49 30 5550100"})
        create(PERSON, {"name": "Twin 2", "phone": "+49 30 5550100"})
        receive("Call me back", phone="+49 30 5550100", channel="mail")
        receive("Do you sell presses?", email="mia@there.example", name="Mia There")
        create(DEAL, {"name": "A press without a step"})
        create(DEAL, {"name": "Called too late", "next_step": "Call", "next_step_on": date(2020, 1, 2)})
        create(DEAL, {"name": "All planned", "next_step": "Call", "next_step_on": date(2999, 1, 2)})
        with transaction():
            settings.put({"admin.welcomed": True})
    said = words(web.get("/"))
    menu, _, page = said.partition("Waiting for an answer")
    assert "Mia There" in page
    assert "1 inquiry waits in the inbox" in page
    steps = page.partition("Deals that need a step")[2]
    assert "Called too late Call Jan 2, 2020 A press without a step no next step" in steps
    assert "All planned" not in steps
    assert re.search("Home Inbox Leads Deals Conversations Organizations Persons Duplicates Activities", menu)
