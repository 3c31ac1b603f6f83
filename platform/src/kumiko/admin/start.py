"""The start page: a greeting, the first steps, one's own figures, panels of modules, what happened last."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from kumiko.admin import sample, ticks, welcome
from kumiko.host.columns import utc_now
from kumiko.host.context import principal
from kumiko.host.errors import NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.records import rights
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.queries import COUNT_CAP, count_capped
from kumiko.web import answers, panels
from kumiko.web.formats import day_text, number_text
from kumiko.web.i18n import reader
from kumiko.web.viewmodels import Action, Figure, StartView, Toast

blueprint = Blueprint("admin_start", __name__)
FIGURES = 4
MINE = {"f": "owner", "op": "eq", "v": "me"}
_GREETINGS = ((5, _l("Hello, %(name)s")), (12, _l("Good morning, %(name)s")), (18, _l("Good afternoon, %(name)s")))


@blueprint.get("/")
def start_page() -> Response:
    if welcome.is_wanted():
        return redirect("/welcome", 303)
    now = utc_now().astimezone(reader().zone)
    steps = ticks.ticks()
    done = sum(one.done for one in steps)
    hide = Action(_("Hide"), "/start/steps/hide", "x", method="post")
    view = StartView(
        greeting=_greeting(now),
        today=day_text(now.date()),
        ticks=steps,
        ticks_done=_("%(done)d of %(all)d done", done=done, all=len(steps)),
        ticks_first=principal().may("users.edit"),
        hide_ticks=hide if steps else None,
        figures=tuple(_figure(info) for info in _counted()),
        panels=panels.draw_all("start.widgets", None, "/start"),
        actions=_actions(bool(steps)),
    )
    return answers.page("kumiko/start.html", v=view)


@blueprint.get("/start")
def start_again() -> Response:
    return redirect("/", 308)


@blueprint.post("/start/steps/<word>")
def show_steps(word: str) -> Response:
    ticks.put_away(word == "hide")
    if word == "hide":
        return answers.done("/", Toast(_("The first steps are hidden; the menu of this page shows them again.")))
    return answers.done("/")


@blueprint.get("/start/panels/<plugin>/<key>")
def start_panel(plugin: str, key: str) -> Response:
    """A panel of the start page that loads by itself."""
    for one in panels.panels_of("start.widgets"):
        if (one.plugin, one.item.key) == (plugin, key):
            view = panels.draw(one, None, "/start", now=True)
            return answers.page("admin/panel.html", panel=view)
    raise NotFound(_("There is no such part of the start page."))


def _greeting(now: datetime) -> str:
    text = next((words for hour, words in _GREETINGS if now.hour < hour), _l("Good evening, %(name)s"))
    return str(text) % {"name": principal().name.split(" ")[0]}


def _counted() -> list[TypeInfo]:
    person = principal()
    found = [
        info
        for info in catalogue().types.values()
        if info.type.menu and not info.type.dictionary and rights.level(info, person, "read") != "none"
    ]
    return found[:FIGURES]


def _figure(info: TypeInfo) -> Figure:
    """How many of a type one sees: all for those who read more than their own, else one's own; leads to that list."""
    everything = rights.level(info, principal(), "read") != "own"
    count = count_capped(info, node=None if everything else MINE)
    value = f"{number_text(COUNT_CAP)}+" if count > COUNT_CAP else number_text(count)
    plural = str(info.type.label_plural)
    if everything:
        return Figure(plural, value, href=f"/{info.collection}")
    return Figure(_("My %(what)s", what=plural.lower()), value, href=f"/{info.collection}?owner=me")


def _actions(steps_shown: bool) -> tuple[Action, ...]:
    found = sample.offers()
    if steps_shown or not ticks.are_hidden() or request.args.get("steps") == "0":
        return found
    return (*found, Action(_("Show the first steps"), "/start/steps/show", "list-check", method="post"))
