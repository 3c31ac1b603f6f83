"""Panels on the module's own cards: the raw text of what came in, and how a template reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko import Panel, catalogue
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_integrations.intake import raw_of
from kumiko_integrations.models import INTAKE, MANAGE, TEMPLATE

SHOWN = 20_000
NAMES_SHOWN = 80
CONNECTIONS_SHOWN = 6


def raw_text(record: Any) -> Mapping[str, Any] | None:
    """What came in, as text; the beginning of it."""
    item = raw_of(record.id)
    if item is None:
        return None
    links = []
    result = record.get("result") or {}
    for name, path, label in (
        ("lead", "leads", _l("Lead")), ("person", "persons", _l("Person")),
        ("conversation", "conversations", _l("Conversation")), ("inquiry", "inquiries", _l("Inquiry")),
    ):  # fmt: skip
        if result.get(name):
            links.append((str(label), f"/{path}/{result[name]}"))
    return {
        "text": item.body[:SHOWN].decode("utf-8", "replace").replace("\x00", ""),
        "is_cut": len(item.body) > SHOWN,
        "links": links,
    }


def placeholders(record: Any) -> Mapping[str, Any] | None:
    """The panel on the card of a template: what its text can name, and the way to the preview."""
    key = record.get("about") or ""
    if catalogue().find(key) is None:
        why = _("Say what it is written about, to see its placeholders here.") if not key else _(
            "The module that keeps these records is switched off.")  # fmt: skip
        return {"names": (), "why": why, "href": ""}
    from kumiko import text_names  # local: only this panel needs them

    names = text_names(key)
    return {"names": names[:NAMES_SHOWN], "why": "", "href": f"/message-templates/{record.id}/preview"}


def connections(_record: Any) -> Mapping[str, Any] | None:
    """How connections are, on the start page of those who set them up."""
    from kumiko_integrations.connection_pages import attention, lines  # local: with the pages

    return {"lines": lines()[:CONNECTIONS_SHOWN], "attention": attention()}


PANELS = [
    Panel(
        slot="start.widgets", key="connections", title=_l("Connections"), template="integrations/start.html",
        load=connections, order=40, permission=MANAGE,
    ),
    Panel(
        slot=f"record.{INTAKE}.aside", key="raw", title=_l("As it came"), template="integrations/raw.html",
        load=raw_text, order=5,
    ),
    Panel(
        slot=f"record.{TEMPLATE}.aside", key="placeholders", title=_l("Placeholders"),
        template="integrations/placeholders.html", load=placeholders, order=5,
    ),
]  # fmt: skip
