"""The card of a record: what it is, what happened, what other modules know of it. Also its short form beside lists."""

from __future__ import annotations

from flask import Response, request

from kumiko import features
from kumiko.duplicates.leading import merged_into
from kumiko.exits import reading
from kumiko.host.context import principal
from kumiko.host.i18n import gettext as _
from kumiko.records import rights, service
from kumiko.records.catalogue import TypeInfo
from kumiko.records.views import RecordView
from kumiko.web import as_of, composer, panels
from kumiko.web.abilities import may
from kumiko.web.answers import done, is_htmx, page
from kumiko.web.lists import link_to
from kumiko.web.properties import property_groups
from kumiko.web.timeline import as_of_mark, timeline
from kumiko.web.types import record_of
from kumiko.web.values import is_person, options_of, value_text
from kumiko.web.viewmodels import NO_HTML, Action, Banner, CardView, Link, Option, Toast, hue_of

BUTTONS = 2


def show(collection: str, record_id: int) -> Response:
    """GET /COLLECTION/ID."""
    info, record = record_of(collection, record_id)
    if record.deleted and "bin" not in request.args:
        winner = merged_into(info.key, record.id)
        if winner is not None and service.find(info.key, winner) is not None:
            said = _("“%(title)s” became part of this record", title=record.title)
            return done(f"/{collection}/{winner}", Toast(said, href=f"/{collection}/{record_id}?bin=1"))
    reading.note(info, record.id)
    return page("kumiko/card.html", v=old_card(info, record) if as_of.pairs() else card_view(info, record))


def old_card(info: TypeInfo, record: RecordView) -> CardView:
    """The card as of a moment: its fields and what had happened until then; what other modules know is about today."""
    path = f"/{info.collection}/{record.id}"
    return CardView(
        id=record.id, type=info.key, type_label=str(info.type.label), title=record.title, path=path,
        version=str(record.version), icon=info.type.icon,
        hue=hue_of(record.id) if is_person(info.key) else info.type.hue, subtitle=subtitle_of(record),
        person=is_person(info.key), badges=badges_of(record), crumbs=(link_to(info),),
        groups=property_groups(record, editable=False),
        timeline=timeline(info, record.id, after=as_of_mark()) if info.type.timeline else None,
        banner=Banner(_("This record was in the bin then."), tone="warn") if record.deleted else None,
    )  # fmt: skip


def card_view(info: TypeInfo, record: RecordView, written: composer.Written | None = None) -> CardView:
    """The whole card. `written`: what somebody wrote into the composer and the server refused."""
    path, kind, tab = f"/{info.collection}/{record.id}", request.args.get("kind", ""), request.args.get("tab", "")
    editable = not record.deleted and may("edit", record)
    tabs = panels.tabs_of(info)
    first = None if info.type.timeline or not tabs else tabs[0]
    chosen = next((one for one in tabs if f"{one.plugin}-{one.item.key}" == tab), first)
    drawn = panels.draw(chosen, record, path, now=True) if chosen is not None else None
    links = [Link(_("Timeline"), path, "timeline", active=drawn is None)] if first is None else []
    links += [
        Link(str(one.item.title), f"{path}?tab={one.plugin}-{one.item.key}", active=one is chosen and drawn is not None)
        for one in tabs
    ]
    buttons, others = record_actions(record, editable=editable)
    return CardView(
        id=record.id,
        type=info.key,
        type_label=str(info.type.label),
        title=record.title,
        path=path,
        version=str(record.version),
        icon=info.type.icon,
        hue=hue_of(record.id) if is_person(info.key) else info.type.hue,
        subtitle=subtitle_of(record),
        person=is_person(info.key),
        badges=badges_of(record),
        crumbs=(link_to(info),),
        actions=buttons,
        menu=others,
        groups=property_groups(record, editable=editable),
        tabs=tuple(links) if tabs else (),
        tab_html=(drawn.html or NO_HTML) if drawn is not None else NO_HTML,
        composer=composer.composer_of(info, record, written) if drawn is None and not record.deleted else None,
        timeline=timeline(info, record.id, kind=kind) if drawn is None and info.type.timeline else None,
        panels=panels.draw_all(f"record.{info.key}.aside", record, path),
        banner=_banner(record, path),
    )


