"""Passwords: which are accepted, how they are kept (argon2), and how many are hashed at the same time."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import bindparam, delete, insert, select, update

from kumiko.access.models import Credential, table
from kumiko.host.columns import utc_now
from kumiko.host.context import transaction
from kumiko.host.errors import Busy, Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted

SHORTEST, LONGEST = 10, 200  # characters; the upper end keeps a request from hashing megabytes
_HASH_WAIT_S = 10
_hasher = PasswordHasher()
_at_once = threading.BoundedSemaphore(2)  # each hash takes 64 MB for a tenth of a second
_credential = table(Credential)

_TRIED_FIRST = frozenset({"kumikokumiko", "kumiko-kumiko", "kumiko1234", "letmeinplease", "changeme123"})
_EASY = 2  # of zxcvbn's 0 to 4: below it, less than a million guesses open the account


def refusals(password: str, *, email: str = "", name: str = "") -> list[str]:
    """Sentences that say why a new password is not accepted; empty when it is."""
    folded = password.casefold()
    if len(password) < SHORTEST:
        return [
            _("The password has %(found)d characters; wanted at least %(least)d.", found=len(password), least=SHORTEST)
        ]
    if len(password) > LONGEST:
        return [_("The password has %(found)d characters; at most %(most)d fit.", found=len(password), most=LONGEST)]
    mine = [one.casefold() for one in (email, email.partition("@")[0], name) if one]
    parts = [part for one in mine for part in re.split(r"[^\w]+", one) if len(part) > 2]
    if folded in mine:
        return [_("The password is your name or e-mail address; choose something only you know.")]
    if folded in _TRIED_FIRST or _is_easy(password, [*mine, *parts]):
        return [_("This password is among the first that anybody tries; choose another one.")]
    return []


def _is_easy(password: str, mine: list[str]) -> bool:
    """Whether it is a common password or close to one: with another ending, a year behind it, or made of one's name."""
    from zxcvbn import zxcvbn  # local: reads its word lists, and only new passwords need them

    return int(zxcvbn(password[:72], user_inputs=mine)["score"]) < _EASY


def check(password: str, *, email: str = "", name: str = "") -> None:
    """Invalid, with the sentences for the field `password`, when a new password is not accepted."""
    found = refusals(password, email=email, name=name)
    if found:
        raise Invalid(found[0], {"password": found})


def set_password(user_id: int, password: str) -> None:
    """Give a user this password (checked by the caller). Hashes before it opens the transaction."""
    _store([user_id], hashed(password), known=False)


def set_known_password(user_ids: Sequence[int], password: str) -> None:
    """Give sample users a password that everybody may know; a server that others can reach refuses to start with it."""
    _store(user_ids, hashed(password), known=True)


def _store(user_ids: Sequence[int], made: str, *, known: bool) -> None:
    rows = [{"user_id": one, "hash": made, "known": known, "changed_at": utc_now()} for one in user_ids]
    with transaction():
        trusted(delete(_credential).where(_credential.c.user_id.in_(user_ids)))
        trusted(insert(_credential), rows)


def has_password(user_id: int) -> bool:
    query = select(_credential.c.user_id).where(_credential.c.user_id == bindparam("user_id"))
    return trusted(query, {"user_id": user_id}).first() is not None


def hashed(password: str) -> str:
    """The argon2 hash to store; Busy when too many are being made."""
    with _turn():
        return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one. As slow for an unknown account, so that nobody learns which exist."""
    with _turn():
        try:
            return _hasher.verify(stored or _of_nobody(), password[: LONGEST + 1]) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def renew(user_id: int, stored: str, password: str) -> None:
    """Store a fresh hash when the parameters have become stronger since it was made."""
    if _hasher.check_needs_rehash(stored):
        fresh = hashed(password)
        with transaction():
            trusted(update(_credential).where(_credential.c.user_id == user_id).values(hash=fresh))


@cache
def _of_nobody() -> str:
    return _hasher.hash("the password of nobody")


@contextmanager
def _turn() -> Iterator[None]:
    if not _at_once.acquire(timeout=_HASH_WAIT_S):
        raise Busy(_("Too many people are signing in at this moment; try again in a few seconds."), retry_after_s=5)
    try:
        yield
    finally:
        _at_once.release()
