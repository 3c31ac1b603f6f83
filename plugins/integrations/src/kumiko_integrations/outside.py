"""Calling the addresses of web hooks: as the platform calls addresses, by this module's own setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kumiko import CannotReach, call_outside, settings_of
from kumiko import check_url as check_address

LARGEST_TEXT = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What the other side said; `text` is the beginning of its body."""

    status: int
    text: str


def check_url(url: str) -> str:
    """What is wrong with an address, as a sentence; "" when it may be called. Names are looked up when it is called."""
    return check_address(url, allow_private=_private_allowed(), allow_plain=True)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post to an address; CannotReach with a sentence when nothing answers. Redirects are not followed."""
    found = call_outside(
        "POST", url, body=body, headers=headers, allow_private=_private_allowed(), allow_plain=True
    )  # fmt: skip
    return Answer(found.status, found.body[:LARGEST_TEXT].decode("utf-8", "replace").replace("\x00", ""))


def _private_allowed() -> bool:
    return bool(settings_of("integrations").get("allow_private"))


__all__ = ["Answer", "CannotReach", "check_url", "post"]
