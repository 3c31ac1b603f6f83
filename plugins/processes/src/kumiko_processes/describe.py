"""Triggers and steps as sentences: plain text, or parts of which those that somebody chose are bold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from kumiko import (
    Invalid,
    KumikoError,
    Money,
    catalogue,
    company_zone,
    conditions_words,
    loose_inputs,
    loose_typed,
    ngettext,
)
from kumiko import gettext as _
from kumiko_processes import offers
from kumiko_processes.tree import Step, Tree

Part = tuple[str, bool]  # text, whether it is bold


def sentence(step: Step, about: str) -> str:
    """A step in one line of plain text."""
    return "".join(text for text, _bold in parts(step, about))[:300]


def log_title(step: Step, about: str, given: Mapping[str, Any] | None) -> str:
    """A step as a line of a log: with the text that it was given, filled in."""
    if step.get("kind") in ("wait", "branch", "only", "stop"):
        return sentence(step, about)
    texts = [str(value) for value in (given or {}).values() if isinstance(value, str) and len(value) > 3]
    return f"{title(step, about)}: {_short(texts[0])}" if texts else title(step, about)


def in_words(fields: Iterable[Any], given: Mapping[str, Any]) -> dict[str, str]:
    """What a step was given, as people read it: label -> words."""
    by_name = {one.name: one for one in fields}
    found = {}
    for name, value in jsonable(dict(given)).items():
        if value not in (None, "", []):
            one = by_name.get(name)
            found[str(one.label) if one is not None else name] = value_words(one, value)
    return found


def title(step: Step, about: str) -> str:
    """What kind of step it is, in a few words."""
    kind = str(step.get("kind"))
    if kind == "action":
        action = offers.action_of(str(step.get("action")))
        return offers.plain_key(str(step.get("action"))) if action is None else str(action.label)
    if kind == "verb":
        verb = _verb(step, about)
        return str(step.get("verb")) if verb is None else str(verb.label)
    return {
        "set": _("Set fields"), "create": _("Make a record"), "wait": _("Wait"), "only": _("Only go on if"),
        "branch": _("Branch"), "notify": _("Tell a person"), "ask": _("Ask a person"), "stop": _("Stop"),
    }.get(kind, kind)  # fmt: skip


def icon(step: Step, about: str) -> str:
    """Name of the icon of a step."""
    kind = str(step.get("kind"))
    if kind == "action":
        action = offers.action_of(str(step.get("action")))
        return "puzzle" if action is None else action.icon
    if kind == "verb":
        verb = _verb(step, about)
        return "puzzle" if verb is None else verb.icon
    return {
        "set": "edit", "create": "plus", "wait": "clock", "only": "filter", "branch": "arrows-split", "notify": "bell",
        "ask": "help-circle", "stop": "player-stop",
    }.get(kind, "bolt")  # fmt: skip


def parts(step: Step, about: str) -> list[Part]:
    """A step as a sentence with its values in bold."""
    kind, values = str(step.get("kind")), step.get("values") or {}
    if kind == "action":
        action = offers.action_of(str(step.get("action")))
        if action is None:
            return _values((), values)
        if action.describe is not None and values:
            return [(str(action.describe(values)), False)]
        return [(f"{action.label}", False), *_values(action.fields, values)]
    if kind == "verb":
        verb = _verb(step, about)
        return [(title(step, about), True), *_values(verb.fields if verb is not None else (), values)]
    if kind in ("set", "create"):
        info = catalogue().find(about if kind == "set" else str(step.get("type")))
        head = _("Set") if kind == "set" else offers.type_label(str(step.get("type") or ""))
        fields = tuple(one.field for one in info.fields.values()) if info is not None else ()
        plain = {info.plain(name): value for name, value in values.items()} if info is not None else dict(values)
        return [(head, kind == "create"), *_values(fields, plain)]
    if kind == "wait":
        return _wait_parts(step, about)
    if kind == "only":
        return condition_parts(about, step.get("if")) or [(_("no condition yet: it always goes on"), False)]
    if kind == "branch":
        return [(ngettext("%(num)d path", "%(num)d paths", len(step.get("paths") or ())), False)]
    if kind in ("notify", "ask"):
        who = (_("Tell") if kind == "notify" else _("Ask")) + " "
        return [(who, False), (person(step.get("to")), True), (": ", False), (_short(values.get("text") or "…"), True)]
    return [(_("The run ends here"), False)]


def _verb(step: Step, about: str) -> Any:
    info = catalogue().find(about)
    return None if info is None else info.actions.get(str(step.get("verb")))


def _values(fields: Any, values: Mapping[str, Any]) -> list[Part]:
    found: list[Part] = []
    by_name = {one.name: one for one in fields}
    for name, value in values.items():
        if value in (None, "", []):
            continue
        one = by_name.get(name)
        found += [(" · " if found else ": ", False), (f"{one.label if one is not None else name} ", False),
                  (_short(value_words(one, value)), True)]  # fmt: skip
    return found


def value_words(one: Any, value: Any) -> str:
    """A kept value as people read it: the label of a choice, the name of a linked record."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str) and value.startswith("="):
        return _("from %(field)s", field=value[1:])
    if one is not None and one.kind in ("choice", "link"):
        view = loose_inputs((one,), loose_typed((one,), {one.name: value}))[0]
        chosen = next((option.label for option in view.options if option.key == view.value or option.chosen), "")
        return chosen or view.text or str(value)
    if isinstance(value, Mapping):
        return " ".join(str(part) for part in value.values() if part)
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)


