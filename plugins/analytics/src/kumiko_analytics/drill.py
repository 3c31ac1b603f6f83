"""Addresses: of a figure with its period and filters, and of the list of records behind a measure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from kumiko import Invalid, KumikoError, Measure, next_period, principal, source_of
from kumiko import gettext as _
from kumiko_analytics.figures import Ask, narrowed
from kumiko_analytics.formulas import names_in
from kumiko_analytics.periods import UNITS, Period
from kumiko_analytics.registry import Figure

#: Dimensions that an address may name; what they mean is the figure's affair.
NOT_WORDS = frozenset({"period", "from", "until", "group", "metric", "part", "after", "tab", "q", "unit"})
NONE = "none"
MOST_WORDS = 8


def chosen_of(args: Mapping[str, str]) -> dict[str, Any]:
    """The dimensions that an address names: ids as numbers, "none" as None, "me" as the acting person."""
    found: dict[str, Any] = {}
    for word, text in args.items():
        if word in NOT_WORDS or word.startswith("_") or not text:
            continue
        if not word.replace("_", "").replace(".", "").isalnum() or len(word) > 60 or len(text) > 200:
            sentence = _("%(word)s is no filter of figures", word=word[:60])
            raise Invalid(sentence, {word[:60]: [sentence]})
        if text == NONE:
            found[word] = None
        elif text == "me":
            found[word] = principal().user_id or 0
        else:
            found[word] = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else text
    if len(found) > MOST_WORDS:
        raise Invalid(_("at most %(most)d filters fit", most=MOST_WORDS))
    return found


def query_of(period: Period, chosen: Mapping[str, Any], **more: Any) -> str:
    """The parameters that mean this period and these filters."""
    pairs = {word: NONE if value is None else value for word, value in chosen.items()}
    return urlencode({k: v for k, v in {**period.pairs, **pairs, **more}.items() if v not in (None, "")})


def figure_href(ask: Ask, **more: Any) -> str:
    """Address of a figure's own page: its definition, its parts, and the records behind each."""
    return f"/analytics/figures/{ask.figure.key}?{query_of(ask.period, ask.chosen, **more)}"


def line_ask(ask: Ask, key: Any) -> Ask:
    """The same figure for one line of its split only."""
    if ask.group in UNITS and isinstance(key, date):
        since = max(key, ask.period.since)
        until = min(next_period(key, ask.group), ask.period.until)
        return Ask(ask.figure, Period(since, until), ask.chosen)
    return Ask(ask.figure, ask.period, {**ask.chosen, ask.group: key})


def value_href(ask: Ask) -> str:
    """Where a number leads: to the list of its records when it is one measure, else to the page of its parts."""
    leaves = ask.figure.leaves
    if len(leaves) == 1 and ask.figure.metric.formula in leaves[0].path:
        found = part_href(ask, leaves[0].path, leaves[0].measure)
        if found:
            return found
    return figure_href(ask)


def part_href(ask: Ask, path: str, one: Measure) -> str:
    """Address of the records behind a part of a figure; "" when one may not see them."""
    try:
        source = source_of(one.type)
        measured = narrowed(one, ask.period, ask.chosen)[0]
    except KumikoError:
        return ""
    if source.dataset is not None:
        return f"/analytics/figures/{ask.figure.key}/records?{query_of(ask.period, ask.chosen, part=path)}"
    return list_href(measured)


def list_href(one: Measure) -> str:
    """Address of the list of the records that a narrowed measure counts or adds up."""
    info = source_of(one.type).info
    shown = [name for name in (one.field, one.weight, one.until, one.day) if name and name != "name"]
    columns = list(dict.fromkeys([*shown, *info.list_columns]))[:8]
    said = {"filter": json.dumps(one.node, separators=(",", ":"), default=str) if one.node else ""}
    query = urlencode({k: v for k, v in {**said, "columns": ",".join(columns)}.items() if v})
    return f"/{info.collection}?{query}"


def ids_href(type_key: str, ids: list[int]) -> str:
    """Address of the list of these records."""
    node = {"f": "id", "op": "in", "v": ids} if ids else {"f": "id", "op": "eq", "v": 0}
    said = json.dumps(node, separators=(",", ":"))
    return f"/{source_of(type_key).info.collection}?{urlencode({'filter': said})}"


def formula_names(figure: Figure) -> list[str]:
    """Names of a figure's parts in the order of its formula."""
    formula = figure.metric.formula
    known = [name for name in (names_in(formula) if formula else ()) if name in figure.metric.parts]
    return [*known, *(name for name in figure.metric.parts if name not in known)]
