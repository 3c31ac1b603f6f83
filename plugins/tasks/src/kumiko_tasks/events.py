"""The business facts that tasks states, each once, with the unit that made it true."""

from __future__ import annotations

from typing import Any

from kumiko import EventType
from kumiko import lazy_gettext as _l
from kumiko_contracts.tasks import FACTS, TASK_DONE, TASK_OVERDUE

_LABELS = {TASK_DONE: _l("Task done"), TASK_OVERDUE: _l("Task overdue")}

EVENTS = [EventType(name=fact.name, label=_LABELS[fact.name], fields=fact.fields) for fact in FACTS]


def facts_of(get: Any) -> dict[str, Any]:
    """What both facts say. `get`: name -> value, of a draft or a stored row."""
    related, deadline = get("related"), get("deadline_at")
    return {
        "kind": get("kind") or "to_do",
        "owner_id": get("owner"),
        "related_type": related.type_key if related else "",
        "related_id": related.id if related else None,
        "due_at": moment_text(deadline) if deadline else None,
    }


def moment_text(value: Any) -> str:
    """RFC 3339 in UTC."""
    return str(value.isoformat()).replace("+00:00", "Z")