def _short(text: str) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= 90 else f"{line[:88]}…"


def person(to: Any) -> str:
    """Whom a notice or question goes to, in words."""
    word = str(to or "owner")
    known = {"owner": _("the owner of the record"), "team_head": _("the head of its team"),
             "role:head": _("every head of sales"), "role:administrator": _("every administrator")}  # fmt: skip
    if word in known:
        return known[word]
    if word.startswith("user:") and word[5:].isdecimal():
        from kumiko import Field  # local: only for a name

        return value_words(Field(name="user", kind="link", to="access.user", label=""), int(word[5:]))
    return word


def span(wanted: Mapping[str, Any]) -> str:
    """ "3 working days", "30 minutes"."""
    amount, unit = int(wanted.get("amount") or 0), str(wanted.get("unit") or "days")
    if wanted.get("working"):
        words = {
            "minutes": ngettext("%(num)d working minute", "%(num)d working minutes", amount),
            "hours": ngettext("%(num)d working hour", "%(num)d working hours", amount),
            "days": ngettext("%(num)d working day", "%(num)d working days", amount),
        }
    else:
        words = {
            "minutes": ngettext("%(num)d minute", "%(num)d minutes", amount),
            "hours": ngettext("%(num)d hour", "%(num)d hours", amount),
            "days": ngettext("%(num)d day", "%(num)d days", amount),
        }
    return words.get(unit, str(amount))


def _wait_parts(step: Step, about: str) -> list[Part]:
    if step.get("for") == "date":
        return [(_("Wait until") + " ", False), *_date_parts(step, about)]
    if step.get("for") == "event":
        event = trigger_parts(step.get("event") or {}, about)
        if not step.get("amount"):
            return [(_("Wait until") + " ", False), *event]
        return [(_("Wait until") + " ", False), *event, (", " + _("at most") + " ", False), (span(step), True)]
    return [(_("Wait for") + " ", False), (span(step), True)]


def _date_parts(wanted: Mapping[str, Any], about: str) -> list[Part]:
    info = catalogue().find(about)
    one = info.find(str(wanted.get("field"))) if info is not None else None
    name = str(one.field.label) if one is not None else str(wanted.get("field") or "…")
    at = f" {wanted.get('at') or '09:00'}" if one is None or one.kind == "date" else ""
    if not int(wanted.get("amount") or 0):
        return [(f"{name}{at}", True)]
    side = _("before") if wanted.get("side") == "before" else _("after")
    return [(span(wanted), True), (f" {side} ", False), (f"{name}{at}", True)]


def waiting_sentence(step: Step, about: str) -> str:
    """What a run waits for, for its log."""
    return "".join(text for text, _bold in _wait_parts(step, about))


