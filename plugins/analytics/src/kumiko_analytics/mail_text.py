"""A report or dashboard as the text and HTML of a mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from kumiko import KumikoError, NotFound, RecordView, company_today, company_zone
from kumiko import gettext as _
from kumiko_analytics import dashboards, tiles
from kumiko_analytics.formulas import Value
from kumiko_analytics.periods import preset_period
from kumiko_analytics.report_form import kept_report
from kumiko_analytics.report_table import table_of
from kumiko_analytics.reports import run
from kumiko_analytics.texts import period_text

MOST_LINES = 300


@dataclass(frozen=True)
class MailText:
    """What a mail says. `first_total`: the whole of a report's first measure."""

    text: str
    html: str
    is_empty: bool
    first_total: Value = None


def of_report(record: RecordView) -> MailText:
    """A report as it is now, for the acting person; NotFound with the sentence when it cannot be run."""
    result = run(kept_report(record.get("definition")))
    if result.problem:
        raise NotFound(result.problem)
    table = table_of(result, linked=False)
    rows = [[*row.labels, *(cell.text for cell in row.cells)] for row in table.rows]
    note = _("%(what)s that %(who)s may see; days of %(zone)s.", what=result.label, who=_owner(record),
             zone=company_zone().key)  # fmt: skip
    parts = [_Part(record.title, list(table.heads), rows)]
    whole = result.values.get(((), ()), [None])
    return MailText(_text(parts, note), _html(parts, note), result.is_empty, whole[0])


def of_dashboard(record: RecordView) -> MailText:
    """The tiles of a dashboard as they are now, for the acting person."""
    period = preset_period(record.get("period") or "quarter", company_today())
    kept = dashboards.tiles_of(record)
    drawn = [one for one in tiles.draw(list(enumerate(kept)), period, {}) if not one.is_missing]
    numbers = [[one.title, one.problem or one.value, one.trend.text if one.trend else ""] for one in drawn if
               one.kind == "number"]  # fmt: skip
    parts = [_Part(record.title, [_("Figure"), _("Value"), _("Change")], numbers)] if numbers else []
    for one in drawn:
        if one.kind != "number":
            rows = [[row.label, *(cell.text for cell in row.cells)] for row in one.rows]
            parts.append(_Part(one.title, list(one.heads), rows or [[one.problem or _("Nothing in this period.")]]))
    note = _("%(period)s; days of %(zone)s.", period=period_text(period), zone=company_zone().key)
    return MailText(_text(parts, note), _html(parts, note), not drawn)


@dataclass(frozen=True)
class _Part:
    title: str
    heads: list[str]
    rows: list[list[str]]


def _owner(record: RecordView) -> str:
    try:
        owner = record.get("owner")
    except KumikoError:
        owner = None
    return owner.name if owner is not None and owner.name else _("its owner")


def _text(parts: Sequence[_Part], note: str) -> str:
    lines: list[str] = []
    for part in parts:
        lines += [part.title, "=" * min(len(part.title), 70)]
        rows = [part.heads, *part.rows[:MOST_LINES]]
        widths = [max(len(row[place]) for row in rows if place < len(row)) for place in range(len(part.heads))]
        for row in rows:
            cells = [text.ljust(width) if place == 0 else text.rjust(width)
                     for place, (text, width) in enumerate(zip(row, widths, strict=False))]  # fmt: skip
            lines.append("  ".join(cells).rstrip())
        lines.append("")
    return "\n".join([*lines, note])


def _html(parts: Sequence[_Part], note: str) -> str:
    found = []
    for part in parts:
        heads = "".join(f"<th align='{'left' if n == 0 else 'right'}'>{escape(text)}</th>"
                        for n, text in enumerate(part.heads))  # fmt: skip
        rows = "".join(
            "<tr>" + "".join(f"<td align='{'left' if n == 0 else 'right'}'>{escape(text)}</td>"
                             for n, text in enumerate(row)) + "</tr>"
            for row in part.rows[:MOST_LINES]
        )  # fmt: skip
        found.append(f"<h2>{escape(part.title)}</h2><table border='0' cellpadding='6'><thead><tr>{heads}</tr></thead>"
                     f"<tbody>{rows}</tbody></table>")  # fmt: skip
    return f"<html><body>{''.join(found)}<p>{escape(note)}</p></body></html>"
