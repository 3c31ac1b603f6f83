"""The story of a small firm: from a stranger's inquiry to the paid invoice and the owner's figures.

Everything is real: web and worker processes, a mail server, a web site on another port, a browser that fills in its
form. What takes days or nights is told by what the code offers: working hours that are elsewhere in the week, and
waits whose moment is set to now in the tables.
"""

import collections
import re
import uuid
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from story_lab import (
    HEAD,
    OWNER,
    PATIENCE_S,
    SAM,
    SUE,
    Browser,
    eventually,
    firm_of,
    fits,
    mail_of,
    text_of,
    text_of_pdf,
    web_site,
)

SITE = """<!doctype html><title>Machines</title><h1>Presses</h1>
<div data-kumiko-form="{key}"></div><script async src="{base}/f/{key}/form.js"></script>"""
#: A header that claims base64 and is none: a mail that can be read all the same.
ODD = b"From: odd@customer.example\nMessage-ID: <odd@customer.example>\nSubject: =?utf-8?b?a?=\n\nStill a question"
#: Parts within parts, deeper than anybody reads: this one cannot be taken in.
BROKEN = b"From: broken@customer.example\nMessage-ID: <broken@customer.example>\nSubject: Boxes in boxes\n" + b"".join(
    b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(3000)
)


@pytest.mark.timeout(600)
def test_from_a_strangers_inquiry_to_the_paid_invoice_and_the_owners_figures(
    database_url, tmp_path, mail_server, database_kind, browser
):
    user = f"s{uuid.uuid4().hex[:10]}"
    with firm_of(database_url, tmp_path / "home", mail_server, user) as firm:
        story = Story(firm, tmp_path, browser)
        for station in (
            story.set_up, story.five_inquiries, story.leads_and_answers, story.process_of_inquiries, story.call_is_done,
            story.from_quote_to_payments, story.stages_work, story.figures, story.wrong_run,
        ):  # fmt: skip
            began = datetime.now(UTC)
            station()
            print(f"{database_kind}: {station.__name__} {(datetime.now(UTC) - began).total_seconds():.1f} s")


