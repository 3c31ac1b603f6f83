"""Taking back on screen: what stands in the way is shown before, what was left is shown after; much of it is a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlencode

from flask import Response, request
from werkzeug.datastructures import MultiDict

from kumiko.host.context import principal
from kumiko.host.i18n import gettext as _
from kumiko.jobs.models import CANCELLED, DONE, READY, RUNNING
from kumiko.records import history, undo_jobs
from kumiko.records.catalogue import catalogue
from kumiko.records.forms import split_key
from kumiko.records.outgoing import what_left
from kumiko.records.undo import Choices, UndoResult, undo
from kumiko.records.undo_conflicts import Conflict, ToldConflict, told
from kumiko.records.undo_preview import Preview, preview
from kumiko.web import formats
from kumiko.web.answers import came_from, done, is_htmx, local_path, page, said
from kumiko.web.i18n import ngettext
from kumiko.web.journal import unit_view, via_text
from kumiko.web.types import path_of
from kumiko.web.values import journal_text
from kumiko.web.viewmodels import Action, BulkView, Link, Person, Toast, UndoConflict, UndoView

MOST_SHOWN = 200


def undo_text(result: UndoResult) -> str:
    """What an undo did, in a sentence."""
    parts = [ngettext("%(num)s record taken back", "%(num)s records taken back", result.reverted)]
    if result.put_back:
        parts.append(
            ngettext(
                "%(num)s value put back in spite of a later change",
                "%(num)s values put back in spite of later changes",
                result.put_back,
            )
        )
    if result.overwritten:
        parts.append(
            ngettext(
                "%(num)s value kept because it was changed later",
                "%(num)s values kept because they were changed later",
                len(result.overwritten),
            )
        )
    for one in result.refused:
        parts.append(ngettext("%(num)s left: %(why)s", "%(num)s left: %(why)s", one["count"], why=one["reason"]))
    if result.waiting:
        parts.append(_("the rest waits for %(modules)s", modules=", ".join(result.waiting)))
    return "; ".join(parts) + "."


def show(unit_id: int) -> Response:
    """GET /units/ID/undo: what an undo would do, and the values that were changed since, to choose from."""
    entry_id, name = _narrowed(request.args)
    found = preview(unit_id, entry_id=entry_id, name=name)
    return page("kumiko/undo.html", v=_ask(unit_id, found, entry_id, name or ""))


def act(unit_id: int) -> Response:
    """POST /units/ID/undo: take a unit or group back; `entry` and `field` narrow it.

    Where later changes stand in the way and nobody was asked yet (`_asked`), it leads to the page that asks.
    """
    entry_id, name = _narrowed(request.form)
    if "_asked" not in request.form and preview(unit_id, entry_id=entry_id, name=name).conflicts:
        return done(_asking(unit_id, entry_id, name or ""))
    choices = _choices(request.form)
    if entry_id is None:
        ordered = undo_jobs.undo_or_order(unit_id, choices=choices)
        if isinstance(ordered, undo_jobs.Ordered):
            return done(f"/units/{unit_id}/undo/{ordered.job}")
        result = ordered
    else:
        result = undo(unit_id, entry_id=entry_id, name=name, choices=choices)
    again = f"/units/{result.unit}/undo" if result.unit is not None else ""
    partly = bool(result.overwritten or result.refused or result.waiting)
    toast = Toast(
        undo_text(result), undo=again, href=f"/units/{unit_id}" if partly else "", tone="warn" if partly else "ok"
    )
    if is_htmx():
        return said(toast, reload=True)
    if partly:
        said_to = (undo_text(result), conflicts_shown(result.conflicts))
        return page("kumiko/unit.html", v=unit_view(history.unit_summary(unit_id), said_to))
    return done(_way_back(unit_id), toast)


def _narrowed(args: MultiDict[str, str]) -> tuple[int | None, str | None]:
    entry = args.get("entry", "")
    return (int(entry) if entry.isdecimal() and len(entry) < 19 else None), args.get("field") or None


def _asking(unit_id: int, entry_id: int | None, name: str) -> str:
    pairs = [("entry", str(entry_id or "")), ("field", name), ("back", came_from(f"/units/{unit_id}"))]
    return f"/units/{unit_id}/undo?{urlencode([pair for pair in pairs if pair[1]])}"


def _choices(form: MultiDict[str, str]) -> Choices:
    """`pick-ID:FIELD` = back | keep."""
    picked: dict[str, set[tuple[int, str]]] = {"back": set(), "keep": set()}
    for key, value in form.items():
        record_id, colon, name = key.removeprefix("pick-").partition(":")
        if key.startswith("pick-") and colon and record_id.isdecimal() and len(record_id) < 19 and value in picked:
            picked[value].add((int(record_id), name))
    return Choices(back=frozenset(picked["back"]), keep=frozenset(one for one in picked["keep"] if one[1] == "@exists"))


def _way_back(unit_id: int) -> str:
    """The page that asked, unless the undo may have taken it away."""
    here = local_path(request.form.get("_back", ""), "") or came_from(f"/units/{unit_id}")
    return here if here != "/" and "/undo" not in here else f"/units/{unit_id}"


def _ask(unit_id: int, found: Preview, entry_id: int | None, name: str) -> UndoView:
    lines = [ngettext("%(num)s record goes back.", "%(num)s records go back.", found.records)]
    if found.made:
        lines.append(
            ngettext(
                "%(num)s of them was made by this change and goes into the bin.",
                "%(num)s of them were made by this change and go into the bin.",
                found.made,
            )
        )
    lines += [
        ngettext("%(num)s left: %(why)s", "%(num)s left: %(why)s", one["count"], why=one["reason"]) + "."
        for one in found.refused
    ]
    if found.waiting:
        lines.append(_("The rest waits for %(modules)s.", modules=", ".join(found.waiting)))
    if not found.whole:
        lines.append(_("These are the newest of many; the others are looked at while the work goes on."))
    summary = history.unit_summary(unit_id)
    shown = told(found.conflicts[:MOST_SHOWN])
    back = local_path(request.args.get("back", ""), f"/units/{unit_id}")
    return UndoView(
        title=_("Take change %(id)d back", id=unit_id),
        what=summary.reason or _("Change %(id)d", id=unit_id),
        who=Person.of(summary.actor or _("Kumiko"), summary.actor),
        at=formats.moment_text(summary.at),
        crumbs=(Link(_("Change %(id)d", id=unit_id), f"/units/{unit_id}"),),
        lines=tuple(lines),
        conflicts=tuple(_conflict(one) for one in shown),
        more=formats.count_text(len(found.conflicts) - len(shown)) if len(found.conflicts) > len(shown) else "",
        final=tuple(what_left(summary.entries)),
        action=f"/units/{unit_id}/undo",
        submit=_("Do again") if summary.undo_of else _("Take back"),
        cancel_href=back,
        hidden=tuple(
            pair for pair in (("entry", str(entry_id or "")), ("field", name), ("_back", back)) if pair[1]
        ),
        may=not principal().read_only,
    )  # fmt: skip


def _conflict(one: ToldConflict) -> UndoConflict:
    found = one.conflict
    info = catalogue().find(found.type_key)
    field = None if info is None or found.is_existence else info.find(split_key(found.field)[0])
    return UndoConflict(
        key=found.key,
        title=found.title or str(found.record_id),
        href=path_of(found.type_key, found.record_id),
        label=one.label,
        now=str(journal_text(field, found.now, one.now)) if field is not None else one.now,
        back=str(journal_text(field, found.back, one.back)) if field is not None else one.back,
        who=one.actor,
        ago=formats.ago_text(one.at),
        at_text=formats.moment_text(one.at),
        via="" if one.via == "web" else via_text(one.via),
        unit_href=f"/units/{found.by}",
        is_record=found.is_existence,
        may=one.may_put_back,
    )


def conflicts_shown(conflicts: Sequence[Conflict]) -> tuple[UndoConflict, ...]:
    """What a later change holds, in words, for the page after an undo."""
    return tuple(_conflict(one) for one in told(conflicts[:MOST_SHOWN]) if not one.conflict.is_existence)


# ------------------------------------------------------------------ much of it


def progress(unit_id: int, job_id: int) -> Response:
    """GET /units/ID/undo/JOB; while the job works, the page asks again every second."""
    found = undo_jobs.get_progress(job_id)
    works = found.job.status in (READY, RUNNING)
    return page("kumiko/bulk_progress.html", v=_working(found) if works else _ended(found))


def _title(found: undo_jobs.Progress) -> str:
    return _("Take change %(id)d back", id=found.head)


def _working(found: undo_jobs.Progress) -> BulkView:
    text = _("%(done)s of %(total)s", done=formats.count_text(found.done), total=formats.count_text(found.total))
    if found.job.status == READY:
        text = found.job.waiting or _("Waits for a worker process; nothing else is needed from you.")
    return BulkView(
        title=_title(found),
        crumbs=_crumbs(found),
        done=found.done,
        total=found.total,
        text=text,
        progress_href=f"/units/{found.head}/undo/{found.job.id}",
        actions=(Action(_("Show the changes"), f"/units/{found.head}", "history"),),
    )


def _crumbs(found: undo_jobs.Progress) -> tuple[Link, ...]:
    return (Link(_("Change %(id)d", id=found.head), f"/units/{found.head}"),)


def _ended(found: undo_jobs.Progress) -> BulkView:
    result = found.result
    text = ngettext("%(num)s record taken back", "%(num)s records taken back", result.reverted)
    if found.kept:
        text += "; " + ngettext(
            "%(num)s value kept because it was changed later", "%(num)s values kept because they were changed later",
            found.kept,
        )  # fmt: skip
    if result.waiting:
        text += "; " + _("the rest waits for %(modules)s", modules=", ".join(result.waiting))
    left = bool(found.kept or result.refused or result.waiting)
    tone: Literal["", "warn", "error"] = "warn" if left else ""
    if found.job.status != DONE:
        why = _("It was cancelled") if found.job.status == CANCELLED else _("It failed and was given up")
        rest = formats.count_text(max(found.total - found.done, 0))
        text += ". " + _("%(why)s; %(count)s were not looked at.", why=why, count=rest)
        tone = "error"
    actions = [Action(_("Show the changes"), f"/units/{found.head}", "history", primary=True)]
    if result.reverted and not principal().read_only and history.unit_summary(found.group).undone_at is None:
        actions.insert(0, Action(_("Do again"), f"/units/{found.group}/undo", "arrow-forward-up", method="post"))
    return BulkView(
        title=_title(found),
        crumbs=_crumbs(found),
        done=found.done,
        total=found.total,
        text=text.rstrip(".") + ".",
        tone=tone,
        refused=tuple((one["reason"], formats.count_text(one["count"])) for one in result.refused),
        conflicts=conflicts_shown(result.conflicts),
        actions=tuple(actions),
    )
