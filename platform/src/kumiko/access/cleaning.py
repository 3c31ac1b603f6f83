"""Nightly: sessions, links and counts that are over are deleted."""

from __future__ import annotations

from typing import Any

from kumiko.access import devices, limits, links, sessions, throttle
from kumiko.host.columns import utc_now


def forget_old(_job: Any) -> None:
    """Delete what no longer opens or slows anything."""
    now = utc_now()
    sessions.forget_old(now)
    links.forget_old(now)
    throttle.forget_old(now)
    limits.forget_old(now.timestamp())
    devices.forget_old(now)
