"""The chat on a web site: the bot answers at once, asks who is there, hands over with all of the text."""

from datetime import timedelta

import sqlalchemy as sa
from integrations_lab import BASE

from kumiko import create, transaction, utc_now
from kumiko_contracts.integrations import Outgoing
from kumiko_integrations import taking_in
from kumiko_integrations.models import CHAT, CONNECTION, ChatLine, ChatSession, Intake
from kumiko_integrations.services import IntegrationsService

ANSWERS = "What does a press cost?\nFrom 4,000 EUR.\n\nWhere are you?\nIn Kiel,\nat the harbour."


class Visitor:
    """A page that talks to the chat of one connection."""

    def __init__(self, lab, key, origin="https://shop.example"):
        self.lab, self.path, self.origin = lab, f"/integrations/chat/{key}", origin
        self.number, self.last = 0, 0
        self.status, said = self.ask("begin", page="https://shop.example/?utm_source=ads", referrer="")
        self.token, self.choices = said.get("token"), said.get("choices")
        self.first = self.texts(said)

    def ask(self, verb, **values):
        answer = self.lab.client.post(f"{self.path}/{verb}", data=values, base_url=BASE,
                                      headers={"Origin": self.origin, "Sec-Fetch-Site": "cross-site"})  # fmt: skip
        return answer.status_code, answer.get_json(silent=True) or {}

    def texts(self, said):
        lines = said.get("lines") or []
        self.last = max([self.last, *(one["id"] for one in lines)])
        return [(one["who"], one["text"]) for one in lines]

    def say(self, text, key=""):
        self.number += 1
        status, said = self.ask("say", token=self.token, text=text, key=key or str(self.number), after=self.last)
        return (self.texts(said) if status == 200 else (status, said["message"])), said

    def look(self):
        return self.texts(self.ask("lines", token=self.token, after=self.last)[1])


def make_bot(lab, **settings):
    with lab.acting():
        made = create(CONNECTION, {
            "name": "Chat", "channel": CHAT,
            "settings": {"answers": ANSWERS, "origins": "https://shop.example", "greeting": "Moin!", **settings},
        })  # fmt: skip
    return made.id, made.get("key")


def test_a_visitor_is_answered_leaves_a_number_and_hears_from_a_person(lab):
    connection_id, key = make_bot(lab, away="We are closed.", thanks="We are closed.")
    visitor = Visitor(lab, key)
    assert (visitor.first, visitor.choices[:2]) == ([("bot", "Moin!")], ["What does a press cost?", "Where are you?"])
    assert visitor.say("where are YOU")[0] == [("visitor", "where are YOU"), ("bot", "In Kiel,\nat the harbour.")]
    assert visitor.say("Do you repair <b>old</b> ones?")[0][1][1] == "A person will answer. What is your name?"
    assert visitor.say("Vera")[0][1][1].startswith("And how can we reach you")
    assert "neither a phone number" in visitor.say("hm")[0][1][1]
    lines, said = visitor.say("+49 431 123456", key="same")
    assert (lines[1], said["choices"]) == (("bot", "We are closed."), [])
    assert visitor.say("+49 431 123456", key="same")[0] == []  # sent twice, said once
    lab.work()
    (incoming,) = lab.inquiries.received
    assert (incoming.channel, incoming.sender.name, incoming.sender.phone, incoming.origin.source) == (
        "chat", "Vera", "+49 431 123456", "ads",
    )  # fmt: skip
    assert "Vera: Do you repair <b>old</b> ones?\nBot: A person will answer" in incoming.text
    with lab.acting("root@example.com"), transaction():
        answer = Outgoing(channel="chat", to=(), text="Yes, we do", thread=incoming.thread, account=incoming.account)
        IntegrationsService().send(answer, key="card:1")
    lab.work()
    assert visitor.look() == [("person", "Yes, we do")]
    visitor.say("Great, thanks")
    lab.work()
    assert [(one.text, one.thread) for one in lab.inquiries.received[1:]] == [("Great, thanks", incoming.thread)]
    foreign = Visitor(lab, key, origin="https://evil.example")
    assert (foreign.status, Visitor(lab, "unknown").status) == (403, 404)
    assert visitor.ask("lines", token="guessed", after=0)[0] == 404
    assert visitor.say("x" * 5000)[0] == (422, "Too long: at most 2000 characters.")
    assert incoming.account == f"{CHAT}:{connection_id}"


def test_who_writes_and_leaves_is_an_inquiry_too_and_the_snippet_needs_no_session(lab):
    connection_id, key = make_bot(lab)
    Visitor(lab, key).say("Is anybody there?")
    Visitor(lab, key)  # opened it and said nothing
    with lab.database.engine.begin() as connection:
        connection.execute(sa.update(ChatSession.__table__).values(seen_at=utc_now() - timedelta(hours=1)))
    with lab.acting():
        taking_in.sweep(None)
    lab.work()
    assert ["Is anybody there?" in one.text for one in lab.inquiries.received] == [True]
    assert (lab.rows(Intake, "channel", "state"), len(lab.rows(ChatLine, "id"))) == ([(CHAT, "done")], 4)
    script = lab.client.get(f"/integrations/chat/{key}/chat.js", base_url=BASE)
    assert (script.status_code, script.mimetype) == (200, "text/javascript")
    assert lab.client.get(f"/integrations/chat/{key}", base_url=BASE).status_code == 200
    root = lab.person("root@example.com")
    page = root.get(f"/connections/{connection_id}/setup").text
    assert (f"{BASE}/integrations/chat/{key}/chat.js" in page, "In Kiel," in page) == (True, True)
