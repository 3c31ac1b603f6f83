"""The welcome page of a fresh installation: company, modules, sample data or none."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, request
from werkzeug.wrappers import Response

from kumiko.admin import company, sample, user_forms
from kumiko.host import settings
from kumiko.host.context import current, principal
from kumiko.host.errors import Forbidden, Invalid, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.manifest import Manifest
from kumiko.operate import lifecycle
from kumiko.records import demo
from kumiko.web import answers
from kumiko.web.i18n import reader
from kumiko.web.viewmodels import ModuleChoice, Toast, WelcomeView, hue_of

blueprint = Blueprint("admin_welcome", __name__)
DONE = "admin.welcomed"


def is_wanted() -> bool:
    """Whether this person should be asked: an administrator, and nobody has answered yet."""
    person = principal()
    return person.user_id is not None and _may() and not settings.get(DONE) and not person.read_only


def _may() -> bool:
    person = principal()
    return person.may("settings.edit") and person.may("plugins.switch")


def _require() -> None:
    if not _may():
        raise Forbidden(_("An administrator sets Kumiko up; your role does not allow it."))


@blueprint.get("/welcome")
def welcome_page() -> Response:
    _require()
    return _draw()


@blueprint.post("/welcome")
def begin() -> Response:
    """Stores the company, switches modules, orders or removes sample data; leads to the start page."""
    _require()
    try:
        values = company.read_company(request.form)
    except Invalid as refusal:
        return _draw(refusal)
    notes = _switch(request.form.getlist("modules"))
    company.store({"company": "", **values})
    settings.put({DONE: True})
    wanted, there = request.form.get("data") == "demo", demo.present()
    if wanted and demo.missing():
        sample.order()
        notes.append(_("Sample data are being made; they appear within a minute."))
    elif not wanted and there:
        demo.remove()
        notes.append(_("The sample data are removed."))
    return answers.done("/", Toast(" ".join([_("Welcome."), *notes])))


def _switch(chosen: Sequence[str]) -> list[str]:
    """Switch modules to what was chosen; sentences about what could not be done."""
    notes: list[str] = []
    on = {one.name for one in _modules() if _is_on(one)}
    wanted = {one.name for one in _modules()} & set(chosen)
    try:
        lifecycle.enable(sorted(wanted - on), depth="quick")
    except KumikoError as refusal:
        notes.append(refusal.message)
    for name in sorted(on - wanted):
        try:
            lifecycle.disable(name, cascade=True)
        except KumikoError as refusal:
            notes.append(refusal.message)
    return notes


def _modules() -> list[Manifest]:
    generation = current().generation
    if generation is None:
        return []
    return sorted((one for one in generation.installed.manifests.values() if not one.core), key=lambda one: one.title)


def _is_on(one: Manifest) -> bool:
    generation = current().generation
    return generation is not None and one.name in generation.plugins


def _draw(refusal: KumikoError | None = None) -> Response:
    sent = request.form if refusal is not None else None
    errors = refusal.errors if isinstance(refusal, Invalid) else None
    name, currency, zone, language = company.company_fields(sent, errors)
    at = reader()
    chosen = sent.getlist("modules") if sent is not None else None
    view = WelcomeView(
        action="/welcome",
        company=name,
        currency=currency,
        zone=zone,
        language=language,
        modules=tuple(_choice(one, chosen) for one in _modules()),
        data="empty" if sent is not None and sent.get("data") == "empty" else "demo",
        demo_text=_("A small company with customers and deals, to look around. Remove it with one click.")
        if not demo.present()
        else _("They are here already. Keep them to look around; remove them with one click later."),
        summary=user_forms.summary_of(refusal, company.KEYS),
    )
    direction = "rtl" if at.locale.text_direction == "rtl" else "ltr"
    return answers.page(
        "kumiko/welcome.html", 422 if refusal is not None else 200,
        v=view, shell=None, company="Kumiko", lang=at.tag, dir=direction, theme="",
    )  # fmt: skip


def _choice(one: Manifest, chosen: Sequence[str] | None) -> ModuleChoice:
    generation = current().generation
    needs = [
        other.title
        for other in (generation.installed.manifests.values() if generation is not None else ())
        if not other.core and set(other.provides) & set(one.requires)
    ]
    return ModuleChoice(
        name=one.name,
        title=one.title,
        text=one.description,
        icon=one.icon,
        hue=hue_of(one.name),
        chosen=one.name in chosen if chosen is not None else True,
        needs=_("needs %(names)s", names=", ".join(needs)) if needs else "",
    )
