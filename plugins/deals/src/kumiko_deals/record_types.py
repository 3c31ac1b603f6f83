"""Deals, interactions and their dictionaries as record types."""

from __future__ import annotations

from kumiko import Choice, Field, MatchedRecordType, RecordAction, RecordType, company_today, utc_now
from kumiko import lazy_gettext as _l
from kumiko_contracts.inquiries import LEAD
from kumiko_deals import consequences, models, rules, sameness
from kumiko_deals.choices import CHANNELS
from kumiko_deals.models import DEAL, INTERACTION, LOST, LOST_REASON, OPEN, SOURCE, WON

PERSON, ORGANIZATION, USER = "parties.person", "parties.organization", "access.user"

OUTCOMES = (
    Choice(key=OPEN, label=_l("Open"), hue="blue"),
    Choice(key=WON, label=_l("Won"), hue="green"),
    Choice(key=LOST, label=_l("Lost"), hue="red"),
)
PARTICIPANT_ROLES = (
    Choice(key="decision_maker", label=_l("Decision maker")),
    Choice(key="evaluator", label=_l("Evaluator")),
    Choice(key="influencer", label=_l("Influencer")),
    Choice(key="user", label=_l("User")),
    Choice(key="payer", label=_l("Payer")),
)
KINDS = (
    Choice(key="note", label=_l("Note"), hue="amber"),
    Choice(key="call", label=_l("Call"), hue="green"),
    Choice(key="meeting", label=_l("Meeting"), hue="violet"),
    Choice(key="mail", label=_l("Mail"), hue="blue"),
)
DIRECTIONS = (
    Choice(key="in", label=_l("From the customer")),
    Choice(key="out", label=_l("To the customer")),
    Choice(key="none", label=_l("Neither")),
)
OFFERED = {"f": "archived", "op": "eq", "v": False}

#: Values of lists are kept by heads and administrators; sellers and analysts use them.
_KEPT_BY_HEADS = {
    "head": {"create": "all", "edit": "all", "delete": "all"},
    "seller": dict.fromkeys(("create", "edit", "delete", "bulk", "assign"), "none"),
}


def deal() -> RecordType:
    """The record type deals.deal."""
    return MatchedRecordType(
        key=DEAL, collection="deals", label=_l("Deal"), label_plural=_l("Deals"), model=models.Deal,
        matching=sameness.DEAL, icon="briefcase", hue="green", order=30, prepare=rules.prepare_deal,
        after=consequences.after_deals,
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=300),
            Field(name="amount", kind="money", label=_l("Amount")),
            Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization")),
            Field(name="person", kind="link", to=PERSON, label=_l("Person")),
            Field(
                name="participants", kind="list", label=_l("Participants"), model=models.Participant, sortable=False,
                items=(
                    Field(name="person", kind="link", to=PERSON, label=_l("Person")),
                    Field(name="role", kind="choice", label=_l("Role"), choices=PARTICIPANT_ROLES),
                ),
            ),
            Field(
                name="outcome", kind="choice", label=_l("Outcome"), choices=OUTCOMES, default=OPEN,
                help=_l("Changed by the actions win, lose and reopen; an import may bring it."), by_hand=False,
            ),
            Field(name="expected_close_on", kind="date", label=_l("Expected close")),
            Field(
                name="opened_on", kind="date", label=_l("Opened"),
                help=_l("Today, unless given; an import that does not know the day leaves it empty."),
            ),
            Field(name="closed_on", kind="date", label=_l("Closed"), by_hand=False),
            Field(
                name="lost_reason", kind="link", to=LOST_REASON, label=_l("Lost reason"), target_filter=OFFERED,
                help=_l("Given when the deal is lost."), by_hand=False,
            ),
            Field(name="competitor", kind="text", label=_l("Competitor"), searchable=True),
            Field(name="source", kind="link", to=SOURCE, label=_l("Source"), target_filter=OFFERED),
            Field(name="campaign", kind="text", label=_l("Campaign")),
            Field(name="next_step", kind="text", label=_l("Next step")),
            Field(name="next_step_on", kind="date", label=_l("Next step on")),
            Field(name="description", kind="longtext", label=_l("Description"), sortable=False),
        ),
        list_columns=("name", "organization", "amount", "outcome", "expected_close_on", "next_step", "owner"),
        quick_fields=("name", "organization", "person", "amount", "expected_close_on", "source"),
        card_groups=(
            (_l("Deal"), ("amount", "outcome", "expected_close_on", "opened_on", "closed_on")),
            (_l("Customer"), ("organization", "person", "participants")),
            (_l("Coming up"), ("next_step", "next_step_on")),
            (_l("Origin"), ("source", "campaign")),
            (_l("Lost"), ("lost_reason",)),
            (_l("More"), ("competitor", "description", "owner", "team", "co_owners", "tags")),
        ),
    )  # fmt: skip


