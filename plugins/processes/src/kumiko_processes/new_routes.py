"""A new process: from a recipe, from a file, or from a trigger; and saving one as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from flask import Blueprint, Response, make_response, request

from kumiko import (
    Conflict,
    FieldView,
    Forbidden,
    Invalid,
    Link,
    Option,
    Veto,
    catalogue,
    create,
    draw_page,
    get_for_setup,
    go_to,
    may,
    unit,
    update,
)
from kumiko import gettext as _
from kumiko_processes import checks, describe, offers, recipes, tree
from kumiko_processes.models import PROCESS

FILE = "kumiko-process"
MOST_BYTES = 300_000


@dataclass(frozen=True, kw_only=True)
class RecipeCard:
    """A recipe as it is offered. `lacks`: modules that are not on, "" when it can run."""

    key: str
    name: str
    text: str
    icon: str
    about: str
    lacks: str


@dataclass(frozen=True, kw_only=True)
class NewView:
    """The page of a new process. `process`: id of a draft that lacks what it is about, or 0."""

    crumbs: tuple[Link, ...]
    recipes: tuple[RecipeCard, ...]
    fields: tuple[FieldView, ...]
    file: FieldView
    error: str
    process: int = 0


def add_rules(blueprint: Blueprint) -> None:
    """Put the addresses into the plugin's blueprint."""
    blueprint.add_url_rule("/processes/new", "new", new, methods=["GET", "POST"])
    blueprint.add_url_rule("/processes/from-file", "from_file", from_file, methods=["POST"])
    blueprint.add_url_rule("/processes/<int:process_id>/export", "export", export, methods=["GET"])


def new() -> Response:
    """GET: recipes and a blank one; POST: `recipe`, or `about` and `on`."""
    _require()
    if request.method == "GET":
        return _draw()
    try:
        return _make()
    except (Invalid, Conflict, Veto) as fault:
        return _draw(describe.fault_sentence(fault))


def _require() -> None:
    if not may("create", PROCESS):
        raise Forbidden(_("Processes are made by heads and administrators."))


def _make() -> Response:
    recipe = recipes.find(request.form.get("recipe", ""))
    if recipe is not None:
        name, about, draft = str(recipe.name), recipe.about, recipe.make()
        if catalogue().find(about) is None:
            raise Conflict(_("This recipe needs the module %(module)s, which is off.", module=offers.module_of(about)))
    else:
        about = request.form.get("about", "")
        if not about:
            raise Conflict(_("Say what the process is about."))
        draft = tree.empty(request.form.get("on") or "manual")
        name = request.form.get("name", "").strip() or _(
            "Process about %(what)s", what=offers.type_label(about, many=True)
        )
    process_id = _number(request.form.get("process", ""))
    with unit(reason=_("new process")) as opened:
        if process_id:
            get_for_setup("processes", process_id)
            update(PROCESS, process_id, {"about": about, "draft": draft})
        else:
            process_id = create(PROCESS, {"name": name, "about": about, "draft": draft}).id
        unit_id = opened.id
    return go_to(
        f"/processes/{process_id}/build?step=trigger",
        _("Process made; nothing runs before you publish it"),
        undo_unit=unit_id,
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _draw(error: str = "") -> Response:
    cards = []
    for one in recipes.RECIPES:
        lacking = list(recipes.lacks(one.make(), one.about))
        said = _("needs %(modules)s", modules=", ".join(lacking)) if lacking else ""
        cards.append(
            RecipeCard(
                key=one.key,
                name=str(one.name),
                text=str(one.text),
                icon=one.icon,
                about=offers.type_label(one.about),
                lacks=said,
            )
        )
    types = [
        Option(info.key, str(info.type.label))
        for info in catalogue().types.values()
        if not info.type.public and not info.key.startswith("processes.")
    ]
    triggers = [Option(key, label) for key, label in describe.own_triggers().items()]
    form = request.form
    fields = (
        FieldView(name="name", label=_("Name"), value=form.get("name", "")),
        FieldView(
            name="about",
            label=_("About"),
            kind="choice",
            value=form.get("about", "") or "deals.deal",
            required=True,
            options=tuple(sorted(types, key=lambda option: option.label.casefold())),
        ),
        FieldView(
            name="on",
            label=_("It starts when"),
            kind="choice",
            value=form.get("on", "") or "created",
            required=True,
            options=tuple(triggers),
            help=_("Triggers of modules are offered on the next page."),
        ),
    )
    file = FieldView(name="file", label=_("File"), kind="file", accept=".json", required=True)
    view = NewView(
        crumbs=(Link(_("Processes"), "/processes"),),
        recipes=tuple(sorted(cards, key=lambda card: bool(card.lacks))),
        fields=fields,
        file=file,
        error=error,
        process=_number(request.values.get("process", "")),
    )
    return draw_page("processes/new.html", 422 if error else 200, v=view)


def export(process_id: int) -> Response:
    """GET: the process as a readable file."""
    record = get_for_setup("processes", process_id, "read")
    body = {
        "kind": FILE,
        "format": tree.FORMAT,
        "name": record.title,
        "about": record.get("about"),
        "note": record.get("note"),
        "hears_imports": bool(record.get("hears_imports")),
        "tree": record.get("draft") or record.get("tree"),
    }
    answer = make_response(orjson.dumps(body, option=orjson.OPT_INDENT_2))
    answer.headers["Content-Type"] = "application/json; charset=utf-8"
    safe = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in record.title)[:60] or "process"
    answer.headers["Content-Disposition"] = f'attachment; filename="{safe}.json"'
    return answer


def from_file() -> Response:
    """POST: a process from such a file, as a draft; what is missing here is said at its steps."""
    _require()
    try:
        return _read_file()
    except (Invalid, Conflict, Veto) as fault:
        return _draw(describe.fault_sentence(fault))


def _read_file() -> Response:
    sent = request.files.get("file")
    data = sent.read(MOST_BYTES + 1) if sent is not None else b""
    if not data or len(data) > MOST_BYTES:
        raise Conflict(_("Choose the file of a process, of at most %(most)d kB.", most=MOST_BYTES // 1000))
    try:
        body: Any = orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        raise Conflict(_("This is no file of a process: %(why)s", why=str(fault))) from None
    if not isinstance(body, dict) or body.get("kind") != FILE:
        raise Conflict(_("This is no file of a process: it lacks “kind”: “%(kind)s”.", kind=FILE))
    form = checks.form_problems(body.get("tree"))
    if form:
        raise Conflict(form[0])
    about = str(body.get("about") or "")
    if catalogue().find(about) is None:
        raise Conflict(_("It is about %(about)s, and the module that keeps these is not on here.", about=about[:80]))
    values = {
        "name": str(body.get("name") or _("Process"))[:200],
        "about": about,
        "draft": body["tree"],
        "note": str(body.get("note") or "")[:5000] or None,
        "hears_imports": bool(body.get("hears_imports")),
    }
    with unit(reason=_("process from a file")) as opened:
        process_id = create(PROCESS, values).id
        unit_id = opened.id
    missing = len(checks.problems(body["tree"], about, process_id))
    said = _("Process made; %(count)d things are missing here", count=missing) if missing else _("Process made")
    return go_to(f"/processes/{process_id}/build", said, undo_unit=unit_id)
