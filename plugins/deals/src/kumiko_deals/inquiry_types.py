"""Inquiries, leads and rules of assignment as record types."""

from __future__ import annotations

from typing import Any

from kumiko import Board, Field, MatchedRecordType, RecordType
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL, SOURCE
from kumiko_contracts.inquiries import CONVERSATION, INQUIRY, LEAD
from kumiko_contracts.parties import ORGANIZATION, PERSON
from kumiko_deals import assignment_rules, inquiry_models, inquiry_rules, lead_rules, sameness
from kumiko_deals.choices import CHANNELS, LEAD_STATUS, STATES, WAYS
from kumiko_deals.inquiry_models import RULE

OFFERED = {"f": "archived", "op": "eq", "v": False}
_KEPT_BY_HEADS = {
    "head": {"create": "all", "edit": "all", "delete": "all"},
    "seller": dict.fromkeys(("create", "edit", "delete", "bulk", "assign"), "none"),
}


def _origin() -> tuple[Field, ...]:
    return (
        Field(name="channel", kind="choice", label=_l("Channel"), choices=CHANNELS),
        Field(name="source", kind="link", to=SOURCE, label=_l("Source"), target_filter=OFFERED),
        Field(name="campaign", kind="text", label=_l("Campaign"), searchable=True),
        Field(name="utm_source", kind="text", label=_l("UTM source"), by_hand=False),
        Field(name="utm_medium", kind="text", label=_l("UTM medium"), by_hand=False),
        Field(name="utm_term", kind="text", label=_l("UTM term"), by_hand=False),
        Field(name="utm_content", kind="text", label=_l("UTM content"), by_hand=False),
        Field(name="landing_page", kind="text", label=_l("Landing page"), by_hand=False),
        Field(name="referrer", kind="text", label=_l("Came from"), by_hand=False),
        Field(name="language", kind="text", label=_l("Language")),
    )


def inquiry() -> RecordType:
    """The record type inquiries.inquiry."""
    return RecordType(
        key=INQUIRY, collection="inquiries", label=_l("Inquiry"), label_plural=_l("Inquiries"),
        model=inquiry_models.Inquiry, icon="inbox", hue="amber", order=22, prepare=inquiry_rules.prepare_inquiry,
        after=inquiry_rules.after_inquiries, default_sort="-received_at", menu=False, timeline_at="received_at",
        grants={"head": {"delete": "none"}, "seller": {"delete": "none"}},
        fields=(
            Field(
                name="name", kind="text", label=_l("Subject"), searchable=True, max_length=300,
                help=_l("The first words, unless given."),
            ),
            Field(name="received_at", kind="moment", label=_l("Received"), help=_l("Now, unless given.")),
            Field(name="sender_name", kind="text", label=_l("Name"), searchable=True),
            Field(name="sender_email", kind="email", label=_l("E-mail"), searchable=True),
            Field(name="sender_phone", kind="phone", label=_l("Phone"), searchable=True),
            Field(name="sender_organization", kind="text", label=_l("Organization as written"), searchable=True),
            Field(name="sender_handle", kind="text", label=_l("Name on its channel"), by_hand=False),
            Field(name="body", kind="longtext", label=_l("Text"), searchable=True, sortable=False),
            *_origin(),
            Field(
                name="state", kind="choice", label=_l("State"), choices=STATES, by_hand=False,
                help=_l("Changed by the actions make lead, join, reject and reopen."),
            ),
            Field(name="reject_reason", kind="text", label=_l("Why rejected"), by_hand=False),
            Field(name="remark", kind="text", label=_l("What became of it, and why"), by_hand=False),
            Field(name="lead", kind="link", to=LEAD, label=_l("Lead"), by_hand=False),
            Field(name="person", kind="link", to=PERSON, label=_l("Person"), by_hand=False),
            Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization"), by_hand=False),
            Field(name="conversation", kind="link", to=CONVERSATION, label=_l("Conversation"), by_hand=False),
            Field(name="account", kind="text", label=_l("Came by"), by_hand=False),
            Field(name="item_id", kind="text", label=_l("Id there"), by_hand=False),
            Field(
                name="fingerprint", kind="text", label=_l("Fingerprint"), writable=False, sortable=False, history=False,
                help=_l("Equal for the same words of the same sender."),
            ),
            Field(
                name="raw", kind="json", label=_l("As received"), by_hand=False, sortable=False, filterable=False,
                help=_l("Everything as it came, unchanged."),
            ),
        ),
        list_columns=("received_at", "channel", "name", "sender_name", "state", "lead", "person", "owner"),
        quick_fields=(
            "sender_name", "sender_email", "sender_phone", "sender_organization", "body", "channel", "source", "owner",
        ),
        card_groups=(
            (_l("Inquiry"), ("state", "channel", "received_at", "remark", "reject_reason")),
            (_l("From"), ("sender_name", "sender_email", "sender_phone", "sender_organization", "sender_handle")),
            (_l("Belongs to"), ("lead", "person", "organization", "conversation", "owner")),
            (_l("Text"), ("body",)),
            (_l("Origin"), ("source", "campaign", "utm_source", "utm_medium", "utm_term", "utm_content", "landing_page",
                            "referrer", "language")),
            (_l("More"), ("raw", "account", "item_id", "team", "co_owners", "tags")),
        ),
    )  # fmt: skip


