"""The log of acts that are no record changes: sign-ins, looking as somebody else, tokens, exports, switched modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select

from kumiko.host.columns import utc_now
from kumiko.host.context import Principal, current, principal, transaction
from kumiko.host.errors import Forbidden
from kumiko.host.i18n import gettext as _
from kumiko.host.models import Audit
from kumiko.host.scoping import trusted

_audit: Any = Audit.__table__


def note(act: str, subject: str = "", *, actor: Principal | None = None, **details: Any) -> None:
    """Write one line of the log, in the open transaction or one of its own. `details` must be JSON."""
    who = actor or current().principal
    row = {
        "at": utc_now(),
        "actor_id": who.user_id if who else None,
        "actor": (who.name if who else "")[:200],
        "act": act,
        "subject": subject[:200],
        "details": {key: value for key, value in details.items() if value not in (None, "")},
    }
    with transaction():
        trusted(insert(_audit).values(row))


def newest(limit: int = 100, *, before_id: int | None = None, act: str = "") -> Sequence[Any]:
    """Rows of the log, newest first (id at actor act subject details); Forbidden without the permission audit.read."""
    if not principal().may("audit.read"):
        raise Forbidden(_("Your role does not allow you to read the log."))
    query = select(_audit).order_by(_audit.c.id.desc()).limit(min(limit, 500))
    if before_id is not None:
        query = query.where(_audit.c.id < before_id)
    if act:
        query = query.where(_audit.c.act == act)
    return trusted(query).all()
