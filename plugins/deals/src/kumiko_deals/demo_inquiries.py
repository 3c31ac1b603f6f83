"""Sample inquiries of all channels with what became of them, and two conversations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from kumiko import as_system, create, get, update, utc_now
from kumiko_contracts.inquiries import CONVERSATION, INQUIRY, LEAD, MESSAGE, SENT, Incoming, Origin, Received, Sender
from kumiko_deals import converting, deciding, receiving
from kumiko_deals.keeping import keeping

SAMPLE = ["sample"]
_AMOUNT = {"value": "840.00", "currency": "EUR"}
_SPRING = Origin(
    source="newsletter", medium="email", campaign="Spring fair", content="button", landing_page="/machines/press-40",
    referrer="https://news.example/spring",
)  # fmt: skip
_SEARCH = Origin(source="search", medium="cpc", campaign="Presses", term="hydraulic press price",
                 landing_page="/machines")  # fmt: skip

#: Channel, account, hours ago, name, e-mail, phone, organization, subject, text, origin.
_STRANGERS: tuple[tuple[str, str, float, str, str, str, str, str, str, Origin], ...] = (
    ("form", "form:1", 0.2, "Clara Novak", "clara.novak@bluefern.example", "+49 30 5550142", "Bluefern Joinery",
     "Price of a 40 t press", "We are looking for a 40 t press for our new hall. What would it cost with delivery and "
     "installation, and how long does it take?", _SPRING),
    ("mail", "mailbox:1", 1.5, "Tomas Lind", "tomas@lindmetal.example", "", "Lind Metal",
     "Second-hand bending machine", "Do you also sell used machines? We need one by May.", Origin()),
    ("chat", "chat:1", 9, "", "", "+44 20 7946 0958", "", "Visitor of the night",
     "Hello, is somebody there? I would like to talk about maintenance. Please call me tomorrow.", Origin()),
    ("call", "", 20, "Nadia Rahman", "", "+33 1 99 00 45 12", "Atelier Nord", "",
     "Called about training for six people. Wants an offer for two days in June.", Origin()),
    ("api", "portal", 26, "Ola Berg", "ola.berg@fjordworks.example", "", "Fjordworks", "",
     "Request from the trade portal: laser cutter, 3 kW, budget 120,000.", Origin(source="portal")),
    ("form", "form:1", 31, "Ivy Chen", "ivy@harbourtools.example", "", "Harbour Tools", "Catalogue",
     "Please send us your catalogue and your terms for resellers.", _SEARCH),
    ("messenger", "telegram:1", 44, "Rui", "", "", "", "", "Do you deliver to Porto?", Origin()),
    ("mail", "mailbox:1", 52, "Greta Holm", "greta.holm@nordisk.example", "", "Nordisk Papir", "Spare parts",
     "We need two seals for the press of 2019, please confirm the price.", Origin()),
)  # fmt: skip


def make(people: list[Any]) -> None:
    """Make them inside the caller's unit; `people`: sample persons, of whom some write, too."""
    now = utc_now()
    with as_system("sample data are received by the system"):
        received = [_stranger(number, row, now) for number, row in enumerate(_STRANGERS)]
        _talk(received[1], now - timedelta(hours=1.2), "Thank you for asking. Yes, two used machines arrive in April. "
              "Shall I send you pictures and the terms?", "Yes please, of both. The bigger one suits us.")  # fmt: skip
        known = [person for person in people if person.get("email")][:2]
        for number, person in enumerate(known):
            said = _customer(number, person, now)
            if number == 1:  # one that waits for somebody to decide
                with keeping():
                    deciding.reopen(get(INQUIRY, said.inquiry_id or 0))
            else:
                _talk(said, now - timedelta(hours=4), "Of course, I will bring the new contract along on Thursday.", "")
        _spam(now)
        with keeping():
            update(LEAD, received[4].lead_id or 0, {"status": "contacted"})
            update(LEAD, received[5].lead_id or 0, {"status": "qualified"})
            converting.disqualify(received[6].lead_id or 0, "Does not buy machines")
        converting.convert(received[7].lead_id or 0, {"deal_name": "Spare parts, Nordisk Papir", "amount": _AMOUNT})
        for one in received:
            if one.lead_id is not None:
                update(LEAD, one.lead_id, {"tags": SAMPLE})


def _stranger(number: int, row: Any, now: datetime) -> Received:
    channel, account, hours, name, email, phone, organization, subject, text, origin = row
    return receiving.receive(
        Incoming(
            channel=channel, account=account or channel, external_id=f"sample-{number}",
            received_at=now - timedelta(hours=hours), subject=subject, text=text, origin=origin,
            sender=Sender(name=name, email=email, phone=phone, organization=organization,
                          handle=(name or "visitor") if channel in ("chat", "messenger") else ""),
            message_id=f"<sample-{number}@customers.example>" if channel == "mail" else "",
            thread=f"sample-{number}" if channel in ("chat", "messenger") else "",
            to=("sales@company.example",) if channel == "mail" else (),
        )
    )  # fmt: skip


def _customer(number: int, person: Any, now: datetime) -> Received:
    texts = ("Can we move our meeting to Thursday? And please bring the new contract.",
             "The second machine makes a strange noise since Monday. Can somebody have a look?")  # fmt: skip
    return receiving.receive(
        Incoming(
            channel="mail", account="mailbox:1", external_id=f"sample-known-{number}",
            message_id=f"<sample-known-{number}@customers.example>", received_at=now - timedelta(hours=6 + number),
            subject=("Meeting on Wednesday", "Noise")[number], text=texts[number],
            sender=Sender(name=person.title, email=person.get("email")), to=("sales@company.example",),
        )
    )  # fmt: skip


def _talk(first: Received, at: datetime, answer: str, reply: str) -> None:
    """An answer of ours to a first message, and what came back."""
    conversation = get(CONVERSATION, first.conversation_id or 0)
    owner = conversation.get("owner")
    places = {name: conversation.link_id(name) for name in ("lead", "person", "organization", "deal", "owner")}
    message_id = f"<sample-answer-{conversation.id}@company.example>"
    with keeping():
        create(MESSAGE, {
            "name": f"Re: {conversation.title}", "conversation": conversation.id, "channel": "mail", "direction": "out",
            "delivery": SENT, "sender": owner.name if owner is not None else "Sales",
            "recipients": conversation.get("participant"), "body": answer, "happened_at": at, "sent_at": at,
            "message_id": message_id, **places,
        })  # fmt: skip
        update(CONVERSATION, conversation.id, {"last_message_at": at, "state": "pending"})
    if reply:
        receiving.receive(
            Incoming(
                channel="mail", account="mailbox:1", external_id=f"sample-reply-{conversation.id}",
                message_id=f"<sample-reply-{conversation.id}@customers.example>", in_reply_to=message_id,
                received_at=at + timedelta(minutes=35), subject=f"Re: {conversation.title}", text=reply,
                sender=Sender(email=conversation.get("participant") or ""),
            )
        )  # fmt: skip


def _spam(now: datetime) -> None:
    said = receiving.receive(
        Incoming(
            channel="form", account="form:1", external_id="sample-spam", received_at=now - timedelta(hours=13),
            subject="First place in all search engines", text="We bring your page to the top. Answer within 24 hours!",
            sender=Sender(name="SEO Team", email="offer@top-rank.example"),
        )
    )  # fmt: skip
    with keeping():
        lead_id, inquiry = said.lead_id, get(INQUIRY, said.inquiry_id or 0)
        deciding.reject(inquiry, "Advertising")
        if lead_id is not None:
            converting.disqualify(lead_id, "Advertising")