def lead() -> RecordType:
    """The record type inquiries.lead."""
    return MatchedRecordType(
        key=LEAD, collection="leads", label=_l("Lead"), label_plural=_l("Leads"), model=inquiry_models.Lead,
        matching=sameness.LEAD, icon="target", hue="orange", order=33, prepare=lead_rules.prepare_lead,
        after=lead_rules.after_leads,
        board=Board(
            by="status", fields=("organization_name", "source", "owner", "first_response_due_at", "status"),
            badges=assignment_rules.badges,
        ),
        subtitle="organization_name",
        fields=(
            Field(
                name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=300,
                help=_l("Who it is: the contact's name, unless given."),
            ),
            Field(name="status", kind="choice", label=_l("Status"), choices=LEAD_STATUS, default="new"),
            Field(name="contact_name", kind="text", label=_l("Contact"), searchable=True),
            Field(name="contact_email", kind="email", label=_l("E-mail"), searchable=True),
            Field(name="contact_phone", kind="phone", label=_l("Phone"), searchable=True),
            Field(name="organization_name", kind="text", label=_l("Organization as written"), searchable=True),
            Field(name="person", kind="link", to=PERSON, label=_l("Person")),
            Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization")),
            Field(name="estimated_value", kind="money", label=_l("Estimated value")),
            *_origin(),
            Field(name="score", kind="integer", label=_l("Score"), writable=False, derived=True),
            Field(
                name="score_parts", kind="text", label=_l("Made of"), writable=False, derived=True, sortable=False,
                help=_l("What the score is the sum of."),
            ),
            Field(name="assignment", kind="text", label=_l("Why with this person"), by_hand=False),
            Field(name="assigned_by", kind="link", to=RULE, label=_l("Rule"), by_hand=False),
            Field(name="first_response_due_at", kind="moment", label=_l("Answer due"), by_hand=False),
            Field(name="first_responded_at", kind="moment", label=_l("First answered"), by_hand=False),
            Field(
                name="first_response_min", kind="integer", label=_l("Working minutes until answered"), by_hand=False,
            ),
            Field(name="answered_late", kind="boolean", label=_l("Answered late"), by_hand=False),
            Field(name="converted_at", kind="moment", label=_l("Converted"), by_hand=False),
            Field(name="deal", kind="link", to=DEAL, label=_l("Deal"), by_hand=False),
            Field(name="inquiry", kind="link", to=INQUIRY, label=_l("First inquiry"), by_hand=False),
            Field(name="disqualify_reason", kind="text", label=_l("Why given up"), by_hand=False),
            Field(name="description", kind="longtext", label=_l("What it is about"), searchable=True, sortable=False),
        ),
        list_columns=("name", "status", "organization_name", "channel", "source", "score", "first_response_due_at",
                      "owner"),
        quick_fields=("contact_name", "contact_email", "contact_phone", "organization_name", "description", "source",
                      "estimated_value"),
        card_groups=(
            (_l("Lead"), ("status", "owner", "assignment", "score", "score_parts", "estimated_value")),
            (_l("Contact"), ("contact_name", "contact_email", "contact_phone", "organization_name", "person",
                             "organization")),
            (_l("First answer"), ("first_response_due_at", "first_responded_at", "first_response_min",
                                  "answered_late")),
            (_l("Origin"), ("channel", "source", "campaign", "utm_source", "utm_medium", "utm_term", "utm_content",
                            "landing_page", "referrer", "language", "inquiry")),
            (_l("Outcome"), ("deal", "converted_at", "disqualify_reason")),
            (_l("More"), ("description", "assigned_by", "team", "co_owners", "tags")),
        ),
    )  # fmt: skip


def rule() -> RecordType:
    """The record type deals.assignment_rule."""
    return RecordType(
        key=RULE, collection="assignment-rules", label=_l("Rule of assignment"),
        label_plural=_l("Rules of assignment"), model=inquiry_models.AssignmentRule, icon="route", order=930,
        prepare=assignment_rules.prepare_rule, public="everybody may know why a lead came to whom", timeline=False,
        default_sort="position", grants=_KEPT_BY_HEADS, menu=False,
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=300),
            Field(name="position", kind="integer", label=_l("Order"), default=100, minimum=0, maximum=1_000_000,
                  help=_l("The first rule whose conditions hold decides.")),
            Field(name="active", kind="boolean", label=_l("Active"), default=True),
            Field(name="channels", kind="multichoice", label=_l("Only these channels"), choices=CHANNELS,
                  sortable=False),
            Field(name="source", kind="link", to=SOURCE, label=_l("Only this source"), target_filter=OFFERED),
            Field(name="language", kind="text", label=_l("Only this language"), help=_l("A code such as en or de.")),
            Field(name="campaign", kind="text", label=_l("Only this campaign")),
            Field(
                name="condition", kind="json", label=_l("Further conditions"), sortable=False, filterable=False,
                help=_l("A filter on inquiries, as lists and REST use it; empty: none."),
            ),
            Field(name="way", kind="choice", label=_l("Who gets it"), choices=WAYS, default="round_robin"),
            Field(name="user", kind="link", to="access.user", label=_l("Person"),
                  help=_l("For “always one person”; a deputy stands in during absence.")),
            Field(name="group", kind="link", to="access.team", label=_l("Of this team"),
                  help=_l("Empty: everybody with the role seller.")),
            Field(name="most_open", kind="integer", label=_l("At most so many open leads"), minimum=1, maximum=100_000,
                  help=_l("Whoever has that many is left out; empty: no limit.")),
        ),
        list_columns=("position", "name", "active", "channels", "source", "way", "group", "user"),
    )  # fmt: skip


def types() -> list[Any]:
    """All of them."""
    return [inquiry(), lead(), rule()]
