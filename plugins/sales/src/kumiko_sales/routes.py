"""The module's own pages, in its one blueprint."""

from __future__ import annotations

from kumiko_sales import setup_routes
from kumiko_sales.figure_pages import blueprint

setup_routes.add_rules(blueprint)

__all__ = ["blueprint"]
