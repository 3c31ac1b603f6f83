"""Values of figures: many at once in few statements, split by a dimension, compared with the period before.

One definition serves them all: a figure's measures are narrowed by the period and by what the filter bar chose, and the
same narrowed measure is the number, its line in a chart, and the list behind it (`drill`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any

from kumiko import Grouping, Invalid, KumikoError, Measure, company_today, labels_of, measure, source_of
from kumiko import gettext as _
from kumiko_analytics import rates
from kumiko_analytics.formulas import MISSING, Amounts, Value, evaluate
from kumiko_analytics.periods import EVER, UNITS, Period, condition, next_period, start_of
from kumiko_analytics.registry import Figure, Leaf, word_label

MOST_STEPS = 400
Chosen = Mapping[str, Any]


@dataclass(frozen=True)
class Ask:
    """A figure for a period. `chosen`: dimension -> id, key, or None for "without one"; `group`: dimension or unit of
    time to split it by; `compared`: with the period before."""

    figure: Figure
    period: Period
    chosen: Chosen = field(default_factory=dict)
    group: str = ""
    compared: bool = False


@dataclass
class Line:
    """One part of a split figure; `key` as in `kumiko.measure`."""

    key: Any
    label: str
    value: Value
    reason: str = ""
    parts: dict[str, Value] = field(default_factory=dict)


@dataclass
class Answer:
    """`value` None has a `reason` (see formulas) or a `problem`, a sentence. `unlimited`: chosen dimensions that mean
    nothing to it."""

    ask: Ask
    value: Value = None
    reason: str = ""
    before: Value = None
    parts: dict[str, Value] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    problem: str = ""
    unlimited: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Slot:
    number: int  # of the ask
    path: str
    measure: Measure
    grouping: Grouping | None
    is_before: bool = False


def compute(asks: Sequence[Ask]) -> list[Answer]:
    """The answers, in order. A figure that cannot be computed says why in its answer and spoils no other."""
    answers = [Answer(ask) for ask in asks]
    slots: list[_Slot] = []
    for number, ask in enumerate(asks):
        try:
            slots += _slots(number, ask, answers[number])
        except KumikoError as fault:
            answers[number].problem = said(fault)
    found: dict[tuple[int, str, bool], dict[Any, Any]] = {}
    batches: dict[tuple[str, Grouping | None], list[_Slot]] = {}
    for slot in slots:
        batches.setdefault((slot.measure.type, slot.grouping), []).append(slot)
    for batch in batches.values():
        try:
            found |= _measured(batch)
        except KumikoError:  # one of them is to blame: each by itself
            for number in dict.fromkeys(slot.number for slot in batch):
                try:
                    found |= _measured([slot for slot in batch if slot.number == number])
                except KumikoError as fault:
                    answers[number].problem = answers[number].problem or said(fault)
    for number, answer in enumerate(answers):
        if not answer.problem:
            _finish(number, answer, found)
    return answers


def said(fault: KumikoError) -> str:
    """A refusal as one sentence."""
    lines = [line for one in getattr(fault, "errors", {}).values() for line in one]
    return " ".join(dict.fromkeys(lines)) or fault.message


def narrowed(one: Measure, period: Period, chosen: Chosen) -> tuple[Measure, tuple[str, ...]]:
    """The measure of a period with what was chosen; and the dimensions that mean nothing to it."""
    info = source_of(one.type).info
    nodes: list[Any] = [one.node() if callable(one.node) else one.node] if one.node else []
    if one.day and (period.since, period.until) != EVER:
        held = info.find(one.day)
        nodes.append(condition(one.day, held.kind if held is not None else "date", period))
    unlimited = []
    for word, value in chosen.items():
        path = path_of(one, word)
        if not path:
            unlimited.append(word)
        elif value is None:
            nodes.append({"f": path, "op": "empty"})
        else:
            nodes.append({"f": path, "op": "eq", "v": value})
    node = None if not nodes else nodes[0] if len(nodes) == 1 else {"and": nodes}
    return replace(one, node=node), tuple(unlimited)


def path_of(one: Measure, word: str) -> str:
    """The path of the field that a dimension means for a measure; "" when it means nothing there."""
    path = one.by.get(word, word)
    held = source_of(one.type).info.find(path.partition(".")[0]) if path else None
    return path if held is not None and held.field.filterable and held.columns is not None else ""


def grouping_of(one: Measure, word: str) -> Grouping:
    """How a measure is split by a dimension or a unit of time; Invalid when it cannot be."""
    if word in UNITS:
        if not one.day:
            raise _invalid(_("a figure about now cannot be split by time"))
        return Grouping(one.day, word)
    path = path_of(one, word)
    if not path:
        raise _invalid(_("“%(what)s” cannot be split by %(word)s", what=str(one.label), word=word_label(word)))
    return Grouping(path)


def _slots(number: int, ask: Ask, answer: Answer) -> Iterable[_Slot]:
    made: list[_Slot] = []
    unlimited: list[str] = []
    before = ask.period.before(company_today()) if ask.compared and ask.figure.has_period else None
    if ask.figure.missing:
        words = ", ".join(word_label(word) for word in ask.figure.missing)
        raise _invalid(_("Nobody counts this at present: %(what)s. A module that does is missing or off.", what=words))
    for leaf in ask.figure.leaves:
        one, not_here = narrowed(leaf.measure, ask.period, ask.chosen)
        unlimited += not_here
        made.append(_Slot(number, leaf.path, one, None))
        if ask.group:
            made.append(_Slot(number, leaf.path, one, grouping_of(leaf.measure, ask.group)))
        if before is not None:
            made.append(_Slot(number, leaf.path, narrowed(leaf.measure, before, ask.chosen)[0], None, is_before=True))
    answer.unlimited = tuple(dict.fromkeys(unlimited))
    return made


def _measured(batch: Sequence[_Slot]) -> dict[tuple[int, str, bool], dict[Any, Any]]:
    """(ask, path, before) and "split" -> group key -> value; equal measures are computed once."""
    names: dict[str, str] = {}
    wanted: dict[str, Measure] = {}
    for slot in batch:
        name = names.setdefault(_same(slot.measure), f"m{len(names)}")
        wanted[name] = slot.measure
    first = batch[0]
    groups = (first.grouping,) if first.grouping is not None else ()
    values = measure(first.measure.type, wanted, groups=groups, base=rates.base())
    found: dict[tuple[int, str, bool], dict[Any, Any]] = {}
    for slot in batch:
        name = names[_same(slot.measure)]
        path = f"{slot.path}|" if slot.grouping is not None else slot.path
        found[slot.number, path, slot.is_before] = {
            key[0] if key else None: as_value(slot.measure, by[name]) for key, by in values.items()
        }
    return found


def _same(one: Measure) -> str:
    return json.dumps([one.how, one.field, one.until, one.weight, one.node, one.day], default=str)


def as_value(one: Measure, raw: Any) -> Value:
    """What was measured as a value of formulas: money in the company's currency as far as there are rates."""
    if raw is None:
        return None
    if isinstance(raw, Mapping):
        made = rates.converted(raw) if one.how != "count" else rates.counted(raw)
        return made if made.by else Fraction(0)
    return Fraction(str(raw))


