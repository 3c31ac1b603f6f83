"""The page of settings: the company, then each module that has some."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from kumiko.admin import company, desk, sample, user_forms
from kumiko.admin.desk import blueprint, needs
from kumiko.host.context import current
from kumiko.host.errors import Invalid, KumikoError, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.records import rights
from kumiko.records.catalogue import catalogue
from kumiko.web import answers
from kumiko.web.viewmodels import FieldGroup, FormView, Link, Toast

PAGE = "/admin/settings"


@blueprint.get("/settings")
@needs("settings.edit")
def settings_page() -> Response:
    return _draw()


@blueprint.post("/settings")
@needs("settings.edit")
def save_company() -> Response:
    try:
        company.store({"company": "", **company.read_company(request.form)})
    except Invalid as refusal:
        return _draw("", refusal)
    return answers.done(PAGE, Toast(_("The settings are saved.")))


@blueprint.post("/settings/<plugin>")
@needs("settings.edit")
def save_module(plugin: str) -> Response:
    if not company.module_fields(plugin):
        raise NotFound(_("There is no module %(name)s here that has settings.", name=plugin[:80]))
    try:
        company.store(company.read_module(plugin, request.form), plugin=plugin)
    except Invalid as refusal:
        return _draw(plugin, refusal)
    return answers.done(PAGE, Toast(_("The settings are saved.")))


def _draw(refused: str | None = None, refusal: KumikoError | None = None) -> Response:
    generation = current().generation
    forms: list[tuple[str, FormView, tuple[Link, ...]]] = [
        ("host", _company_form(refusal if refused == "" else None), ())
    ]
    for plugin, section in ({} if generation is None else generation.settings).items():
        form = _module_form(plugin, str(section.title), refusal if refused == plugin else None)
        forms.append((plugin, form, _lists_of(plugin)))
    status = 200 if refusal is None else 422
    offers = sample.offers(always=True)
    return desk.draw("admin/settings.html", status, forms=forms, tabs=desk.tabs("settings"), sample=offers)


def _lists_of(plugin: str) -> tuple[Link, ...]:
    """Lists that a module keeps beside its settings: those that stand in no menu."""
    return tuple(
        Link(str(info.type.label_plural), f"/{info.collection}", info.type.icon)
        for info in catalogue().types.values()
        if info.plugin == plugin and not info.type.menu and rights.may("edit", info.key)
    )


def _company_form(refusal: KumikoError | None) -> FormView:
    errors = refusal.errors if isinstance(refusal, Invalid) else None
    fields = tuple(company.company_fields(request.form if refusal else None, errors))
    return FormView(
        title=_("Company"),
        action=PAGE,
        groups=(FieldGroup("", fields),),
        submit=_("Save"),
        summary=user_forms.summary_of(refusal, company.KEYS),
    )


def _module_form(plugin: str, title: str, refusal: KumikoError | None) -> FormView:
    errors = refusal.errors if isinstance(refusal, Invalid) else None
    names = tuple(one.name for one in company.module_fields(plugin))
    return FormView(
        title=title,
        action=f"{PAGE}/{plugin}",
        groups=(company.module_group(plugin, request.form if refusal else None, errors),),
        submit=_("Save"),
        summary=user_forms.summary_of(refusal, names),
    )
