"""Who is meant by "@Anna Weber" or "@[Anna Weber](user:17)" in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import Table, select

from kumiko.access.models import User
from kumiko.host.context import current
from kumiko.host.scoping import trusted

_user: Table = User.__table__  # type: ignore[assignment]
_EXACT = re.compile(r"@\[[^\]\n]{1,300}\]\(user:(\d{1,18})\)")
_START = re.compile(r"(?<![\w@.])@(?=\w)")
_CACHE = ("notify", "active users")


def mentioned_users(text: str | None) -> list[int]:
    """Ids of the active users that a text mentions, in the order of their first mention.

    A plain "@" counts when a user's whole name follows, or a first name that only one user has; the longest name wins.
    """
    if not text or "@" not in text:
        return []
    users = _active_users()
    found: dict[int, int] = {}
    for match in _EXACT.finditer(text):
        if int(match[1]) in users:
            found.setdefault(int(match[1]), match.start())
    plain = _EXACT.sub(lambda match: " " * len(match[0]), text)
    for at, user_id in _by_name(plain, users):
        found[user_id] = min(found.get(user_id, at), at)
    return sorted(found, key=lambda user_id: found[user_id])


def without_marks(text: str) -> str:
    """The text with "@[Anna Weber](user:17)" written as "@Anna Weber"."""
    return re.sub(r"@\[([^\]\n]{1,300})\]\(user:\d{1,18}\)", r"@\1", text)


def _by_name(text: str, users: dict[int, str]) -> Iterator[tuple[int, int]]:
    whole: dict[str, list[int]] = {}
    first: dict[str, list[int]] = {}
    for user_id, name in users.items():
        words = name.casefold().split()
        whole.setdefault(" ".join(words), []).append(user_id)
        first.setdefault(words[0] if words else "", []).append(user_id)
    names = {**first, **whole}
    by_length = sorted((name for name, ids in names.items() if name and len(ids) == 1), key=len, reverse=True)
    for match in _START.finditer(text):
        rest = re.sub(r"[^\S\n]+", " ", text[match.end() : match.end() + 320]).casefold()
        for name in by_length:
            if rest.startswith(name) and not rest[len(name) : len(name) + 1].isalnum():
                yield match.start(), names[name][0]
                break


def _active_users() -> dict[int, str]:
    cache = current().cache
    if _CACHE not in cache:
        query = select(_user.c.id, _user.c.name).where(_user.c.active.is_(True), _user.c.deleted_at.is_(None))
        cache[_CACHE] = {row.id: row.name for row in trusted(query)}
    found: dict[int, str] = cache[_CACHE]
    return found