class Story:
    """The stations, in order; each leaves what it made for the next."""

    def __init__(self, firm, folder, chromium):
        self.firm, self.folder, self.chromium = firm, folder, chromium
        self.owner, self.sam, self.sue, self.head = (firm.rest[one] for one in (OWNER, SAM, SUE, HEAD))
        self.olga = firm.browser(OWNER)
        self.leads = {}

    def set_up(self):
        firm, owner = self.firm, self.owner
        assert {one["name"]: one["state"] for one in owner.get("/plugins")["data"] if one["state"] != "core"} == (
            dict.fromkeys(("analytics", "deals", "integrations", "processes", "sales", "tasks"), "enabled")
        )
        firm.connect_mailbox(self.olga)
        self.form = owner.post("/forms", {"name": "Contact", "least_s": 0})
        self.olga.post("/integrations/connect/integrations.chat")
        self.chat_id = int(re.search(r"/connections/(\d+)/setup", self.olga.url)[1])
        self.olga.post(f"/connections/{self.chat_id}/setup", **{
            "name": "Chat", "active": "true", "set-away": "We are closed now.",
            "set-answers": "What does a press cost?\nFrom 4,000 EUR.",
        })  # fmt: skip
        (pipeline,) = owner.rows("pipelines")
        self.stages = {one["name"]: one["id"] for one in owner.rows("stages", sort="position")}
        for place, name in enumerate(("For payment", "Hung up"), 6):
            self.stages[name] = owner.post("/stages", {
                "name": name, "pipeline": pipeline["id"], "kind": "open", "probability": 60, "position": place,
            })["id"]  # fmt: skip
        self.answering = firm.publish(self.olga, "new_inquiry")
        self.paying = firm.publish(self.olga, "for_payment", stage=self.stages["For payment"])
        self.hanging = firm.publish(self.olga, "hung_up", stage=self.stages["Hung up"])
        self.lost_again = firm.publish(self.olga, "lost_again")
        vat = owner.post("/tax-rates", {"name": "VAT 19", "percent": 19, "is_default": True})["id"]
        self.press = owner.post("/products", {
            "name": "Press P4", "code": "P4", "unit": "pcs", "price": "4000.00", "tax_rate": vat,
        })["id"]  # fmt: skip
        today = self.today = datetime.now(UTC).date()
        owner.post("/sources", {"name": "news"})
        self.away = owner.post("/absences", {
            "person_away": firm.people[SUE], "from_on": f"{today - timedelta(1)}",
            "until_on": f"{today + timedelta(7)}",
        })["id"]  # fmt: skip
        self.known = owner.post("/persons", {
            "name": "Kim Known", "emails": [{"address": "kim@known.example"}], "owner": firm.people[SUE],
        })["id"]  # fmt: skip

    # -------------------------------------------------------------- 1

    def five_inquiries(self):
        """By form, chat at night, mail, a program, typed in; repeated ones are the same, a broken one stops nobody."""
        firm, owner = self.firm, self.owner
        self.night = (datetime.now(UTC) + timedelta(days=3)).weekday()  # nobody works today
        firm.hours(self.olga, self.night, "09:00-17:00")
        self.visitor_fills_in_the_form()
        self.visitor_chats()
        self.leads["form"], self.leads["chat"] = (
            eventually(lambda channel=channel: (owner.rows("leads", fits(channel=channel)) or [None])[0])
            for channel in ("form", "chat")
        )
        eventually(lambda: sorted(one["name"] for one in owner.rows("tasks")), [
            "Call Nils Night back", "Call Nils Night, who wrote in the chat", "Call Vera Visitor back",
        ])  # fmt: skip
        firm.hours(self.olga)
        status, _said = self.owner.ask("DELETE", f"/absences/{self.away}", **{"If-Match": "*"})
        assert status == 204
        mia = mail_of("Mia Miller <mia@customer.example>", "A press for Miller", "What would a P4 cost?",
                      "<first@customer.example>")  # fmt: skip
        for raw in (mia, BROKEN, mia, ODD):
            firm.mail.put(firm.mailbox, raw)
        firm.read_mailbox(self.olga)
        eventually(lambda: self.intake("integrations.mail"), ["done", "done", "failed"])
        item = {"sender_name": "Kim Known", "sender_email": "kim@known.example", "body": "One more, please",
                "external_id": "shop-17", "channel": "api"}  # fmt: skip
        assert self.head.ask("POST", "/inquiries", item)[0] == 201
        status, said = self.head.ask("POST", "/inquiries", item)
        assert (status, "received before" in str(said)) == (422, True), said
        sam = firm.browser(SAM)
        sam.get("/inquiries/new")
        sam.post("/inquiries/new", sender_name="Tom Typed", sender_email="tom@typed.example", channel="call",
                 body="Called: wants a P4 in May")  # fmt: skip
        firm.read_mailbox(self.olga)
        eventually(self.jobs_left, 0)
        assert self.counters() == {
            "form": {"lead": 1}, "chat": {"lead": 1}, "mail": {"lead": 2}, "api": {"joined": 1}, "call": {"lead": 1},
        }  # fmt: skip
        assert {one: self.intake(one) for one in ("form", "integrations.chat", "integrations.mail")} == {
            "form": ["done"], "integrations.chat": ["done"], "integrations.mail": ["done", "done", "failed"],
        }  # fmt: skip
        self.broken_mail_is_kept_and_can_be_tried_again()
        self.inquiry_stays_as_it_came()

    def visitor_fills_in_the_form(self):
        pages = {"machines": SITE.format(key=self.form["key"], base=self.firm.base)}
        said = {"name": "Vera Visitor", "email": "vera@customer.example", "message": "Do you deliver to Kiel?"}
        with web_site(self.folder, **pages) as site:
            page = self.chromium.new_page()
            page.set_default_timeout(PATIENCE_S * 1000)
            bodies = []
            page.on("request", lambda one: bodies.append(one.post_data) if one.method == "POST" else None)
            self.landing = f"{site}/machines.html?utm_source=news&utm_medium=mail&utm_campaign=spring"
            page.goto(self.landing)
            for row in self.form["fields"]:
                if row["means"] in said:
                    page.locator(f"[name=q{row['id']}]").fill(said[row["means"]])
            page.locator("form button").dblclick()
            page.get_by_text("Thank you. We have your message").wait_for()
            page.close()
            values = dict(re.findall(r"([^&=]+)=([^&]*)", bodies[0]))
            again = Browser(self.firm.base, origin=site).send(
                f"/f/{self.form['key']}", {name: _plain(value) for name, value in values.items()},
                Accept="application/json",
            )  # fmt: skip
        assert (again[0], again[1]["ok"]) == (200, True), again

    def visitor_chats(self):
        key = self.owner.get(f"/connections/{self.chat_id}")["key"]
        visitor, path = Browser(self.firm.base, origin="https://firm.example"), f"/integrations/chat/{key}"
        begun = visitor.send(f"{path}/begin", {"page": "https://firm.example/?utm_source=ads", "referrer": ""})[1]
        said = []
        for number, text in enumerate(("What does a press cost?", "Do you repair old ones?", "Nils Night",
                                       "+49 431 123456", "+49 431 123456")):  # fmt: skip
            last = max((one["id"] for one in said), default=0)
            status, answer = visitor.send(f"{path}/say", {
                "token": begun["token"], "text": text, "key": str(min(number, 3)), "after": last,
            })  # fmt: skip
            assert status == 200, answer
            said += answer["lines"]
        assert [one["text"] for one in said if one["who"] == "bot"][1:] == [
            "From 4,000 EUR.", "A person will answer. What is your name?",
            "And how can we reach you: phone or e-mail?", "We are closed now.",
        ]  # fmt: skip

    def intake(self, channel):
        return sorted(one["state"] for one in self.owner.rows("intake", fits(channel=channel)))

    def counters(self):
        """Channel -> state -> inquiries."""
        found = {}
        for one in self.owner.rows("inquiries"):
            states = found.setdefault(one["channel"], {})
            states[one["state"]] = states.get(one["state"], 0) + 1
        return found

    def jobs_left(self):
        """Jobs that are due and not done: nothing is on its way when there is none."""
        import sqlalchemy as sa

        from kumiko import utc_now
        from kumiko.jobs.models import job_table

        with self.firm.database.reader.connect() as connection:
            return connection.execute(
                sa.select(sa.func.count()).select_from(job_table).where(
                    job_table.c.status.in_(("ready", "running")), job_table.c.run_at <= utc_now() + timedelta(seconds=1)
                )
            ).scalar_one()  # fmt: skip

    def broken_mail_is_kept_and_can_be_tried_again(self):
        failed = self.owner.one("intake", state="failed")
        assert (failed["name"], failed["outside_id"], failed["attempts"]) == (
            "Boxes in boxes", "<broken@customer.example>", 1,
        )  # fmt: skip
        assert failed["error"]
        card = unescape(self.olga.get(f"/intake/{failed['id']}"))
        assert 'boundary="b0"' in card
        assert "Try again" in card
        self.owner.post(f"/intake/{failed['id']}/retry")
        eventually(lambda: self.owner.get(f"/intake/{failed['id']}")["attempts"], 2)
        assert self.owner.get(f"/intake/{failed['id']}")["state"] == "failed"
        page = text_of(self.olga.get("/integrations"))
        assert re.search(r"Mailbox 3 2 0 1 0", page), page

    def inquiry_stays_as_it_came(self):
        inquiry = self.owner.one("inquiries", channel="form")
        assert {name: inquiry[name] for name in (
            "sender_name", "sender_email", "body", "utm_source", "utm_medium", "campaign", "landing_page", "state",
        )} == {
            "sender_name": "Vera Visitor", "sender_email": "vera@customer.example", "body": "Do you deliver to Kiel?",
            "utm_source": "news", "utm_medium": "mail", "campaign": "spring", "landing_page": self.landing,
            "state": "lead",
        }  # fmt: skip
        assert inquiry["source"]["name"] == "news"
        status, said = self.owner.ask("PATCH", f"/inquiries/{inquiry['id']}", {"body": "x"}, **{"If-Match": "*"})
        assert (status, "stays as it was received" in str(said)) == (422, True)

    # -------------------------------------------------------------- 2

    def leads_and_answers(self):
        """Who got what and why; an answer from the card, and its reply in the same conversation."""
        firm, owner = self.firm, self.owner
        self.leads = {
            one["contact_name"] or one["contact_email"]: one for one in owner.rows("leads")
        }  # fmt: skip
        until = self.today + timedelta(7)
        rule = "Everybody who sells, in turn"
        assert {name: (one["owner"]["name"], one["assignment"]) for name, one in self.leads.items()} == {
            "Vera Visitor": ("Sam", f"{rule}: Sam's turn; Sue is absent until {until}"),
            "Nils Night": ("Sam", f"{rule}: Sam's turn; Sue is absent until {until}"),
            "Mia Miller": ("Sue", f"{rule}: Sue's turn"),
            "odd@customer.example": ("Sam", f"{rule}: Sam's turn"),
            "Tom Typed": ("Sam", "Brought by Sam"),
        }  # fmt: skip
        joined = owner.one("inquiries", state="joined")
        assert (joined["person"]["id"], joined["owner"]["name"], joined["lead"]) == (self.known, "Sue", None)
        card = text_of(firm.browser(SAM).get(f"/leads/{self.leads['Vera Visitor']['id']}"))
        assert f"Sam's turn; Sue is absent until {until}" in card
        mia = self.leads["Mia Miller"]
        talk = self.talk = owner.one("conversations", lead=mia["id"])["id"]
        self.sue.post(f"/conversations/{talk}/answer", {"text": "A P4 costs 4,000 EUR. When do you need it?"})
        answer = eventually(lambda: [one for one in firm.mails_to("mia@customer.example")
                                     if "When do you need it?" in one.get_content()])  # fmt: skip
        assert len(answer) == 1
        sent = answer[0]
        assert (sent["From"], sent["Subject"], "<first@customer.example>" in sent["References"]) == (
            f"Mills & Presses <{firm.mail.address(firm.mailbox)}>", "Re: A press for Miller", True,
        )  # fmt: skip
        reply = mail_of("Mia Miller <mia@customer.example>", "Re: A press for Miller", "In May, please.",
                        "<second@customer.example>", In_Reply_To=sent["Message-ID"],
                        References=sent["Message-ID"])  # fmt: skip
        firm.mail.put(firm.mailbox, reply)
        firm.read_mailbox(self.olga)
        said = eventually(lambda: len(self.messages(talk)) >= 4 and self.messages(talk))
        assert said == [
            ("in", "What would a P4 cost?", "received"),
            ("out", "Hello Mia Miller,\n\nthank you for your message. We call you back within the next working hour.",
             "sent"),
            ("out", "A P4 costs 4,000 EUR. When do you need it?", "sent"),
            ("in", "In May, please.", "received"),
        ]  # fmt: skip
        assert self.counters()["mail"] == {"lead": 2}  # an answer is no inquiry
        found = eventually(lambda: owner.get(f"/leads/{mia['id']}")["first_responded_at"])
        assert (found is not None, owner.get(f"/leads/{mia['id']}")["answered_late"]) == (True, False)

    def messages(self, talk):
        return [(one["direction"], (one["body"] or "").strip(), one["delivery"])
                for one in self.owner.rows("messages", fits(conversation=talk), sort="happened_at")]  # fmt: skip

    # -------------------------------------------------------------- 3a

    def process_of_inquiries(self):
        """Answered at once, a call in 30 working minutes, the head is warned about who was left alone."""
        firm, owner = self.firm, self.owner
        greetings = {name: len([one for one in firm.mails_to(name) if one["Subject"] == "We have your message"])
                     for name in ("vera@customer.example", "mia@customer.example", "tom@typed.example",
                                  "odd@customer.example", "kim@known.example")}  # fmt: skip
        assert greetings == {
            "vera@customer.example": 1, "mia@customer.example": 1, "tom@typed.example": 1, "odd@customer.example": 1,
            "kim@known.example": 0,
        }  # fmt: skip
        runs = {one["about_id"]: one["state"] for one in owner.rows("runs", fits(process=self.answering))}
        assert runs == {one["id"]: "waiting" for one in self.leads.values()}
        for name, lead in self.leads.items():
            (task,) = [one for one in owner.rows("tasks") if one["name"] == f"Call {name} back"]
            due = datetime.fromisoformat(task["due_at"])
            assert (task["kind"], task["state"], task["priority"], task["related"]["id"], task["owner"]["id"]) == (
                "call", "open", "high", lead["id"], lead["owner"]["id"],
            )  # fmt: skip
            if name in ("Vera Visitor", "Nils Night"):  # at night: half past nine of the next working day
                local = due.astimezone(self.zone())
                assert (local.weekday(), local.hour, local.minute) == (self.night, 9, 30)
            else:
                late = due - datetime.fromisoformat(lead["created_at"])
                assert timedelta(minutes=30) <= late < timedelta(minutes=30, seconds=PATIENCE_S)
        vera, mia = (firm.run_of(self.answering, self.leads[name]["id"]) for name in ("Vera Visitor", "Mia Miller"))
        for run in (vera, mia):
            firm.let_time_pass(run["id"])
            firm.when(self.answering, run["about_id"], "done")
        hanna = text_of(firm.browser(HEAD).get("/notices"))
        assert "Nobody has reacted to Vera Visitor for a working hour." in hanna
        assert "Nobody has reacted to Mia Miller" not in hanna

    def zone(self):
        from zoneinfo import ZoneInfo

        return ZoneInfo("Europe/Berlin")

    # -------------------------------------------------------------- 4

    def call_is_done(self):
        """My day shows the call; it is done with result and duration, and the deal has its next step."""
        firm, owner, sue = self.firm, self.owner, self.sue
        mia = self.leads["Mia Miller"]["id"]
        sue.post(f"/leads/{mia}/convert", {"deal_name": "P4 for Miller"})
        self.deal = owner.one("deals", name="P4 for Miller")["id"]
        (task,) = [one for one in sue.rows("tasks", fits(state="open")) if one["name"] == "Call Mia Miller back"]
        assert "Call Mia Miller back" in text_of(firm.browser(SUE).get("/tasks/day"))
        sue.post(f"/tasks/{task['id']}/done", {"result": "Wants two in May", "duration_min": 12})
        done = sue.get(f"/tasks/{task['id']}")
        assert {name: done[name] for name in ("state", "result", "duration_min", "in_time")} == {
            "state": "done", "result": "Wants two in May", "duration_min": 12, "in_time": True,
        }  # fmt: skip
        second = sue.post("/tasks", {
            "name": "Talk about delivery", "kind": "call", "related": {"type": "deals.deal", "id": self.deal},
        })["id"]  # fmt: skip
        assert owner.get(f"/deals/{self.deal}")["next_step"] == "Talk about delivery"
        due = f"{self.today + timedelta(2)}"
        sue.post(f"/tasks/{second}/done", {
            "result": "Agreed", "duration_min": 8, "next_name": "Send the quote", "next_due_on": due,
        })  # fmt: skip
        deal = owner.get(f"/deals/{self.deal}")
        assert (deal["next_step"], deal["next_step_on"]) == ("Send the quote", due)
        calls = [(one["kind"], one["duration_min"]) for one in owner.rows("interactions", fits(deal=self.deal))]
        assert calls == [("call", 8)]

    # -------------------------------------------------------------- 5

    def from_quote_to_payments(self):
        """Lines with discounts -> quote -> invoice -> two payments; REST, page and paper say the same."""
        firm, owner, sue = self.firm, self.owner, self.sue
        sue.patch(f"/deals/{self.deal}", {"sales_lines": [
            {"product": self.press, "quantity": 2, "discount_percent": 10},
            {"text": "Fitting", "quantity": 1.5, "price": "99.99", "unit": "h", "discount_amount": "10"},
        ]})  # fmt: skip
        # 2 x 4000 - 10 % = 7200.00; 1.5 x 99.99 - 10 = 139.99 (149.985 rounds to 149.99)
        assert owner.get(f"/deals/{self.deal}")["amount"] == {"value": "7339.99", "currency": "EUR"}
        sue.post(f"/deals/{self.deal}/quote")
        quote = owner.one("quotes", deal=self.deal)["id"]
        sue.post(f"/quotes/{quote}/send")
        sue.post(f"/quotes/{quote}/accept")
        sue.post(f"/quotes/{quote}/invoice")
        invoice = owner.one("invoices", deal=self.deal)["id"]
        sue.post(f"/invoices/{invoice}/issue")
        found = owner.get(f"/invoices/{invoice}")
        year = self.today.year
        assert {name: found[name] for name in ("number", "state", "net", "tax", "gross")} == {
            "number": f"INV-{year}-0001", "state": "issued", "net": money("7339.99"), "tax": money("1394.60"),
            "gross": money("8734.59"),
        }  # fmt: skip
        assert owner.get(f"/quotes/{quote}")["gross"] == found["gross"]
        person = firm.browser(SUE)
        page, paper = text_of(person.get(f"/invoices/{invoice}")), self.paper(sue, invoice)
        for amount in ("7,339.99", "1,394.60", "8,734.59"):
            assert amount in page, page
            assert amount in paper, paper
        sue.post(f"/invoices/{invoice}/pay", {"amount": "8000", "reference": "first"})
        part = owner.get(f"/invoices/{invoice}")
        assert (part["state"], part["paid"], part["rest"]) == ("part_paid", money("8000.00"), money("734.59"))
        status, said = sue.ask("POST", f"/invoices/{invoice}/pay", {"amount": "734.60"})
        assert (status, "which is 734.59 EUR" in str(said)) == (422, True), said
        sue.post(f"/invoices/{invoice}/pay", {})
        paid = owner.get(f"/invoices/{invoice}")
        assert (paid["state"], paid["rest"]) == ("paid", money("0.00"))
        assert [one["amount"] for one in owner.rows("payments")] == [money("8000.00"), money("734.59")]
        sue.post(f"/deals/{self.deal}/win")

    def paper(self, rest, invoice):
        import urllib.request

        request = urllib.request.Request(f"{self.firm.base}/api/v1/invoices/{invoice}/pdf",
                                         headers={"Authorization": f"Bearer {rest.token}"})  # fmt: skip
        with urllib.request.urlopen(request, timeout=60) as answer:
            return text_of_pdf(answer.read())

    # -------------------------------------------------------------- 3b

    def stages_work(self):
        """“For payment” issues and mails the invoice once; “Hung up” waits, reminds, and stops for an answer."""
        firm, owner, sam = self.firm, self.owner, self.sam
        vera = self.leads["Vera Visitor"]["id"]
        sam.post(f"/leads/{vera}/convert", {"deal_name": "P4 for Vera"})
        deal = self.second = owner.one("deals", name="P4 for Vera")["id"]
        sam.patch(f"/deals/{deal}", {"sales_lines": [{"product": self.press, "quantity": 1}]})
        sam.patch(f"/deals/{deal}", {"stage": self.stages["For payment"]})
        self.paid_run = firm.when(self.paying, deal, "done")
        invoice = owner.one("invoices", deal=deal)
        assert (invoice["number"], invoice["state"], invoice["gross"], invoice["owner"]["name"]) == (
            f"INV-{self.today.year}-0002", "issued", money("4760.00"), "Sam",
        )  # fmt: skip
        (sent,) = eventually(lambda: [one for one in firm.mails_to("vera@customer.example")
                                      if one["Subject"] == "Your invoice"])  # fmt: skip
        (attached,) = list(sent.iter_attachments())
        assert "Hello Vera Visitor," in sent.get_body().get_content()
        assert attached.get_content_type() == "application/pdf"
        text = text_of_pdf(attached.get_content())
        assert f"INV-{self.today.year}-0002" in text
        assert "4,760.00" in text
        sam.patch(f"/deals/{deal}", {"stage": self.stages["Hung up"]})
        run = firm.when(self.hanging, deal, "waiting")
        waits = datetime.fromisoformat(run["waits_until"]) - datetime.fromisoformat(run["created_at"])
        assert timedelta(days=3) <= waits < timedelta(days=3, seconds=PATIENCE_S)
        firm.let_time_pass(run["id"])
        (reminder,) = eventually(lambda: [one for one in firm.mails_to("vera@customer.example")
                                          if one["Subject"] == "Still interested in P4 for Vera?"])  # fmt: skip
        eventually(lambda: firm.run_of(self.hanging, deal)["state"], "waiting")
        reply = mail_of("vera@customer.example", "Re: Still interested", "Yes! Next week.", "<yes@customer.example>",
                        In_Reply_To=reminder["Message-ID"])  # fmt: skip
        firm.mail.put(firm.mailbox, reply)
        firm.read_mailbox(self.olga)
        stopped = firm.when(self.hanging, deal, "stopped")
        assert stopped["finished_at"]
        assert [one["name"] for one in owner.rows("tasks") if one["related"] and one["related"]["id"] == deal] == []
        assert len(owner.rows("invoices")) == 2

    # -------------------------------------------------------------- 6

    def figures(self):
        """The dashboard says what the sums of REST say; a seller's holds own figures only."""
        firm, owner = self.firm, self.owner
        (reason, *_more) = owner.rows("lost-reasons")
        tom = self.leads["Tom Typed"]
        self.sam.post(f"/leads/{tom['id']}/convert", {"deal_name": "P4 for Tom", "amount": "4000"})
        self.third = owner.one("deals", name="P4 for Tom")["id"]
        self.sam.post(f"/deals/{self.third}/lose", {"lost_reason": reason["id"]})
        self.sam.post(f"/deals/{self.second}/win")
        firm.when(self.lost_again, self.third, "waiting")
        sources = {one["name"]: one["id"] for one in owner.rows("sources")}
        for name, amount in (("news", "300.00"), ("E-mail", "50.00")):
            owner.post("/costs", {"name": name, "kind": "marketing", "amount": amount, "spent_on": f"{self.today}",
                                  "source": sources[name]})  # fmt: skip
        won = owner.rows("deals", fits(outcome="won"))
        lost = owner.rows("deals", fits(outcome="lost"))
        revenue = sum(float(one["amount"]["value"]) for one in won)
        assert (len(won), len(lost), round(revenue, 2)) == (2, 1, 11339.99)
        boards = {one["name"]: one["id"] for one in owner.rows("dashboards")}
        page = text_of(self.olga.get(f"/analytics/dashboards/{boards[OWNERS]}/show?period=year"))
        assert "You see figures of your own records." not in page
        assert "Revenue won €11.3K" in page, page
        assert "Win rate 66.7 %" in page
        assert "Revenue won by seller Owner Revenue won Sue €7,339.99 Sam €4,000.00" in page
        figure = text_of(self.olga.get("/analytics/figures/deals.revenue.won?period=year&group=owner"))
        assert "€11,339.99" in figure, figure
        assert "€7,339.99" in figure
        assert "€4,000.00" in figure
        channels = text_of(
            self.olga.get(f"/analytics/dashboards/{boards[OWNERS]}/show?period=year&tab=Channels+and+cost")
        )
        leads = collections.Counter(
            one["source"]["name"] if one["source"] else "unknown" for one in owner.rows("leads")
        )
        assert leads == {"news": 1, "E-mail": 2, "Call": 1, "unknown": 1}
        per_lead = text_of(self.olga.get("/analytics/figures/analytics.cost.per_lead?period=year&group=source"))
        assert "€300.00" in per_lead, per_lead
        assert "€25.00" in per_lead, per_lead
        counted = text_of(self.olga.get("/analytics/figures/deals.leads.count?period=year&group=source"))
        assert "E-mail 2 Call 1 news 1 unknown 1 In all 5" in counted, counted
        # leads, deals opened, deals won, new customers, revenue, cost, per lead, per customer, CAC
        assert "E-mail 2 1 1 1 €7,339.99 €50.00 €25.00 €50.00 €50.00" in channels, channels
        assert "news 1 1 1 1 €4,000.00 €300.00 €300.00 €300.00 €300.00" in channels
        assert "Call 1 1 0" in channels
        assert "In all 5 3 2 2 €11,339.99 €350.00 €70.00 €175.00 €175.00" in channels
        assert "Leads by channel Channel Leads Mail 2 Call 1 Chat 1 Form 1" in channels
        sam = firm.browser(SAM)
        mine = text_of(sam.get("/analytics"))
        assert "You see figures of your own records." in mine
        assert "Win rate 50.0 %" in mine
        own = text_of(sam.get("/analytics/figures/deals.revenue.won?period=year"))
        assert "€4,000.00" in own
        assert "11,339.99" not in own
        total = text_of(sam.get("/analytics/figures/analytics.cost.marketing?period=year"))
        assert "350" not in total

    # -------------------------------------------------------------- 7

    def wrong_run(self):
        """Fields back, the task gone, the sent mail listed as not recallable."""
        firm, owner = self.firm, self.owner
        tree = {
            "format": 1, "trigger": {"on": "manual"}, "if": None, "stop_when": [], "steps": [
                {"id": "s1", "kind": "set", "values": {"campaign": "wrong"}},
                {"id": "s2", "kind": "action", "action": "tasks.create_task", "values": {"name": "Wrong task"}},
                {"id": "s3", "kind": "action", "action": "integrations.send_mail",
                 "values": {"to": "customer", "subject": "Wrong mail", "body": "Sorry"}},
            ],
        }  # fmt: skip
        process = owner.post("/processes", {"name": "A mistake", "about": "deals.deal", "draft": tree})["id"]
        owner.post(f"/processes/{process}/publish")
        before = owner.get(f"/deals/{self.second}")
        owner.post(f"/processes/{process}/start", {"record": self.second})
        run = firm.when(process, self.second, "done")
        (_mail,) = eventually(lambda: [one for one in firm.mails_to("vera@customer.example")
                                       if one["Subject"] == "Wrong mail"])  # fmt: skip
        assert owner.get(f"/deals/{self.second}")["campaign"] == "wrong"
        assert len(owner.rows("tasks", fits(name="Wrong task"))) == 1
        eventually(self.jobs_left, 0)
        said = text_of(self.olga.get(f"/runs/{run['id']}"))
        assert "Wrong mail" in said
        after = text_of(self.olga.post(f"/runs/{run['id']}/undo"))
        assert owner.get(f"/runs/{run['id']}")["state"] == "undone", after
        assert owner.get(f"/deals/{self.second}")["campaign"] == before["campaign"]
        assert owner.get(f"/deals/{self.second}")["next_step"] == before["next_step"]
        assert owner.rows("tasks", fits(name="Wrong task")) == []
        assert "Not taken back: Send the mail “Wrong mail” to the customer" in after, after
        assert len([one for one in firm.mails_to("vera@customer.example") if one["Subject"] == "Wrong mail"]) == 1


OWNERS = "Owner's dashboard"


def money(value):
    return {"value": value, "currency": "EUR"}


def _plain(text):
    from urllib.parse import unquote_plus

    return unquote_plus(text)
