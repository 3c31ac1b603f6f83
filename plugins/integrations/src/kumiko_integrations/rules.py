"""Rules of the module's record types."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from kumiko import Choice, Draft, catalogue, enqueue, offered
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_integrations.form_fields import CHOICE, EMAIL, MESSAGE, NAME, PHONE
from kumiko_integrations.kept import take_given
from kumiko_integrations.models import FAILED, NEW, WAITING

TAKE_IN = "integrations.take_in"
MOST_QUESTIONS = 40
#: What templates are written about: types of contracts, so they outlive a provider.
ABOUT = (
    Choice(key="inquiries.lead", label=_l("Lead")),
    Choice(key="deals.deal", label=_l("Deal")),
    Choice(key="parties.person", label=_l("Person")),
    Choice(key="parties.organization", label=_l("Organization")),
    Choice(key="tasks.task", label=_l("Task")),
)


def new_key() -> str:
    """A word for a public address that nobody guesses."""
    return secrets.token_urlsafe(15)


def prepare_connection(draft: Draft) -> None:
    """A channel that somebody offers, settings that it knows, a word for its address."""
    take_given(draft)
    if draft.action not in ("created", "changed"):
        return
    channel = offered("declare_channels").get(draft.get("channel") or "")
    if draft.is_new:
        if draft.get("key") is None:
            draft.set("key", new_key())
        draft.set("health", draft.get("health") or "new")
        if channel is None:
            known = ", ".join(sorted(offered("declare_channels")))
            draft.refuse("channel", _("wanted one of the channels %(known)s, found %(found)s",
                                      known=known, found=draft.get("channel")))  # fmt: skip
    elif draft.changes("channel"):
        draft.refuse("channel", _("A connection stays with its channel; make another connection."))
    settings = draft.values.get("settings")
    if settings is not None and not isinstance(settings, dict):
        draft.refuse("settings", _("wanted an object of settings by name"))
    elif settings and channel is not None and draft.changes("settings"):
        _check_settings(draft, channel.item, settings)


def _check_settings(draft: Draft, channel: Any, settings: dict[str, Any]) -> None:
    fields = {one.name: one for one in channel.settings}
    secret = {one.name for one in channel.secrets}
    for name, value in settings.items():
        if name in secret:
            draft.refuse("settings", _("%(name)s is a secret; enter it on the page of the connection.", name=name))
        elif name not in fields:
            draft.refuse("settings", _("%(channel)s has no setting %(name)r; it has %(known)s",
                                       channel=str(channel.label), name=name, known=", ".join(fields)))  # fmt: skip
        elif isinstance(value, str) and len(value) > 5000:
            draft.refuse("settings", _("%(name)s is too long: at most 5,000 characters.", name=name))


def usual_questions() -> list[dict[str, Any]]:
    """What a new form asks for."""
    return [
        {"id": None, "label": str(_("Your name")), "means": NAME, "required": True, "options": None},
        {"id": None, "label": str(_("E-mail")), "means": EMAIL, "required": True, "options": None},
        {"id": None, "label": str(_("Phone")), "means": PHONE, "required": False, "options": None},
        {"id": None, "label": str(_("How can we help you?")), "means": MESSAGE, "required": True, "options": None},
    ]


def prepare_form(draft: Draft) -> None:
    """Questions with words, origins that are addresses, a word for its address."""
    take_given(draft)
    if draft.action not in ("created", "changed"):
        return
    if draft.is_new and draft.get("key") is None:
        draft.set("key", new_key())
    rows = [dict(row) for row in draft.get("fields") or ()]
    if draft.is_new or "fields" in draft.values:
        _check_questions(draft, rows)
    if draft.changes("origins"):
        lines = [line.strip().rstrip("/") for line in (draft.get("origins") or "").splitlines() if line.strip()]
        for line in lines:
            parts = urlsplit(line)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
                draft.refuse("origins", _("wanted addresses such as https://www.example.com, found %(line)s",
                                          line=line[:100]))  # fmt: skip
        draft.set("origins", "\n".join(line.lower() for line in lines) or None)


def _check_questions(draft: Draft, rows: list[dict[str, Any]]) -> None:
    rows = [row for row in rows if (row.get("label") or "").strip()]
    if not rows:
        draft.refuse("fields", _("A form needs at least one question."))
    if len(rows) > MOST_QUESTIONS:
        draft.refuse("fields", _("at most %(most)d questions", most=MOST_QUESTIONS))
    for row in rows:
        row["means"] = row.get("means") or "other"
        if row["means"] == CHOICE and len(choices_of(row)) < 2:
            draft.refuse("fields", _("“%(question)s” needs at least two answers to choose from, with commas.",
                                     question=row["label"]))  # fmt: skip
    draft.set("fields", rows)


def choices_of(row: Any) -> list[str]:
    """The answers of a question that can be chosen from."""
    return [word.strip() for word in (row.get("options") or "").split(",") if word.strip()]


def prepare_intake(draft: Draft) -> None:
    """Only the module says what became of it; a person may ask for another try of what failed or waits."""
    given = draft.values.get("state")
    before = draft.before("state")
    take_given(draft)
    _refuse_by_hand(draft)
    if draft.action != "changed" or given is None or given == before or draft.via == "undo":
        if draft.via == "undo" and "state" in draft.values and draft.state is not None:
            draft.values.pop("state")  # what was taken in stays taken in; its inquiry has an undo of its own
        return
    if given != NEW or before not in (FAILED, WAITING):
        draft.refuse("state", _("Only what failed or waits can be set to “Arrived”, which tries it again."))


def after_intake(drafts: Sequence[Draft]) -> None:
    """What is new, or tried again, is taken in by a job."""
    for draft in drafts:
        if draft.action in ("created", "changed") and draft.changes("state") and draft.get("state") == NEW:
            enqueue(TAKE_IN, {"intake": draft.record_id})


def prepare_outbox(draft: Draft) -> None:
    """Only the module and its buttons write."""
    take_given(draft)
    _refuse_by_hand(draft)


def _refuse_by_hand(draft: Draft) -> None:
    if draft.is_new and not draft.get("channel"):
        draft.refuse("name", _("Messages come in and go out by their channels; they are not made by hand."))


def prepare_template(draft: Draft) -> None:
    """A template says something."""
    take_given(draft)
    if draft.action not in ("created", "changed"):
        return
    if not (draft.get("body") or "").strip():
        draft.refuse("body", _("A template needs a text."))
    from kumiko import check_text  # local: only whoever writes templates needs the texts and what they draw on

    about = draft.get("about") or ""
    for name in ("subject", "body") if catalogue().find(about) is not None else ():  # else: unknown until it is on
        if draft.get(name) and draft.changes(name, "about"):
            for sentence in check_text(draft.get(name), about)[:5]:
                draft.guard(name, sentence)
