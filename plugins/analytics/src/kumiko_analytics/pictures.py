"""A chart as a picture (SVG), drawn from the same data as the chart of the page: for files and mails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import cos, pi, sin
from typing import Any

from kumiko import number_text

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 860, 420, 80, 60, 80
HUES = ("#4a4fd0", "#0d7f78", "#b06f00", "#b03a8c", "#5b6f00", "#1f6fb0", "#ab2533", "#6b3bb5")


def svg_of(chart: str, title: str) -> str:
    """The picture; an empty chart gives one that says nothing but its title."""
    given: Mapping[str, Any] = json.loads(chart) if chart else {"kind": "bars", "labels": [], "series": []}
    draw = {"line": _line, "pie": _pie}.get(given["kind"], _bars)
    body = "".join(draw(given)) if given["labels"] and given["series"] else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="12" role="img"><title>{escape(title)}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<text x="{LEFT}" y="24" font-size="16" fill="#17181c">{escape(title)}</text>{body}</svg>'
    )


def _scale(series: Sequence[Mapping[str, Any]], *, stacked: bool = False) -> tuple[float, float]:
    columns = list(zip(*(one["data"] for one in series), strict=True))
    if stacked:
        values = [sum(max(value or 0, 0) for value in column) for column in columns]
    else:
        values = [value or 0 for column in columns for value in column]
    return min([0, *values]), max([0, *values]) or 1


def _axes(given: Mapping[str, Any], low: float, high: float) -> Iterator[str]:
    bottom = HEIGHT - BOTTOM
    for step in range(5):
        value = low + (high - low) * step / 4
        y = bottom - (bottom - TOP) * step / 4
        yield f'<line x1="{LEFT}" x2="{WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e5e5ea"/>'
        shown = escape(number_text(round(value)))
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#5a5b66">{shown}</text>'
    labels = given["labels"]
    wide = (WIDTH - 20 - LEFT) / len(labels)
    every = max(1, len(labels) // 12)
    for place, label in enumerate(labels):
        if place % every == 0:
            x = LEFT + wide * (place + 0.5)
            yield (f'<text transform="translate({x:.1f} {bottom + 16}) rotate(20)" fill="#5a5b66">'
                   f"{escape(str(label)[:24])}</text>")  # fmt: skip
    for place, one in enumerate(given["series"][:6]):
        x = LEFT + place * 125
        yield f'<rect x="{x}" y="36" width="10" height="10" fill="{HUES[place % len(HUES)]}"/>'
        yield f'<text x="{x + 15}" y="45" fill="#5a5b66">{escape(str(one["name"])[:18])}</text>'


def _bars(given: Mapping[str, Any]) -> Iterator[str]:
    series, stacked = given["series"], given["kind"] == "stacked"
    low, high = _scale(series, stacked=stacked)
    yield from _axes(given, low, high)
    bottom, wide = HEIGHT - BOTTOM, (WIDTH - 20 - LEFT) / len(given["labels"])
    unit = (bottom - TOP) / (high - low)
    zero = bottom + low * unit
    thick = wide * 0.7 / (1 if stacked else len(series))
    for place in range(len(given["labels"])):
        at = zero
        for number, one in enumerate(series):
            value = one["data"][place] or 0
            tall = abs(value) * unit
            x = LEFT + wide * (place + 0.15) + (0 if stacked else thick * number)
            y = at - tall if value >= 0 else at
            at = at - tall if stacked else zero
            yield (f'<rect x="{x:.1f}" y="{y:.1f}" width="{thick:.1f}" height="{tall:.1f}" '
                   f'fill="{HUES[number % len(HUES)]}"/>')  # fmt: skip


def _line(given: Mapping[str, Any]) -> Iterator[str]:
    low, high = _scale(given["series"])
    yield from _axes(given, low, high)
    bottom, wide = HEIGHT - BOTTOM, (WIDTH - 20 - LEFT) / len(given["labels"])
    unit = (bottom - TOP) / (high - low)
    for number, one in enumerate(given["series"]):
        points = " ".join(f"{LEFT + wide * (place + 0.5):.1f},{bottom - (value - low) * unit:.1f}"
                          for place, value in enumerate(one["data"]) if value is not None)  # fmt: skip
        yield f'<polyline points="{points}" fill="none" stroke="{HUES[number % len(HUES)]}" stroke-width="2"/>'


def _pie(given: Mapping[str, Any]) -> Iterator[str]:
    data = [max(value or 0, 0) for value in given["series"][0]["data"]]
    whole, turned, x, y, r = sum(data) or 1, 0.0, 240, 230, 150
    for place, value in enumerate(data):
        share, hue = value / whole, HUES[place % len(HUES)]
        start, end = 2 * pi * turned, 2 * pi * min(turned + share, turned + 0.9999)
        turned += share
        if share > 0:
            yield (f'<path d="M{x},{y} L{x + r * sin(start):.1f},{y - r * cos(start):.1f} A{r},{r} 0 '
                   f'{int(share > 0.5)} 1 {x + r * sin(end):.1f},{y - r * cos(end):.1f} Z" fill="{hue}"/>')  # fmt: skip
        if place < 16:
            yield f'<rect x="450" y="{66 + place * 20}" width="10" height="10" fill="{hue}"/>'
            text = f"{given['labels'][place]}: {number_text(round(share * 100, 1))} %"
            yield f'<text x="468" y="{76 + place * 20}" fill="#17181c">{escape(text[:60])}</text>'
