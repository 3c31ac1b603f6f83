"""Dashboards: which one opens first, its tabs, and the filter bar that holds for all of its tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kumiko import FieldView, Link, RecordView, field_inputs, principal, session, source_of
from kumiko import gettext as _
from kumiko_analytics.drill import query_of
from kumiko_analytics.figures import path_of
from kumiko_analytics.periods import PRESETS, Period, preset_labels
from kumiko_analytics.record_types import DASHBOARD
from kumiko_analytics.registry import Figure, find_figure
from kumiko_contracts.deals import DEAL

#: Dimensions of the filter bar; each is there when a figure of the dashboard knows it.
BAR = ("owner", "team", "pipeline", "source")


@dataclass(frozen=True)
class Bar:
    """The filter bar: `presets` as links, `fields` as inputs named by dimension."""

    action: str
    presets: tuple[Link, ...]
    since: str
    until: str
    fields: tuple[FieldView, ...]
    keep: tuple[tuple[str, str], ...]
    clear_href: str = ""


def known() -> list[Any]:
    """(id, name, sharing, opens_for, owner) of the dashboards that the acting person may see, by name."""
    model: Any = DASHBOARD.model
    columns = (model.id, model.name, model.sharing, model.opens_for, model.owner_id)
    query = select(*columns).where(model.deleted_at.is_(None)).order_by(model.name, model.id)
    return list(session().execute(query).all())


def first_of(rows: Sequence[Any]) -> int | None:
    """The dashboard that opens first: the public one for people who see as much as this one does."""
    person = principal()
    mine = "sellers" if person.level(DEAL, "read") in ("own", "none") else "heads"
    for wanted in (mine, "heads", "sellers", None):
        for row in rows:
            if wanted is None or (row.opens_for == wanted and row.sharing == "public"):
                return int(row.id)
    return None


def tiles_of(record: RecordView) -> list[dict[str, Any]]:
    """The tiles as they are kept, in order."""
    return list(record.get("tiles") or [])


def tabs_of(tiles: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of the tabs in order; one without a name when nobody made any."""
    return list(dict.fromkeys(str(tile.get("tab", "")) for tile in tiles)) or [""]


def bar_of(
    path: str, period: Period, chosen: Mapping[str, Any], tiles: Sequence[Mapping[str, Any]], keep: Mapping[str, str]
) -> Bar:
    """The filter bar over these tiles."""
    labels = preset_labels()
    kept = {name: value for name, value in keep.items() if value}
    presets = tuple(
        Link(labels[one], f"{path}?{query_of(Period(period.since, period.until, one), chosen, **kept)}",
             active=period.preset == one)
        for one in PRESETS
    )  # fmt: skip
    from werkzeug.datastructures import MultiDict  # local: only pages draw inputs

    typed: Any = MultiDict({word: "" if value is None else str(value) for word, value in chosen.items()})
    fields: list[FieldView] = []
    used = [one for tile in tiles for key in tile["metrics"] if (one := find_figure(key)) is not None]
    for type_key, words in _words(used).items():
        fields += field_inputs(type_key, words, typed=typed).values()
    return Bar(
        path, presets, str(period.since), str(period.last), tuple(fields), tuple(kept.items()),
        f"{path}?{query_of(period, {}, **kept)}" if chosen else "",
    )  # fmt: skip


def _words(used: Sequence[Figure]) -> dict[str, list[str]]:
    """Record type -> dimensions of the bar that are plain fields of it; each dimension once."""
    found: dict[str, list[str]] = {}
    left = list(BAR)
    if principal().level(DEAL, "read") == "own":
        left.remove("owner")
    for figure in used:
        for leaf in figure.leaves:
            source = source_of(leaf.measure.type)
            for word in list(left):
                if source.dataset is None and path_of(leaf.measure, word) == word and word in source.info.fields:
                    found.setdefault(leaf.measure.type, []).append(word)
                    left.remove(word)
    return found


def preset_name(period: Period) -> str:
    """A period as the bar names it."""
    return preset_labels().get(period.preset, _("Chosen days"))
