"""The form of what is kept as JSON: tiles of dashboards, definitions of reports."""

from __future__ import annotations

import json
from typing import Any

from kumiko import Invalid
from kumiko import gettext as _

NUMBER, LINE, BARS, FUNNEL, TABLE, REPORT = "number", "line", "bars", "funnel", "table", "report"
KINDS = (NUMBER, LINE, BARS, FUNNEL, TABLE, REPORT)
MOST_TILES, MOST_METRICS, WIDEST = 40, 12, 4


def tiles(value: Any) -> list[dict[str, Any]]:
    """The tiles of a dashboard as they are kept; Invalid names the tile and what is wrong with it."""
    if not isinstance(value, list) or len(value) > MOST_TILES:
        raise _invalid(_("tiles are a list of at most %(most)d", most=MOST_TILES))
    found: list[dict[str, Any]] = []
    for number, one in enumerate(value, 1):
        if not isinstance(one, dict):
            raise _invalid(_("tile %(number)d is no object", number=number))
        found.append(_tile(number, one))
    return found


def definition(value: Any) -> dict[str, Any]:
    """The definition of a report as it is kept."""
    from kumiko_analytics.report_form import checked  # local: cycle

    return checked(value)


def parsed_filter(text: str) -> Any:
    """A filter written as JSON; None for nothing."""
    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Invalid(_("the filter is no JSON object"), {"filter": [_("the filter is no JSON object")]})
    return found


def _tile(number: int, one: dict[str, Any]) -> dict[str, Any]:
    kind, metrics = one.get("kind", NUMBER), one.get("metrics", [])
    if kind not in KINDS:
        raise _invalid(_("tile %(number)d: there is no kind %(kind)r; known: %(known)s", number=number,
                         kind=str(kind)[:40], known=", ".join(KINDS)))  # fmt: skip
    fits = isinstance(metrics, list) and len(metrics) <= MOST_METRICS and all(isinstance(key, str) for key in metrics)
    if not fits or (kind != REPORT and not metrics):
        raise _invalid(_("tile %(number)d: metrics is a list of 1 to %(most)d keys", number=number, most=MOST_METRICS))
    width = one.get("width", 1)
    if not isinstance(width, int) or not 1 <= width <= WIDEST:
        raise _invalid(_("tile %(number)d: width is from 1 to %(most)d", number=number, most=WIDEST))
    report = one.get("report")
    if kind == REPORT and not (isinstance(report, int) and report > 0):
        raise _invalid(_("tile %(number)d: report is the id of a report", number=number))
    made: dict[str, Any] = {"kind": kind, "metrics": [key[:80] for key in metrics], "width": width}
    for name in ("title", "tab", "group"):
        text = one.get(name, "")
        if not isinstance(text, str):
            raise _invalid(_("tile %(number)d: %(name)s is a text", number=number, name=name))
        made[name] = text.strip()[:80]
    return made | ({"report": report} if kind == REPORT else {})


def _invalid(sentence: str) -> Invalid:
    return Invalid(sentence, {"tiles": [sentence]})
