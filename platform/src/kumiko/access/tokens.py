"""Access tokens for the API: shown once, stored as a hash, as mighty as their user or reading only."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from kumiko.access import audit
from kumiko.access.models import Token, table
from kumiko.access.principals import digest
from kumiko.host.columns import utc_now
from kumiko.host.context import transaction
from kumiko.host.scoping import trusted

PREFIX = "kmk_"  # lets scanners of repositories recognise a leaked one
_token = table(Token)


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """A token as its user sees it; the secret itself is not kept."""

    id: int
    name: str
    read_only: bool
    created_at: datetime
    used_at: datetime | None
    scopes: Sequence[str] | None
    expires_at: datetime | None


def make(
    user_id: int,
    *,
    name: str = "",
    read_only: bool = False,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
) -> str:
    """A new token of a user; the returned text is the only copy. `scopes`: checked words (`kumiko.access.scopes`)."""
    secret = PREFIX + secrets.token_urlsafe(32)
    row = {
        "token_hash": digest(secret),
        "user_id": user_id,
        "name": name.strip()[:120],
        "read_only": read_only,
        "created_at": utc_now(),
        "scopes": None if scopes is None else list(scopes),
        "expires_at": expires_at,
    }
    with transaction():
        trusted(insert(_token).values(row))
        audit.note("token.made", name.strip(), user_id=user_id, read_only=read_only, scopes=row["scopes"])
    return secret


def revoke(token_id: int, *, user_id: int | None = None) -> bool:
    """End a token; with `user_id` only if it is that user's. Whether there was one."""
    query = delete(_token).where(_token.c.id == token_id)
    if user_id is not None:
        query = query.where(_token.c.user_id == user_id)
    with transaction():
        gone = trusted(query).rowcount > 0
        if gone:
            audit.note("token.revoked", str(token_id), user_id=user_id)
    return gone


def list_of(user_id: int) -> Sequence[AccessToken]:
    """The user's tokens, newest first."""
    query = (
        select(*(_token.c[one.name] for one in fields(AccessToken)))
        .where(_token.c.user_id == bindparam("user_id"))
        .order_by(_token.c.id.desc())
    )
    return [AccessToken(**row) for row in trusted(query, {"user_id": user_id}).mappings()]
