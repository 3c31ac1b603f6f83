"""What happened, and taking it back: history of a record, pages of units and groups, undo, the bin."""

from __future__ import annotations

from flask import Response, request

from kumiko.host.columns import utc_now
from kumiko.host.context import principal
from kumiko.host.i18n import gettext as _
from kumiko.records import forms, history
from kumiko.records.history import HistoryEntry, UnitSummary
from kumiko.records.outgoing import what_left
from kumiko.web import formats
from kumiko.web.answers import page
from kumiko.web.i18n import ngettext
from kumiko.web.lists import link_to
from kumiko.web.timeline import changes_of
from kumiko.web.types import path_of, record_of
from kumiko.web.viewmodels import (
    Action,
    Change,
    Empty,
    HistoryView,
    Link,
    Person,
    UndoConflict,
    UnitRow,
    UnitView,
)

PAGE = 30


def via_text(via: str) -> str:
    """By which way something was done."""
    words = {
        "web": _("on screen"),
        "api": _("by the API"),
        "cli": _("on the command line"),
        "import": _("by import"),
        "job": _("in the background"),
        "process": _("by a process"),
        "mail": _("by mail"),
        "form": _("by a form"),
        "merge": _("by merging"),
        "undo": _("by undo"),
        "restore": _("from the bin"),
        "system": _("by itself"),
    }
    return words.get(via, via)


def record_history(collection: str, record_id: int) -> Response:
    """GET /COLLECTION/ID/history."""
    info, record = record_of(collection, record_id)
    before = request.args.get("before", "")
    entries = history.history(
        info.key, record_id, limit=PAGE + 1, before=int(before) if before.isdecimal() and len(before) < 19 else None
    )
    path = f"/{collection}/{record_id}"
    more = f"{path}/history?before={entries[PAGE - 1].id}" if len(entries) > PAGE else ""
    view = HistoryView(
        title=record.title,
        crumbs=(link_to(info), Link(record.title, path)),
        units=tuple(_row_of_entry(entry) for entry in entries[:PAGE]),
        more_href=more,
        as_of=formats.local_input(utc_now()),
        as_of_action=path,
        empty=Empty(_("No changes yet"), icon="history"),
    )
    return page("kumiko/history.html", v=view)


def _title(action: str, title: str = "") -> str:
    words = {"created": _("Created"), "changed": _("Changed"), "deleted": _("Deleted"), "restored": _("Restored")}
    word = words.get(action, action)
    return f"{word}: {title}" if title else word


def _row_of_entry(entry: HistoryEntry) -> UnitRow:
    return UnitRow(
        id=entry.unit,
        href=f"/units/{entry.unit}",
        title=_title(entry.action),
        who=Person.of(entry.actor or _("Kumiko"), entry.actor_id or 0),
        at=forms.moment_text(entry.at),
        at_text=formats.moment_text(entry.at),
        ago=formats.ago_text(entry.at),
        via=entry.via if entry.via == "web" else via_text(entry.via),
        reason=entry.reason,
        changes=changes_of(entry, undo=not principal().read_only and entry.action == "changed"),
        undone=_("undone") if entry.undone else "",
        undo=None if entry.undone or principal().read_only else _undo_action(entry.unit),
    )


def _undo_action(unit_id: int, label: str = "") -> Action:
    return Action(label or _("Undo"), f"/units/{unit_id}/undo", "arrow-back-up", method="post")


def show_unit(unit_id: int) -> Response:
    """GET /units/ID: what a unit or group did."""
    return page("kumiko/unit.html", v=unit_view(history.unit_summary(unit_id)))


def unit_view(summary: UnitSummary, result: tuple[str, tuple[UndoConflict, ...]] = ("", ())) -> UnitView:
    """The page of a unit; `result`: what the undo that just ran did, and values that it left to later changes."""
    changes: list[Change] = []
    for entry in summary.entries:
        where = Link(entry.title or str(entry.record_id), path_of(entry.type_key, entry.record_id))
        made = changes_of(entry, where=where)
        if entry.action != "changed" or not made:
            made = (Change(_title(entry.action), after=entry.title, href=where.href, where=where.label),)
        changes += made
        if len(changes) > 200:
            break
    row = UnitRow(
        id=summary.id,
        href=f"/units/{summary.id}",
        title=_unit_title(summary),
        who=Person.of(summary.actor or _("Kumiko"), summary.actor),
        at=forms.moment_text(summary.at),
        at_text=formats.moment_text(summary.at),
        ago=formats.ago_text(summary.at),
        via=via_text(summary.via),
        reason=summary.reason,
        changes=tuple(changes),
        more=_("and %(count)s more", count=formats.count_text(summary.count - len(summary.entries)))
        if summary.count > len(summary.entries)
        else "",
        undone=_("Undone %(when)s", when=formats.ago_text(summary.undone_at)) if summary.undone_at else "",
        undo=None
        if summary.undone_at or principal().read_only
        else _undo_action(summary.id, _("Do again") if summary.undo_of else _("Undo")),
    )
    facts = [(_("Number"), str(summary.id)), (_("Changes"), formats.count_text(summary.count))]
    return UnitView(
        title=_("Change %(id)d", id=summary.id),
        crumbs=(Link(_("Journal"), "/journal"),),
        unit=row,
        facts=tuple(facts),
        final=tuple(what_left(summary.entries)) if not summary.undo_of else (),
        result_text=result[0],
        kept=result[1],
    )


def _unit_title(summary: UnitSummary) -> str:
    if summary.reason:
        return summary.reason
    count = ngettext("%(num)s change", "%(num)s changes", summary.count)
    if len(summary.entries) == 1:
        return _title(summary.entries[0].action, summary.entries[0].title)
    return count
