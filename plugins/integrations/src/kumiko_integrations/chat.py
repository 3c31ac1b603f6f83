"""The chat on web sites: a bot that answers at once, asks who is there, and hands over to a person.

Every line is kept when it is said. Once the visitor has said how to be reached, all of it is one inquiry; what is
said later follows as messages, and what a person answers in the card comes back as lines.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy import update as sql_update

from kumiko import Invalid, NotFound, RawItem, is_working_time, session, transaction, unscoped, utc_now
from kumiko import gettext as _
from kumiko_integrations import intake, throttle
from kumiko_integrations.accounts import account_key
from kumiko_integrations.chat_flow import Bot, find_answer, is_contact
from kumiko_integrations.models import CHAT, ChatLine, ChatSession

OPEN, ASK_NAME, ASK_CONTACT, HANDED = "open", "name", "contact", "handed"
VISITOR, BOT, PERSON = "visitor", "bot", "person"
LONGEST = 2000
MOST_LINES = 500
IDLE = timedelta(minutes=15)


@dataclass(frozen=True)
class Line:
    """A line as the visitor's page gets it."""

    id: int
    who: str
    text: str


@dataclass(frozen=True)
class Visit:
    """A visitor's session: its token, what was said behind a line, what can be chosen now."""

    token: str
    lines: tuple[Line, ...]
    choices: tuple[str, ...]


def begin(bot: Bot, *, page: str, referrer: str, address: str) -> Visit:
    """A visitor opens the chat: greeted, and offered what the bot can answer."""
    throttle.count_hit(throttle.VISITS, address)
    token, now = secrets.token_urlsafe(24), utc_now()
    with transaction() as writing, unscoped("a visitor's own session"):
        session_id = writing.execute(
            insert(ChatSession).values(
                connection_id=bot.connection_id, word=secrets.token_urlsafe(12), digest=_digest(token), state=OPEN,
                name="", contact="", page=page[:500], referrer=referrer[:500], begun_at=now, seen_at=now,
            ).returning(ChatSession.id)
        ).scalar_one()  # fmt: skip
        _say(writing, session_id, BOT, bot.greeting)
    return Visit(token, lines_after(token, 0), bot.choices)


def lines_after(token: str, line_id: int) -> tuple[Line, ...]:
    """What was said in a session behind a line."""
    row = _session(token)
    with unscoped("a visitor's own session"):
        query = select(ChatLine.id, ChatLine.who, ChatLine.text).where(
            ChatLine.session_id == row.id, ChatLine.id > line_id
        )
        found = session().execute(query.order_by(ChatLine.id).limit(100))
        return tuple(Line(one.id, one.who, one.text) for one in found)


def say(bot: Bot, token: str, text: str, key: str, *, after: int, address: str) -> Visit:
    """The visitor says something, or chooses a question; the bot answers. The same `key` is said once."""
    throttle.count_hit(throttle.LINES, address)
    text = " ".join(text.replace("\x00", "").split(" ")).strip()
    if not text:
        raise Invalid(_("Please write something."))
    if len(text) > LONGEST:
        raise Invalid(_("Too long: at most %(most)d characters.", most=LONGEST))
    with transaction() as writing, unscoped("a visitor's own session"):
        row = _session(token, lock=True)
        if not _is_known(writing, row.id, key):
            if _count(writing, row.id) >= MOST_LINES:
                raise Invalid(_("This conversation is too long; please call us or write a mail."))
            _say(writing, row.id, VISITOR, text, key=key)
            _answer(writing, bot, row, text, key)
            writing.execute(sql_update(ChatSession).where(ChatSession.id == row.id).values(seen_at=utc_now()))
    choices = bot.choices if _session(token).state == OPEN else ()
    return Visit(token, lines_after(token, after), choices)


def _answer(writing: Any, bot: Bot, row: Any, text: str, key: str) -> None:
    if row.state == HANDED:
        _note_line(bot, row, text, key)
    elif row.state == ASK_CONTACT:
        if is_contact(text):
            _hand_over(writing, bot, row, contact=text)
        else:
            _say(writing, row.id, BOT, _("That is neither a phone number nor an e-mail address. How can we reach you?"))
    elif row.state == ASK_NAME:
        _change(writing, row.id, name=text[:200], state=ASK_CONTACT)
        _say(writing, row.id, BOT, bot.ask_contact)
    elif (answer := find_answer(bot, text)) is not None:
        _say(writing, row.id, BOT, answer)
    else:  # asked for a person, or something that no answer fits
        _change(writing, row.id, state=ASK_NAME)
        _say(writing, row.id, BOT, bot.ask_name)