def subtitle_of(record: RecordView) -> str:
    """The line below the title: the type's subtitle field."""
    one = record.type.find(record.type.type.subtitle) if record.type.type.subtitle else None
    return value_text(one, record.get(one.name)) if one is not None else ""


def badges_of(record: RecordView) -> tuple[Option, ...]:
    """Choices that have a colour: what state the record is in."""
    found = []
    for one in record.type.fields.values():
        value = record.get(one.name) if one.kind == "choice" else None
        option = options_of(one).get(value) if value else None
        if option is not None and option.hue:
            found.append(option)
    return tuple(found[:3])


def _banner(record: RecordView, path: str) -> Banner | None:
    if not record.deleted:
        return None
    back = Action(_("Restore"), f"{path}/restore", "restore", method="post") if may("delete", record) else None
    return Banner(_("This record is in the bin."), back, tone="warn")


def record_actions(record: RecordView, *, editable: bool) -> tuple[tuple[Action, ...], tuple[Action, ...]]:
    """Buttons of a card and the entries of its menu."""
    info, path = record.type, f"/{record.type.collection}/{record.id}"
    if record.deleted:
        return (), (Action(_("History"), f"{path}/history", "history"),)
    buttons: list[Action] = []
    rest: list[Action] = []
    for name, declared in info.actions.items():
        if not features.usable(declared):
            continue
        if not (editable if declared.right == "edit" else may(declared.right, record)):
            continue
        if declared.available is not None and not declared.available(record):
            continue
        asks = bool(declared.fields or declared.confirm)
        action = Action(
            str(declared.label), f"{path}/actions/{name}", declared.icon, "get" if asks else "post",
            primary=declared.primary, dialog=asks,
        )  # fmt: skip
        (buttons if declared.primary and len(buttons) < BUTTONS else rest).append(action)
    if editable:
        buttons.append(Action(_("Edit"), f"{path}/edit", "pencil"))
    menu = [*rest, Action(_("History"), f"{path}/history", "history")]
    if rights.level(info, principal(), "delete") != "none" and may("delete", record):
        menu.append(Action(_("Delete"), f"{path}/delete", "trash", method="post", danger=True))
    return tuple(buttons), tuple(menu)


def peek(collection: str, record_id: int) -> Response:
    """GET /COLLECTION/ID/peek: the short card beside a list."""
    info, record = record_of(collection, record_id)
    reading.note(info, record.id)
    editable = not record.deleted and may("edit", record)
    buttons, _menu = record_actions(record, editable=editable)
    view = CardView(
        id=record.id, type=info.key, type_label=str(info.type.label), title=record.title,
        path=f"/{collection}/{record_id}", version=str(record.version), icon=info.type.icon,
        hue=hue_of(record.id) if is_person(info.key) else info.type.hue, subtitle=subtitle_of(record),
        person=is_person(info.key), badges=badges_of(record), actions=buttons,
        groups=property_groups(record, editable=editable, short=True),
        timeline=timeline(info, record_id, limit=5) if info.type.timeline else None,
    )  # fmt: skip
    return page("kumiko/peek.html", v=view)


def more_timeline(collection: str, record_id: int) -> Response:
    """GET /COLLECTION/ID/timeline: the next items."""
    info, record = record_of(collection, record_id)
    found = timeline(info, record.id, kind=request.args.get("kind", ""), after=request.args.get("after", ""))
    if is_htmx():
        return page("kumiko/timeline_items.html", timeline=found)
    view = CardView(
        record.id, info.key, str(info.type.label), record.title, f"/{collection}/{record_id}", str(record.version),
        crumbs=(link_to(info),), timeline=found,
    )  # fmt: skip
    return page("kumiko/card.html", v=view)
