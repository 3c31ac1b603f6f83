"""The wizard for somebody who leaves: what they hold, who takes over, what would go to whom, and how far it is."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from kumiko.access import accounts
from kumiko.access.models import USER
from kumiko.admin import desk
from kumiko.admin.desk import blueprint, needs
from kumiko.host.context import principal
from kumiko.host.errors import Conflict, Forbidden, Invalid, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.jobs import queries
from kumiko.jobs.models import READY, RUNNING
from kumiko.leaving import inventory, remaining, services
from kumiko.leaving.models import HAND_OVER
from kumiko.records import service
from kumiko.records.history import unit_summary
from kumiko.web import answers
from kumiko.web.formats import ago_text, count_text, number_text
from kumiko.web.i18n import ngettext
from kumiko.web.viewmodels import Action, BulkView, Link

USERS = "/admin/users"


@blueprint.get("/users/<int:user_id>/leave")
@needs("users.edit")
def leave_page(user_id: int) -> Response:
    return _draw(user_id)


@blueprint.post("/users/<int:user_id>/leave")
@needs("users.edit")
def leave(user_id: int) -> Response:
    """Shows what would go to whom, or with `go` does it."""
    chosen = [number for text in request.form.getlist("successor") if (number := desk.number_of(text)) is not None]
    rule = desk.text_of("rule") or "one"
    try:
        if request.form.get("go"):
            made = services.start(user_id, chosen, rule)
            return answers.done(f"/admin/hand-overs/{made}")
        return _draw(user_id, chosen, rule, services.plan(user_id, chosen, rule))
    except (Invalid, Conflict, Forbidden) as refusal:
        return _draw(user_id, chosen, rule, refusal=refusal)


def _draw(
    user_id: int,
    chosen: list[int] | None = None,
    rule: str = "one",
    planned: services.Plan | None = None,
    refusal: KumikoError | None = None,
) -> Response:
    person = service.get(USER, user_id)
    held = inventory.inventory(user_id)
    people = [one for one in accounts.list_accounts("", limit=500) if one.active and one.id != user_id]
    errors = [line for lines in getattr(refusal, "errors", {}).values() for line in lines]
    rules = (
        ("one", _("All to one colleague")),
        ("even", _("Evenly, in turn")),
        ("team", _("Evenly, within the team of each record")),
    )
    return desk.draw(
        "admin/leave.html",
        422 if refusal is not None else 200,
        person=person,
        action=f"{USERS}/{user_id}/leave",
        crumbs=(Link(_("Users"), USERS), Link(person.title, f"{USERS}/{user_id}")),
        held=[(_place(one), number_text(one.count)) for one in held],
        stays=[(one.what, number_text(one.count), one.becomes) for one in remaining.remaining(user_id)],
        views=len(inventory.private_views(user_id)),
        people=[(one.id, one.name, one.team, one.id in (chosen or ())) for one in people],
        rules=[(key, label, key == rule) for key, label in rules],
        summary=errors or ([refusal.message] if refusal is not None else []),
        planned=_planned(planned) if planned is not None else None,
        much=planned is not None and planned.total > services.AT_ONCE,
    )


def _place(one: inventory.Holding) -> str:
    label = str(one.info.type.label_plural)
    return label if one.field.name == "owner" else f"{label}: {one.field.field.label!s}"


def _planned(planned: services.Plan) -> dict[str, Any]:
    heads = list(planned.names.values())
    sums = dict.fromkeys(planned.names, 0)
    rows = []
    for holding, counts in planned.rows:
        for one, count in counts.items():
            sums[one] = sums.get(one, 0) + count
        rows.append((_place(holding), [number_text(counts.get(one, 0)) for one in planned.names]))
    rows.append((_("Together"), [number_text(sums[one]) for one in planned.names]))
    return {"heads": heads, "rows": rows, "total": planned.total, "views": planned.views}


@blueprint.get("/hand-overs/<int:record_id>")
@needs("users.edit")
def hand_over_page(record_id: int) -> Response:
    """How far it is; what it came to, with the way back."""
    record = service.get(HAND_OVER, record_id)
    job_id, group_id = record.get("job_id"), record.get("group_id")
    crumbs = (Link(_("Users"), USERS), Link(_("Hand-overs"), "/hand-overs"))
    title = _("%(name)s leaves", name=record.title)
    job = queries.get_job(job_id) if job_id else None
    if job is not None and job.status in (READY, RUNNING):
        text = _("%(done)s of %(total)s", done=count_text(job.progress_done), total=count_text(job.progress_total or 0))
        if job.status == READY:
            text = job.waiting or _("Waits for a worker process; nothing else is needed from you.")
        view = BulkView(title=title, crumbs=crumbs, done=job.progress_done, total=job.progress_total or 1, text=text,
                        progress_href=f"/admin/hand-overs/{record_id}")  # fmt: skip
        return desk.draw("kumiko/bulk_progress.html", v=view)
    moved, refused = record.get("moved") or 0, record.get("refused") or 0
    text = ngettext("%(num)s record changed hands", "%(num)s records changed hands", moved)
    if refused:
        text += ". " + _("%(count)s could not move and stay as they are", count=count_text(refused))
    actions: list[Action] = []
    summary = unit_summary(group_id)
    if summary.undone_at is not None:
        text += ". " + _("Undone %(when)s", when=ago_text(summary.undone_at))
    elif not principal().read_only:
        actions.append(Action(_("Undo"), f"/units/{group_id}/undo", "arrow-back-up", method="post"))
    actions.append(Action(_("Show the changes"), f"/units/{group_id}", "history"))
    actions.append(Action(_("Back to the users"), USERS, "users", primary=True))
    view = BulkView(title=title, crumbs=crumbs, done=moved, total=moved, text=text + ".",
                    tone="warn" if refused else "", actions=tuple(actions))  # fmt: skip
    return desk.draw("kumiko/bulk_progress.html", v=view)
