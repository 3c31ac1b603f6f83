"""The identity rules: what joins by itself, what is only proposed, from how sure on. Set on the page of settings."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import Field, SettingsSection
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.settings import settings_of

SHOWN_FROM, SURE_FROM = 60, 90


def section() -> SettingsSection:
    """The settings."""
    return SettingsSection(
        title=_l("Duplicates and identity"),
        fields=(
            Field(
                name="email_joins", kind="boolean", default=True, label=_l("The same e-mail joins by itself"),
                help=_l(
                    "An inquiry from an address that exactly one customer or open lead has goes to them. Off: it waits "
                    "in the inbox, and the match is only proposed."
                ),
            ),
            Field(
                name="phone_joins", kind="boolean", default=True, label=_l("The same phone number joins by itself"),
                help=_l(
                    "Likewise for a number. A name, a company, a browser or a shared device never joins anybody: that "
                    "is only proposed, and what was joined can be taken back."
                ),
            ),
            Field(
                name="shown_from", kind="integer", default=SHOWN_FROM, minimum=30, maximum=99,
                label=_l("Propose from (per cent)"),
                help=_l("Pairs that are less likely the same are neither warned of nor listed."),
            ),
            Field(
                name="sure_from", kind="integer", default=SURE_FROM, minimum=50, maximum=100,
                label=_l("Sure from (per cent)"),
                help=_l("Pairs that may be merged many at once. Nothing is ever merged unless somebody asks for it."),
            ),
        ),
    )  # fmt: skip


def shown_from() -> int:
    """From which score on a match is shown."""
    return _number("shown_from", SHOWN_FROM)


def sure_from() -> int:
    """From which score on pairs may be merged many at once."""
    return max(_number("sure_from", SURE_FROM), shown_from())


def joins_by_itself(by: str) -> bool:
    """Whether the same "email" or "phone" joins what comes in to who is known, without anybody deciding."""
    found = settings_of("duplicates").get(f"{by}_joins", False)
    return bool(found)


def _number(name: str, usual: int) -> int:
    found: Any = settings_of("duplicates").get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else usual
