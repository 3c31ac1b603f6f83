"""E-mail addresses and phone numbers from outside: what is none is kept in the raw item, and does not stop anything."""

from __future__ import annotations

import re

from kumiko_deals import texts

_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{3,30}")


def email_of(text: str) -> str | None:
    """The address in small letters, None for what is none."""
    from email_validator import (
        EmailNotValidError,
        validate_email,
    )  # local: slow to load, and not every process needs it

    found = texts.line(text, 254).strip("<> ").lower()
    try:
        return validate_email(found, check_deliverability=False).normalized.lower() if found else None
    except EmailNotValidError:
        return None


def phone_of(text: str) -> str | None:
    """The number, in E.164 form when it has a country; None for what is none."""
    from kumiko import normal_phone  # local: loads the world's numbers

    found = texts.line(text, 40)
    return normal_phone(found) if _PHONE.fullmatch(found) else None
