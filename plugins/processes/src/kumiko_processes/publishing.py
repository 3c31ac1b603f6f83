"""Publishing a draft, going back to an edition, switching on and off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, insert, select

from kumiko import Conflict, Invalid, current, principal, session, unscoped, update, utc_now
from kumiko import gettext as _
from kumiko_processes import checks, live, starting, watch
from kumiko_processes.models import OFF, ON, PROCESS, Edition
from kumiko_processes.rules import by_engine
from kumiko_processes.tree import CLOCK_TRIGGERS


def has_changes(record: Any) -> bool:
    """Whether the draft differs from what is published."""
    return record.get("draft") is not None and record.get("draft") != record.get("tree")


def publish(record: Any, _values: Mapping[str, Any]) -> None:
    """Make the draft the edition that new runs go by, and switch the process on. Invalid with all that is wrong."""
    draft = record.get("draft")
    found = checks.problems(draft, record.get("about"), record.id)
    if found:
        raise Invalid(_("This cannot be published yet."), {"draft": [one.text for one in found]})
    with unscoped("editions are counted"):
        last = session().execute(select(func.max(Edition.number)).where(Edition.process_id == record.id)).scalar()
        number = (last or 0) + 1
        session().execute(
            insert(Edition),
            [{"process_id": record.id, "number": number, "tree": draft, "at": utc_now(), "by_id": principal().user_id}],
        )
    _write(record.id, {"tree": draft, "edition": number, "state": ON, "fault": None})
    process = starting.find(record.id)
    if process is not None and draft["trigger"].get("on") in CLOCK_TRIGGERS:
        watch.first_look(process)


def go_back(record: Any, values: Mapping[str, Any]) -> None:
    """Take an earlier edition as the draft; publishing it makes it run again."""
    with unscoped("an earlier edition is read"):
        tree = session().execute(
            select(Edition.tree).where(Edition.process_id == record.id, Edition.number == values["edition"])
        ).scalar()  # fmt: skip
    if tree is None:
        raise Conflict(_("There is no edition %(number)s of this process.", number=values["edition"]))
    _write(record.id, {"draft": tree})


def switch_on(record: Any, _values: Mapping[str, Any]) -> None:
    """New runs start again."""
    found = checks.problems(record.get("tree"), record.get("about"), record.id)
    if found:
        raise Conflict(found[0].text)
    _write(record.id, {"state": ON, "fault": None})


def switch_off(record: Any, _values: Mapping[str, Any]) -> None:
    """No new run starts; what is on its way goes on."""
    _write(record.id, {"state": OFF})


def _write(process_id: int, values: Mapping[str, Any]) -> None:
    with by_engine():
        update(PROCESS, process_id, values)
    current().after_commit.append(live.forget)
    live.forget()
