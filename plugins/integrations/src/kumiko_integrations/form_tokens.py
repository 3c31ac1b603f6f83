"""Tokens of drawn forms: each drawing has one, so a click that is repeated sends the same message once, and who
answers faster than people can is a robot."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from kumiko_integrations.sealing import derived_key

LONGEST_S = 2 * 24 * 3600


@dataclass(frozen=True)
class Drawn:
    """A token that this installation made: its own word, and how old it is."""

    word: str
    age_s: float


def make_token(form_key: str) -> str:
    """A token for one drawing of a form."""
    text = f"{secrets.token_urlsafe(12)}.{int(time.time() * 1000)}"
    return f"{text}.{_signature(form_key, text)}"


def read_token(form_key: str, token: str) -> Drawn | None:
    """What a token says; None when it is not ours, of another form, or older than two days."""
    text, _dot, signature = token.rpartition(".")
    word, _dot, moment = text.partition(".")
    if len(token) > 200 or not word or not moment.isdecimal() or len(moment) > 15:
        return None
    try:
        if not hmac.compare_digest(signature, _signature(form_key, text)):
            return None
    except (TypeError, binascii.Error):  # signs beyond ASCII
        return None
    age_s = time.time() - int(moment) / 1000
    return Drawn(word, age_s) if -60 < age_s < LONGEST_S else None


def _signature(form_key: str, text: str) -> str:
    made = hmac.new(derived_key("forms"), f"{form_key}:{text}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:18]).decode("ascii")
