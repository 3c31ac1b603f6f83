"""Pages of figures: all with their definitions, and one with its parts, its lines and the records behind them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from kumiko import Link, Measure, NotFound, company_zone, draw_page, measured_ids, source_of
from kumiko import gettext as _
from kumiko_analytics import dashboards, rates, tiles
from kumiko_analytics.dashboards import Bar
from kumiko_analytics.drill import chosen_of, figure_href, formula_names, ids_href, part_href, query_of
from kumiko_analytics.figures import Answer, Ask, compute, narrowed, values_of
from kumiko_analytics.periods import UNITS, period_of
from kumiko_analytics.registry import Figure, figures, get_figure, word_label
from kumiko_analytics.services import reason_text
from kumiko_analytics.texts import MONEY, period_text, value_text

MOST_LISTED = 200


@dataclass(frozen=True)
class PartView:
    """A part of a figure: what it is, its value, and where its records are."""

    name: str
    label: str
    value: str
    href: str = ""


@dataclass(frozen=True)
class FigureView:
    """A figure with its proof."""

    key: str
    label: str
    value: str
    problem: str
    formula: str
    help: str
    exclusions: str
    owner: str
    parts: tuple[PartView, ...]
    notes: tuple[str, ...]
    period: str
    zone: str
    bar: Bar
    splits: tuple[Link, ...]
    table: tiles.TileView | None


@dataclass(frozen=True)
class ListedFigure:
    """A figure in the list of all."""

    key: str
    label: str
    unit: str
    formula: str
    help: str
    exclusions: str
    missing: str
    href: str


def every() -> Response:
    """GET /analytics/figures: every figure on offer, with formula, inputs and exclusions."""
    units = {
        "money": _("amount"), "percent": _("share"), "count": _("number of records"), "days": _("days"),
        "minutes": _("minutes"), "number": _("number"),
    }  # fmt: skip
    rows = tuple(
        ListedFigure(
            key, str(one.metric.label), units.get(one.metric.unit, one.metric.unit),
            one.metric.formula or _("a table of its own"), str(one.metric.help), str(one.metric.exclusions),
            ", ".join(word_label(word) for word in one.missing), f"/analytics/figures/{key}",
        )
        for key, one in figures().items()
    )  # fmt: skip
    return draw_page("analytics/figures.html", rows=rows)


def show(key: str) -> Response:
    """GET /analytics/figures/KEY: the figure, what it is made of, and its lines by a dimension."""
    figure = get_figure(key)
    period, chosen = period_of(request.args), chosen_of(request.args)
    group = request.args.get("group", "")
    path = f"/analytics/figures/{key}"
    tile = {"kind": "table", "metrics": [key], "group": group, "width": 4}
    table = None
    if figure.metric.table is not None or group:
        table = tiles.draw([(0, tile)], period, chosen)[0]
    ask = Ask(figure, period, chosen)
    answer = compute([ask])[0] if figure.metric.table is None else Answer(ask)
    groups = [one for one in figure.metric.groups if one not in UNITS]
    units = [one for one in UNITS if one != "year"] if figure.has_period and figure.metric.table is None else []
    labels = {"day": _("Day"), "week": _("Week"), "month": _("Month"), "quarter": _("Quarter"), "year": _("Year")}
    splits = tuple(
        Link(labels.get(one, word_label(one).capitalize()), figure_href(ask, group=one), active=one == group)
        for one in (*groups, *units)
    )
    view = FigureView(
        key=key, label=str(figure.metric.label),
        value="" if figure.metric.table is not None else value_text(answer.value, figure.metric.unit),
        problem=answer.problem or ("" if answer.value is not None or figure.metric.table is not None
                                   else reason_text(answer.reason)),
        formula=figure.metric.formula, help=str(figure.metric.help), exclusions=str(figure.metric.exclusions),
        owner=str(figure.metric.owner), parts=tuple(_parts(figure, answer)),
        notes=tuple(_notes(answer)),
        period=period_text(period) if figure.has_period else _("now"), zone=company_zone().key,
        bar=dashboards.bar_of(path, period, chosen, [tile], {"group": group}), splits=splits, table=table,
    )  # fmt: skip
    return draw_page("analytics/figure.html", v=view)


def _notes(answer: Answer) -> list[str]:
    converted = rates.note(values_of(answer))
    unlimited = [_("Not limited by %(words)s.", words=word_label(word)) for word in answer.unlimited]
    return [*unlimited, *([converted] if converted else [])]


def _parts(figure: Figure, answer: Answer, path: str = "", indent: str = "") -> list[PartView]:
    """The parts in the order of the formula; those of figures that stand for words below them."""
    found: list[PartView] = []
    for name in formula_names(figure):
        part = figure.parts.get(name)
        if isinstance(part, Measure):
            at = f"{path}{name}"
            unit = MONEY if _is_money(part) else "count" if part.how in ("count", "distinct") else "number"
            value = value_text(answer.parts.get(at), unit) if not answer.problem else "–"
            found.append(PartView(indent + name, str(part.label), value, part_href(answer.ask, at, part)))
        elif isinstance(part, Figure):
            ask = Ask(part, answer.ask.period, answer.ask.chosen)
            found.append(PartView(indent + name, str(part.metric.label), "", figure_href(ask)))
            found += _parts(part, answer, f"{path}{name}/", f"{indent}{name}: ")
        elif part is None:
            found.append(PartView(indent + name, _("nobody counts this at present"), _("no value")))
        else:
            value = part()
            shown = _("no value") if value is None else value_text(Fraction(str(value)), "number")
            found.append(PartView(indent + name, _("setting of this module"), shown, "/admin/plugins/analytics"))
    return found


def _is_money(part: Measure) -> bool:
    held = source_of(part.type).info.find(part.field) if part.field and part.how != "count" else None
    return held is not None and held.kind == "money"


def records(key: str) -> BaseResponse:
    """The list of the records behind a part whose rows are no records; more than fit into one list come in parts."""
    figure = get_figure(key)
    period, chosen = period_of(request.args), chosen_of(request.args)
    wanted = request.args.get("part", "")
    leaf = next((one for one in figure.leaves if one.path == wanted), None)
    if leaf is None:
        raise NotFound(_("This figure has no such part."))
    text = request.args.get("after", "0")
    after = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    measured = narrowed(leaf.measure, period, chosen)[0]
    ids = measured_ids(measured.type, measured, after=after, limit=MOST_LISTED + 1)
    href = ids_href(source_of(measured.type).type.key, ids[:MOST_LISTED])
    if len(ids) <= MOST_LISTED and not after:
        return redirect(href, 303)
    more = ""
    if len(ids) > MOST_LISTED:
        more = f"/analytics/figures/{key}/records?{query_of(period, chosen, part=wanted, after=ids[MOST_LISTED - 1])}"
    back = figure_href(Ask(figure, period, chosen))
    return draw_page(
        "analytics/records.html", label=str(figure.metric.label), back=back, href=href,
        count=min(len(ids), MOST_LISTED), more=more,
    )  # fmt: skip
