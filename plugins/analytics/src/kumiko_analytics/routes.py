"""Addresses of the module."""

from __future__ import annotations

from flask import Blueprint

from kumiko_analytics import dashboard_pages, figure_pages, report_pages

blueprint = Blueprint("analytics", __name__)
_ID = "<int(min=1, max=9223372036854775807):dashboard_id>"

blueprint.get("/analytics")(dashboard_pages.first)
blueprint.add_url_rule(f"/analytics/dashboards/{_ID}/show", "dashboard", dashboard_pages.show)
blueprint.add_url_rule(f"/analytics/dashboards/{_ID}/tile/<int(max=1000):place>", "tile", dashboard_pages.tile)
blueprint.add_url_rule(f"/analytics/dashboards/{_ID}/edit", "edit", dashboard_pages.edit)
blueprint.add_url_rule(f"/analytics/dashboards/{_ID}/edit", "change", dashboard_pages.change, methods=["POST"])
blueprint.add_url_rule(f"/analytics/dashboards/{_ID}/copy", "copy", dashboard_pages.copy, methods=["POST"])
blueprint.add_url_rule("/analytics/figures", "figures", figure_pages.every)
blueprint.add_url_rule("/analytics/figures/<key>", "figure", figure_pages.show)
blueprint.add_url_rule("/analytics/figures/<key>/records", "records", figure_pages.records)

_REPORT = "<int(min=1, max=9223372036854775807):report_id>"
blueprint.add_url_rule("/analytics/reports/new", "new_report", report_pages.new)
blueprint.add_url_rule("/analytics/reports/new", "save_new_report", report_pages.save_new, methods=["POST"])
blueprint.add_url_rule("/analytics/reports/filter-row", "report_filter", report_pages.add_filter)
blueprint.add_url_rule("/analytics/reports/run.<kind>", "run_file", report_pages.run_file)
blueprint.add_url_rule(f"/analytics/reports/{_REPORT}", "report", report_pages.show)
blueprint.add_url_rule(f"/analytics/reports/{_REPORT}/edit", "edit_report", report_pages.edit)
blueprint.add_url_rule(f"/analytics/reports/{_REPORT}/edit", "save_report", report_pages.save, methods=["POST"])
blueprint.add_url_rule(f"/analytics/reports/{_REPORT}/data.<kind>", "report_data", report_pages.data)
blueprint.add_url_rule(f"/analytics/reports/{_REPORT}/picture.svg", "report_picture", report_pages.picture)

blueprints = [blueprint]
