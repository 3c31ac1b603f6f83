"""Settings of signing in: how long a session lasts, who needs a second factor, whether a password may be reset by mail.

Sessions are looked up with every request; `settings` keeps what it read until somebody changes a setting.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kumiko.host import settings
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _

IDLE_HOURS, LIFETIME_DAYS = 168, 30
MOST_IDLE_HOURS, MOST_LIFETIME_DAYS = 24 * 90, 365
NOBODY, ROLES, EVERYBODY = "nobody", "roles", "everybody"


@dataclass(frozen=True, kw_only=True)
class SignInOptions:
    """What an administrator has set. `idle_hours`: a session unused for so long is over; `lifetime_days`: any session.

    `second_factor`: NOBODY, those with one of the `second_factor_roles`, or EVERYBODY must have one.
    """

    idle_hours: int = IDLE_HOURS
    lifetime_days: int = LIFETIME_DAYS
    second_factor: str = NOBODY
    second_factor_roles: tuple[str, ...] = ()
    reset_by_mail: bool = True

    @property
    def idle(self) -> timedelta:
        return timedelta(hours=self.idle_hours)

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=self.lifetime_days)

    def needs_second_factor(self, roles: Collection[str]) -> bool:
        """Whether a user with these roles must have a second factor."""
        if self.second_factor == ROLES:
            return any(role in self.second_factor_roles for role in roles)
        return self.second_factor == EVERYBODY


def read_options() -> SignInOptions:
    """The stored settings, with the defaults of those that were never set."""
    return SignInOptions(
        idle_hours=int(settings.get("access.idle_hours") or IDLE_HOURS),
        lifetime_days=int(settings.get("access.lifetime_days") or LIFETIME_DAYS),
        second_factor=str(settings.get("access.second_factor") or NOBODY),
        second_factor_roles=tuple(settings.get("access.second_factor_roles") or ()),
        reset_by_mail=settings.get("access.reset_by_mail", True) is not False,
    )


def checked(sent: Mapping[str, Any], roles: Collection[str]) -> dict[str, Any]:
    """Settings to store (`access.NAME` -> value); Invalid with sentences per field. `roles`: keys that exist."""
    errors: dict[str, list[str]] = {}
    idle_hours = _whole(sent, "idle_hours", MOST_IDLE_HOURS, errors)
    lifetime_days = _whole(sent, "lifetime_days", MOST_LIFETIME_DAYS, errors)
    wish = str(sent.get("second_factor") or NOBODY)
    chosen = [str(key) for key in sent.get("second_factor_roles") or () if key]
    if wish not in (NOBODY, ROLES, EVERYBODY):
        errors["second_factor"] = [_("choose nobody, some roles or everybody")]
    unknown = [key for key in chosen if key not in roles]
    if unknown:
        errors["second_factor_roles"] = [_("There is no role %(key)s; choose from the list.", key=unknown[0][:40])]
    if wish == ROLES and not chosen:
        errors["second_factor_roles"] = [_("Choose at least one role, or “nobody” above.")]
    if errors:
        raise Invalid(_("Some values are not accepted."), errors)
    return {
        "access.idle_hours": idle_hours,
        "access.lifetime_days": lifetime_days,
        "access.second_factor": wish,
        "access.second_factor_roles": chosen,
        "access.reset_by_mail": bool(sent.get("reset_by_mail")),
    }


def _whole(sent: Mapping[str, Any], name: str, most: int, errors: dict[str, list[str]]) -> int:
    text = str(sent.get(name) or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most):
        errors[name] = [
            _("wanted a whole number from 1 to %(most)d, found %(found)s", most=most, found=repr(text[:20]))
        ]
        return 0
    return int(text)
