"""The page of background work: what runs, what waits and why, what failed for good."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response

from kumiko.admin import desk
from kumiko.admin.desk import blueprint, needs
from kumiko.host.context import current
from kumiko.host.errors import KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.jobs import alive, queries, services
from kumiko.jobs.models import CANCELLED, DEAD, DONE, READY, RUNNING, STATUSES
from kumiko.jobs.queries import JobView
from kumiko.web import answers
from kumiko.web.formats import number_text
from kumiko.web.i18n import ngettext
from kumiko.web.viewmodels import Action, Link, Toast

PAGE = "/admin/jobs"
SHOWN = 50
_TONES = {READY: "", RUNNING: "blue", DONE: "green", DEAD: "red", CANCELLED: ""}


@blueprint.get("/jobs")
@needs("jobs.manage")
def jobs_page() -> Response:
    status, plugin = request.args.get("status", ""), request.args.get("plugin", "")[:80]
    status = status if status in STATUSES else ""
    found = queries.list_jobs(
        status=status, plugin=plugin, limit=SHOWN + 1, before_id=desk.number_of(request.args.get("before", ""))
    )
    counts = queries.counts()
    more = {"status": status, "plugin": plugin, "before": found[SHOWN - 1].id} if len(found) > SHOWN else None
    return desk.draw(
        "admin/jobs.html",
        200,
        jobs=found[:SHOWN],
        words=status_words(),
        hues=_TONES,
        titles=_titles(),
        views=_views(status, plugin, counts),
        plugin=plugin,
        chosen=status,
        late=ngettext("%(num)d job is due; the oldest waits for %(seconds)s seconds.",
                      "%(num)d jobs are due; the oldest waits for %(seconds)s seconds.", counts.due,
                      seconds=number_text(counts.oldest_due_s)) if counts.due else "",
        dead=counts.by_status[DEAD],
        more_href=f"{PAGE}?{urlencode(more)}" if more else "",
        tabs=desk.tabs("jobs"),
        silence=alive.silence(),
        may_look=True,
    )  # fmt: skip


@blueprint.get("/jobs/<int:job_id>")
@needs("jobs.manage")
def job_page(job_id: int) -> Response:
    job = queries.get_job(job_id)
    moving = job.status in (READY, RUNNING)
    return desk.draw(
        "admin/job.html", job=job, word=status_words()[job.status], hue=_TONES[job.status], titles=_titles(),
        actions=_actions(job), moving=moving, progress=progress_text(job), crumbs=(Link(_("Background work"), PAGE),),
    )  # fmt: skip


@blueprint.post("/jobs/<int:job_id>/retry")
@needs("jobs.manage")
def retry_job(job_id: int) -> Response:
    try:
        services.retry(job_id)
    except KumikoError as refusal:
        return desk.refused(f"{PAGE}/{job_id}", refusal)
    return answers.done(f"{PAGE}/{job_id}", Toast(_("The job runs again.")))


@blueprint.post("/jobs/<int:job_id>/cancel")
@needs("jobs.manage")
def cancel_job(job_id: int) -> Response:
    try:
        services.cancel(job_id)
    except KumikoError as refusal:
        return desk.refused(f"{PAGE}/{job_id}", refusal)
    return answers.done(f"{PAGE}/{job_id}", Toast(_("The job is cancelled.")))


@blueprint.post("/jobs/retry-dead")
@needs("jobs.manage")
def retry_dead() -> Response:
    """Everything that failed for good once more, of one module or of all."""
    number = services.retry_dead(plugin=desk.text_of("plugin", 80))
    return answers.done(PAGE, Toast(ngettext("%(num)d job runs again.", "%(num)d jobs run again.", number)))


def status_words() -> dict[str, str]:
    """A job's status in words."""
    return {
        READY: _("waits"),
        RUNNING: _("runs"),
        DONE: _("done"),
        DEAD: _("failed for good"),
        CANCELLED: _("cancelled"),
    }


def progress_text(job: JobView) -> str:
    """How far it is: "120 of 300"."""
    if job.progress_note:
        return job.progress_note
    if job.progress_total:
        return _("%(done)s of %(all)s", done=number_text(job.progress_done), all=number_text(job.progress_total))
    return number_text(job.progress_done) if job.progress_done else ""


def _actions(job: JobView) -> tuple[Action, ...]:
    found = []
    if job.status in (DEAD, CANCELLED):
        found.append(Action(_("Run again"), f"{PAGE}/{job.id}/retry", "refresh", method="post", primary=True))
    if job.status in (READY, RUNNING, DEAD):
        found.append(Action(_("Cancel"), f"{PAGE}/{job.id}/cancel", "x", method="post"))
    return tuple(found)


def _views(status: str, plugin: str, counts: queries.Counts) -> tuple[Link, ...]:
    of_plugin = f"&plugin={plugin}" if plugin else ""
    links = [Link(_("All"), f"{PAGE}?{of_plugin[1:]}".rstrip("?"), active=not status)]
    for key, word in status_words().items():
        number = counts.by_status.get(key, 0)
        href = f"{PAGE}?status={key}{of_plugin}"
        links.append(Link(word, href, count=number_text(number) if number else "", active=key == status))
    return tuple(links)


def _titles() -> dict[str, str]:
    generation = current().generation
    return {} if generation is None else {name: one.title for name, one in generation.installed.manifests.items()}
