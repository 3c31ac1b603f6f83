"""The module's own pages."""

from __future__ import annotations

from flask import Blueprint

from kumiko_processes import builder_routes, new_routes, run_routes

blueprint = Blueprint("processes", __name__)
builder_routes.add_rules(blueprint)
new_routes.add_rules(blueprint)
run_routes.add_rules(blueprint)
