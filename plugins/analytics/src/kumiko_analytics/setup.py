"""The dashboards that a company starts with: one for whoever answers for the whole, one for sellers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kumiko import create, session, unit
from kumiko import gettext as _
from kumiko_analytics.checks import BARS, FUNNEL, LINE, NUMBER, TABLE
from kumiko_analytics.record_types import DASHBOARD, DASHBOARD_KEY, PUBLIC


def make_dashboards() -> None:
    """Make both while there never was a dashboard; what somebody deleted does not come back."""
    model: Any = DASHBOARD.model
    if session().execute(select(model.id).limit(1)).first() is not None:
        return
    with unit(reason=_("dashboards that come with analytics")):
        for name, opens_for, tiles in (
            (_("Owner's dashboard"), "heads", owner_tiles()), (_("My figures"), "sellers", seller_tiles()),
        ):  # fmt: skip
            create(DASHBOARD_KEY, {
                "name": name, "sharing": PUBLIC, "opens_for": opens_for, "period": "quarter", "tiles": tiles,
            })  # fmt: skip


def tile(kind: str, *metrics: str, group: str = "", width: int = 1, title: str = "", tab: str = "") -> dict[str, Any]:
    """A tile as it is kept."""
    return {"kind": kind, "metrics": list(metrics), "group": group, "width": width, "title": title, "tab": tab}


def owner_tiles() -> list[dict[str, Any]]:
    """The whole business on one page, and two tabs behind it: where it comes from, and who does it."""
    channels, people = _("Channels and cost"), _("People")
    return [
        tile(NUMBER, "=revenue"), tile(NUMBER, "=pipeline"), tile(NUMBER, "=win_rate"),
        tile(NUMBER, "=average"),
        tile(NUMBER, "=forecast"), tile(NUMBER, "=cycle_median"),
        tile(NUMBER, "analytics.cost.cac"), tile(NUMBER, "analytics.cost.roi"),
        tile(FUNNEL, "=funnel", width=2),
        tile(LINE, "=revenue", group="time", width=2, title=_("Revenue won over time")),
        tile(BARS, "=revenue", group="owner", width=2, title=_("Revenue won by seller")),
        tile(TABLE, "=forecast", group="month", width=2, title=_("Weighted forecast by month")),
        tile(TABLE, "=stage_time", width=4),
        tile(TABLE, "=leads", "=deals", "=won", "=customers", "=revenue",
             "analytics.cost.marketing", "analytics.cost.per_lead", "analytics.cost.per_customer", "analytics.cost.cac",
             "analytics.cost.roi", group="source", width=4, title=_("Sources: what they cost and bring"), tab=channels),
        tile(BARS, "=leads", group="channel", width=2, title=_("Leads by channel"), tab=channels),
        tile(LINE, "=leads", group="time", width=2, title=_("Leads over time"), tab=channels),
        tile(NUMBER, "analytics.cost.all", tab=channels), tile(NUMBER, "analytics.cost.per_customer", tab=channels),
        tile(NUMBER, "analytics.cost.romi", tab=channels), tile(NUMBER, "analytics.value.expected", tab=channels),
        tile(LINE, "analytics.cost.marketing", group="month", width=2, tab=channels),
        tile(BARS, "analytics.value.history", group="organization", width=2, tab=channels,
             title=_("Customers by value")),
        tile(TABLE, "=won", "=revenue", "=attainment", "=win_rate", "=average",
             "=cycle_median", "=calls", "=punctuality", "=in_time", "analytics.rating", group="owner", width=4,
             title=_("Sellers"), tab=people),
        tile(NUMBER, "=response", tab=people), tile(NUMBER, "=in_time", tab=people),
        tile(NUMBER, "=punctuality", tab=people), tile(NUMBER, "=overdue", tab=people),
        tile(TABLE, "=lost", group="lost_reason", width=2, title=_("Why deals are lost"), tab=people),
        tile(BARS, "=calls", group="owner", width=2, tab=people),
    ]  # fmt: skip


def seller_tiles() -> list[dict[str, Any]]:
    """What a seller looks at: the figures of the deals that are his."""
    return [
        tile(NUMBER, "=revenue"), tile(NUMBER, "=pipeline"), tile(NUMBER, "=win_rate"),
        tile(NUMBER, "=forecast"),
        tile(LINE, "=revenue", group="time", width=2, title=_("Revenue won over time")),
        tile(FUNNEL, "=funnel", width=2),
        tile(NUMBER, "=average"), tile(NUMBER, "=cycle_median"), tile(NUMBER, "=customers"),
        tile(NUMBER, "=punctuality"),
        tile(TABLE, "=forecast", group="month", width=2, title=_("Weighted forecast by month")),
        tile(BARS, "=revenue", group="source", width=2, title=_("Revenue won by source")),
    ]  # fmt: skip
