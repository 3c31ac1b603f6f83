"""Browsers in which somebody has signed in before: a sign-in from another one is told to the person."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select, update

from kumiko.access.models import Device, table
from kumiko.access.principals import digest
from kumiko.host.columns import utc_now
from kumiko.host.context import current
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted

KEPT = timedelta(days=400)
_device = table(Device)
_KNOWN = select(_device.c.token_hash, _device.c.trait).where(_device.c.user_id == bindparam("user_id"))

#: Tells a user about the safety of their account: (user's id, sentence, path on this site). Others put theirs into
#: `generation.state["on_security_news"]`.
Tell = Callable[[int, str, str], None]


def recognise(user_id: int, cookie: str, *, address: str, agent: str) -> str:
    """Part of a sign-in: cookie of the browser (a new one when it had none), after telling about an unknown one.

    The very first sign-in of a user tells nothing, nor does one from the same program at the same address as before:
    whoever deletes cookies is not warned of themselves each time.
    """
    rows = trusted(_KNOWN, {"user_id": user_id}).all()
    known, trait = {row.token_hash for row in rows}, digest(f"{address}\n{agent}")
    now = utc_now()
    if len(cookie) >= 20 and digest(cookie) in known:
        trusted(
            update(_device)
            .where(_device.c.token_hash == digest(cookie), _device.c.user_id == user_id)
            .values(last_at=now, trait=trait)
        )
        return cookie
    value = cookie if 20 <= len(cookie) <= 100 else secrets.token_urlsafe(24)
    row = {"token_hash": digest(value), "user_id": user_id, "trait": trait, "first_at": now, "last_at": now}
    trusted(insert(_device).values(row))
    if known and trait not in {row.trait for row in rows}:
        text = _("Somebody signed in to your account from a browser that was never used before: %(agent)s, "
                 "%(address)s. If it was not you, change your password; that ends all other sessions.",
                 agent=device_name(agent), address=address or _("unknown address"))  # fmt: skip
        tell(user_id, text, "/profile#ways-in")
    return value


def tell(user_id: int, text: str, href: str) -> None:
    """Tell a user about the safety of their account, as part of the open transaction."""
    generation = current().generation
    for one in () if generation is None else generation.state.get("on_security_news", ()):
        one(user_id, text, href)


def forget_old(now: datetime) -> None:
    """Delete browsers that nobody has used for more than a year."""
    trusted(delete(_device).where(_device.c.last_at < now - KEPT))


def device_name(agent: str) -> str:
    """Browser and system out of a user-agent header; good enough to recognise one's own."""
    found = next((name for word, name in _BROWSERS if word in agent), "")
    system = next((name for word, name in _SYSTEMS if word in agent), "")
    return _("%(browser)s on %(system)s", browser=found, system=system) if found and system else found or _("A browser")


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip
