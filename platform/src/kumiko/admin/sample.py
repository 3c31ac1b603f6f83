"""Sample data from the screens: made by a job, counted, removed as one change that can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from kumiko.admin import desk
from kumiko.admin.desk import blueprint, needs
from kumiko.host.columns import utc_now
from kumiko.host.context import current, principal, transaction
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.jobs import enqueue, sliced
from kumiko.jobs.job import JobContext
from kumiko.records import demo
from kumiko.records.catalogue import catalogue
from kumiko.records.units import open_group
from kumiko.web import answers
from kumiko.web.formats import number_text
from kumiko.web.viewmodels import Action, Banner, ImpactView, Toast

JOB = "admin.make_sample"
LABEL = _l("Make sample data")
REMOVE = "/admin/sample/remove"
BRING_BACK = "/admin/sample/bring-back"
#: For so long the start page offers to bring removed sample data back; the settings always do.
OFFERED = timedelta(days=7)


def order() -> int:
    """Have the sample data made by a worker, as the system; gives the job's id."""
    with transaction():
        return enqueue(JOB, {}, max_attempts=3)


@sliced
def run(job: JobContext) -> None:
    """Make the missing parts, one per transaction; a killed worker's successor goes on with the next part."""
    lines: list[str] = list(job.state.get("lines", ()))
    with job.slice():
        group_id = job.state.get("group")
        parts = demo.missing()
        if group_id is None and parts:
            group_id = open_group(_("sample data"), via="system")
        job.checkpoint({"group": group_id, "lines": lines})
    tried: set[str] = set(job.state.get("tried", ()))
    for number, (name, part) in enumerate(parts, 1):
        if f"{name}.{part.name}" in tried:
            continue
        job.progress(number - 1, len(parts))
        job.heartbeat()
        job.enter()
        tried.add(f"{name}.{part.name}")

        def keep() -> None:
            job.checkpoint({"group": group_id, "lines": lines, "tried": sorted(tried)})

        said = demo.make_part(int(group_id or 0), (name, part), keep)
        if said:
            lines.append(said)
    job.progress(len(parts), len(parts), " ".join(lines)[:200])


@blueprint.post("/sample/make")
@needs("settings.edit")
def make_sample() -> Response:
    job_id = order()
    path = f"/admin/jobs/{job_id}" if principal().may("jobs.manage") else "/"
    return answers.done(path, Toast(_("Sample data are being made.")))


@blueprint.get("/sample/remove")
@needs("settings.edit")
def ask_remove_sample() -> Response:
    return desk.dialog(
        ImpactView(
            title=_("Remove the sample data"),
            text=_("These go to the bin, also where somebody changed them since. You can bring them back."),
            action=REMOVE,
            submit=_("Remove"),
            lines=tuple(count_lines()),
        )
    )


@blueprint.post("/sample/remove")
@needs("settings.edit")
def remove_sample() -> Response:
    """Undoes the group of the sample data; sample users can no longer sign in."""
    if not demo.present():
        return answers.done("/", Toast(_("There are no sample data.")))
    removal = demo.remove()
    text = _("The sample data are removed (%(count)s changes taken back).", count=number_text(removal.reverted))
    return answers.done("/", _told(text, removal))


@blueprint.post("/sample/bring-back")
@needs("settings.edit")
def bring_sample_back() -> Response:
    """Undoes the removal; sample users can sign in again."""
    if not demo.removals():
        return answers.done("/", Toast(_("There are no removed sample data.")))
    return answers.done("/", _told(_("The sample data are back."), demo.bring_back()))


def _told(text: str, removal: demo.Removal) -> Toast:
    if removal.refused:
        text += " " + _("%(count)s could not be taken back.", count=number_text(removal.refused))
    if removal.waiting:
        text += " " + _("What belongs to %(names)s follows when it is on again.", names=", ".join(removal.waiting))
    undo = f"/units/{removal.units[0]}/undo" if len(removal.units) == 1 else ""
    tone: Any = "warn" if removal.refused or removal.waiting else "ok"
    return Toast(text, undo=undo, tone=tone)


def offers(*, always: bool = False) -> tuple[Action, ...]:
    """What may be done with the sample data where they were removed; the start page leaves it after some days."""
    person = principal()
    if person.read_only or not person.may("settings.edit"):
        return ()
    if always and demo.present():
        return (Action(_("Remove sample data…"), REMOVE, "trash", dialog=True),)
    removed = list(demo.removals().values())
    if not removed or (not always and removed[-1] < utc_now() - OFFERED):
        return ()
    return (Action(_("Bring sample data back"), BRING_BACK, "restore", method="post"),)


def count_lines() -> Iterator[str]:
    """What the sample data hold, one line per record type."""
    for key, count in demo.counts().items():
        info = catalogue().find(key)
        label = str(info.type.label_plural) if info is not None else key
        yield _("%(label)s: %(count)s", label=label, count=number_text(count))


def banners() -> list[Banner]:
    """On the start page, for those who may remove them: that what one sees are sample data."""
    person = current().principal
    if request.path != "/" or person is None or not person.may("settings.edit") or person.read_only:
        return []
    if not demo.present():
        return []
    remove = Action(_("Remove them…"), REMOVE, dialog=True)
    return [Banner(_("You are looking at sample data: nothing here is real."), remove)]
