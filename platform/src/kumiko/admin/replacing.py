"""One module takes over from another, from the page: what it will mean, then how far it is."""

from __future__ import annotations

from collections.abc import Iterator

from flask import request
from werkzeug.wrappers import Response

from kumiko.admin import desk
from kumiko.admin.desk import blueprint, needs
from kumiko.host.context import current
from kumiko.host.errors import KumikoError, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.operate import replacing
from kumiko.records import handover
from kumiko.records.handover import Outcome, Preview
from kumiko.web import answers
from kumiko.web.formats import number_text
from kumiko.web.i18n import ngettext
from kumiko.web.viewmodels import Action, BulkView, ImpactView, Link

PAGE = "/admin/plugins"


def actions(name: str) -> tuple[Action, ...]:
    """For the menu of a module that is on: those installed that can take over from it."""
    return tuple(
        Action(
            _("Replace by %(name)s…", name=one.title), f"{PAGE}/{name}/replace?by={one.name}", "refresh", dialog=True
        )
        for one in replacing.other_providers(name)
    )


def take_overs(name: str) -> tuple[Action, ...]:
    """For a module that is off while another provider of its contracts is on: let it take over from that one."""
    generation = current().generation
    on = [] if generation is None else [one.manifest for one in generation.plugins.values() if not one.manifest.core]
    return tuple(
        Action(
            _("Take over from %(name)s…", name=one.title), f"{PAGE}/{one.name}/replace?by={name}", "refresh",
            dialog=True,
        )
        for one in on if name in {other.name for other in replacing.other_providers(one.name)}
    )  # fmt: skip


@blueprint.get("/plugins/<name>/replace")
@needs("plugins.switch")
def ask_replace(name: str) -> Response:
    """What `?by=` in its place will mean. The one that comes is checked first, which takes some seconds."""
    by = request.args.get("by", "")[:80]
    old, new = _title(name), _title(by)
    try:
        found = handover.preview(name, by)
    except KumikoError as refusal:
        return desk.dialog(
            ImpactView(
                title=_("%(new)s cannot take over from %(old)s", new=new, old=old),
                text=refusal.message, action=PAGE, submit="",
            )
        )  # fmt: skip
    return desk.dialog(
        ImpactView(
            title=_("Let %(new)s take over from %(old)s", new=new, old=old),
            text=_(
                "People go on working meanwhile; at the end writing waits for a moment. Ids, links, history and saved "
                "views stay. The same button takes everything back."
            ),
            action=f"{PAGE}/{name}/replace",
            submit=_("Replace"),
            lines=tuple(_lines(found, old, new)),
            hidden=(("by", by),),
        )
    )


@blueprint.post("/plugins/<name>/replace")
@needs("plugins.switch")
def replace_plugin(name: str) -> Response:
    try:
        job_id = handover.start(name, desk.text_of("by"))
    except KumikoError as refusal:
        return desk.refused(PAGE, refusal)
    return answers.done(f"{PAGE}/replacing/{job_id}")


@blueprint.get("/plugins/replacing/<int:job_id>")
@needs("plugins.switch")
def replacing_page(job_id: int) -> Response:
    """How far it is; the page asks again every second."""
    found = handover.outcome(job_id)
    if found is None:
        raise NotFound(_("There is no job %(id)s, or you may not know of it.", id=job_id))
    return answers.page("kumiko/bulk_progress.html", v=_progress(found))


def _progress(found: Outcome) -> BulkView:
    old, new = _title(found.old), _title(found.new)
    title = _("%(new)s takes over from %(old)s", new=new, old=old)
    crumbs = (Link(_("Modules"), PAGE),)
    back = Action(_("Back to the modules"), PAGE, "puzzle", primary=found.is_over)
    if not found.is_over:
        waiting = _("Waits for a worker process; nothing else is needed from you.")
        cancel = Action(_("Cancel"), f"/admin/jobs/{found.job_id}/cancel", "x", method="post")
        return BulkView(
            title=title, crumbs=crumbs, done=found.done, total=found.total, text=found.note or waiting,
            progress_href=f"{PAGE}/replacing/{found.job_id}", actions=(cancel, back),
        )  # fmt: skip
    if not found.succeeded:
        text = _("Nothing was replaced. %(why)s", why=found.refused)
        return BulkView(
            title=title, crumbs=crumbs, done=0, total=0, text=text, tone="error",
            actions=(Action(_("Back to the modules"), PAGE, "puzzle", primary=True),),
        )  # fmt: skip
    text = ngettext(
        "%(new)s has taken over %(num)s record in %(seconds)s s; writing waited for %(held)s s.",
        "%(new)s has taken over %(num)s records in %(seconds)s s; writing waited for %(held)s s.",
        found.records, new=new, seconds=number_text(found.took_s), held=number_text(found.held_s),
    )  # fmt: skip
    again = Action(_("Take it back…"), f"{PAGE}/{found.new}/replace?by={found.old}", "arrow-back-up", dialog=True)
    return BulkView(
        title=title, crumbs=crumbs, done=found.total, total=found.total, text=text, actions=(again, back)
    )  # fmt: skip


def _lines(found: Preview, old: str, new: str) -> Iterator[str]:
    for info, count in found.moved:
        yield _(
            "%(label)s: %(count)s go along, those in the bin included",
            label=info.type.label_plural, count=number_text(count),
        )  # fmt: skip
    for info, count in found.hidden:
        yield _(
            "%(label)s: %(count)s are kept, but not there while %(new)s is on",
            label=info.type.label_plural, count=number_text(count), new=new,
        )  # fmt: skip
    for info, one, count in found.lost:
        yield _(
            "%(field)s of %(label)s: filled in %(count)s times, kept by %(old)s, not shown while %(new)s is on",
            field=one.field.label, label=info.type.label_plural, count=number_text(count), old=old, new=new,
        )  # fmt: skip
    generation = current().generation
    loaded = generation.plugins.get(found.old) if generation is not None else None
    before = set() if loaded is None else {str(one.title) for one in loaded.declared["declare_panels"]}
    after = set(found.adds.get("panels", ()))
    if before - after:
        yield _("Panels that go: %(names)s", names=", ".join(sorted(before - after)))
    if after - before:
        yield _("Panels that come: %(names)s", names=", ".join(sorted(after - before)))


def _title(name: str) -> str:
    generation = current().generation
    manifests = generation.installed.manifests if generation is not None else {}
    return manifests[name].title if name in manifests else name
