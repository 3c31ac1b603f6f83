"""Connections, forms, templates, what came in and what goes out as record types."""

from __future__ import annotations

from typing import Any

from kumiko import Choice, Field, RecordType
from kumiko import lazy_gettext as _l
from kumiko_integrations import models, rules
from kumiko_integrations.form_fields import LANGUAGES, MEANINGS
from kumiko_integrations.models import (
    ASIDE,
    CANCELLED,
    CONNECTION,
    DONE,
    FAILED,
    FORM,
    INTAKE,
    NEW,
    OUTBOX,
    QUEUED,
    SENDING,
    SENT,
    TEMPLATE,
    UNSURE,
    WAITING,
)

USER = "access.user"
#: What is set up is an administrator's affair; heads and sellers see what came in for them and what they sent.
SET_UP = {
    "head": {"create": "none", "edit": "none", "delete": "none", "bulk": "none", "assign": "none"},
    "seller": dict.fromkeys(("read", "create", "edit", "delete", "export", "bulk", "assign"), "none"),
}
_WATCHED = {
    "head": {"create": "none", "delete": "none", "assign": "none"},
    "seller": dict.fromkeys(("create", "delete", "export", "bulk", "assign"), "none"),
}
INTAKE_STATES = (
    Choice(key=NEW, label=_l("Arrived"), hue="blue"),
    Choice(key=WAITING, label=_l("Waits"), hue="amber"),
    Choice(key=DONE, label=_l("Taken in"), hue="green"),
    Choice(key=FAILED, label=_l("Failed"), hue="red"),
    Choice(key=ASIDE, label=_l("Set aside"), hue="gray"),
)
OUTBOX_STATES = (
    Choice(key=QUEUED, label=_l("Queued"), hue="blue"),
    Choice(key=SENDING, label=_l("Being sent"), hue="amber"),
    Choice(key=SENT, label=_l("Sent"), hue="green"),
    Choice(key=UNSURE, label=_l("May have been sent"), hue="orange"),
    Choice(key=FAILED, label=_l("Failed"), hue="red"),
    Choice(key=CANCELLED, label=_l("Cancelled"), hue="gray"),
)
HEALTH = (
    Choice(key="new", label=_l("Not checked yet"), hue="gray"),
    Choice(key="ok", label=_l("Works"), hue="green"),
    Choice(key="failing", label=_l("Fails"), hue="red"),
)
CHANNEL_KINDS = tuple(
    Choice(key=key, label=label)
    for key, label in (
        ("mail", _l("Mail")), ("form", _l("Form")), ("chat", _l("Chat")), ("messenger", _l("Messenger")),
        ("api", _l("Programs")), ("social", _l("Social network")), ("order", _l("Order")), ("call", _l("Call")),
        ("manual", _l("By hand")),
    )
)  # fmt: skip


def _kept(name: str, kind: str, label: Any, **more: Any) -> Field:
    """A field that only the module writes."""
    return Field(name=name, kind=kind, label=label, writable=False, derived=True, **more)


def connection() -> RecordType:
    """The record type integrations.connection."""
    return RecordType(
        key=CONNECTION, collection="connections", label=_l("Connection"), label_plural=_l("Connections"),
        model=models.Connection, icon="plug-connected", hue="teal", grants=SET_UP, menu=False, order=700,
        prepare=rules.prepare_connection, importable=False, timeline=False, lands_on="/connections/{id}/setup",
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=100),
            Field(name="channel", kind="text", label=_l("Channel"), by_hand=False, default="mail",
                  help=_l("Word of the channel, such as integrations.mail or one that a module adds.")),
            Field(name="active", kind="boolean", label=_l("Switched on"), default=True),
            Field(name="whose", kind="link", to=USER, label=_l("Whose"),
                  help=_l("The person whose mailbox it is: what comes in is theirs. Empty: shared, rules assign it.")),
            Field(name="usual", kind="boolean", label=_l("Usual for sending"),
                  help=_l("Messages that name no account go out by this one.")),
            Field(name="settings", kind="json", label=_l("Settings"), by_hand=False, sortable=False, filterable=False),
            _kept("key", "text", _l("Word in its address"), sortable=False, filterable=False),
            _kept("health", "choice", _l("State"), choices=HEALTH),
            _kept("last_error", "text", _l("What is wrong")),
            _kept("failing_since", "moment", _l("Fails since")),
        ),
        list_columns=("name", "channel", "health", "whose", "active"), quick_fields=("name",), default_sort="name",
    )  # fmt: skip


