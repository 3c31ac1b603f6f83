"""The page of a job that changes many records: how far it is, and in the end what became of it, with Undo."""

from __future__ import annotations

from typing import Literal

from flask import Response

from kumiko.host.context import principal
from kumiko.host.errors import NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.jobs.models import CANCELLED, DONE, READY, RUNNING
from kumiko.records.bulk import Progress, find_progress
from kumiko.records.catalogue import TypeInfo
from kumiko.records.history import unit_summary
from kumiko.web.answers import page
from kumiko.web.bulk_preview import more_text, rows_again
from kumiko.web.formats import ago_text, count_text
from kumiko.web.i18n import ngettext
from kumiko.web.lists import link_to
from kumiko.web.types import type_of
from kumiko.web.viewmodels import Action, BulkView


def show(collection: str, job_id: int) -> Response:
    """GET /COLLECTION/bulk/JOB; while the job works, the page asks again every second."""
    info = type_of(collection)
    found = find_progress(info, job_id)
    if found is None:
        raise NotFound(_("There is no job %(id)s, or you may not know of it.", id=job_id))
    works = found.job.status in (READY, RUNNING)
    return page("kumiko/bulk_progress.html", v=_working(info, found) if works else _ended(info, found))


def _title(info: TypeInfo, found: Progress) -> str:
    what = inside(info.type.label_plural)
    if found.is_preview and found.remove:
        return _("Preview: delete %(what)s", what=what)
    if found.is_preview:
        return _("Preview: change %(what)s", what=what)
    return _("Delete many %(what)s", what=what) if found.remove else _("Change many %(what)s", what=what)


def _working(info: TypeInfo, found: Progress) -> BulkView:
    text = _("%(done)s of %(total)s", done=count_text(found.done), total=count_text(found.total))
    if found.job.status == READY:
        text = found.job.waiting or _("Waits for a worker process; nothing else is needed from you.")
    return BulkView(
        title=_title(info, found),
        crumbs=(link_to(info),),
        done=found.done,
        total=found.total,
        text=text,
        progress_href=f"/{info.collection}/bulk/{found.job.id}",
        actions=(Action(_("Back to the list"), f"/{info.collection}", "list"),),
    )


def _looked(info: TypeInfo, found: Progress) -> BulkView:
    """The end of a preview: what would happen, and the button that has it done."""
    path = f"/{info.collection}"
    go: list[Action] = []
    if found.job.status != DONE:
        text = _("The preview was not finished; nothing was changed.")
    else:
        text = _("%(changed)s would change, %(equal)s are so already, %(refused)s are refused. "
                 "Nothing was changed yet.", changed=count_text(found.changed), equal=count_text(found.equal),
                 refused=count_text(found.refused_count))  # fmt: skip
        label, icon = ngettext("Change %(num)s record", "Change %(num)s records", found.changed), "check"
        if found.remove:
            text = _("%(changed)s would go to the bin, %(refused)s are refused. Nothing was deleted yet.",
                     changed=count_text(found.changed), refused=count_text(found.refused_count))  # fmt: skip
            label, icon = ngettext("Delete %(num)s record", "Delete %(num)s records", found.changed), "trash"
        go = [Action(label, f"{path}/bulk/{found.job.id}/go", icon, method="post", primary=not found.remove,
                     danger=found.remove)]  # fmt: skip
    samples = rows_again(info, found.samples, found.act) if found.job.status == DONE and not found.remove else ()
    return BulkView(
        title=_title(info, found), crumbs=(link_to(info),), done=found.done, total=found.total, text=text,
        refused=tuple((sentence, count_text(count)) for sentence, count in found.refused.items()), samples=samples,
        samples_more=more_text(found.changed, len(samples)) if samples else "",
        actions=(*(go if found.changed else ()), Action(_("Back to the list"), path, "list")),
    )  # fmt: skip


def _ended(info: TypeInfo, found: Progress) -> BulkView:
    if found.is_preview:
        return _looked(info, found)
    text = (
        ngettext("%(num)s record is in the bin", "%(num)s records are in the bin", found.changed)
        if found.remove
        else ngettext("%(num)s record changed", "%(num)s records changed", found.changed)
    )
    refused = [(sentence, count_text(count)) for sentence, count in found.refused.items()]
    others = found.refused_count - sum(found.refused.values())
    if others:
        refused.append((_("other reasons"), count_text(others)))
    tone: Literal["", "warn", "error"] = "warn" if found.refused_count else ""
    if found.job.status != DONE:
        left = count_text(found.total - found.done)
        why = _("It was cancelled") if found.job.status == CANCELLED else _("It failed and was given up")
        text = f"{text}. " + _("%(why)s; %(count)s were not looked at.", why=why, count=left)
        tone = "error"
    undo: list[Action] = []
    if found.changed:
        summary = unit_summary(found.group)
        if summary.undone_at is not None:
            text += ". " + _("Undone %(when)s", when=ago_text(summary.undone_at))
        elif not principal().read_only:
            undo.append(Action(_("Undo"), f"/units/{found.group}/undo", "arrow-back-up", method="post"))
        undo.append(Action(_("Show the changes"), f"/units/{found.group}", "history"))
    return BulkView(
        title=_title(info, found),
        crumbs=(link_to(info),),
        done=found.done,
        total=found.total,
        text=text.rstrip(".") + ".",
        tone=tone,
        refused=tuple(refused),
        actions=(*undo, Action(_("Back to the list"), f"/{info.collection}", "list", primary=True)),
    )
