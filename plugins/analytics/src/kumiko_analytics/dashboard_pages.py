"""Pages of dashboards: showing one, a tile that loads by itself, composing."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from kumiko import (
    Action,
    Forbidden,
    Link,
    NotFound,
    RecordView,
    company_zone,
    draw_page,
    get_for_setup,
    go_to,
    may,
    principal,
    save_record,
    version_sent,
)
from kumiko import gettext as _
from kumiko_analytics import checks, dashboards, tiles
from kumiko_analytics.dashboards import Bar
from kumiko_analytics.drill import chosen_of, query_of
from kumiko_analytics.periods import period_of
from kumiko_analytics.record_types import DASHBOARD_KEY
from kumiko_analytics.registry import figures
from kumiko_analytics.texts import period_text
from kumiko_analytics.tile_form import TileForm, forms_of, moved, tile_sent
from kumiko_contracts.deals import DEAL


@dataclass(frozen=True)
class DashboardView:
    """A dashboard with its tiles."""

    name: str
    path: str
    all: tuple[Link, ...]
    tabs: tuple[Link, ...]
    bar: Bar
    tiles: tuple[tiles.TileView, ...]
    period: str
    zone: str
    edit_href: str = ""
    is_own: bool = False
    missing: int = 0  # tiles that are not shown, because nobody offers their figures


def first() -> BaseResponse:
    """GET /analytics: the dashboard that opens first for this person; else the list, which offers a new one."""
    found = dashboards.first_of(dashboards.known())
    return redirect(f"/analytics/dashboards/{found}/show" if found is not None else "/dashboards", 303)


def show(dashboard_id: int) -> Response:
    """A dashboard with the figures of the records that the acting person may see."""
    record = get_for_setup("dashboards", dashboard_id, "read")
    period, chosen = period_of(request.args, record.get("period") or "quarter"), chosen_of(request.args)
    kept = dashboards.tiles_of(record)
    tabs = dashboards.tabs_of(kept)
    tab = request.args.get("tab", "")
    tab = tab if tab in tabs else tabs[0]
    path = f"/analytics/dashboards/{dashboard_id}/show"
    here = [(place, tile) for place, tile in enumerate(kept) if tile.get("tab", "") == tab]
    drawn = tiles.draw(here, period, chosen, lazy=f"/analytics/dashboards/{dashboard_id}/tile")
    view = DashboardView(
        name=record.title, path=path,
        all=tuple(Link(row.name, f"/analytics/dashboards/{row.id}/show?{query_of(period, chosen)}",
                       active=row.id == dashboard_id)
                  for row in dashboards.known()),
        tabs=tuple(Link(one or _("Overview"), f"{path}?{query_of(period, chosen, tab=one)}", active=one == tab)
                   for one in tabs) if len(tabs) > 1 else (),
        bar=dashboards.bar_of(path, period, chosen, [tile for _place, tile in here], {"tab": tab}),
        tiles=tuple(one for one in drawn if not one.is_missing), missing=sum(one.is_missing for one in drawn),
        period=period_text(period), zone=company_zone().key,
        edit_href=f"/analytics/dashboards/{dashboard_id}/edit" if may_edit(record) else "",
        is_own=principal().level(DEAL, "read") == "own",
    )  # fmt: skip
    return draw_page("analytics/dashboard.html", v=view)


def tile(dashboard_id: int, place: int) -> Response:
    """One tile, asked for when it comes into sight."""
    record = get_for_setup("dashboards", dashboard_id, "read")
    kept = dashboards.tiles_of(record)
    if place >= len(kept):
        raise NotFound(_("This dashboard has no such tile any more; load the page again."))
    period = period_of(request.args, record.get("period") or "quarter")
    drawn = tiles.draw([(place, kept[place])], period, chosen_of(request.args))[0]
    return draw_page("analytics/tile.html", t=drawn)


def may_edit(record: RecordView) -> bool:
    """Whether the person may compose it: it is his own, or he may edit those of everybody."""
    person = principal()
    if person.read_only or not may("edit", record.type.key):
        return False
    return person.level(record.type.key, "edit") == "all" or record.link_id("owner") == person.user_id


# ------------------------------------------------------------------ composing


@dataclass(frozen=True)
class EditView:
    """The tiles of a dashboard as forms, and one for a new tile."""

    name: str
    path: str
    show_href: str
    card_href: str
    version: int
    tiles: tuple[TileForm, ...]
    new: TileForm
    actions: tuple[Action, ...]


def _own(dashboard_id: int) -> RecordView:
    """A dashboard that the person may compose; Forbidden with the way on for one of somebody else."""
    record = get_for_setup("dashboards", dashboard_id, "read")
    if not may_edit(record):
        raise Forbidden(_("This dashboard is somebody else's; make your own copy and change that."))
    return record


def edit(dashboard_id: int, status: int = 200, problem: str = "") -> Response:
    """The page on which a dashboard is composed."""
    record = _own(dashboard_id)
    forms = forms_of(dashboards.tiles_of(record), figures())
    path = f"/analytics/dashboards/{dashboard_id}"
    view = EditView(
        name=record.title, path=f"{path}/edit", show_href=f"{path}/show", card_href=f"/dashboards/{dashboard_id}",
        version=record.version,
        tiles=tuple(forms[:-1]), new=forms[-1], actions=(Action(_("Show it"), f"{path}/show", "eye"),),
    )  # fmt: skip
    return draw_page("analytics/edit.html", status, v=view, problem=problem)


def change(dashboard_id: int) -> Response:
    """POST: add a tile, save, move or remove one: one unit each, with Undo."""
    record = _own(dashboard_id)
    kept = dashboards.tiles_of(record)
    deed = request.form.get("deed", "")
    number = request.form.get("place", "")
    place = int(number) if number.isdecimal() and len(number) < 4 else len(kept)
    if deed == "add":
        made = [*kept, tile_sent(request.form)]
    elif place >= len(kept) or deed not in ("save", "up", "down", "remove"):
        raise NotFound(_("This dashboard has no such tile any more; load the page again."))
    elif deed == "save":
        made = [*kept[:place], tile_sent(request.form), *kept[place + 1 :]]
    elif deed == "remove":
        made = [*kept[:place], *kept[place + 1 :]]
    else:
        made = moved(kept, place, -1 if deed == "up" else 1)
    unit_id = save_record(DASHBOARD_KEY, dashboard_id, {"tiles": checks.tiles(made)}, version=version_sent())
    said = {"add": _("Tile added"), "remove": _("Tile removed")}.get(deed, _("Saved"))
    return go_to(f"/analytics/dashboards/{dashboard_id}/edit", said if unit_id else "", undo_unit=unit_id)


def copy(dashboard_id: int) -> Response:
    """POST: a private copy of a dashboard that one may see, to be changed as one likes."""
    from kumiko import create  # local: the only write that makes a record

    record = get_for_setup("dashboards", dashboard_id, "read")
    made = create(DASHBOARD_KEY, {
        "name": _("%(name)s, my copy", name=record.title[:100]), "sharing": "private", "period": record.get("period"),
        "tiles": dashboards.tiles_of(record),
    })  # fmt: skip
    return go_to(f"/analytics/dashboards/{made.id}/edit", _("This copy is yours; only you see it."))
