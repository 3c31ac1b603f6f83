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
from kumiko.web import assets, live

Rule = tuple[str, str, Callable[..., Any], tuple[str, ...]]


def rules() -> list[Rule]:
    """(address, endpoint, view, methods)."""
    return [
        ("/live", "web.live", live.live, ("GET",)),
    ]


def install(app: Flask) -> None:
    """Add the rules to the application."""
    app.add_url_rule("/a/<plugin>/<digest>/<path:path>", "web.static", public(assets.serve), methods=["GET"])
    for address, endpoint, view, methods in rules():
        app.add_url_rule(address, endpoint, view, methods=list(methods))
