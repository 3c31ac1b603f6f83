"""The pages on which a field gets another kind: what would be lost, the change, and how far it is."""

from __future__ import annotations

from typing import Literal

from flask import request
from werkzeug.wrappers import Response

from kumiko.admin import desk, field_forms
from kumiko.admin.desk import blueprint, needs
from kumiko.admin.fields_page import PAGE, Refused, own_field
from kumiko.fields import changing, conversion
from kumiko.fields.record_types import KINDS
from kumiko.host.i18n import gettext as _
from kumiko.jobs.models import CANCELLED, DONE, READY, RUNNING
from kumiko.jobs.queries import JobView
from kumiko.records.catalogue import TypeInfo
from kumiko.records.history import unit_summary
from kumiko.records.units import unit
from kumiko.records.views import RecordView
from kumiko.web import answers
from kumiko.web.formats import ago_text, count_text
from kumiko.web.viewmodels import Action, BulkView, Link, Toast


@blueprint.route("/fields/<collection>/<int:field_id>/kind", methods=["GET", "POST"])
@needs("fields.edit")
def change_kind(collection: str, field_id: int) -> Response:
    """Another kind: first what would be lost, then the change, in one unit that can be undone."""
    info, view = own_field(collection, field_id)
    kind, target = request.values.get("kind", ""), request.values.get("target", "")
    if request.method == "GET" or request.form.get("_sure") != f"{kind}:{target}":
        found = conversion.preview(field_id, kind, target) if kind else None
        return desk.draw("kumiko/form.html", v=field_forms.kind_form(info, view, kind, target, found))
    try:
        with unit(reason=_("another kind")) as opened:
            job = changing.change_kind(field_id, kind, target)
            unit_id = opened.id
    except Refused as refusal:
        return desk.refused(f"{PAGE}/{collection}/{field_id}/kind", refusal)
    if job is not None:
        return answers.done(f"{PAGE}/{collection}/{field_id}/kind/{job}")
    toast = Toast(_("“%(name)s” has another kind now.", name=view.title), undo=f"/units/{unit_id}/undo")
    return answers.done(f"{PAGE}/{collection}", toast)


@blueprint.get("/fields/<collection>/<int:field_id>/kind/<int:job_id>")
@needs("fields.edit")
def kind_progress(collection: str, field_id: int, job_id: int) -> Response:
    """How far a change of kind in the background is, and in the end what became of it."""
    info, view = own_field(collection, field_id)
    found = changing.find_progress(field_id, job_id)
    return desk.draw("kumiko/bulk_progress.html", v=_progress(info, view, found))


def _progress(info: TypeInfo, view: RecordView, job: JobView) -> BulkView:
    path = f"{PAGE}/{info.collection}"
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
