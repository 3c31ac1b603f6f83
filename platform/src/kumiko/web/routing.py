"""The few rules that answer for every record type. A plugin's own rule weighs more than these and wins.

    /COLLECTION                      list            /COLLECTION/ID                    card
    /COLLECTION/new                  form            /COLLECTION/ID/edit               form
    /COLLECTION/bin /totals /bulk    ...             /COLLECTION/ID/cell/FIELD         one value
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from kumiko.access.gate import public
from kumiko.web import assets, cards, columns, composer, lists, live, panels, views

Rule = tuple[str, str, Callable[..., Any], tuple[str, ...]]


def rules() -> list[Rule]:
    """(address, endpoint, view, methods)."""
    return [
        ("/live", "web.live", live.live, ("GET",)),
        ("/<collection>", "web.list", lists.list_records, ("GET",)),
        ("/<collection>/<int:record_id>", "web.card", cards.show, ("GET",)),
        ("/<collection>/<int:record_id>/peek", "web.peek", cards.peek, ("GET",)),
        ("/<collection>/<int:record_id>/timeline", "web.timeline", cards.more_timeline, ("GET",)),
        ("/<collection>/<int:record_id>/timeline", "web.write", composer.write, ("POST",)),
        ("/<collection>/<int:record_id>/panels/<plugin>/<key>", "web.panel", panels.lazy_panel, ("GET",)),
        ("/<collection>/totals", "web.totals", lists.totals, ("GET",)),
        ("/<collection>/filter-row", "web.filter_row", lists.new_filter_row, ("GET",)),
        ("/<collection>/columns", "web.columns", columns.choose_columns, ("GET", "POST")),
        ("/<collection>/views/new", "web.new_view", views.new_view, ("GET", "POST")),
        ("/<collection>/views/<int:view_id>/delete", "web.delete_view", views.delete_view, ("POST",)),
    ]


def install(app: Flask) -> None:
    """Add the rules to the application."""
    app.add_url_rule("/a/<plugin>/<digest>/<path:path>", "web.static", public(assets.serve), methods=["GET"])
    for address, endpoint, view, methods in rules():
        app.add_url_rule(address, endpoint, view, methods=list(methods))
