"""The form of a tile: which figures, how drawn, split by what, how wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from kumiko import FieldView, Option
from kumiko import gettext as _
from kumiko_analytics import checks
from kumiko_analytics.registry import WORD, Figure, standing_for


@dataclass(frozen=True)
class TileForm:
    """A tile's inputs; `place` None for the form of a new one."""

    place: int | None
    title: str
    fields: tuple[FieldView, ...]
    is_first: bool = False
    is_last: bool = False


def kinds() -> dict[str, str]:
    """Kinds of tiles in words."""
    return {
        checks.NUMBER: _("Number with trend"), checks.LINE: _("Line over time"), checks.BARS: _("Bars"),
        checks.TABLE: _("Table of figures"), checks.FUNNEL: _("Funnel or own table of the figure"),
    }  # fmt: skip


def group_labels() -> dict[str, str]:
    """Dimensions in words."""
    return {
        "time": _("Time, as fits the period"), "owner": _("Owner"), "team": _("Team"), "source": _("Source"),
        "campaign": _("Campaign"), "organization": _("Organization"), "lost_reason": _("Lost reason"), "day": _("Day"),
        "week": _("Week"), "month": _("Month"), "quarter": _("Quarter"), "year": _("Year"),
    }  # fmt: skip


def forms_of(tiles: Sequence[Mapping[str, Any]], known: Mapping[str, Figure]) -> list[TileForm]:
    """A form per tile, and one for a new tile at the end."""
    last = len(tiles) - 1
    forms = [
        TileForm(place, _title(one, known), _fields(one, known, f"t{place}"), place == 0, place == last)
        for place, one in enumerate(tiles)
    ]
    blank = {"kind": checks.NUMBER, "metrics": [], "width": 1}
    return [*forms, TileForm(None, _("New tile"), _fields(blank, known, "new"))]


def _title(tile: Mapping[str, Any], known: Mapping[str, Figure]) -> str:
    held = [_key(key) for key in tile.get("metrics", [])]
    names = [str(known[key].metric.label) if key in known else key for key in held]
    return tile.get("title") or ", ".join(names[:3]) or _("Tile")


def _key(key: str) -> str:
    """The key of the figure that stands for a word at present."""
    found = standing_for(key[1:]) if key.startswith(WORD) else None
    return found.key if found is not None else key


def _fields(tile: Mapping[str, Any], known: Mapping[str, Figure], prefix: str) -> tuple[FieldView, ...]:
    held = [_key(key) for key in tile.get("metrics", [])]
    options = {key: str(one.metric.label) for key, one in known.items()}
    options |= {key: _("%(key)s (not there at present)", key=key) for key in held if key not in options}
    figures = tuple(
        FieldView(
            f"{prefix}.metrics", _("Figure") if number == 0 else _("One more figure"), kind="choice", value=chosen,
            options=tuple(Option(key, label, chosen=key == chosen) for key, label in options.items()),
        )
        for number, chosen in enumerate([*held, ""][: checks.MOST_METRICS])
    )  # fmt: skip
    return (
        *figures,
        _select(f"{prefix}.kind", _("Drawn as"), kinds(), tile.get("kind", "")),
        _select(f"{prefix}.group", _("Split by"), group_labels(), tile.get("group") or "time",
                help_=_("Of lines, bars and tables.")),
        _select(f"{prefix}.width", _("Width"), {str(n): _("%(n)d of 4", n=n) for n in (1, 2, 3, 4)},
                str(tile.get("width", 1))),
        FieldView(f"{prefix}.title", _("Title"), value=str(tile.get("title", "")), max_length=80,
                  help=_("Empty: the names of its figures.")),
        FieldView(f"{prefix}.tab", _("Tab"), value=str(tile.get("tab", "")), max_length=80),
    )  # fmt: skip


def _select(name: str, label: str, words: Mapping[str, str], value: str, help_: str = "") -> FieldView:
    options = tuple(Option(key, text, chosen=key == value) for key, text in words.items())
    return FieldView(name, label, kind="choice", value=value, options=options, required=True, help=help_)


def tile_sent(form: MultiDict[str, str]) -> dict[str, Any]:
    """The tile that a form means; what is wrong with it `checks.tiles` says."""
    place = form.get("place", "")
    prefix = f"t{place}" if place.isdecimal() else "new"
    width = form.get(f"{prefix}.width", "1")
    return {
        "kind": form.get(f"{prefix}.kind", ""), "metrics": [key for key in form.getlist(f"{prefix}.metrics") if key],
        "group": form.get(f"{prefix}.group", ""), "width": int(width) if width.isdecimal() and len(width) < 4 else 1,
        "title": form.get(f"{prefix}.title", ""), "tab": form.get(f"{prefix}.tab", ""),
    }  # fmt: skip


def moved(tiles: Sequence[dict[str, Any]], place: int, by: int) -> list[dict[str, Any]]:
    """The tiles with one of them a place earlier or later."""
    made = list(tiles)
    other = min(max(place + by, 0), len(made) - 1)
    made[place], made[other] = made[other], made[place]
    return made
