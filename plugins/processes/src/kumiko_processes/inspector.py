"""The right side of the builder: inputs for what is selected, and reading them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kumiko import (
    ConditionTree,
    Conflict,
    Field,
    FieldView,
    Option,
    catalogue,
    condition_tree,
    condition_tree_given,
    condition_tree_typed,
    loose_given,
    loose_inputs,
    loose_typed,
    principal,
    text_names,
)
from kumiko import gettext as _
from kumiko_processes import describe, doing, offers, trigger_form
from kumiko_processes.filling import TEXTS
from kumiko_processes.items import Item
from kumiko_processes.tree import Step, Tree, paths, places

USER = "access.user"
NO_INPUT = ("list", "users", "external_ids", "json", "record")


@dataclass(frozen=True, kw_only=True)
class InspectorView:
    """Inputs for the selected part of a process."""

    key: str
    kicker: str
    title: str
    icon: str
    hue: str
    items: tuple[Item, ...] = ()
    conditions: ConditionTree | None = None
    conditions_help: str = ""
    data: tuple[Option, ...] = ()  # what can be put into texts
    is_step: bool = False
    is_path: bool = False
    can_add_path: bool = False
    help: str = ""
    faults: tuple[str, ...] = ()
    summary: str = ""


def kind_of(tree: Tree, key: str) -> tuple[str, Any]:
    """("trigger" | "if" | "step" | "path" | "", the step or path) of what is selected."""
    if key in ("trigger", "if"):
        return key, None
    known = places(tree)
    if key in known:
        return "step", known[key].step
    for place in known.values():
        for number, one in enumerate(paths(place.step)):
            if one.get("id") == key and place.step["kind"] == "branch" and number < len(place.step["paths"]) - 1:
                return "path", one
    return "", None


def inspector(tree: Tree, about: str, key: str, typed: Any = None, summary: str = "") -> InspectorView | None:
    """The inputs of what is selected: as it is kept, or as it was typed. None when nothing is selected."""
    what, part = kind_of(tree, key)
    if what == "trigger":
        view = InspectorView(
            key=key,
            kicker=_("When"),
            title=_("What starts it"),
            icon="bolt",
            hue="amber",
            items=tuple(trigger_form.items(tree, about, typed)),
        )
    elif what in ("if", "path"):
        node = tree.get("if") if what == "if" else part.get("if")
        conditions = condition_tree(about, node) if typed is None else condition_tree_typed(about, typed)
        title = _("Which records") if what == "if" else _("Which path")
        view = InspectorView(
            key=key,
            kicker=_("Condition"),
            title=title,
            icon="filter",
            hue="violet",
            conditions=conditions,
            conditions_help=_("It is asked at the moment the run gets here."),
            is_path=what == "path",
        )
    elif what == "step":
        view = _of_step(part, tree, about, key, typed)
    else:
        return None
    return replace(view, summary=summary)


def _of_step(step: Step, tree: Tree, about: str, key: str, typed: Any) -> InspectorView:
    kind = str(step["kind"])
    common: dict[str, Any] = {
        "key": key,
        "kicker": _("Step"),
        "title": describe.title(step, about),
        "icon": describe.icon(step, about),
        "hue": "blue",
        "is_step": True,
    }
    if kind == "only":
        conditions = condition_tree(about, step.get("if")) if typed is None else condition_tree_typed(about, typed)
        return InspectorView(
            **common, conditions=conditions, conditions_help=_("Otherwise the run ends here, as done.")
        )
    if kind == "branch":
        return InspectorView(
            **common,
            can_add_path=True,
            help=_(
                "A run takes the first path whose condition fits; the last path is for all others. Select a path to "
                "set its condition. Behind the branch all paths go on together."
            ),
        )
    if kind == "stop":
        return InspectorView(**common, help=_("The run ends here, as done."))
    if kind == "wait":
        return InspectorView(**common, items=tuple(trigger_form.wait_items(step, about, typed)))
    if kind in ("notify", "ask"):
        items = _people_items(step, typed)
    else:
        items = _value_items(step, about, typed)
    return InspectorView(**common, items=tuple(items), data=tuple(_data(tree, about, key)), help=_absent(step, about))


def _absent(step: Step, about: str) -> str:
    """Why there are no inputs, while the module of a step is off."""
    try:
        doing.fields_of(step, about)
    except doing.Absent as absent:
        return f"{absent} " + _("What was set stays as it is.")
    return ""


def _people_items(step: Step, typed: Any) -> list[Item]:
    values = step.get("values") or {}
    to = typed.get("to", "") if typed is not None else str(step.get("to") or "owner")
    options = [
        Option(word, describe.person(word)) for word in ("owner", "team_head", "role:head", "role:administrator")
    ]
    is_user = to.startswith("user")
    options.append(Option("user", _("somebody in particular"), chosen=is_user))
    found = [
        Item(
            field=FieldView(
                name="to",
                label=_("Whom"),
                kind="choice",
                value="user" if is_user else to,
                required=True,
                options=tuple(options),
            ),
            again=True,
        )
    ]
    if is_user:
        field = Field(name="user", kind="link", to=USER, label=_("Person"), required=True)
        kept = loose_typed((field,), {"user": to[5:] or None}) if typed is None else typed
        found.append(Item(field=loose_inputs((field,), kept)[0]))
    text = typed.get("v-text", "") if typed is not None else str(values.get("text") or "")
    label = _("What it says") if step["kind"] == "notify" else _("Question")
    found.append(
        Item(field=FieldView(name="v-text", label=label, kind="longtext", value=text, required=True), chips=True)
    )
    return found


def _value_items(step: Step, about: str, typed: Any) -> list[Item]:
    """Inputs for the values of an action, a record action, or of fields that are set."""
    kind, values = str(step["kind"]), dict(step.get("values") or {})
    found: list[Item] = []
    target = (
        about if kind != "create" else (typed.get("type", "") if typed is not None else str(step.get("type") or ""))
    )
    if kind == "create":
        types = [
            Option(one.key, str(one.type.label))
            for one in catalogue().types.values()
            if one.type.creatable and not one.type.public and not one.key.startswith("processes.")
        ]
        found.append(
            Item(
                field=FieldView(
                    name="type", label=_("What"), kind="choice", value=target, options=tuple(types), required=True
                ),
                again=True,
            )
        )
        if catalogue().find(target) is None:
            return found
    try:
        fields = doing.fields_of({**step, "type": target}, about)
    except doing.Absent:
        return found
    chosen: Sequence[Field] = [one for one in fields if one.by_hand and one.kind not in NO_INPUT]
    if kind in ("set", "create"):
        info = catalogue().get(target)
        plain = {info.plain(name): value for name, value in values.items()}
        values = plain
        writable = info.by_hand(principal())
        names = _names_of(typed, values, info if kind == "create" else None)
        every = [writable[name].field for name in writable if writable[name].kind not in NO_INPUT]
        chosen = [replace(info.fields[name].field, required=False) for name in names if name in writable]
        found += _items(chosen, values, about, typed, droppable=True)
        rest = [Option(one.name, str(one.label)) for one in every if one.name not in names]
        rest.sort(key=lambda option: option.label.casefold())
        found.append(
            Item(field=FieldView(name="_add", label=_("Add a field"), kind="choice", options=tuple(rest)), again=True)
        )
        return found
    return [*found, *_items(chosen, values, about, typed, offers_of=_offers(step))]


def _offers(step: Step) -> Any:
    action = offers.action_of(str(step.get("action"))) if step.get("kind") == "action" else None
    return action.offers if action is not None else None


def _names_of(typed: Any, values: Mapping[str, Any], creating: Any) -> list[str]:
    """The fields that a step sets, in order: those kept or sent, one that was added, without one that was dropped."""
    if typed is None:
        names = list(values)
    else:
        names = [name for name in typed.get("_fields", "").split() if name]
        if typed.get("_add"):
            names.append(typed["_add"])
        if typed.get("_drop") in names:
            names.remove(typed["_drop"])
    if creating is not None:
        needed = [one.name for one in creating.fields.values() if one.field.required and one.kind not in NO_INPUT]
        names = [*[name for name in needed if name not in names], *names]
    return list(dict.fromkeys(names))


def _items(
    fields: Sequence[Field],
    values: Mapping[str, Any],
    about: str,
    typed: Any,
    *,
    droppable: bool = False,
    offers_of: Any = None,
) -> list[Item]:
    found = []
    for one in fields:
        value = values.get(one.name)
        taken = (
            typed.get(f"t-{one.name}", "")
            if typed is not None
            else (value if isinstance(value, str) and value.startswith("=") else "")
        )
        drop = one.name if droppable else ""
        if one.kind in TEXTS:
            text = (
                typed.get(f"v-{one.name}", "")
                if typed is not None
                else (value if value is not None else one.default if isinstance(one.default, str) else "")
            )
            found.append(
                Item(
                    field=FieldView(
                        name=f"v-{one.name}",
                        label=str(one.label),
                        kind="longtext" if one.kind == "longtext" else "text",
                        value=str(text or ""),
                        help=str(one.help),
                        required=one.required,
                    ),
                    chips=True,
                    drop=drop,
                )
            )
            continue
        if one.kind in ("date", "moment"):
            text = typed.get(f"v-{one.name}", "") if typed is not None else ("" if taken else str(value or ""))
            view = FieldView(
                name=f"v-{one.name}",
                label=str(one.label),
                value=text,
                required=False,
                help=str(one.help) or _("A day such as 2026-12-31, or +7 for seven days from then."),
            )
        else:
            kept = typed if typed is not None else loose_typed((one,), {} if taken else dict(values), prefix="v-")
            view = loose_inputs((one,), kept, prefix="v-", offers=offers_of)[0]
        takes = _takes(one, about, taken)
        found.append(Item(field=view, takes=takes, drop=drop))
    return found


def _takes(one: Field, about: str, chosen: str) -> FieldView | None:
    """A select of the record's own values that fit a field."""
    info = catalogue().find(about)
    if info is None or one.kind in ("boolean", "choice", "multichoice", "tags"):
        return None
    fit = [Option("=id", str(info.type.label))] if one.kind == "link" and one.to == about else []
    for field in info.readable(principal()).values():
        same = field.kind == one.kind or {field.kind, one.kind} <= {"integer", "number"}
        if same and (one.kind != "link" or field.field.to == one.to):
            fit.append(Option(f"={field.name}", str(field.field.label)))
    if not fit:
        return None
    return FieldView(
        name=f"t-{one.name}", label=_("or take it from the record"), kind="choice", value=chosen, options=tuple(fit)
    )


