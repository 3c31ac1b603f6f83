"""The module's own pages."""

from __future__ import annotations

from flask import Blueprint

from kumiko_sales import document_routes, figure_pages, goal_page, setup_routes, template_page

setup = Blueprint("sales_setup", __name__)
setup_routes.add_rules(setup)

blueprints = [setup, figure_pages.blueprint, document_routes.blueprint, goal_page.blueprint, template_page.blueprint]
