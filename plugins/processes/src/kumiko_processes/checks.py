"""What is wrong with a definition, step by step, as sentences: its form at every save, its meaning before it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from kumiko import Field, Invalid, catalogue, check_conditions, check_text, loose_values, principal
from kumiko import gettext as _
from kumiko_processes import describe, doing, loops, moments, offers
from kumiko_processes.filling import TEXTS, is_filled_later
from kumiko_processes.tree import (
    EVERY,
    KINDS,
    MOST_DEPTH,
    MOST_STEPS,
    OWN_TRIGGERS,
    UNITS,
    WAITS,
    Step,
    all_ids,
    paths,
    places,
)

MOST_BYTES = 200_000
_RESULT = re.compile(r"\{\{\s*(?:s\d+|event)\b[^}]*\}\}")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that keeps a process from being published. `step`: id, "trigger", "if", or "" for the whole."""

    text: str
    step: str = ""


def form_problems(tree: Any) -> list[str]:
    """Whether a draft has the form of a tree at all."""
    if not isinstance(tree, Mapping):
        return [_("A definition is a JSON object with trigger and steps.")]
    if len(orjson.dumps(tree)) > MOST_BYTES:
        return [_("A definition has at most %(most)d kB; call another process for the rest.", most=MOST_BYTES // 1000)]
    if not isinstance(tree.get("trigger"), Mapping) or not isinstance(tree.get("steps"), list):
        return [_("A definition has a trigger (an object) and steps (a list).")]
    found = list(_faults_of_steps(tree["steps"], 1))
    ids = list(all_ids(tree))
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        found.append(_("Each step has an id of its own; twice: %(ids)s", ids=", ".join(twice)[:100]))
    if len(ids) > MOST_STEPS:
        found.append(_("A process has at most %(most)d steps; start another process for the rest.", most=MOST_STEPS))
    return found


def _faults_of_steps(steps: Any, depth: int) -> Iterator[str]:
    if not isinstance(steps, list):
        yield _("Steps are a list.")
        return
    if depth > MOST_DEPTH + 1:
        yield _("Branches stand at most %(most)d deep; start another process for the rest.", most=MOST_DEPTH)
        return
    for one in steps:
        if not isinstance(one, Mapping) or not re.fullmatch(r"[a-z0-9_]{1,20}", str(one.get("id", ""))):
            yield _("A step is an object with an id of small letters and digits.")
            continue
        if one.get("kind") not in KINDS:
            yield _("%(id)s: there is no step of the kind %(kind)s; there are %(known)s", id=one["id"],
                    kind=str(one.get("kind"))[:40], known=", ".join(KINDS))  # fmt: skip
        if not isinstance(one.get("values") or {}, Mapping):
            yield _("%(id)s: its values are an object.", id=one["id"])
        for path in one.get("paths") or () if isinstance(one.get("paths"), list) else ():
            if not isinstance(path, Mapping) or not path.get("id"):
                yield _("%(id)s: a path is an object with an id and steps.", id=one["id"])
            else:
                yield from _faults_of_steps(path.get("steps"), depth + 1)


def problems(tree: Any, about: str, process_id: int = 0) -> list[Problem]:
    """Everything that keeps a tree from running now; empty when it may."""
    form = form_problems(tree)
    if form:
        return [Problem(text=one) for one in form]
    if catalogue().find(about) is None:
        return [Problem(text=_("The module that keeps these records is off."))]
    found = [Problem(step="trigger", text=one) for one in _trigger_faults(tree["trigger"], about)]
    found += [Problem(step="if", text=one) for one in _condition_faults(about, tree.get("if"))]
    if tree["trigger"].get("on") in ("match", "schedule") and tree.get("if") is None:
        found.append(Problem(step="if", text=_("Say which records are meant: this trigger needs a condition.")))
    for spec in tree.get("stop_when") or ():
        found += [Problem(step="trigger", text=one) for one in _trigger_faults(spec, about)]
    known = places(tree)
    if not known:
        found.append(Problem(text=_("There is no step yet; add one.")))
    for step_id, place in known.items():
        found += [Problem(step=step_id, text=one) for one in _step_faults(place.step, about)]
    found += [Problem(step=step_id, text=text) for step_id, text in loops.found_in(tree, about, process_id)]
    return found


def _condition_faults(about: str, node: Any) -> list[str]:
    try:
        check_conditions(about, node)
    except Invalid as fault:
        return [describe.fault_sentence(fault)]
    return []


def _trigger_faults(trigger: Mapping[str, Any], about: str) -> Iterator[str]:
    on, info = str(trigger.get("on", "")), catalogue().get(about)
    if on in ("changed", "date") and trigger.get("field"):
        one = info.find(str(trigger["field"]))
        if one is None:
            yield _("There is no field “%(name)s” any more.", name=str(trigger["field"])[:80])
        elif on == "date" and one.kind not in ("date", "moment"):
            yield _("“%(field)s” is no date.", field=str(one.field.label))
    elif on == "date":
        yield _("Choose the date that it looks at.")
    if on == "date":
        yield from _amount_faults(trigger, least=0)
    if on == "schedule" and trigger.get("every", "day") not in EVERY:
        yield _("A schedule comes every day, weekday, week or month.")
    if on in ("date", "schedule"):
        try:
            moments.clock(trigger.get("at"))
        except Invalid as fault:
            yield fault.message
    if on in OWN_TRIGGERS:
        return
    found = offers.trigger_of(on)
    if found is None:
        yield offers.why_absent(on) if on else _("Choose what starts it.")
        return
    yield from _value_faults(found.fields, trigger.get("values") or {}, about)


def _amount_faults(wanted: Mapping[str, Any], *, least: int) -> Iterator[str]:
    amount = wanted.get("amount", 0)
    if not isinstance(amount, int) or isinstance(amount, bool) or not least <= amount <= 100_000:
        yield _("How long? Wanted a whole number from %(least)d.", least=least)
    if wanted.get("unit", "days") not in UNITS:
        yield _("How long? Wanted minutes, hours or days.")


def _step_faults(step: Step, about: str) -> Iterator[str]:
    kind = step.get("kind")
    if kind in doing.EFFECTS or kind == "ask":
        try:
            fields = doing.fields_of(step, about)
        except doing.Absent as absent:
            yield str(absent)
            return
        if kind == "action":
            action = offers.action_of(str(step.get("action")))
            if action is not None and action.types and about not in action.types:
                yield _("“%(action)s” cannot be done with this kind of record.", action=str(action.label))
        yield from (
            _own_faults(step, about)
            if kind in ("set", "create")
            else _value_faults(fields, step.get("values") or {}, about)
        )
    elif kind == "wait":
        yield from _wait_faults(step, about)
    elif kind == "only":
        if step.get("if") is None:
            yield _("Say under which condition it goes on.")
        yield from _condition_faults(about, step.get("if"))
    elif kind == "branch":
        listed = paths(step)
        if len(listed) < 2:
            yield _("A branch has at least two paths.")
        for number, path in enumerate(listed):
            if path.get("if") is None and number < len(listed) - 1:
                yield _("Path %(number)d needs its condition; only the last one is for all others.", number=number + 1)
            yield from _condition_faults(about, path.get("if"))


def _wait_faults(step: Step, about: str) -> Iterator[str]:
    how = step.get("for")
    if how not in WAITS:
        yield _("A wait is for some time, until a date, or until something happens.")
    elif how == "time":
        yield from _amount_faults(step, least=1)
    elif how == "date":
        yield from _trigger_faults({**step, "on": "date"}, about)
    else:
        yield from _trigger_faults(step.get("event") or {}, about)
        if step.get("amount"):
            yield from _amount_faults(step, least=1)


def _own_faults(step: Step, about: str) -> Iterator[str]:
    """Of a step that sets fields of records."""
    info = catalogue().get(about if step["kind"] == "set" else str(step.get("type")))
    writable, values = info.writable(principal()), step.get("values") or {}
    if not values:
        yield _("Say which field gets which value.")
    named = {}
    for name, value in values.items():
        one = info.find(name)
        if one is None:
            yield _("There is no field “%(name)s” any more.", name=name[:80])
        elif one.name not in writable:
            yield _("“%(field)s” cannot be set.", field=str(one.field.label))
        else:
            named[one.name] = value
    yield from _value_faults(
        [info.fields[name].field for name in named], named, info.key, required=False, text_about=about
    )
    if step["kind"] == "create":
        for one in info.fields.values():
            if one.field.required and one.name not in named and one.field.default is None:
                yield _("%(label)s is needed.", label=str(one.field.label))


def _value_faults(
    fields: Any, values: Mapping[str, Any], about: str, *, required: bool = True, text_about: str = ""
) -> Iterator[str]:
    """Values that are known now are checked now; texts with placeholders are checked for their names."""
    known = {one.name: one for one in fields}
    for name, value in values.items():
        if name not in known:
            yield _("There is no field “%(name)s” any more.", name=str(name)[:80])
        elif known[name].kind in TEXTS and isinstance(value, str):
            yield from check_text(_RESULT.sub("", value), text_about or about)
    plain: dict[str, Any] = {}
    late: list[Field] = []
    for one in known.values():
        if is_filled_later(values.get(one.name), one.kind):
            late.append(one)
        elif values.get(one.name) not in (None, ""):
            plain[one.name] = values[one.name]
    now = [one for one in known.values() if one not in late]
    try:
        loose_values(now if required else [one for one in now if one.name in plain], plain)
    except Invalid as fault:
        labels = {one.name: str(one.label) for one in now}
        for name, lines in fault.errors.items():
            said = " ".join(map(str, lines))
            yield said if labels.get(name, name) in said else f"{labels.get(name) or name}: {said}"