def _data(tree: Tree, about: str, key: str) -> list[Option]:
    """What can be put into a text: values of the record, results of the steps before."""
    if catalogue().find(about) is None:
        return []
    found = [Option(f"{{{{ {name} }}}}", label) for name, label in text_names(about)]
    for step_id, place in places(tree).items():
        if step_id == key:
            break
        action = offers.action_of(str(place.step.get("action"))) if place.step.get("kind") == "action" else None
        if action is not None:
            head = describe.title(place.step, about)
            found += [
                Option(f"{{{{ {step_id}.{name} }}}}", f"{head}: {label}") for name, label in action.results.items()
            ]
    return found


def read(tree: Tree, about: str, key: str, typed: Any) -> tuple[str, dict[str, Any], Any]:
    """What was typed for the selected part: ("trigger" | "if" | "step" | "path", new settings, new condition)."""
    what, part = kind_of(tree, key)
    if what == "trigger":
        return what, trigger_form.read(tree, about, typed), None
    if what in ("if", "path"):
        return what, {}, condition_tree_given(about, typed)
    if what != "step":
        raise Conflict(_("This step is not there any more."))
    kind = str(part["kind"])
    if kind == "only":
        return what, {"if": condition_tree_given(about, typed)}, None
    if kind == "wait":
        return what, trigger_form.read_wait(about, typed), None
    if kind in ("notify", "ask"):
        to = typed.get("to", "owner")
        to = f"user:{typed.get('user', '')}" if to == "user" else to
        return what, {"to": to, "values": {"text": typed.get("v-text", "").replace("\r\n", "\n")}}, None
    if kind in ("action", "verb", "set", "create"):
        return what, _values_typed(part, about, typed), None
    return what, {}, None


