"""The page of modules: what is installed, what it adds, what is wrong with it, and switching it."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from kumiko.admin import desk, module_losses, module_rows, replacing, trials
from kumiko.admin.desk import blueprint, needs
from kumiko.host import manifest
from kumiko.host.context import current
from kumiko.host.errors import Conflict, KumikoError, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.manifest import Manifest
from kumiko.operate import lifecycle
from kumiko.operate.lifecycle import PluginView
from kumiko.web import answers
from kumiko.web.viewmodels import AddsView, ImpactView, PluginsView, Toast

PAGE = "/admin/plugins"


@blueprint.get("/plugins")
@needs("plugins.switch")
def plugins_page() -> Response:
    rows = module_rows.rows(_views())
    view = PluginsView(
        plugins=tuple(row for row in rows if not row.core),
        core=tuple(row for row in rows if row.core),
        tabs=desk.tabs("plugins"),
    )
    processes, all_follow = module_rows.processes_line()
    return desk.draw("kumiko/admin/plugins.html", v=view, processes=processes, all_follow=all_follow)


@blueprint.post("/plugins/<name>/enable")
@needs("plugins.switch")
def enable_plugin(name: str) -> Response:
    """Switches on; modules that it needs and that are installed come with it, and the answer names them."""
    view = find_view(name)
    names = [*_needed(name), name]
    if trials.go_to_background(names):
        if not trials.under_way().intersection(names):
            trials.start(names)
        return answers.done(
            PAGE,
            Toast(_("%(name)s is checked first, which takes some seconds; then it is switched on.", name=view.title)),
        )
    try:
        done = lifecycle.enable(names)
    except KumikoError as refusal:
        return desk.refused(PAGE, refusal)
    titles = titles_of(done)
    if not titles:
        return answers.done(PAGE, Toast(_("It is on already.")))
    sentence = _("%(names)s is on.", names=titles[0]) if len(titles) == 1 else _on_together(titles)
    return answers.done(PAGE, Toast(sentence))


def _on_together(titles: list[str]) -> str:
    return _("%(names)s are on; %(last)s needs the others.", names=", ".join(titles), last=titles[-1])


@blueprint.get("/plugins/<name>/adds")
@needs("plugins.switch")
def show_additions(name: str) -> Response:
    """What a module adds, in words, found out by a process of its own."""
    view = find_view(name)
    one = installed_manifest(name)
    groups, report = trials.what_it_adds(one) if one is not None else ([], None)
    usable = report is not None and report.ok and view.state not in ("enabled", "core")
    rivals = replacing.take_overs(name)
    adds = AddsView(
        title=_("What %(name)s adds", name=view.title),
        text=_("All of this comes when it is switched on, and goes when it is switched off again; only its data stay."),
        groups=tuple(groups),
        problems=report.problems if report is not None else (view.reason,),
        action=f"{PAGE}/{name}/enable" if usable and not rivals else "",
        instead=rivals if usable else (),
    )
    template = "kumiko/admin/adds_dialog.html" if answers.in_dialog() or answers.is_htmx() else "admin/adds.html"
    return answers.page(template, v=adds)


@blueprint.get("/plugins/<name>/disable")
@needs("plugins.switch")
def ask_disable(name: str) -> Response:
    return desk.dialog(_disable_impact(find_view(name)))


@blueprint.post("/plugins/<name>/disable")
@needs("plugins.switch")
def disable_plugin(name: str) -> Response:
    """Switches off; dependents only when the form says that their names were shown."""
    try:
        done = lifecycle.disable(name, cascade=request.form.get("cascade") == "1")
    except Conflict as refusal:
        view = next((one for one in _views() if one.name == name), None)
        if view is None or not view.dependents:
            return desk.refused(PAGE, refusal)
        return desk.dialog(_disable_impact(view))
    except KumikoError as refusal:
        return desk.refused(PAGE, refusal)
    return answers.done(PAGE, Toast(_("Switched off: %(names)s. All data are kept.", names=", ".join(titles_of(done)))))


@blueprint.post("/plugins/<name>/forgive")
@needs("plugins.switch")
def forgive_plugin(name: str) -> Response:
    """Forgets recorded failures; a module that was put away for them is switched on again."""
    view = find_view(name)
    lifecycle.forgive(name)
    if view.state == "quarantined":
        return enable_plugin(name)
    return answers.done(PAGE, Toast(_("The recorded failures of %(name)s are forgotten.", name=view.title)))


def _views() -> list[PluginView]:
    generation = current().generation
    if generation is None:
        raise NotFound(_("No application is built yet."))
    return lifecycle.plugins_view(generation)


def find_view(name: str) -> PluginView:
    """The module by its name; NotFound otherwise."""
    found = next((one for one in _views() if one.name == name), None)
    if found is None:
        raise NotFound(_("There is no module %(name)s here.", name=name[:80]))
    return found


def installed_manifest(name: str) -> Manifest | None:
    """The manifest of a module that is installed and can be read."""
    return manifest.scan(lifecycle.core_packages()).manifests.get(name)


def titles_of(names: list[str]) -> list[str]:
    """Titles of modules by their names."""
    generation = current().generation
    manifests = generation.installed.manifests if generation is not None else {}
    return [manifests[name].title if name in manifests else name for name in names]


def _needed(name: str) -> list[str]:
    """Installed modules that are off and that this one cannot run without, the deepest first."""
    generation = current().generation
    if generation is None or name not in generation.installed.manifests:
        return []
    manifests = generation.installed.manifests
    running = {capability for one in generation.plugins.values() for capability in one.manifest.provides}
    found: dict[str, None] = {}

    def visit(one: Manifest, above: frozenset[str]) -> None:
        for capability in one.requires:
            if capability in running:
                continue
            provider = next((other for other in manifests.values() if capability in other.provides), None)
            if provider is not None and provider.name not in above:
                visit(provider, above | {provider.name})
                found[provider.name] = None

    visit(manifests[name], frozenset({name}))
    return list(found)


def _disable_impact(view: PluginView) -> ImpactView:
    lines = list(module_losses.loss_lines(view))
    titles = titles_of(list(view.dependents))
    if titles:
        lines.insert(0, _("Also switched off, because they need it: %(names)s", names=", ".join(titles)))
    return ImpactView(
        title=_("Switch off %(name)s", name=view.title),
        text=_("Nothing is deleted. While it is off, these are not there:"),
        action=f"{PAGE}/{view.name}/disable",
        submit=_("Switch off all %(count)d", count=len(titles) + 1) if titles else _("Switch off"),
        lines=tuple(lines),
        hidden=(("cascade", "1"),) if titles else (),
    )