def _hand_over(writing: Any, bot: Bot, row: Any, *, contact: str) -> None:
    _change(writing, row.id, contact=contact[:200], state=HANDED)
    _note_session(bot, row, contact)
    _say(writing, row.id, BOT, bot.thanks if is_working_time(utc_now()) else bot.away)


def _note_session(bot: Bot, row: Any, contact: str) -> None:
    """The whole conversation so far is one thing that came in."""
    with unscoped("a visitor's own session"):
        query = select(ChatLine.who, ChatLine.text, ChatLine.at).where(ChatLine.session_id == row.id)
        lines = [
            {"who": one.who, "text": one.text, "at": one.at.isoformat()}
            for one in session().execute(query.order_by(ChatLine.id))
        ]
    given = {
        "session": row.word, "name": row.name, "contact": contact, "page": row.page, "referrer": row.referrer,
        "lines": lines, "hand_over": True,
    }  # fmt: skip
    _note(bot, f"{row.word}:all", given, " · ".join(one for one in (bot.name, row.name, contact) if one))


def _note_line(bot: Bot, row: Any, text: str, key: str) -> None:
    given = {"session": row.word, "name": row.name, "contact": row.contact, "page": row.page,
             "lines": [{"who": VISITOR, "text": text, "at": utc_now().isoformat()}], "hand_over": False}  # fmt: skip
    _note(bot, f"{row.word}:{key}", given, text)


def _note(bot: Bot, external_id: str, given: dict[str, Any], title: str) -> None:
    item = RawItem(
        external_id=external_id, body=json.dumps(given, ensure_ascii=False).encode(), received_at=utc_now(),
        meta={"media_type": "application/json", "language": bot.language, "source": bot.source,
              "campaign": bot.campaign, "whose": bot.whose_id},
    )  # fmt: skip
    account = account_key(CHAT, bot.connection_id)
    intake.take_note([
        intake.Arrival(channel=CHAT, account=account, item=item, title=title, owner_id=bot.whose_id)
    ])  # fmt: skip


def hand_over_idle(bots: dict[int, Bot]) -> int:
    """Who wrote something and left without saying how to be reached is an inquiry, too; gives how many there were."""
    with unscoped("sessions of visitors who left"):
        query = select(
            ChatSession.id, ChatSession.connection_id, ChatSession.word, ChatSession.name, ChatSession.page,
            ChatSession.referrer, ChatSession.state,
        ).where(
            ChatSession.state.in_((ASK_NAME, ASK_CONTACT)), ChatSession.seen_at < utc_now() - IDLE
        )  # fmt: skip
        rows = list(session().execute(query.order_by(ChatSession.id).limit(100)))
    for row in rows:
        with transaction() as writing, unscoped("sessions of visitors who left"):
            _change(writing, row.id, state=HANDED)
            bot = bots.get(row.connection_id)
            if bot is not None:
                _note_session(bot, row, "")
    return len(rows)


def say_as_person(word: str, text: str, key: str) -> int:
    """A person answers in a session, once per key; gives the line. NotFound when the session is gone."""
    with transaction() as writing, unscoped("an answer of the house"):
        session_id = writing.execute(select(ChatSession.id).where(ChatSession.word == word)).scalar()
        if session_id is None:
            raise NotFound(_("This chat is gone."))
        if not _is_known(writing, session_id, key):
            _say(writing, session_id, PERSON, text, key=key)
        return int(writing.execute(select(ChatLine.id).where(ChatLine.key == _line_key(session_id, key))).scalar_one())


def _session(token: str, *, lock: bool = False) -> Any:
    query = select(ChatSession).where(ChatSession.digest == _digest(token))
    with unscoped("a visitor's own session"):
        row = session().execute(query.with_for_update() if lock else query).scalar()
    if row is None:
        raise NotFound(_("This chat is over; please begin anew."))
    return row


def _say(writing: Any, session_id: int, who: str, text: str, *, key: str = "") -> None:
    known = _line_key(session_id, key) if key else f"{session_id}:{secrets.token_hex(12)}"
    writing.execute(insert(ChatLine).values(session_id=session_id, who=who, text=text, at=utc_now(), key=known))


def _is_known(writing: Any, session_id: int, key: str) -> bool:
    query = select(ChatLine.id).where(ChatLine.key == _line_key(session_id, key))
    return bool(key) and writing.execute(query).scalar() is not None


def _count(writing: Any, session_id: int) -> int:
    return len(writing.execute(select(ChatLine.id).where(ChatLine.session_id == session_id)).all())


def _change(writing: Any, session_id: int, **values: Any) -> None:
    writing.execute(sql_update(ChatSession).where(ChatSession.id == session_id).values(**values))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _line_key(session_id: int, key: str) -> str:
    return f"{session_id}:{_digest(key)[:40]}"
