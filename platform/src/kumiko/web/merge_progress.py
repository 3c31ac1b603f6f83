"""The page of a merge that a job does because very much follows: how far it is, and what became of it, with Undo."""

from __future__ import annotations

from flask import Response

from kumiko.duplicates import large
from kumiko.duplicates.large import Progress
from kumiko.host.context import principal
from kumiko.host.i18n import gettext as _
from kumiko.jobs.models import CANCELLED, DONE, READY, RUNNING
from kumiko.records import service
from kumiko.records.history import unit_summary
from kumiko.web.answers import page
from kumiko.web.formats import ago_text, count_text
from kumiko.web.i18n import ngettext
from kumiko.web.lists import link_to
from kumiko.web.viewmodels import Action, BulkView


def show(job_id: int) -> Response:
    """GET /duplicates/merges/JOB; while the job works, the page asks again every second."""
    found = large.get_progress(job_id)
    works = found.job.status in (READY, RUNNING)
    return page("kumiko/bulk_progress.html", v=_working(found) if works else _ended(found))


def _title(found: Progress) -> str:
    return _("Merge into “%(title)s”", title=found.title)


def _working(found: Progress) -> BulkView:
    text = _("%(done)s of %(total)s records follow already", done=count_text(found.done), total=count_text(found.total))
    if found.job.status == READY and not found.done:
        text = found.job.waiting or _("Waits for a worker process; nothing else is needed from you.")
    if found.refused:
        text = _("It cannot be done: %(why)s What had moved is being taken back.", why=found.refused)
    return BulkView(
        title=_title(found), crumbs=(link_to(found.info),), done=found.done, total=found.total, text=text,
        tone="warn" if found.refused else "", progress_href=f"/duplicates/merges/{found.job.id}",
        actions=(Action(_("Back to the duplicates"), f"/duplicates/{found.info.collection}", "copy"),),
    )  # fmt: skip


def _ended(found: Progress) -> BulkView:
    path, actions = f"/{found.info.collection}", []
    merged = found.job.status == DONE and not found.refused
    if merged:
        text = _("“%(title)s” is one record now", title=found.title) + ". "
        text += ngettext("%(num)s record followed", "%(num)s records followed", found.total) + "."
    elif found.refused:
        text = _("Nothing was merged: %(why)s What had moved is back.", why=found.refused)
    else:
        why = _("It was cancelled") if found.job.status == CANCELLED else _("It failed and was given up")
        text = _("%(why)s; %(done)s of %(total)s records had followed. Undo takes them back.", why=why,
                 done=count_text(found.done), total=count_text(found.total))  # fmt: skip
    if found.done and not found.refused:
        summary = unit_summary(found.group)
        if summary.undone_at is not None:
            text += " " + _("Undone %(when)s", when=ago_text(summary.undone_at)) + "."
        elif not principal().read_only:
            actions.append(Action(_("Undo"), f"/units/{found.group}/undo", "arrow-back-up", method="post"))
        actions.append(Action(_("Show the changes"), f"/units/{found.group}", "history"))
    if service.find(found.info.key, found.winner) is not None:
        actions.append(Action(_("Open the record"), f"{path}/{found.winner}", found.info.type.icon, primary=True))
    return BulkView(
        title=_title(found), crumbs=(link_to(found.info),), done=found.done, total=found.total, text=text,
        tone="" if merged else "error", actions=tuple(actions),
    )  # fmt: skip