def _values_typed(step: Step, about: str, typed: Any) -> dict[str, Any]:
    kind = str(step["kind"])
    target = about if kind != "create" else typed.get("type", "")
    found: dict[str, Any] = {"type": target} if kind == "create" else {}
    try:
        fields = [one for one in doing.fields_of({**step, "type": target}, about) if one.kind not in NO_INPUT]
    except doing.Absent:
        return {**found, "values": dict(step.get("values") or {})}
    info = catalogue().find(target) if kind in ("set", "create") else None
    if info is not None:
        names = _names_of(typed, {}, info if kind == "create" else None)
        fields = [one for one in fields if one.name in names]
    values: dict[str, Any] = {}
    for one in fields:
        name = info.qualified(one.name) if info is not None else one.name
        taken = typed.get(f"t-{one.name}", "")
        if taken:
            values[name] = taken
        elif one.kind in (*TEXTS, "date", "moment"):
            if f"v-{one.name}" in typed:
                values[name] = typed[f"v-{one.name}"].replace("\r\n", "\n").strip() or None
        else:
            found_now = loose_given((one,), typed, prefix="v-")
            if one.name in found_now:
                values[name] = found_now[one.name]
    return {**found, "values": {name: value for name, value in values.items() if value is not None or kind == "set"}}
