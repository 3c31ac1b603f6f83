"""HTML of list cells and property values: made once per column, then called once per value.

A drawer takes a value and returns a finished cell (`<td>...`); drawing a row is `"".join(draw(value) for ...)`.
Nothing here asks the database or translates: texts come formatted, choices come as a table. End tags and quotes that
HTML lets one leave out are left out: on 50 rows with 10 columns they are 6 kB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from kumiko.web.viewmodels import Column, Option, hue_of, initials_of

Draw = Callable[[Any], str]
Html = Callable[[Any], str]
NOTHING = "<i>—</i>"


def text_html(value: Any) -> str:
    """Plain text, escaped."""
    return str(escape(value))


def badge_html(options: Mapping[str, Option]) -> Html:
    """Drawer of a choice: a coloured word with a point, made once per option."""
    ready = {
        key: f'<span class="km-badge is-dot km-h-{escape(option.hue)}">{escape(option.label)}</span>'
        if option.hue
        else str(escape(option.label))
        for key, option in options.items()
    }
    return lambda key: ready.get(key) or str(escape(key))


def chip_html(value: tuple[str, Any] | tuple[str, Any, str]) -> str:
    """A user or person as (name, key) or (name, key, href): avatar and name."""
    name, key = value[0], value[1]
    inner = (
        f'<span class="km-ava km-h-{hue_of(key)}" aria-hidden=true>{escape(initials_of(name))}</span>'
        f"<span>{escape(name)}</span>"
    )
    if len(value) > 2 and value[2]:
        return f'<a class="km-chip" href="{escape(value[2])}">{inner}</a>'
    return f"<span class=km-chip>{inner}</span>"


def link_html(value: tuple[str, str]) -> str:
    """A record as (name, href); without a href it is plain text."""
    name, href = value
    return f'<a href="{escape(href)}">{escape(name)}</a>' if href else str(escape(name))


def tags_html(labels: Iterable[str]) -> str:
    """Several small words."""
    return "".join(f"<span class=km-badge>{escape(label)}</span> " for label in labels)


def lines_html(lines: Sequence[str]) -> Markup:
    """Several lines below each other, as on a card; lines that are `Markup` stay as they are."""
    return Markup('<div class="km-lines">%s</div>') % Markup("").join(
        Markup("<span>%s</span>") % line for line in lines
    )


def title_cell(path: str, end: str = "") -> Callable[[int, str], str]:
    """Drawer of the first cell: (id, title) -> a row heading with the link to the card; `end`: of that link."""
    start, end = f'<th scope=row><a href="{escape(path)}/', escape(end)
    return lambda record_id, title: f'{start}{record_id}{end}">{escape(title) or "—"}</a>'


def cell(column: Column, html: Html = text_html, wide_only: bool = False) -> Draw:
    """Drawer of the cells of one column: value -> `<td>...`; None and "" become a dash."""
    classes = [
        name
        for name, on in (("n", column.numeric), ("f", column.phone), ("e", column.editable), ("w", wide_only))
        if on
    ]
    listed = " ".join(classes)
    start = "<td" + (f' class="{listed}"' if len(classes) > 1 else f" class={listed}" if classes else "")
    if column.editable:
        start += f" data-f={escape(column.name)}><button>"
        end = "</button>"
    else:
        start, end = start + ">", ""
    nothing = start + NOTHING + end
    return lambda value: nothing if value is None or value == "" else start + html(value) + end
