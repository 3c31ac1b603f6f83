"""The Bot API of Telegram: updates in, messages out."""

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime

from kumiko import Conflict, Delivered, Invalid, NotDelivered, Polled, RawItem
from kumiko_contracts.inquiries import Incoming, Sender

TIMEOUT_S = 20
LONGEST_TEXT = 4096  # characters that one message may have
_KINDS = ("photo", "video", "voice", "audio", "document", "sticker", "location")


class _Refused(Exception):
    """The API said no: its code and its sentence."""

    def __init__(self, code, said):
        super().__init__(said)
        self.code, self.said = code, said


def poll(account, cursor):
    """Updates since the cursor, in batches. Asking with an offset confirms what lies before it, which is stored."""
    offset = int(cursor or 0)
    while True:
        updates = _ask(account, "getUpdates", {"offset": offset, "limit": 100, "timeout": 0})
        if not updates:
            return
        offset = max(update["update_id"] for update in updates) + 1
        yield Polled(items=[_item(update) for update in updates if _message(update)], cursor=offset)


def _item(update):
    sent_at = datetime.fromtimestamp(_message(update).get("date", 0), UTC)
    title = f"{_name(_message(update))}: {_message(update).get('text', '')}"
    body = json.dumps(update, ensure_ascii=False).encode()
    return RawItem(external_id=str(update["update_id"]), body=body, received_at=sent_at, meta={"title": title[:100]})


def read(account, item):
    """The message of an update."""
    message = _message(json.loads(item.body))
    if not message or "chat" not in message:
        raise Invalid("This update of Telegram holds no message.")
    notes = [f"[{kind}]" for kind in _KINDS if kind in message]
    text = "\n".join([part for part in (message.get("text"), message.get("caption")) if part] + notes)
    contact = message.get("contact") or {}
    return Incoming(
        channel="messenger",
        account=account.key,
        external_id=item.external_id,
        received_at=item.received_at,
        sender=Sender(name=_name(message), phone=contact.get("phone_number", ""), handle=str(message["chat"]["id"])),
        text=text or "[contact]",
        language=(message.get("from") or {}).get("language_code", ""),
        thread=str(message["chat"]["id"]),
        raw=message,
    )


def send(account, outgoing, key):
    """Answer in a chat. Long texts go out in parts; only the first one can be refused without anything having left."""
    chat_id = outgoing.thread or (outgoing.to[0] if outgoing.to else "")
    text = outgoing.text or outgoing.subject or "…"
    ids = []
    for start in range(0, len(text), LONGEST_TEXT):
        part = text[start : start + LONGEST_TEXT]
        try:
            ids.append(_ask(account, "sendMessage", {"chat_id": chat_id, "text": part})["message_id"])
        except _Refused as no:
            later = no.code == 429 or no.code >= 500
            raise NotDelivered(f"Telegram said: {no.said}", final=not later or bool(ids)) from None
        except urllib.error.URLError as fault:
            if isinstance(fault.reason, TimeoutError):
                raise  # it may have been taken
            raise NotDelivered(f"Telegram cannot be reached: {fault.reason}", final=bool(ids)) from None
    return Delivered(external_id=f"{chat_id}:{ids[0]}")


def check(account):
    """What is wrong, as a sentence."""
    if not account.secrets.get("token"):
        return "The token is missing; BotFather gives one."
    try:
        _ask(account, "getMe", {})
    except _Refused as no:
        return f"Telegram does not accept the token: {no.said}"
    except (OSError, ValueError) as fault:
        return f"Telegram cannot be reached: {fault}"
    return ""


def _ask(account, method, values):
    """The result of a method of the API."""
    url = f"{account.settings['api_url'].rstrip('/')}/bot{account.secrets.get('token', '')}/{method}"
    if not url.startswith(("http://", "https://")):
        raise Conflict("The address of the API must begin with https://.")
    data = json.dumps(values).encode()
    asked = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return json.load(answer)["result"]
    except urllib.error.HTTPError as no:
        try:
            said = json.load(no).get("description", "")
        except ValueError:
            said = ""
        raise _Refused(no.code, said or f"status {no.code}") from None


def _message(update):
    return update.get("message") or update.get("edited_message") or {}


def _name(message):
    who = message.get("from") or {}
    return " ".join(part for part in (who.get("first_name"), who.get("last_name")) if part) or who.get("username", "")