models.Form.__table__.info["configuration"] = True  # it travels in files of configuration


def form() -> RecordType:
    """The record type integrations.form."""
    return RecordType(
        key=FORM, collection="forms", label=_l("Form"), label_plural=_l("Forms"), model=models.Form, icon="forms",
        hue="violet", grants=SET_UP, order=710, prepare=rules.prepare_form, importable=False, timeline=False,
        menu=False, lands_on="/forms/{id}/build",
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=100),
            Field(name="active", kind="boolean", label=_l("Switched on"), default=True),
            Field(name="intro", kind="longtext", label=_l("Text above the form")),
            Field(
                name="fields", kind="list", label=_l("Questions"), model=models.FormField, sortable=False,
                default=rules.usual_questions,
                items=(
                    Field(name="label", kind="text", label=_l("Question")),
                    Field(name="means", kind="choice", label=_l("Kind of answer"), choices=MEANINGS),
                    Field(name="required", kind="boolean", label=_l("Needed")),
                    Field(name="options", kind="text", label=_l("Choices, with commas"),
                          max_length=1000),
                ),
            ),
            Field(name="submit_label", kind="text", label=_l("Word on the button")),
            Field(name="thanks", kind="longtext", label=_l("Words of thanks")),
            Field(name="redirect_url", kind="url", label=_l("Page to lead on to"),
                  help=_l("Instead of the words of thanks.")),
            Field(name="consent", kind="longtext", label=_l("Consent"),
                  help=_l("A sentence that must be ticked, such as one about your privacy policy. Empty: none.")),
            Field(name="language", kind="choice", label=_l("Language"), choices=LANGUAGES),
            Field(name="source", kind="text", label=_l("Source"),
                  help=_l("A value of the list of sources; what the address of the page says goes first.")),
            Field(name="campaign", kind="text", label=_l("Campaign")),
            Field(name="origins", kind="longtext", label=_l("Web sites that may use it"),
                  help=_l("One per line, such as https://www.example.com. Empty: any.")),
            Field(name="honeypot", kind="boolean", label=_l("Trap for robots"), default=True,
                  help=_l("A field that people do not see; who fills it in is a robot.")),
            Field(name="least_s", kind="integer", label=_l("Least seconds"), default=2, minimum=0, maximum=60,
                  help=_l("Who sends the form sooner after it was drawn is a robot.")),
            _kept("key", "text", _l("Word in its address"), sortable=False, filterable=False),
        ),
        list_columns=("name", "source", "active", "created_at"), quick_fields=("name",), default_sort="name",
        card_groups=(
            (_l("What visitors see"), ("intro", "fields", "consent", "submit_label", "thanks", "redirect_url",
                                       "language")),
            (_l("What it becomes"), ("source", "campaign")),
            (_l("Safety"), ("active", "origins", "honeypot", "least_s")),
        ),
    )  # fmt: skip