def trigger_parts(trigger: Mapping[str, Any], about: str) -> list[Part]:
    """What starts a process, or ends a wait, as a sentence."""
    on, what = str(trigger.get("on", "")), offers.type_label(about)
    if on == "changed":
        return _change_parts(trigger, about, what)
    if on == "date":
        return [*_date_parts(trigger, about)]
    if on == "schedule":
        return [(schedule_words(trigger), True), (" " + _("for every record that fits: %(what)s", what=what), False)]
    plain = {
        "created": _("%(what)s is made", what=what), "deleted": _("%(what)s goes to the bin", what=what),
        "match": _("%(what)s begins to fit the conditions", what=what),
        "manual": _("somebody starts it for %(what)s", what=what),
    }  # fmt: skip
    if on in plain:
        return [(plain[on], True)]
    found = offers.trigger_of(on)
    if found is None:
        return [(offers.plain_key(on), True)]
    values = trigger.get("values") or {}
    if found.describe is not None:
        return [(str(found.describe(values)), True)]
    return [(str(found.label), True), *_values(found.fields, values)]


def own_triggers() -> dict[str, str]:
    """The triggers that every type of records has."""
    return {
        "created": _("A record is made"), "changed": _("A record is changed"), "deleted": _("A record goes to the bin"),
        "match": _("A record begins to fit"), "date": _("A date comes"), "schedule": _("A time table"),
        "manual": _("Somebody starts it"),
    }  # fmt: skip


def _change_parts(trigger: Mapping[str, Any], about: str, what: str) -> list[Part]:
    info = catalogue().find(about)
    name = str(trigger.get("field") or "")
    one = info.find(name) if info is not None and name else None
    if not name:
        return [(_("%(what)s is changed", what=what), True)]
    label = str(one.field.label) if one is not None else name
    found: list[Part] = [(f"{what}: ", False), (label, True), (" " + _("changes"), False)]
    for word, said in (("from", _("from")), ("to", _("to"))):
        if trigger.get(word) not in (None, ""):
            found += [(f" {said} ", False), (value_words(one.field if one else None, trigger[word]), True)]
    return found


def schedule_words(trigger: Mapping[str, Any]) -> str:
    """ "every Monday at 09:00"."""
    every, at, number = trigger.get("every") or "day", trigger.get("at") or "09:00", int(trigger.get("day") or 1)
    if every == "week":
        days = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
        return _("every %(day)s at %(at)s", day=days[min(max(number, 1), 7) - 1], at=at)
    if every == "month":
        return _("on day %(day)d of every month at %(at)s", day=number, at=at)
    return _("every day at %(at)s", at=at) if every == "day" else _("Monday to Friday at %(at)s", at=at)


def condition_parts(about: str, node: Any) -> list[Part]:
    """A condition as a sentence."""
    found: list[Part] = []
    for one in conditions_words(about, node):
        if found:
            found.append((" " + _("and") + " ", False))
        found += [(f"{one.field} {one.op} ", False), (one.value, True)]
    return found


def summary(tree: Tree, about: str) -> str:
    """A whole process in one line, for lists."""
    trigger = "".join(text for text, _bold in trigger_parts(tree.get("trigger") or {}, about))
    count = len(tree.get("steps") or ())
    return f"{trigger} → " + ngettext("%(num)d step", "%(num)d steps", count)


def moment_text(value: datetime) -> str:
    """A moment in the company's zone."""
    return f"{value.astimezone(company_zone()):%Y-%m-%d %H:%M}"


def fault_sentence(fault: Exception) -> str:
    """What a step raised, as a sentence for people."""
    if isinstance(fault, Invalid) and fault.errors:
        lines = [f"{name}: {' '.join(map(str, told))}" if name else " ".join(map(str, told))
                 for name, told in fault.errors.items()]  # fmt: skip
        return "; ".join(lines)
    if isinstance(fault, KumikoError):
        return fault.message
    return f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__


def jsonable(value: Any) -> Any:
    """Values as JSON, for the log."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(one) for one in value]
    if isinstance(value, Money):
        return value.as_json()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
