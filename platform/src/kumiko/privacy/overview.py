"""The page inside of a package that its person can read: every place in words, every value with its label.

The rows beside it, as JSON, are for programs; this is for the person who asked, who has neither Kumiko nor a program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape
from typing import Any

from kumiko.host.generation import Generation
from kumiko.host.i18n import gettext as _
from kumiko.privacy.rules import Place

_MOST, _LONGEST = 500, 4000  # rows of a place, characters of a value; all of it stands in the rows beside the page
_TECHNICAL = frozenset({"id", "version", "parent_id", "record_id", "position", "unit_id", "sha256", "plugin", "schema"})


class Overview:
    """Collects places and files while a package is written; `html` is the whole page."""

    def __init__(self, generation: Generation, known: Mapping[str, Place]) -> None:
        self._types = generation.state["records"].types
        self._known = known
        self._parts: list[str] = []

    def add(self, table: str, label: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """A place with its rows."""
        names = self._labels(table)
        self._parts.append(f"<h2>{escape(label)} ({len(rows)})</h2>")
        for row in rows[:_MOST]:
            lines = [
                f"<dt>{escape(names.get(name) or _plain(name))}</dt><dd>{escape(text)}</dd>"
                for name, value in row.items()
                if name not in _TECHNICAL and not name.endswith("_id") and (text := _text(value))
            ]
            if lines:
                self._parts.append(f"<dl>{''.join(lines)}</dl>")
        if len(rows) > _MOST:
            more = _("%(count)d more stand in the file %(name)s.", count=len(rows) - _MOST, name=f"{table}.jsonl")
            self._parts.append(f"<p>{escape(more)}</p>")

    def add_files(self, names: Sequence[str]) -> None:
        """Files of the package, by their paths in it."""
        if names:
            links = "".join(f'<li><a href="{escape(name, quote=True)}">{escape(name)}</a></li>' for name in names)
            self._parts.append(f"<h2>{escape(_('Attached files'))} ({len(names)})</h2><ul>{links}</ul>")

    def html(self, who: str, company: str, at: str) -> bytes:
        """The page as it stands in the package."""
        title = _("What %(company)s keeps about %(who)s", company=company, who=who)
        said = _("Made on %(when)s. The same stands in the files beside this page, in a form for programs.", when=at)
        nothing = f"<p>{escape(_('Nothing was found.'))}</p>"
        page = (
            f'<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{escape(title)}</title></head><body><main><h1>{escape(title)}</h1><p>{escape(said)}</p>"
            f"{''.join(self._parts) or nothing}</main></body></html>"
        )
        return page.encode()

    def _labels(self, table: str) -> dict[str, str]:
        """Column -> label, as forms show it."""
        place = self._known.get(table)
        info = self._types.get(place.type_key) if place is not None else None
        if info is None:
            return {}
        fields = list(info.fields.values())
        fields += [item for one in info.lists for item in one.items if one.part_table.name == table]
        return {column.name: str(one.field.label) for one in fields for column in one.columns}


def _plain(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _text(value: Any) -> str:
    """A value as words; "" for what says nothing."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")[:_LONGEST]
    if isinstance(value, dict):
        return "; ".join(f"{_plain(name)}: {text}" for name, one in value.items() if (text := _text(one)))[:_LONGEST]
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(one) for one in value)))[:_LONGEST]
    return str(value)[:_LONGEST]
