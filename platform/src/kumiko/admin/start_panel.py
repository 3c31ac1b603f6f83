"""The panel of the start page for administrators: the ways to what is set up, and what has failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko.admin import desk
from kumiko.host.context import principal
from kumiko.jobs import queries
from kumiko.jobs.models import DEAD
from kumiko.web.viewmodels import Link


def load(_record: Any) -> Mapping[str, Any] | None:
    """The pages of administration, and how many jobs have failed for good."""
    dead = queries.counts().by_status[DEAD] if principal().may("jobs.manage") else 0
    groups = [
        (str(label), [Link(str(name), href, icon) for _key, name, href, icon, _may in pages])
        for label, pages in desk.of_person()
    ]
    return {"groups": groups, "dead": dead}