def interaction() -> RecordType:
    """The record type deals.interaction."""
    return RecordType(
        key=INTERACTION, collection="interactions", label=_l("Interaction"), label_plural=_l("Interactions"),
        model=models.Interaction, icon="message", hue="amber", order=40, prepare=rules.prepare_interaction,
        parents=("deal", "lead", "person", "organization"), timeline=False, after=consequences.after_interactions,
        timeline_links=("deal", "lead", "person", "organization"), timeline_kind="kind", timeline_at="started_at",
        default_sort="-started_at",
        fields=(
            Field(
                name="name", kind="text", label=_l("Subject"), searchable=True, max_length=300,
                help=_l("The first line of the text, unless given."),
            ),
            Field(name="kind", kind="choice", label=_l("Kind"), choices=KINDS, default="note"),
            Field(name="direction", kind="choice", label=_l("Direction"), choices=DIRECTIONS, default="none"),
            Field(name="started_at", kind="moment", label=_l("When"), default=utc_now),
            Field(name="duration_min", kind="integer", label=_l("Minutes"), minimum=0, maximum=100_000),
            Field(name="body", kind="longtext", label=_l("Text"), searchable=True, sortable=False),
            Field(name="deal", kind="link", to=DEAL, label=_l("Deal")),
            Field(name="lead", kind="link", to=LEAD, label=_l("Lead")),
            Field(name="person", kind="link", to=PERSON, label=_l("Person")),
            Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization")),
            Field(
                name="participants", kind="list", label=_l("Participants"), model=models.InteractionParticipant,
                sortable=False, items=(Field(name="person", kind="link", to=PERSON, label=_l("Person")),),
            ),
            Field(
                name="mentions", kind="list", label=_l("Mentioned"), model=models.Mention, sortable=False,
                writable=False, derived=True, help=_l("Colleagues named in the text with @."),
                items=(Field(name="user", kind="link", to=USER, label=_l("User")),),
            ),
        ),
        list_columns=("started_at", "kind", "name", "person", "organization", "deal", "owner"),
        quick_fields=("kind", "direction", "body", "deal", "person", "organization", "started_at", "duration_min"),
    )  # fmt: skip


def source() -> RecordType:
    """The dictionary deals.source."""
    return RecordType(
        key=SOURCE, collection="sources", label=_l("Source"), label_plural=_l("Sources"), model=models.Source,
        icon="flag", order=910, prepare=rules.prepare_value, public="a list of values that everybody chooses from",
        dictionary=True, timeline=False, list_columns=("name", "channel", "archived"),
        fields=(
            *_value_fields(),
            Field(name="channel", kind="choice", label=_l("Usual for channel"), choices=CHANNELS,
                  help=_l("Inquiries of this channel get this source when nothing else is known.")),
        ),
        default_sort="name", grants=_KEPT_BY_HEADS, keys=("external_id", "name"), menu=False,
    )  # fmt: skip


def lost_reason() -> RecordType:
    """The dictionary deals.lost_reason."""
    return RecordType(
        key=LOST_REASON, collection="lost-reasons", label=_l("Lost reason"), label_plural=_l("Lost reasons"),
        model=models.LostReason, icon="ban", order=920, prepare=rules.prepare_value,
        public="a list of values that everybody chooses from", dictionary=True, timeline=False, fields=_value_fields(),
        list_columns=("name", "archived"), default_sort="name", grants=_KEPT_BY_HEADS,
        keys=("external_id", "name"), menu=False,
    )  # fmt: skip


def _value_fields() -> tuple[Field, ...]:
    return (
        Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=300),
        Field(name="archived", kind="boolean", label=_l("Archived"), default=False,
              help=_l("No longer offered; deals that have it keep it.")),
    )  # fmt: skip


def actions() -> list[RecordAction]:
    """Win, lose and reopen."""
    from kumiko_deals import services  # local: record types are declared before anything is served

    def can_close(record: object) -> bool:
        return _outcome(record) in (OPEN, None)

    def refusal(record: object) -> str:
        return services.refusal(_outcome(record), record.get("closed_on"))  # type: ignore[attr-defined]

    closed_on = Field(name="closed_on", kind="date", label=_l("Closed on"), default=company_today)
    return [
        RecordAction(
            type=DEAL, name="win", label=_l("Win"), icon="award", primary=True, available=can_close, refusal=refusal,
            fields=(closed_on,),
            run=lambda record, values: services.win(record.id, closed_on=values["closed_on"]),
        ),
        RecordAction(
            type=DEAL, name="lose", label=_l("Lose"), icon="circle-x", available=can_close, refusal=refusal,
            fields=(
                Field(
                    name="lost_reason", kind="link", to=LOST_REASON, label=_l("Reason"), required=True,
                    target_filter=OFFERED,
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
            available=lambda record: not can_close(record),
            refusal=lambda _record: services.nothing_to_reopen(),
            run=lambda record, _values: services.reopen(record.id),
        ),
    ]  # fmt: skip


def _outcome(record: object) -> str | None:
    return record.get("outcome")  # type: ignore[attr-defined]
