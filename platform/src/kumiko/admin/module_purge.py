"""Deleting the data of a module that is off: what goes and what stays, an archive first, then the typed name."""

from __future__ import annotations

from collections.abc import Iterator

from flask import send_file
from werkzeug.wrappers import Response

from kumiko.admin import desk, module_export, module_rows
from kumiko.admin.desk import blueprint, needs
from kumiko.admin.modules import find_view
from kumiko.host.errors import Conflict, KumikoError, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.loader import LoadedPlugin
from kumiko.operate import lifecycle
from kumiko.records import leftovers
from kumiko.web import answers
from kumiko.web.formats import ago_text, number_text
from kumiko.web.viewmodels import Action, ImpactView, Toast

PAGE = "/admin/plugins"


@blueprint.get("/plugins/<name>/purge")
@needs("plugins.switch")
def ask_purge(name: str) -> Response:
    view = find_view(name)
    try:
        lines = tuple(impact_lines(lifecycle.get_purgeable(name, preview=True)[1]))
    except KumikoError as refusal:
        return desk.refused(f"{PAGE}/{name}", refusal)
    return desk.dialog(
        ImpactView(
            title=_("Delete the data of %(name)s", name=view.title),
            text=_("This cannot be taken back. To keep a copy, close this and choose “Write an archive” on its page."),
            action=f"{PAGE}/{name}/purge",
            submit=_("Delete for good"),
            lines=lines,
            danger=True,
            typed=name,
        )
    )


@blueprint.post("/plugins/<name>/purge")
@needs("plugins.switch")
def purge_plugin(name: str) -> Response:
    view = find_view(name)
    if desk.text_of("typed") != name:
        return desk.refused(f"{PAGE}/{name}", Conflict(_("Nothing was deleted: the name was not typed.")))
    try:
        tables = lifecycle.purge(name)
    except KumikoError as refusal:
        return desk.refused(f"{PAGE}/{name}", refusal)
    said = _("The data of %(name)s are deleted (%(count)d tables).", name=view.title, count=len(tables))
    return answers.done(f"{PAGE}/{name}", Toast(said))


@blueprint.post("/plugins/<name>/export")
@needs("plugins.switch")
def order_archive(name: str) -> Response:
    """Has a worker write the archive; the job's page shows how far it is."""
    find_view(name)
    module_export.order(name)
    return answers.done(f"{PAGE}/{name}", Toast(_("The archive is being written; it appears here when it is done.")))


@blueprint.get("/plugins/<name>/archives/<file>")
@needs("plugins.switch")
def download_archive(name: str, file: str) -> Response:
    found = next((path for path in module_export.archives(name) if path.name == file), None)
    if found is None:
        raise NotFound(_("There is no such archive; it may have been removed from the server."))
    return send_file(found, mimetype="application/zip", as_attachment=True, download_name=found.name)


def archive_links(name: str) -> Iterator[Action]:
    """The archives that were written, the newest first, as links."""
    for path in module_export.archives(name)[:5]:
        stat = path.stat()
        when = ago_text(module_export.moment_of(path))
        size = _("%(size)s kB", size=number_text(max(1, stat.st_size // 1000)))
        yield Action(_("Archive, %(when)s (%(size)s)", when=when, size=size), f"{PAGE}/{name}/archives/{path.name}",
                     "download")  # fmt: skip


def impact_lines(loaded: LoadedPlugin) -> Iterator[str]:
    """What a purge deletes, with counts, then what stays because it says what happened."""
    found = leftovers.impact(loaded)
    goes = [f"{line.what}: {number_text(line.count)}" for line in found if not line.stays]
    yield from goes
    for name, count in module_rows.other_counts(loaded.name).items():
        if count:
            yield f"{name}: {number_text(count)}"
    yield _("Tables: %(names)s", names=", ".join(table.name for table in loaded.tables) or "–")
    for line in found:
        if line.stays:
            yield _("%(what)s: %(count)s, stay", what=line.what, count=number_text(line.count))
