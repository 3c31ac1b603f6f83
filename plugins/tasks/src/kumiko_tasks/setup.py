"""What a company starts with: templates that people choose."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kumiko import catalogue, create, session, unit
from kumiko import gettext as _
from kumiko_contracts.sales import STAGE
from kumiko_tasks.models import TEMPLATE, Template


def make_templates() -> None:
    """The first templates; nothing when there is, or ever was, one."""
    if session().execute(select(Template.id).limit(1)).first() is not None:
        return
    chosen: list[dict[str, Any]] = [
        {"name": _("Call back"), "kind": "call", "due_in": 30, "due_unit": "working_minutes", "priority": "high"},
        {"name": _("Ask how it went"), "kind": "call", "due_in": 5, "due_unit": "working_days"},
        {"name": _("Send the documents"), "kind": "mail", "due_in": 1, "due_unit": "working_days"},
    ]
    with unit(reason=_("templates that come with tasks")):
        for place, values in enumerate(chosen, 1):
            create(TEMPLATE, {**values, "position": place})


def stages() -> dict[str, int]:
    """Name of each stage -> its id; empty while no module keeps stages."""
    info = catalogue().find(STAGE)
    if info is None:
        return {}
    model: Any = info.type.model
    rows = session().execute(select(model.name, model.id).where(model.deleted_at.is_(None)).order_by(model.id))
    return {row.name: row.id for row in rows}
