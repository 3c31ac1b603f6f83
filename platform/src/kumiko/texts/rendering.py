"""Filling in a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes
from jinja2.meta import find_undeclared_variables

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.texts.limits import Budget
from kumiko.texts.sandbox import ENVIRONMENTS, TextContext, compiled
from kumiko.texts.shapes import Part, unknown_sentence
from kumiko.web.i18n import reading_as


@dataclass(frozen=True)
class RenderedText:
    """A text with its values. `missing`: placeholders that were empty here, such as "organization.city"."""

    text: str
    missing: tuple[str, ...]


def render_text(
    source: str, values: Mapping[str, Any], *, html: bool = False, max_chars: int = 200_000, language: str = ""
) -> RenderedText:
    """Fill `values` into `source` (Jinja's signs; see docs/plugin-guide/texts.md).

    Values are texts, numbers, dates, moments, `Money`, mappings and lists of these; amounts and dates are written in
    `language`, else in the reader's. `html`: values are escaped and their line ends become <br>. Invalid with a
    sentence for a mistake in the text, for a name that `values` does not have, and for what would grow too large.
    """
    template, tree = compiled(source, html)
    for name in sorted(find_undeclared_variables(tree) - {"loop"}):
        if name not in values:
            raise Invalid(unknown_sentence(name, name, values, line_of(tree, name)))
    context = TextContext(ENVIRONMENTS[html], {}, template.name, template.blocks)
    context.given, context.budget, context.missing = Part(values, ""), Budget(max_chars), {}
    pieces: list[str] = []
    length = 0
    with reading_as(language):
        try:
            for piece in template.root_render_func(context):
                length += len(piece)
                context.budget.room_for(length)
                context.budget.check_time()
                pieces.append(str(piece))
        except Invalid as fault:
            raise _with_line(fault, tree) from None
        except (TypeError, ValueError, ArithmeticError, RecursionError):
            raise Invalid(
                _("The text compares or calculates values that do not fit, such as an amount with a date.")
            ) from None
    return RenderedText("".join(pieces), tuple(context.missing))


def line_of(tree: nodes.Template, name: str) -> int | None:
    """The first line that uses a name."""
    lines = [one.lineno for one in tree.find_all(nodes.Name) if one.name == name]
    lines += [one.lineno for one in tree.find_all(nodes.Getattr) if one.attr == name]
    return min(lines, default=None)


def _with_line(fault: Invalid, tree: nodes.Template) -> Invalid:
    name = getattr(fault, "text_name", "")
    line = line_of(tree, name) if name else None
    return fault if line is None else Invalid(_("Line %(line)d: %(what)s", line=line, what=fault.message))
