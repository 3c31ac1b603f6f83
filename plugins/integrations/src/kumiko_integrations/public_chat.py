"""Addresses of the chat that visitors reach; like those of forms, outside of the guard against forged requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, make_response, request

from kumiko import Forbidden, Invalid, KumikoError, NotFound, browser, draw_page, feature, reading_as, unguarded
from kumiko import gettext as _
from kumiko_integrations import chat
from kumiko_integrations.accounts import find_connection_by_key
from kumiko_integrations.chat_flow import Bot, bot_of
from kumiko_integrations.models import CHAT

blueprint = feature("chat")(Blueprint("integrations_chat", __name__))
_SCRIPT = Path(__file__).parent / "static" / "integrations" / "chat-embed.js"
LARGEST_BODY = 64 * 1024


@blueprint.get("/integrations/chat/<key>/chat.js")
@unguarded
def script(key: str) -> Response:
    """The snippet's script: the same for every chat; it finds out by its own address which one it draws."""
    _bot(key)
    response = make_response(_SCRIPT.read_bytes())
    response.mimetype = "text/javascript"
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.get("/integrations/chat/<key>")
@unguarded
def page(key: str) -> Response:
    """A page with nothing but the chat, to try it."""
    bot = _bot(key)
    with reading_as(bot.language):
        return draw_page("integrations/chat.html", bot=bot, script=f"/integrations/chat/{bot.key}/chat.js")


@blueprint.post("/integrations/chat/<key>/begin")
@unguarded
def begin(key: str) -> Response:
    """POST page, referrer: a new session."""
    bot, given = _asked(key)
    with reading_as(bot.language):
        return _answered(
            lambda: chat.begin(
                bot, page=given.get("page", ""), referrer=given.get("referrer", ""), address=browser().address
            ),
            name=bot.name, words=_words(),
        )  # fmt: skip


@blueprint.post("/integrations/chat/<key>/say")
@unguarded
def say(key: str) -> Response:
    """POST token, text, key, after: a line of the visitor, and what the bot says to it."""
    bot, given = _asked(key)
    with reading_as(bot.language):
        return _answered(
            lambda: chat.say(
                bot, given.get("token", ""), given.get("text", ""), given.get("key", "")[:100],
                after=_number(given.get("after", "")), address=browser().address,
            )
        )  # fmt: skip


@blueprint.post("/integrations/chat/<key>/lines")
@unguarded
def lines(key: str) -> Response:
    """POST token, after: what was said since. A POST, so that the token stands in no log; it changes nothing."""
    bot, given = _asked(key)
    token = given.get("token", "")
    with reading_as(bot.language):
        return _answered(lambda: chat.Visit(token, chat.lines_after(token, _number(given.get("after", ""))), ()))


@blueprint.after_request
def _allow_origin(response: Response) -> Response:
    origin = request.headers.get("Origin", "")
    if origin and urlsplit(origin).scheme in ("http", "https"):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.vary.add("Origin")
    return response


def _bot(key: str) -> Bot:
    row = find_connection_by_key(key)
    if row is None or row.channel != CHAT:
        raise NotFound(_("This chat is not there, or no longer."))
    return bot_of(row)


def _asked(key: str) -> tuple[Bot, dict[str, str]]:
    request.max_content_length = LARGEST_BODY
    bot = _bot(key)
    origin = request.headers.get("Origin", "").lower()
    if origin and bot.origins and origin not in bot.origins and urlsplit(origin).netloc != request.host.lower():
        raise Forbidden(_("This chat is for other web sites; %(site)s is not on its list.", site=origin[:200]))
    return bot, request.form.to_dict()


def _answered(deed: Any, **more: Any) -> Response:
    try:
        visit = deed()
    except KumikoError as fault:
        status = 422 if isinstance(fault, Invalid) else 404 if isinstance(fault, NotFound) else 429
        return make_response(jsonify(ok=False, message=fault.message), status)
    return jsonify(
        ok=True, token=visit.token, choices=list(visit.choices),
        lines=[{"id": one.id, "who": one.who, "text": one.text} for one in visit.lines], **more,
    )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0


def _words() -> dict[str, str]:
    return {
        "open": _("Open the chat"), "close": _("Close the chat"), "write": _("Write a message"), "send": _("Send"),
        "failed": _("That did not work. Please try again."), "you": _("You"), "bot": _("Bot"), "person": _("We"),
    }  # fmt: skip
