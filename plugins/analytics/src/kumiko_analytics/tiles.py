"""Tiles of a dashboard as they are drawn. All figures of a page are asked at once, in few statements."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kumiko import KumikoError, MetricAsked, company_currency
from kumiko import gettext as _
from kumiko_analytics import checks, rates
from kumiko_analytics.drill import figure_href, line_ask, query_of, value_href
from kumiko_analytics.figures import Answer, Ask, Line, compute, currencies_of, said, values_of
from kumiko_analytics.formulas import Value
from kumiko_analytics.periods import UNITS, Period
from kumiko_analytics.registry import Figure, get_figure, word_label
from kumiko_analytics.services import reason_text
from kumiko_analytics.texts import MONEY, PERCENT, Trend, chart_number, key_text, largest, trend, value_text

MOST_LINES = 12
#: A group that means the step of time that fits the period.
TIME = "time"


@dataclass(frozen=True)
class Cell:
    """A value in a table; `share`: of the longest bar, from 0 to 1, or None where no bar is drawn."""

    text: str
    href: str = ""
    share: float | None = None
    muted: bool = False


@dataclass(frozen=True)
class Row:
    label: str
    cells: tuple[Cell, ...]
    mark: str = ""
    is_total: bool = False


@dataclass
class TileView:
    """One tile. `href`: address that it is loaded from once it comes into sight; `chart`: what <km-chart> draws."""

    place: int
    kind: str
    title: str
    width: int
    href: str = ""
    value: str = ""
    value_href: str = ""
    figure_href: str = ""
    trend: Trend | None = None
    trend_note: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    chart: str = ""
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    is_missing: bool = False  # nobody offers its figures at present


def draw(tiles: Sequence[tuple[int, Mapping[str, Any]]], period: Period, chosen: Mapping[str, Any],
         lazy: str = "") -> list[TileView]:  # fmt: skip
    """Tiles with their places. `lazy`: address below which tables of several statements are loaded by themselves."""
    views: list[TileView] = []
    asked: list[tuple[TileView, list[Ask]]] = []
    for place, tile in tiles:
        view = TileView(place, tile["kind"], tile.get("title", ""), tile.get("width", 1))
        figures = []
        for key in tile["metrics"]:
            try:
                figures.append(get_figure(key))
            except KumikoError as fault:
                view.notes.append(said(fault))
        views.append(view)
        if not figures:
            view.title, view.problem, view.notes = view.title or _("Figure"), " ".join(view.notes), []
            view.is_missing = True
            continue
        view.title = view.title or ", ".join(str(one.metric.label) for one in figures[:2])
        if figures[0].metric.table is not None:
            view.figure_href = figure_href(Ask(figures[0], period, chosen))
            if lazy:
                view.href = f"{lazy}/{place}?{query_of(period, chosen)}"
            else:
                _table_of(view, figures[0], period, chosen)
            continue
        group = _group(tile, period)
        is_number = tile["kind"] == checks.NUMBER
        asks = [Ask(one, period, chosen, "" if is_number else group, is_number) for one in figures]
        view.figure_href = figure_href(asks[0], group="" if is_number else group)
        asked.append((view, asks))
    answers = iter(compute([ask for _view, asks in asked for ask in asks]))
    for view, asks in asked:
        _fill(view, [next(answers) for _ask in asks])
    return views


def _group(tile: Mapping[str, Any], period: Period) -> str:
    group = tile.get("group") or TIME
    return period.unit if group == TIME else group


def _fill(view: TileView, answers: Sequence[Answer]) -> None:
    first = answers[0]
    problems = list(dict.fromkeys(one.problem for one in answers if one.problem))
    unlimited = [word_label(word) for one in answers for word in one.unlimited]
    if unlimited:
        words = ", ".join(dict.fromkeys(unlimited))
        view.notes.append(_("Not limited by %(words)s.", words=words))
    if problems and (len(answers) == 1 or all(one.problem for one in answers)):
        view.problem = " ".join(problems)
        return
    view.notes += problems
    note = rates.note(value for one in answers for value in values_of(one))
    if note:
        view.notes.append(note)
    if view.kind == checks.NUMBER:
        _number(view, first)
    elif view.kind == checks.TABLE:
        _table(view, [one for one in answers if not one.problem])
    else:
        _lines(view, [one for one in answers if not one.problem])


def _number(view: TileView, answer: Answer) -> None:
    metric = answer.ask.figure.metric
    view.value = value_text(answer.value, metric.unit, short=True)
    view.value_href = value_href(answer.ask)
    view.trend = trend(answer.value, answer.before, metric.unit, metric.better)
    if answer.value is None:
        view.trend_note = reason_text(answer.reason)
    elif not answer.ask.figure.has_period:
        view.trend_note = _("now")
    elif view.trend is not None:
        view.trend_note = _("against the period before")


def _lines(view: TileView, answers: Sequence[Answer]) -> None:
    """Bars or a line over one dimension; every figure is a series. The table beside the chart holds the same."""
    group = answers[0].ask.group
    is_time = group in UNITS
    keys = list(dict.fromkeys(line.key for one in answers for line in one.lines))
    by_key = [{line.key: line for line in one.lines} for one in answers]
    if not is_time:
        keys.sort(key=lambda key: -float(largest(by_key[0][key].value)) if key in by_key[0] else 0)
        if len(keys) > MOST_LINES:
            view.notes.append(_("The first %(shown)d of %(all)d.", shown=MOST_LINES, all=len(keys)))
            keys = keys[:MOST_LINES]
    labels = [_label(key, by_key, group) for key in keys]
    top = [max((largest(line.value) for line in one.values()), default=0) for one in by_key]
    view.heads = (_head(group), *(str(one.ask.figure.metric.label) for one in answers))
    view.rows = tuple(
        Row(label, tuple(_cell(one, lines.get(key), best)
                         for one, lines, best in zip(answers, by_key, top, strict=True)))
        for key, label in zip(keys, labels, strict=True)
    )  # fmt: skip
    if view.kind == checks.LINE:
        view.chart = chart_json("line", labels, answers, by_key, keys)


def chart_json(
    kind: str, labels: Sequence[str], answers: Sequence[Answer], by_key: Sequence[Mapping[Any, Line]],
    keys: Sequence[Any],
) -> str:  # fmt: skip
    """What <km-chart> draws."""
    series: list[dict[str, Any]] = []
    codes: set[str] = set()
    for one, lines in zip(answers, by_key, strict=True):
        metric, values = one.ask.figure.metric, [lines[key].value if key in lines else None for key in keys]
        used = currencies_of(values) or [company_currency()]
        codes |= set(used) if metric.unit == MONEY else set()
        for code in used if metric.unit == MONEY else [""]:
            name = f"{metric.label} ({code})" if len(used) > 1 and code else str(metric.label)
            series.append({"name": name, "data": [chart_number(value, metric.unit, code) for value in values]})
    unit = answers[0].ask.figure.metric.unit
    sign = "%" if unit == PERCENT else next(iter(codes)) if unit == MONEY and len(codes) == 1 else ""
    return json.dumps({"kind": kind, "labels": list(labels), "series": series, "unit": sign})


def _label(key: Any, by_key: Sequence[Mapping[Any, Line]], group: str) -> str:
    name = next((lines[key].label for lines in by_key if key in lines and lines[key].label), "")
    return key_text(key, name, group)


def _head(group: str) -> str:
    heads = {
        "owner": _("Owner"), "team": _("Team"), "source": _("Source"), "campaign": _("Campaign"), "day": _("Day"),
        "week": _("Week"), "month": _("Month"), "quarter": _("Quarter"), "year": _("Year"), "pipeline": _("Pipeline"),
        "stage": _("Stage"), "organization": _("Organization"), "lost_reason": _("Lost reason"),
        "product": _("Product"), "channel": _("Channel"),
    }  # fmt: skip
    return heads.get(group, group.replace("_", " ").replace(".", ": ").capitalize())


def _cell(answer: Answer, line: Line | None, top: Any = None) -> Cell:
    metric = answer.ask.figure.metric
    if line is None:
        return Cell("–", muted=True)
    share = None if top is None else 0.0 if top <= 0 else max(float(largest(line.value) / top), 0.0)
    return Cell(
        value_text(line.value, metric.unit), value_href(line_ask(answer.ask, line.key)), share, muted=line.value is None
    )


def _table(view: TileView, answers: Sequence[Answer]) -> None:
    """One line per value of a dimension, one column per figure, and the whole below: of the figure, no sum of lines."""
    group = answers[0].ask.group
    by_key = [{line.key: line for line in one.lines} for one in answers]
    keys = list(dict.fromkeys(line.key for one in answers for line in one.lines))
    if group not in UNITS:
        keys.sort(key=lambda key: (key is None, *(-float(largest(lines[key].value)) if key in lines else 0.0
                                                  for lines in by_key)))  # fmt: skip
    view.heads = (_head(group), *(str(one.ask.figure.metric.label) for one in answers))
    rows = [
        Row(_label(key, by_key, group), tuple(_cell(one, lines.get(key))
                                              for one, lines in zip(answers, by_key, strict=True)))
        for key in keys
    ]  # fmt: skip
    total = tuple(_whole(one) for one in answers)
    view.rows = (*rows, Row(_("In all"), total, is_total=True))


def _whole(answer: Answer) -> Cell:
    whole = Ask(answer.ask.figure, answer.ask.period, answer.ask.chosen)
    text = value_text(answer.value, answer.ask.figure.metric.unit)
    return Cell(text, value_href(whole), muted=answer.value is None)


def _table_of(view: TileView, figure: Figure, period: Period, chosen: Mapping[str, Any]) -> None:
    """A figure that is a table by itself; a funnel's first column is drawn as bars."""
    assert figure.metric.table is not None
    try:
        made = figure.metric.table(MetricAsked(since=period.since, until=period.until, chosen=chosen))
    except KumikoError as fault:
        view.problem = said(fault)
        return
    first = made.columns[0][0]
    top = max((row.values.get(first) or 0 for row in made.rows), default=0)
    view.kind = checks.FUNNEL if figure.metric.is_funnel else checks.TABLE
    view.heads = ("", *(str(label) for _key, label, _unit in made.columns))
    view.rows = tuple(
        Row(
            row.label,
            tuple(_column(row, key, unit, top if key == first and figure.metric.is_funnel else None)
                  for key, _label, unit in made.columns),
            row.mark,
        )
        for row in made.rows
    )  # fmt: skip
    view.notes += [made.note] if made.note else []


def _column(row: Any, key: str, unit: str, top: Any) -> Cell:
    value: Value | float = row.values.get(key)
    if value is None:
        return Cell("–", muted=True)
    share = None if top is None else float(value) / float(top) if top else 0.0  # type: ignore[arg-type]
    return Cell(value_text(value, unit), row.hrefs.get(key, ""), share)
