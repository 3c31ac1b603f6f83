"""The record types of deals/1."""

from __future__ import annotations

from typing import Any

from kumiko import Choice, Field, RecordAction, RecordType, company_today, utc_now
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL, INTERACTION, LOST, LOST_REASON, OPEN, SOURCE, WON
from kumiko_contracts.parties import ORGANIZATION, PERSON
from kumiko_deals_lite import models, rules, services

_OUTCOMES = (
    Choice(key=OPEN, label=_l("Open"), hue="blue"),
    Choice(key=WON, label=_l("Won"), hue="green"),
    Choice(key=LOST, label=_l("Lost"), hue="red"),
)
_ROLES = tuple(
    Choice(key=key, label=label)
    for key, label in (
        ("decision_maker", _l("Decision maker")), ("evaluator", _l("Evaluator")), ("influencer", _l("Influencer")),
        ("user", _l("User")), ("payer", _l("Payer")),
    )
)  # fmt: skip
_KINDS = tuple(
    Choice(key=key, label=label)
    for key, label in (("note", _l("Note")), ("call", _l("Call")), ("meeting", _l("Meeting")), ("mail", _l("Mail")))
)
_DIRECTIONS = (
    Choice(key="in", label=_l("From the customer")),
    Choice(key="out", label=_l("To the customer")),
    Choice(key="none", label=_l("Neither")),
)
_OFFERED = {"f": "archived", "op": "eq", "v": False}
_CUSTOMER = (
    Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization")),
    Field(name="person", kind="link", to=PERSON, label=_l("Person")),
)


def deal() -> RecordType:
    """The record type deals.deal."""
    return RecordType(
        key=DEAL, collection="deals", label=_l("Deal"), label_plural=_l("Deals"), model=models.Opportunity,
        icon="briefcase", hue="green", order=30, prepare=rules.prepare_deal, after=rules.after_deals,
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=300),
            Field(name="amount", kind="money", label=_l("Amount")),
            *_CUSTOMER,
            Field(
                name="participants", kind="list", label=_l("Participants"), model=models.Voice, sortable=False,
                items=(
                    Field(name="person", kind="link", to=PERSON, label=_l("Person")),
                    Field(name="role", kind="choice", label=_l("Role"), choices=_ROLES),
                ),
            ),
            Field(name="outcome", kind="choice", label=_l("Outcome"), choices=_OUTCOMES, default=OPEN, by_hand=False),
            Field(name="expected_close_on", kind="date", label=_l("Expected close")),
            Field(name="opened_on", kind="date", label=_l("Opened")),
            Field(name="closed_on", kind="date", label=_l("Closed"), by_hand=False),
            Field(
                name="lost_reason", kind="link", to=LOST_REASON, label=_l("Lost reason"), target_filter=_OFFERED,
                by_hand=False,
            ),
            Field(name="competitor", kind="text", label=_l("Competitor"), searchable=True, max_length=200),
            Field(name="source", kind="link", to=SOURCE, label=_l("Source"), target_filter=_OFFERED),
            Field(name="campaign", kind="text", label=_l("Campaign"), max_length=200),
            Field(name="next_step", kind="text", label=_l("Next step"), max_length=300),
            Field(name="next_step_on", kind="date", label=_l("Next step on")),
        ),
        list_columns=("name", "organization", "amount", "outcome", "expected_close_on", "owner"),
        quick_fields=("name", "organization", "person", "amount", "expected_close_on"),
    )  # fmt: skip


def interaction() -> RecordType:
    """The record type deals.interaction."""
    return RecordType(
        key=INTERACTION, collection="interactions", label=_l("Interaction"), label_plural=_l("Interactions"),
        model=models.Contact, icon="message", hue="amber", order=40, prepare=rules.prepare_interaction,
        parents=("deal", "person", "organization"), timeline=False,
        timeline_links=("deal", "person", "organization"), timeline_kind="kind", timeline_at="started_at",
        default_sort="-started_at",
        fields=(
            Field(name="name", kind="text", label=_l("Subject"), searchable=True, max_length=300),
            Field(name="kind", kind="choice", label=_l("Kind"), choices=_KINDS, default="note"),
            Field(name="direction", kind="choice", label=_l("Direction"), choices=_DIRECTIONS, default="none"),
            Field(name="started_at", kind="moment", label=_l("When"), default=utc_now),
            Field(name="duration_min", kind="integer", label=_l("Minutes"), minimum=0, maximum=100_000),
            Field(name="body", kind="longtext", label=_l("Text"), searchable=True, sortable=False),
            Field(name="deal", kind="link", to=DEAL, label=_l("Deal")),
            *_CUSTOMER,
            Field(
                name="participants", kind="list", label=_l("Participants"), model=models.Attendee, sortable=False,
                items=(Field(name="person", kind="link", to=PERSON, label=_l("Person")),),
            ),
        ),
        list_columns=("started_at", "kind", "name", "person", "organization", "deal"),
        quick_fields=("kind", "direction", "body", "deal", "person", "organization"),
    )  # fmt: skip


def source() -> RecordType:
    """The dictionary deals.source."""
    return _values(SOURCE, "sources", _l("Source"), _l("Sources"), models.Origin)


def lost_reason() -> RecordType:
    """The dictionary deals.lost_reason."""
    return _values(LOST_REASON, "lost-reasons", _l("Lost reason"), _l("Lost reasons"), models.Reason)


def _values(key: str, collection: str, label: Any, label_plural: Any, model: type) -> RecordType:
    return RecordType(
        key=key, collection=collection, label=label, label_plural=label_plural, model=model, menu=False, order=900,
        public="a list of values that everybody chooses from", dictionary=True, timeline=False,
        keys=("external_id", "name"), default_sort="name", list_columns=("name", "archived"),
        grants={"seller": dict.fromkeys(("create", "edit", "delete", "bulk", "assign"), "none")},
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=300),
            Field(name="archived", kind="boolean", label=_l("Archived"), default=False),
        ),
    )  # fmt: skip


def actions() -> list[RecordAction]:
    """Win, lose and reopen."""

    def is_open(record: Any) -> bool:
        return record.get("outcome") in (OPEN, None)

    def refusal(record: Any) -> str:
        return services.refusal(record.get("outcome"))

    closed_on = Field(name="closed_on", kind="date", label=_l("Closed on"), default=company_today)
    return [
        RecordAction(
            type=DEAL, name="win", label=_l("Win"), icon="award", primary=True, available=is_open, refusal=refusal,
            fields=(closed_on,), run=lambda record, values: services.win(record.id, closed_on=values["closed_on"]),
        ),
        RecordAction(
            type=DEAL, name="lose", label=_l("Lose"), icon="circle-x", available=is_open, refusal=refusal,
            fields=(
                Field(
                    name="lost_reason", kind="link", to=LOST_REASON, label=_l("Reason"), required=True,
                    target_filter=_OFFERED,
                ),
                Field(name="competitor", kind="text", label=_l("Competitor"), max_length=200),
                closed_on,
            ),
            run=lambda record, values: services.lose(
                record.id, lost_reason_id=values["lost_reason"], closed_on=values["closed_on"],
                competitor=values["competitor"] or "",
            ),
        ),
        RecordAction(
            type=DEAL, name="reopen", label=_l("Reopen"), icon="arrow-back-up",
            available=lambda record: not is_open(record), refusal=lambda _record: services.nothing_to_reopen(),
            run=lambda record, _values: services.reopen(record.id),
        ),
    ]  # fmt: skip