def _finish(number: int, answer: Answer, found: Mapping[Any, Mapping[Any, Value]]) -> None:
    ask, leaves = answer.ask, answer.ask.figure.leaves
    answer.parts = {leaf.path: found[number, leaf.path, False].get(None) for leaf in leaves}
    answer.value, answer.reason = value_of(ask.figure, answer.parts)
    before = {leaf.path: found[number, leaf.path, True].get(None) for leaf in leaves
              if (number, leaf.path, True) in found}  # fmt: skip
    if len(before) == len(leaves) and before:
        answer.before = value_of(ask.figure, before)[0]
    if ask.group:
        by_leaf = {leaf.path: found[number, f"{leaf.path}|", False] for leaf in leaves}
        keys = _keys(ask, by_leaf)
        labels = _labels(ask, leaves, keys)
        for key in keys:
            parts = {leaf.path: by_leaf[leaf.path].get(key, _nothing(leaf)) for leaf in leaves}
            value, reason = value_of(ask.figure, parts)
            answer.lines.append(Line(key, labels.get(key, ""), value, reason, parts))


def _nothing(leaf: Leaf) -> Value:
    return Fraction(0) if leaf.measure.how in ("count", "sum", "distinct") else None


def value_of(figure: Figure, parts: Mapping[str, Value], path: str = "") -> tuple[Value, str]:
    """The value that a figure's formula gives for measured parts (by path), and why there is none."""
    if figure.missing:
        return None, MISSING
    values: dict[str, Any] = {}
    for name, part in figure.parts.items():
        if isinstance(part, Measure):
            values[name] = parts.get(f"{path}{name}")
        elif isinstance(part, Figure):
            values[name] = value_of(part, parts, f"{path}{name}/")[0]
        else:
            values[name] = part()
    return evaluate(figure.metric.formula, values)


def _keys(ask: Ask, by_leaf: Mapping[str, Mapping[Any, Value]]) -> list[Any]:
    keys = list(dict.fromkeys(key for values in by_leaf.values() for key in values))
    if ask.group not in UNITS:
        return keys
    known = sorted(key for key in keys if isinstance(key, date))
    if ask.period.preset == "all":
        first, last = (known[0], known[-1]) if known else (date(1990, 1, 1), date(1989, 1, 1))
    else:
        first, last = start_of(ask.period.since, ask.group), ask.period.last
    steps: list[date] = []
    while first <= last and len(steps) < MOST_STEPS:
        steps.append(first)
        first = next_period(first, ask.group)
    return steps


def _labels(ask: Ask, leaves: Sequence[Leaf], keys: Sequence[Any]) -> dict[Any, str]:
    """Names of the groups: as the first measure that knows them says."""
    if ask.group in UNITS:
        return {}
    found: dict[Any, str] = {}
    for leaf in leaves:
        wanted = [key for key in keys if key is not None and key not in found]
        if wanted:
            found |= labels_of(leaf.measure.type, grouping_of(leaf.measure, ask.group), wanted)
    return found


def total(values: Iterable[Value]) -> Value:
    """The sum of values that may be added."""
    found: Value = Fraction(0)
    for value in values:
        if value is not None:
            found = evaluate("a + b", {"a": found, "b": value})[0]
    return found


def values_of(answer: Answer) -> list[Value]:
    """Everything that was measured for a figure: its parts, in all and by line."""
    lines = [value for line in answer.lines for value in line.parts.values()]
    return [*answer.parts.values(), *lines]


def currencies_of(values: Iterable[Value]) -> list[str]:
    """Currencies of amounts, by their codes."""
    return sorted({code for value in values if isinstance(value, Amounts) and value.is_money for code in value.by})


def _invalid(sentence: str) -> Invalid:
    return Invalid(sentence, {"figure": [sentence]})
