"""What a bot says: greeting, questions with answers, what it asks before a person takes over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kumiko import gettext as _


@dataclass(frozen=True, kw_only=True)
class Bot:
    """A bot as its settings make it."""

    connection_id: int
    key: str
    name: str
    greeting: str
    answers: Mapping[str, str]
    person_label: str
    ask_name: str
    ask_contact: str
    thanks: str
    away: str
    language: str
    origins: tuple[str, ...]
    source: str
    campaign: str
    whose_id: int | None

    @property
    def choices(self) -> tuple[str, ...]:
        """What a visitor can choose: the questions, and a person."""
        return (*self.answers, self.person_label)


def bot_of(row: Any) -> Bot:
    """The bot of a connection."""
    given = row.settings or {}

    def text(name: str, otherwise: str) -> str:
        return str(given.get(name) or "").strip() or otherwise

    return Bot(
        connection_id=row.id, key=row.key or "", name=row.name,
        greeting=text("greeting", _("Hello! How can we help you?")),
        answers=answers_of(str(given.get("answers") or "")),
        person_label=text("person_label", _("I want to talk to a person")),
        ask_name=text("ask_name", _("A person will answer. What is your name?")),
        ask_contact=text("ask_contact", _("And how can we reach you: phone or e-mail?")),
        thanks=text("thanks", _("Thank you. Somebody will answer here, or get in touch with you, in a moment.")),
        away=text("away", _("Thank you. We are closed now, and get in touch with you as soon as we are back.")),
        language=text("language", ""),
        origins=tuple(line.strip().rstrip("/").lower() for line in str(given.get("origins") or "").split()),
        source=text("source", ""), campaign=text("campaign", ""), whose_id=row.whose_id,
    )  # fmt: skip


def answers_of(text: str) -> dict[str, str]:
    """Questions and answers as they are typed: a question on a line, its answer on the next ones, a blank line."""
    found: dict[str, str] = {}
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        question, _newline, answer = part.strip().partition("\n")
        if question.strip() and answer.strip():
            found[question.strip()[:200]] = answer.strip()[:2000]
    return dict(list(found.items())[:20])


def find_answer(bot: Bot, text: str) -> str | None:
    """The answer to a question that was chosen or typed in its own words; None for anything else."""
    wanted = _plain(text)
    if wanted == _plain(bot.person_label):
        return None
    return next((answer for question, answer in bot.answers.items() if _plain(question) == wanted), None)


def is_contact(text: str) -> bool:
    """Whether somebody can be reached by what was typed."""
    return bool(contact_parts(text)[0] or contact_parts(text)[1])


def contact_parts(text: str) -> tuple[str, str]:
    """(e-mail, phone) in what was typed, "" for what is not in it."""
    mail = re.search(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+", text)
    rest = text.replace(mail[0], " ") if mail else text
    phone = re.search(r"\+?[\d][\d\s/().-]{4,30}\d", rest)
    digits = len(re.sub(r"\D", "", phone[0])) if phone else 0
    return (mail[0] if mail else ""), (phone[0].strip() if phone and digits >= 6 else "")


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()
