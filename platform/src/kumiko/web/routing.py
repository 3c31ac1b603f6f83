"""The few rules that answer for every record type. A plugin's own rule weighs more than these and wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from kumiko.access.gate import public
from kumiko.web import (
    acting,
    as_of,
    assets,
    bin,  # noqa: A004 - the place for what was deleted
    board_moves,
    boards,
    bulk,
    bulk_preview,
    bulk_progress,
    cards,
    cell_editing,
    columns,
    composer,
    editing,
    filter_editor,
    journal,
    list_groups,
    lists,
    live,
    merge_pages,
    palette,
    panels,
    pickers,
    search,
    similar,
    undoing,
    view_pages,
    views,
    whole_journal,
)

READ, WRITE, BOTH = ("GET",), ("POST",), ("GET", "POST")
RECORD = "/<collection>/<int:record_id>"
Rule = tuple[str, str, Callable[..., Any], tuple[str, ...]]

RULES: tuple[Rule, ...] = (
    ("/live", "live", live.live, READ),
    ("/search", "search", search.search, READ),
    ("/palette", "palette", palette.palette, READ),
    ("/pick/tags", "pick_tags", pickers.pick_tags, READ),
    ("/pick/records", "pick_records", pickers.pick_records, READ),
    ("/pick/<collection>", "pick", pickers.pick, READ),
    ("/journal", "whole_journal", whole_journal.show, READ),
    ("/units/<int:unit_id>", "unit", journal.show_unit, READ),
    ("/units/<int:unit_id>/undo", "ask_undo", undoing.show, READ),
    ("/units/<int:unit_id>/undo", "undo", undoing.act, WRITE),
    ("/units/<int:unit_id>/undo/<int:job_id>", "undo_progress", undoing.progress, READ),
    ("/as-of", "as_of", as_of.choose, READ),
    ("/<collection>", "list", as_of.viewed(lists.list_records), READ),
    ("/<collection>/totals", "totals", as_of.viewed(lists.totals), READ),
    ("/<collection>/filter-row", "filter_row", lists.new_filter_row, READ),
    ("/<collection>/group", "group", as_of.viewed(list_groups.rows), READ),
    ("/<collection>/filter", "filter", filter_editor.edit, BOTH),
    ("/<collection>/filter/count", "filter_count", filter_editor.count, WRITE),
    ("/<collection>/board", "board", as_of.viewed(boards.show), READ),
    ("/<collection>/board/lane", "board_lane", as_of.viewed(boards.lane), READ),
    ("/<collection>/board/row", "board_row", as_of.viewed(boards.row), READ),
    ("/<collection>/board/since", "board_since", boards.since, READ),
    ("/<collection>/board/move", "board_move", board_moves.move, WRITE),
    ("/<collection>/columns", "columns", columns.choose_columns, BOTH),
    ("/<collection>/views/new", "new_view", views.new_view, BOTH),
    ("/<collection>/views", "views", view_pages.list_views, READ),
    ("/<collection>/views/<int:view_id>", "edit_view", view_pages.edit, BOTH),
    ("/<collection>/views/<int:view_id>/delete", "delete_view", view_pages.delete, WRITE),
    ("/<collection>/views/<int:view_id>/copy", "copy_view", view_pages.copy, WRITE),
    ("/<collection>/views/<int:view_id>/first", "first_view", view_pages.first, WRITE),
    ("/<collection>/views/<int:view_id>/move", "move_view", view_pages.move, WRITE),
    ("/<collection>/views/<int:view_id>/keep", "keep_view", view_pages.keep, WRITE),
    ("/<collection>/new", "new", editing.new, BOTH),
    ("/<collection>/similar", "similar", similar.warn, WRITE),
    ("/bin", "bin_of_all", bin.show, READ),
    ("/bin/restore", "bin_restore", bin.restore, WRITE),
    ("/bin/erase", "bin_erase", bin.erase, WRITE),
    ("/<collection>/bin", "bin", bin.show_type, READ),
    ("/<collection>/bulk", "bulk", bulk.edit, BOTH),
    ("/<collection>/bulk/delete", "bulk_delete", bulk.delete, WRITE),
    ("/<collection>/bulk/<int:job_id>/go", "bulk_go", bulk_preview.go, WRITE),
    ("/<collection>/bulk/<int:job_id>", "bulk_progress", bulk_progress.show, READ),
    (RECORD, "card", as_of.viewed(cards.show), READ),
    (f"{RECORD}/peek", "peek", as_of.viewed(cards.peek), READ),
    (f"{RECORD}/timeline", "timeline", as_of.viewed(cards.more_timeline), READ),
    (f"{RECORD}/timeline", "write", composer.write, WRITE),
    (f"{RECORD}/panels/<plugin>/<key>", "panel", panels.lazy_panel, READ),
    (f"{RECORD}/history", "history", journal.record_history, READ),
    (f"{RECORD}/edit", "edit", editing.edit, BOTH),
    (f"{RECORD}/cell/<name>", "cell", cell_editing.cell, BOTH),
    (f"{RECORD}/delete", "delete", editing.delete, WRITE),
    (f"{RECORD}/restore", "restore", editing.restore, WRITE),
    (f"{RECORD}/actions/merge", "merge", merge_pages.from_card, BOTH),
    (f"{RECORD}/actions/<name>", "action", acting.action, BOTH),
)


def install(app: Flask) -> None:
    """Add the rules to the application."""
    app.add_url_rule("/a/<plugin>/<digest>/<path:path>", "web.static", public(assets.serve), methods=["GET"])
    for address, name, view, methods in RULES:
        app.add_url_rule(address, f"web.{name}", view, methods=list(methods))
