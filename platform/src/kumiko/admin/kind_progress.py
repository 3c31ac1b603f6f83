"""How far a field is on its way to another kind, when many records have a value in it."""

from __future__ import annotations

from typing import Literal

from kumiko.fields.record_types import KINDS
from kumiko.host.i18n import gettext as _
from kumiko.jobs.models import CANCELLED, DONE, READY, RUNNING
from kumiko.jobs.queries import JobView
from kumiko.records.catalogue import TypeInfo
from kumiko.records.history import unit_summary
from kumiko.records.views import RecordView
from kumiko.web.formats import ago_text, count_text
from kumiko.web.viewmodels import Action, BulkView, Link


def progress_of(info: TypeInfo, view: RecordView, job: JobView, page: str) -> BulkView:
    """The page of such a job; `page`: address of the fields."""
    path = f"{page}/{info.collection}"
    done, total = job.state.get("done", 0), max(job.payload["total"], job.state.get("done", 0))
    crumbs = (Link(_("Fields"), path),)
    title = _("Another kind for “%(name)s”", name=view.title)
    if job.status in (READY, RUNNING):
        text = _("%(done)s of %(total)s values", done=count_text(done), total=count_text(total))
        if job.status == READY and not done:
            text = job.waiting or _("Waits for a worker process; nothing else is needed from you.")
        return BulkView(title=title, crumbs=crumbs, done=done, total=total, text=text,
                        progress_href=f"{path}/{view.id}/kind/{job.id}",
                        actions=(Action(_("Back to the fields"), path, "list"),))  # fmt: skip
    kept, lost = done - job.state.get("lost", 0), job.state.get("lost", 0)
    tone: Literal["", "warn", "error"] = "warn" if lost else ""
    kinds = {choice.key: str(choice.label) for choice in KINDS}
    text = _("“%(name)s” is %(kind)s now. %(kept)s values stayed, %(lost)s did not fit and were emptied.",
             name=view.title, kind=kinds.get(job.payload["values"]["kind"], ""), kept=count_text(kept),
             lost=count_text(lost))  # fmt: skip
    if job.status != DONE:
        why = _("It was cancelled") if job.status == CANCELLED else _("It failed and was given up")
        text = _("%(why)s after %(done)s of %(total)s values. The field stays archived: change its kind again to go on,"
                 " or undo what was done.", why=why, done=count_text(done), total=count_text(total))  # fmt: skip
        tone = "error"
    summary = unit_summary(job.payload["group"])
    actions = [Action(_("Show the changes"), f"/units/{job.payload['group']}", "history")]
    if summary.undone_at is not None:
        text += " " + _("Undone %(when)s", when=ago_text(summary.undone_at)) + "."
    else:
        undo = f"/units/{job.payload['group']}/undo"
        actions.insert(0, Action(_("Undo"), undo, "arrow-back-up", method="post"))
    if job.status != DONE:
        again = f"{path}/{view.id}/kind?kind={job.payload['values']['kind']}"
        actions.insert(0, Action(_("Go on…"), again, "arrows-exchange"))
    return BulkView(title=title, crumbs=crumbs, done=done, total=total, text=text, tone=tone,
                    actions=(*actions, Action(_("Back to the fields"), path, "list", primary=True)))  # fmt: skip
