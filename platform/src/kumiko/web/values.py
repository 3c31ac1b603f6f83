"""Values as HTML, one drawer per field: for cards, timelines and the cells of lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import orjson
from markupsafe import Markup, escape

from kumiko.host.i18n import gettext as _
from kumiko.notify.mentions import without_marks
from kumiko.records.catalogue import TEAM, USER, FieldInfo, catalogue, item_fields
from kumiko.records.money import Money
from kumiko.records.views import LinkValue
from kumiko.web import formats
from kumiko.web.cells import badge_html, chip_html, lines_html, link_html, tags_html, text_html
from kumiko.web.i18n import gettext
from kumiko.web.types import path_of
from kumiko.web.viewmodels import Option

PLAIN = ("text", "longtext", "email", "phone", "url")


def label_of(one: FieldInfo) -> str:
    """The field's label in the reader's language."""
    label = one.field.label
    return gettext(label) if isinstance(label, str) else str(label)


def options_of(one: FieldInfo) -> dict[str, Option]:
    """Choices of a field as options, by key."""
    return {choice.key: Option(choice.key, str(choice.label), choice.hue) for choice in one.field.choices}


def scalar_html(one: FieldInfo) -> Callable[[Any], str]:
    """Drawer of plain values of a field (no links, no lists): value -> HTML. None never comes here."""
    kind = one.kind
    if kind == "choice":
        return badge_html(options_of(one))
    if kind == "multichoice":
        badge = badge_html(options_of(one))
        return lambda keys: " ".join(badge(key) for key in keys)
    if kind == "boolean":
        yes, no = _("yes"), _("no")
        return lambda value: yes if value else no
    if kind == "percent":
        return lambda value: text_html(formats.percent_text(value))
    if kind in ("integer", "number"):
        return lambda value: formats.number_text(value) if kind == "number" else _whole(one, value)
    if kind == "date":
        return formats.day_text
    if kind == "moment":
        return formats.short_moment_text
    if kind == "money":
        return lambda value: text_html(formats.money_text(value.minor, value.currency))
    if kind == "json":
        return lambda value: f"<code>{escape(orjson.dumps(value).decode()[:500])}</code>"
    if kind == "tags":
        return tags_html
    return text_html


def _whole(one: FieldInfo, value: int) -> str:
    return str(value) if one.name.endswith("year") else formats.number_text(value)


def value_html(one: FieldInfo, value: Any) -> Markup:
    """A value of a RecordView as HTML, with links that lead on; empty for nothing."""
    if value is None or value in ("", [], {}):
        return Markup("")
    kind = one.kind
    if kind == "link":
        return Markup(linked_html(one.field.to, value))  # noqa: S704 - finished HTML
    if kind == "record":
        return Markup(linked_html(value.type, value))  # noqa: S704 - finished HTML
    if kind == "users":
        return Markup(" ").join(Markup(linked_html(USER, user)) for user in value)  # noqa: S704 - finished HTML
    if kind == "list":
        return lines_html([_row_html(one, row) for row in value])
    if kind == "external_ids":
        return lines_html([f"{entry['system'] or _('default')}: {entry['id']}" for entry in value])
    if kind in PLAIN:
        return plain_html(kind, value)
    return Markup(scalar_html(one)(value))  # noqa: S704 - finished HTML


def plain_html(kind: str, value: str) -> Markup:
    """A text, e-mail address, phone number or web address."""
    if kind == "email":
        return Markup('<a class="km-link" href="mailto:{}">{}</a>').format(quote(value, safe="@+"), value)
    if kind == "phone":
        return Markup('<a class="km-link" href="tel:{}">{}</a>').format(quote(value, safe="+"), value)
    if kind == "url":
        shown = value.partition("://")[2].rstrip("/") or value
        return Markup('<a class="km-link" href="{}" rel="noopener noreferrer" target="_blank">{}</a>').format(
            value if value.startswith(("http://", "https://")) else "", shown
        )
    if kind == "longtext":
        return Markup("<br>").join(escape(without_marks(value)).splitlines())
    return escape(value)


def linked_html(type_key: str, value: LinkValue) -> str:
    """A link to a record; people as chips."""
    if value.hidden:
        return f'<span class="m">{escape(_("hidden"))}</span>'
    if type_key in (USER, TEAM):
        return chip_html((value.name or "—", value.id))
    return link_html((value.name or f"{value.id}", path_of(type_key, value.id)))


#: Rows of more fields than this are told in short: whoever has them shows them elsewhere.
MOST_TOLD = 6
_SHORT = 3


def _row_html(one: FieldInfo, row: Mapping[str, Any]) -> Markup:
    if len(item_fields(one)) > MOST_TOLD:
        told: dict[str, Markup] = {}
        for item in item_fields(one):
            value = row.get(item.name)
            if value not in (None, "", [], False) and len(told) < _SHORT:
                shown = value_html(item, value)
                told.setdefault(shown.striptags(), shown)
        return Markup(" · ").join(told.values())
    parts: list[Markup] = []
    for item in item_fields(one):
        value = row.get(item.name)
        if value is None or value in ("", [], False):
            continue
        if item.kind == "boolean":
            parts.append(Markup('<span class="km-badge">{}</span>').format(label_of(item)))
        elif item.kind == "choice":
            option = options_of(item).get(value)
            parts.append(Markup('<span class="m">{}</span>').format(option.label if option else value))
        else:
            parts.append(value_html(item, value))
    return Markup(" · ").join(parts)


def value_text(one: FieldInfo, value: Any) -> str:
    """A value of a RecordView as plain text."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, LinkValue):
        return _("hidden") if value.hidden else value.name
    if isinstance(value, Money):
        return formats.money_text(value.minor, value.currency)
    if isinstance(value, datetime):
        return formats.short_moment_text(value)
    if isinstance(value, date):
        return formats.day_text(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if one.kind == "choice":
        option = options_of(one).get(value)
        return option.label if option else str(value)
    if isinstance(value, list):
        if one.kind == "list":
            return "; ".join(_row_html(one, row).striptags() for row in value)
        names = options_of(one)
        return ", ".join(
            entry.name if isinstance(entry, LinkValue) else names[entry].label if entry in names else str(entry)
            for entry in value
        )
    if isinstance(value, int | float):
        return formats.percent_text(value) if one.kind == "percent" else formats.number_text(value)
    return str(value)


def journal_text(one: FieldInfo | None, value: Any, text: str) -> str:
    """A value of the journal as the reader writes amounts and days; `text` is the record layer's own form."""
    if one is None or value is None:
        return text
    try:
        if one.kind == "money":
            found = Money.of(value["value"], value["currency"])
            return formats.money_text(found.minor, found.currency)
        if one.kind == "date":
            return formats.day_text(date.fromisoformat(value))
        if one.kind == "moment":
            return formats.short_moment_text(datetime.fromisoformat(value))
        if one.kind in ("integer", "number", "percent"):
            return value_text(one, value)
        if one.kind == "multichoice":
            return value_text(one, value)
        if one.kind == "list" and isinstance(value, Mapping):
            return _journal_row(one, value) or text
    except (ValueError, TypeError, KeyError):
        return text
    return without_marks(text)


def _journal_row(one: FieldInfo, row: Mapping[str, Any]) -> str:
    """The first told items of a row as the journal keeps it: links are numbers there, and say nothing to people."""
    told = []
    for item in item_fields(one):
        value = row.get(item.name)
        if value not in (None, "", [], False) and not item.kind.startswith("link"):
            told.append(label_of(item) if value is True else journal_text(item, value, value_text(item, value)))
    return ", ".join(told[:_SHORT])


def is_person(type_key: str) -> bool:
    """Whether records of the type are shown with initials: they carry a first and a last name."""
    info = catalogue().find(type_key)
    return type_key == USER or (info is not None and {"first_name", "last_name"} <= set(info.fields))
