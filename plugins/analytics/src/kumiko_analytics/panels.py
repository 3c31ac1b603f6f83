"""Parts of other pages: the link to a dashboard on its card, the own figures on the start page."""

from __future__ import annotations

from typing import Any

from kumiko import company_today, find
from kumiko_analytics import dashboards, tiles
from kumiko_analytics.checks import NUMBER
from kumiko_analytics.dashboard_pages import may_edit
from kumiko_analytics.periods import preset_period
from kumiko_analytics.record_types import DASHBOARD_KEY

SHOWN = 4


def link_panel(record: Any) -> dict[str, Any] | None:
    """What the card of a dashboard shows of it."""
    return {
        "show_href": f"/analytics/dashboards/{record.id}/show",
        "edit_href": f"/analytics/dashboards/{record.id}/edit" if may_edit(record) else "",
        "tiles": len(dashboards.tiles_of(record)),
    }


def report_panel(record: Any) -> dict[str, Any] | None:
    """What the card of a report shows of it."""
    path = f"/analytics/reports/{record.id}"
    return {"show_href": path, "edit_href": f"{path}/edit" if may_edit(record) else ""}


def start_panel(_record: Any) -> dict[str, Any] | None:
    """The first numbers of the dashboard that opens first for this person."""
    first = dashboards.first_of(dashboards.known())
    record = find(DASHBOARD_KEY, first) if first is not None else None
    if record is None:
        return None
    numbers = [(place, tile) for place, tile in enumerate(dashboards.tiles_of(record)) if tile["kind"] == NUMBER]
    drawn = tiles.draw(numbers[:SHOWN], preset_period(record.get("period") or "quarter", company_today()), {})
    return {"tiles": drawn, "href": f"/analytics/dashboards/{first}/show"} if drawn else None