def intake() -> RecordType:
    """The record type integrations.intake."""
    return RecordType(
        key=INTAKE, collection="intake", label=_l("Message that came in"), label_plural=_l("Messages that came in"),
        model=models.Intake, icon="inbox", hue="blue", grants=_WATCHED, menu=False, order=720, creatable=False,
        importable=False, timeline=False, prepare=rules.prepare_intake, after=rules.after_intake,
        fields=(
            _kept("name", "text", _l("What it is"), searchable=True),
            _kept("channel", "text", _l("Channel")),
            _kept("account", "text", _l("Account")),
            Field(name="state", kind="choice", label=_l("State"), choices=INTAKE_STATES, by_hand=True,
                  help=_l("Set a failed one to “Arrived” to try it again.")),
            _kept("error", "text", _l("Why not")),
            _kept("attempts", "integer", _l("Attempts")),
            _kept("received_at", "moment", _l("Came in")),
            _kept("bytes", "integer", _l("Size in bytes")),
            _kept("outside_id", "text", _l("Its name outside"), sortable=False),
            _kept("result", "json", _l("What became of it"), sortable=False, filterable=False),
        ),
        list_columns=("name", "channel", "account", "state", "error", "received_at"), default_sort="-created_at",
    )  # fmt: skip


def outbox() -> RecordType:
    """The record type integrations.outbox."""
    return RecordType(
        key=OUTBOX, collection="outbox", label=_l("Message that goes out"), label_plural=_l("Messages that go out"),
        model=models.Outbox, icon="send", hue="indigo", grants=_WATCHED, menu=False, order=730, creatable=False,
        importable=False, timeline=False, prepare=rules.prepare_outbox,
        fields=(
            _kept("name", "text", _l("Subject"), searchable=True),
            _kept("channel", "choice", _l("Channel"), choices=CHANNEL_KINDS),
            _kept("connection", "link", _l("Account"), to=CONNECTION),
            _kept("recipients", "longtext", _l("To"), sortable=False, searchable=True),
            _kept("state", "choice", _l("State"), choices=OUTBOX_STATES),
            _kept("error", "text", _l("What is wrong")),
            _kept("refused", "longtext", _l("Refused recipients"), sortable=False),
            _kept("attempts", "integer", _l("Attempts")),
            _kept("next_try_at", "moment", _l("Next try")),
            _kept("sent_at", "moment", _l("Sent")),
            _kept("outside_id", "text", _l("Its name outside"), sortable=False),
            _kept("automatic", "boolean", _l("Written by a process")),
            _kept("body", "longtext", _l("Text"), sortable=False),
        ),
        list_columns=("name", "recipients", "state", "error", "next_try_at", "created_at"), default_sort="-created_at",
    )  # fmt: skip


def template() -> RecordType:
    """The record type integrations.template."""
    return RecordType(
        key=TEMPLATE, collection="message-templates", label=_l("Message template"),
        label_plural=_l("Message templates"), model=models.Template, icon="template", hue="amber", order=740,
        public="everybody writes with the texts of the house", timeline=False, prepare=rules.prepare_template,
        grants={"head": {"create": "all", "edit": "all", "delete": "all", "bulk": "all"},
                "seller": dict.fromkeys(("create", "edit", "delete", "bulk", "assign"), "none")}, menu=False,
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=100),
            Field(name="channel", kind="choice", label=_l("Channel"), choices=CHANNEL_KINDS, default="mail"),
            Field(name="language", kind="choice", label=_l("Language"), choices=LANGUAGES),
            Field(name="about", kind="choice", label=_l("Written about"), choices=rules.ABOUT,
                  help=_l("What its placeholders are read from.")),
            Field(name="subject", kind="text", label=_l("Subject"), searchable=True),
            Field(name="body", kind="longtext", label=_l("Text"), searchable=True,
                  help=_l("With placeholders such as {{ person.name }}; the card shows all of them, and a preview.")),
            Field(name="archived", kind="boolean", label=_l("Archived"), default=False),
        ),
        list_columns=("name", "channel", "language", "about", "archived"), default_sort="name",
        quick_fields=("name", "channel", "about", "subject", "body"),
    )  # fmt: skip


def all_types() -> list[RecordType]:
    """Every record type of the module."""
    return [connection(), form(), intake(), outbox(), template()]
