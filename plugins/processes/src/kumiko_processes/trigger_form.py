"""Inputs for triggers and waits, and reading them back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kumiko import Field, FieldView, Option, catalogue, loose_given, loose_inputs, loose_typed, principal
from kumiko import gettext as _
from kumiko_processes import describe, offers
from kumiko_processes.items import Item
from kumiko_processes.tree import OWN_TRIGGERS, Step, Tree

COMPARED = ("choice", "link", "boolean", "text", "integer")


def items(tree: Tree, about: str, typed: Any) -> Iterator[Any]:
    """Inputs of the trigger, of what ends a run, and of working hours."""
    trigger = dict(tree.get("trigger") or {}) if typed is None else _spec_typed("", about, typed)
    yield from _spec_items(
        "", trigger, about, [*describe.own_triggers().items(), *_offered(about, linked=False)], typed
    )
    stops = list(tree.get("stop_when") or ())
    first = (stops[0] if stops else {}) if typed is None else _spec_typed("stop-", about, typed)
    changed = ("changed", _("A field of the record changes"))
    yield from _spec_items(
        "stop-",
        first,
        about,
        [("", "—"), changed, *_offered(about, linked=True)],
        typed,
        label=_("A run ends as soon as"),
    )
    hours = bool(tree.get("hours")) if typed is None else typed.getlist("hours")[-1:] == ["true"]
    yield Item(
        field=FieldView(
            name="hours", label=_("Messages only in working hours"), kind="boolean", value="true" if hours else "false"
        )
    )


def _offered(about: str, *, linked: bool) -> list[tuple[str, str]]:
    """Triggers about this type, or about a type that its records name."""
    info = catalogue().find(about)
    types = {about}
    if linked and info is not None:
        types |= {one.field.to for one in info.fields.values() if one.kind == "link"}
    return [(one.key, str(one.label)) for one in offers.triggers_for() if one.type in types]


def _spec_items(
    prefix: str, spec: Mapping[str, Any], about: str, choices: list[tuple[str, str]], typed: Any, *, label: str = ""
) -> Iterator[Any]:
    on = str(spec.get("on") or "")
    if on and on not in dict(choices):
        choices = [*choices, (on, offers.why_absent(on))]
    yield Item(
        field=FieldView(
            name=f"{prefix}on",
            label=label or _("It starts when"),
            kind="choice",
            value=on,
            required=not prefix,
            options=tuple(Option(key, text) for key, text in choices if key),
        ),
        again=True,
    )
    if on == "changed":
        yield from _change_items(prefix, spec, about, typed)
    elif on == "date":
        yield from _date_items(prefix, spec, about)
    elif on == "schedule":
        yield from _schedule_items(spec)
    else:
        found = offers.trigger_of(on)
        if found is not None and found.fields:
            kept = (
                typed
                if typed is not None
                else loose_typed(found.fields, spec.get("values") or {}, prefix=f"{prefix}v-")
            )
            for view in loose_inputs(found.fields, kept, prefix=f"{prefix}v-"):
                yield Item(field=view)


def _change_items(prefix: str, spec: Mapping[str, Any], about: str, typed: Any) -> Iterator[Any]:
    info = catalogue().get(about)
    name = info.plain(str(spec.get("field") or ""))
    options = [
        Option(one.name, str(one.field.label)) for one in info.readable(principal()).values() if one.field.history
    ]
    options.sort(key=lambda option: option.label.casefold())
    yield Item(
        field=FieldView(
            name=f"{prefix}field",
            label=_("Field"),
            kind="choice",
            value=name,
            options=tuple(options),
            placeholder=_("any field"),
        ),
        again=True,
    )
    one = info.find(name)
    if one is None or one.kind not in COMPARED:
        return
    for word, label in (("from", _("from (empty: whatever it was)")), ("to", _("to (empty: whatever it becomes)"))):
        field = _value_field(one.field, f"{prefix}{word}", label)
        kept = typed if typed is not None else loose_typed((field,), {field.name: spec.get(word)})
        yield Item(field=loose_inputs((field,), kept)[0])


def _value_field(one: Field, name: str, label: str) -> Field:
    if one.kind == "boolean":
        return Field(name=name, kind="text", label=label, help="true, false")
    return Field(name=name, kind=one.kind, label=label, to=one.to, choices=one.choices)


def _date_items(prefix: str, spec: Mapping[str, Any], about: str) -> Iterator[Any]:
    info = catalogue().get(about)
    dates = [one for one in info.readable(principal()).values() if one.kind in ("date", "moment")]
    options = tuple(Option(one.name, str(one.field.label)) for one in dates)
    yield Item(
        field=FieldView(
            name=f"{prefix}field",
            label=_("Date"),
            kind="choice",
            value=info.plain(str(spec.get("field") or "")),
            options=options,
            required=True,
        )
    )
    yield from _span_items(prefix, spec, _("How long"))
    sides = (Option("before", _("before")), Option("after", _("after")))
    yield Item(
        field=FieldView(
            name=f"{prefix}side",
            label=_("Before or after"),
            kind="choice",
            value=str(spec.get("side") or "before"),
            options=sides,
            required=True,
        )
    )
    yield Item(
        field=FieldView(
            name=f"{prefix}at",
            label=_("Time of day"),
            value=str(spec.get("at") or "09:00"),
            help=_("Of dates; moments have their own."),
        )
    )


def _span_items(prefix: str, spec: Mapping[str, Any], label: str) -> Iterator[Any]:
    units = (Option("minutes", _("minutes")), Option("hours", _("hours")), Option("days", _("days")))
    amount = spec.get("amount")
    yield Item(
        field=FieldView(
            name=f"{prefix}amount", label=label, kind="integer", value="" if amount is None else str(amount)
        )
    )
    yield Item(
        field=FieldView(
            name=f"{prefix}unit",
            label=_("Unit"),
            kind="choice",
            value=str(spec.get("unit") or "days"),
            options=units,
            required=True,
        )
    )


def _schedule_items(spec: Mapping[str, Any]) -> Iterator[Any]:
    every = (
        Option("day", _("every day")),
        Option("weekday", _("Monday to Friday")),
        Option("week", _("every week")),
        Option("month", _("every month")),
    )
    yield Item(
        field=FieldView(
            name="every",
            label=_("How often"),
            kind="choice",
            value=str(spec.get("every") or "day"),
            options=every,
            required=True,
        )
    )
    yield Item(
        field=FieldView(
            name="day",
            label=_("Day"),
            kind="integer",
            value=str(spec.get("day") or ""),
            help=_("Of the week (1 is Monday) or of the month."),
        )
    )
    yield Item(field=FieldView(name="at", label=_("Time of day"), value=str(spec.get("at") or "09:00")))


def wait_items(step: Step, about: str, typed: Any) -> Iterator[Any]:
    """Inputs of a wait."""
    now: Mapping[str, Any] = step if typed is None else read_wait(about, typed)
    how = str(now.get("for") or "time")
    ways = (
        Option("time", _("for some time")),
        Option("date", _("until a date of the record")),
        Option("event", _("until something happens")),
    )
    yield Item(
        field=FieldView(name="for", label=_("Wait"), kind="choice", value=how, options=ways, required=True), again=True
    )
    if how == "time":
        yield from _span_items("", now, _("How long"))
        yield _working(now)
    elif how == "date":
        yield from _date_items("", now, about)
        past = (Option("ask", _("ask a person")), Option("go_on", _("go on at once")))
        yield Item(
            field=FieldView(
                name="past",
                label=_("If that has passed already"),
                kind="choice",
                value=str(now.get("past") or "ask"),
                options=past,
                required=True,
            )
        )
    else:
        changed = ("changed", _("A field of the record changes"))
        yield from _spec_items(
            "event-", now.get("event") or {}, about, [changed, *_offered(about, linked=True)], typed, label=_("Until")
        )
        yield from _span_items("", now, _("At most (empty: for ever)"))
        yield _working(now)


def _working(now: Mapping[str, Any]) -> Any:
    return Item(
        field=FieldView(
            name="working",
            label=_("Only working time counts"),
            kind="boolean",
            value="true" if now.get("working") else "false",
        )
    )


def read(tree: Tree, about: str, typed: Any) -> dict[str, Any]:
    """The trigger, what ends a run, and working hours, as they were typed."""
    stop = _spec_typed("stop-", about, typed)
    others = list(tree.get("stop_when") or ())[1:]
    return {
        "trigger": _spec_typed("", about, typed),
        "stop_when": ([stop] if stop.get("on") else []) + others,
        "hours": typed.getlist("hours")[-1:] == ["true"],
    }


def read_wait(about: str, typed: Any) -> dict[str, Any]:
    """The settings of a wait as they were typed; None drops one."""
    how = typed.get("for") or "time"
    found: dict[str, Any] = dict.fromkeys(("amount", "unit", "working", "field", "side", "at", "past", "event"))
    found["for"] = how
    if how in ("time", "event"):
        found |= {
            "amount": _whole(typed.get("amount")),
            "unit": typed.get("unit") or "days",
            "working": typed.getlist("working")[-1:] == ["true"] or None,
        }
    if how == "date":
        found |= _spec_typed("", about, typed, on="date")
        found.pop("on", None)
        found["past"] = typed.get("past") or "ask"
    if how == "event":
        found["event"] = _spec_typed("event-", about, typed)
    return found


def _whole(text: Any) -> int | None:
    text = str(text or "").strip()
    return int(text) if text.isdecimal() and len(text) < 9 else None


def _spec_typed(prefix: str, about: str, typed: Any, *, on: str = "") -> dict[str, Any]:
    on = on or typed.get(f"{prefix}on") or ""
    found: dict[str, Any] = {"on": on}
    info = catalogue().get(about)
    if on in ("changed", "date") and typed.get(f"{prefix}field"):
        found["field"] = info.qualified(typed[f"{prefix}field"])
    if on == "changed":
        one = info.find(typed.get(f"{prefix}field") or "")
        for word in ("from", "to"):
            text = typed.get(f"{prefix}{word}", "").strip()
            if text and one is not None and one.kind in COMPARED:
                found[word] = int(text) if one.kind in ("link", "integer") and text.isdecimal() else text
    elif on == "date":
        found |= {
            "amount": _whole(typed.get(f"{prefix}amount")) or 0,
            "unit": typed.get(f"{prefix}unit") or "days",
            "side": typed.get(f"{prefix}side") or "before",
            "at": typed.get(f"{prefix}at") or "09:00",
        }
    elif on == "schedule":
        found |= {
            "every": typed.get("every") or "day",
            "day": _whole(typed.get("day")) or 1,
            "at": typed.get("at") or "09:00",
        }
    elif on and on not in OWN_TRIGGERS:
        trigger = offers.trigger_of(on)
        if trigger is not None and trigger.fields:
            given = loose_given(trigger.fields, typed, prefix=f"{prefix}v-")
            found["values"] = {name: value for name, value in given.items() if value not in (None, "")}
    return found
