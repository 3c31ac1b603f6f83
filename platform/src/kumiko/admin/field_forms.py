"""The forms of fields: a custom field of one kind, the rule of a built-in one, and the questions before a loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from kumiko.admin.user_forms import summary_of
from kumiko.fields import choices, conversion
from kumiko.fields.names import CONDITIONS, FIELD, RULE, takes_fields
from kumiko.fields.record_types import KINDS
from kumiko.host.errors import Invalid, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import uniqueness
from kumiko.records.catalogue import USER, FieldInfo, TypeInfo, catalogue
from kumiko.records.views import RecordView
from kumiko.web import conditions as rows
from kumiko.web.conditions import ConditionsView
from kumiko.web.formats import count_text
from kumiko.web.forms import values_from as sent_values
from kumiko.web.inputs import input_of, typed_input
from kumiko.web.properties import grouped_fields
from kumiko.web.values import label_of
from kumiko.web.viewmodels import Action, FieldGroup, FieldView, FormView, Link, Option

PAGE = "/admin/fields"
ICONS = {"text": "edit", "longtext": "file-text", "integer": "hash", "number": "calculator", "money": "coin",
         "date": "calendar", "moment": "clock", "boolean": "toggle-right", "choice": "list", "multichoice": "checklist",
         "email": "mail", "phone": "phone", "url": "world", "user": "user", "link": "link"}  # fmt: skip
#: Conditions on the form, each with the start of its inputs' names.
PREFIXES = {"shown_when": "shown_when_", "required_when": "required_when_", "locked_when": "locked_when_"}
_SEARCHED = ("text", "longtext", "email", "phone", "url")
_LIMITED = ("integer", "number", "money")
_UNFILTERED = ("longtext",)


@dataclass(frozen=True, kw_only=True)
class FieldFormView:
    """A form of a field: inputs, and conditions below. `again`: address that draws the rows of a condition anew."""

    form: FormView
    conditions: tuple[ConditionPart, ...]
    again: str
    used: tuple[Action, ...] = ()
    kind_icon: str = ""


@dataclass(frozen=True, kw_only=True)
class ConditionPart:
    """One condition: heading, rows of inputs, and sentences about what is wrong with it."""

    name: str
    prefix: str
    title: str
    help: str
    rows: ConditionsView
    again: str
    errors: tuple[str, ...] = ()


def kind_word(one: FieldInfo) -> str:
    """The kind of a field in words."""
    words = {choice.key: str(choice.label) for choice in KINDS}
    more = {"percent": _("Percentage"), "list": _("Rows"), "json": _("Data"), "record": words["link"],
            "tags": _("Tags"), "users": _("Users"), "external_ids": _("Names in other systems")}  # fmt: skip
    target = catalogue().find(one.field.to) if one.kind == "link" else None
    if target is not None:
        return words["user"] if target.key == USER else link_word(target)
    return words.get(one.kind) or more.get(one.kind, one.kind)


def link_word(target: TypeInfo) -> str:
    """The kind of a link that leads to records of this type."""
    return _("Link to %(what)s", what=inside(target.type.label_plural))


def names_of(kind: str) -> tuple[str, ...]:
    """Fields of a definition that matter for its kind, in the order of the form."""
    found = ["name", "help"]
    found += ["choices"] if kind in ("choice", "multichoice") else []
    found += ["minimum", "maximum"] if kind in _LIMITED else []
    found += ["default", "section", "key", "required"]
    found += ["unique"] if kind in uniqueness.KINDS else []
    found += ["filterable"] if kind not in _UNFILTERED else []
    found += ["searchable"] if kind in _SEARCHED else []
    found += ["board"] if kind == "choice" else []
    return tuple(found)


def form_of(
    info: TypeInfo, view: RecordView | None, values: Mapping[str, Any], sent: MultiDict[str, str] | None,
    refusal: KumikoError | None,
) -> FieldFormView:  # fmt: skip
    """The form of a custom field: new (`view` None) or stored."""
    known = catalogue().get(FIELD)
    kind = (sent.get("kind") if sent is not None else "") or str(values.get("kind") or "text")
    words = {choice.key: str(choice.label) for choice in KINDS}
    errors: Mapping[str, Sequence[str]] = refusal.errors if isinstance(refusal, Invalid) else {}
    inputs: list[FieldView] = []
    for name in names_of(kind):
        one = known.fields[name]
        if sent is not None:
            made = typed_input(known, one, sent, errors=errors.get(name, ()))
        else:
            made = input_of(known, one, values.get(name), errors=errors.get(name, ()), autofocus=name == "name")
        if name == "choices" and view is None:  # a new field's choices are neither archived nor known to programs
            made = _fewer_columns(made, ("archived", "key"))
        if name == "key":
            made = replace(made, readonly=view is not None, placeholder=_("made from the label"))
        if name == "section":
            made = replace(made, help=_("The heading it stands below. There are: %(names)s.",
                                        names=", ".join(_sections(info))))  # fmt: skip
        if name in ("filterable", "unique", "searchable", "board", "required"):
            made = replace(made, required=False)
        inputs.append(made)
    if kind == "link":
        chosen = (sent.get("target") if sent is not None else "") or str(values.get("target") or "")
        inputs.insert(2, _target_field(chosen, errors.get("target", ())))
    path = f"{PAGE}/{info.collection}"
    title = view.title if view is not None else _("New field: %(kind)s", kind=words.get(kind, kind))
    form = FormView(
        title=title, action=path if view is None else f"{path}/{view.id}",
        groups=(FieldGroup("", tuple(inputs)),), submit=_("Add the field") if view is None else _("Save"),
        cancel_href=path, crumbs=(Link(_("Fields"), path),),
        hidden=(("kind", kind), *((("_version", str(view.version)),) if view is not None else ())),
        summary=summary_of(refusal, (*names_of(kind), "target", *CONDITIONS)),
        intro=_("A field of %(what)s: %(kind)s.", what=inside(info.type.label_plural), kind=words.get(kind, kind)),
    )  # fmt: skip
    used: tuple[Action, ...] = ()
    if view is not None and kind in ("choice", "multichoice"):
        used = tuple(
            Action(str(row["label"]), f"{path}/{view.id}/choices/{row['key']}/replace", "arrows-exchange")
            for row in view.get("choices") or ()
        )
    return FieldFormView(form=form, conditions=_conditions(info, values, sent, errors), again=f"{path}/condition",
                         used=used, kind_icon=ICONS.get(kind, "forms"))  # fmt: skip


def _fewer_columns(made: FieldView, left_out: Sequence[str]) -> FieldView:
    def kept(row: tuple[FieldView, ...]) -> tuple[FieldView, ...]:
        return tuple(one for one in row if one.name.rpartition(".")[2] not in left_out)

    return replace(made, rows=tuple(map(kept, made.rows)), items=kept(made.items))


def _sections(info: TypeInfo) -> list[str]:
    return [title for title, _fields, closed in grouped_fields(info) if title and not closed]


def _target_field(chosen: str, errors: Sequence[str]) -> FieldView:
    options = tuple(
        Option(info.key, str(info.type.label_plural), chosen=info.key == chosen)
        for info in sorted(catalogue().types.values(), key=lambda info: info.type.order)
        if takes_fields(info)
    )
    return FieldView("target", _("Leads to"), kind="choice", value=chosen, required=True, options=options,
                     errors=tuple(errors))  # fmt: skip


def _conditions(
    info: TypeInfo, values: Mapping[str, Any], sent: MultiDict[str, str] | None, errors: Mapping[str, Sequence[str]]
) -> tuple[ConditionPart, ...]:
    told = {
        "shown_when": (_("Shown only when"), _("Empty: it is always shown.")),
        "required_when": (_("Needed when"), _("It must be filled in then.")),
        "locked_when": (_("Not to be changed when"), _("Its value stays as it is then.")),
    }
    return tuple(
        ConditionPart(
            name=name, prefix=PREFIXES[name], title=title, help=hint,
            rows=condition_of(info, name, values.get(name), sent).rows,
            again=f"{PAGE}/{info.collection}/condition?_prefix={PREFIXES[name]}", errors=tuple(errors.get(name, ())),
        )
        for name, (title, hint) in told.items()
    )  # fmt: skip


def condition_of(info: TypeInfo, name: str, node: Any, sent: MultiDict[str, str] | None) -> ConditionPart:
    """The rows of one condition, as kept or as sent."""
    prefix = PREFIXES[name]
    if sent is not None:
        made = rows.conditions_typed(info.key, sent, prefix=prefix)
    else:
        made = rows.conditions_view(info.key, node, prefix=prefix)
    return ConditionPart(name=name, prefix=prefix, title="", help="", rows=made,
                         again=f"{PAGE}/{info.collection}/condition?_prefix={prefix}")  # fmt: skip


def values_from(info: TypeInfo, sent: MultiDict[str, str], view: RecordView | None = None) -> dict[str, Any]:
    """What a form says about a custom field; Invalid for a condition that is half filled in."""
    kind = str(view.get("kind")) if view is not None else sent.get("kind", "")
    known = catalogue().get(FIELD)
    names = [name for name in names_of(kind) if not (view is not None and name == "key")]
    found = sent_values([known.fields[name] for name in names], sent)
    found["kind"] = kind
    if kind == "link":
        found["target"] = sent.get("target") or None
    return found | _given_conditions(info, sent)


def _given_conditions(info: TypeInfo, sent: MultiDict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, prefix in PREFIXES.items():
        try:
            found[name] = rows.conditions_given(info.key, sent, prefix=prefix)
        except Invalid as fault:
            lines = [line for said in fault.errors.values() for line in said] or [fault.message]
            raise Invalid(_("Some values are not accepted."), {name: lines}) from None
    return found


# ------------------------------------------------------------------ rules of built-in fields


def rule_form(
    info: TypeInfo, one: FieldInfo, view: RecordView | None, values: Mapping[str, Any],
    sent: MultiDict[str, str] | None = None, refusal: KumikoError | None = None,
) -> FieldFormView:  # fmt: skip
    """When a field that a module brings is shown, needed or locked, and what it starts with."""
    known = catalogue().get(RULE)
    errors: Mapping[str, Sequence[str]] = refusal.errors if isinstance(refusal, Invalid) else {}
    inputs = []
    for name in ("required", "default"):
        if sent is not None:
            inputs.append(typed_input(known, known.fields[name], sent, errors=errors.get(name, ())))
        else:
            inputs.append(input_of(known, known.fields[name], values.get(name)))
    path = f"{PAGE}/{info.collection}"
    form = FormView(
        title=label_of(one), action=f"{path}/rules/{one.name}", groups=(FieldGroup("", tuple(inputs)),),
        submit=_("Save"), cancel_href=path, crumbs=(Link(_("Fields"), path),),
        hidden=(("_version", str(view.version)),) if view is not None else (),
        summary=summary_of(refusal, ("required", "default", *CONDITIONS)),
        intro=_("This field comes with a module: its kind and name stay, and you say when it is needed."),
    )  # fmt: skip
    return FieldFormView(form=form, conditions=_conditions(info, values, sent, errors), again=f"{path}/condition",
                         kind_icon=ICONS.get(one.kind, "forms"))  # fmt: skip


def rule_values(info: TypeInfo, sent: MultiDict[str, str]) -> dict[str, Any]:
    """What a form says about a rule."""
    known = catalogue().get(RULE)
    return sent_values([known.fields["required"], known.fields["default"]], sent) | _given_conditions(info, sent)


# ------------------------------------------------------------------ questions


def delete_form(info: TypeInfo, view: RecordView) -> FormView:
    """What hangs on a field before its definition goes."""
    one = choices.field_of(info, str(view.get("key")))
    count = conversion.preview(view.id, str(view.get("kind"))).total if one is not None else 0
    path = f"{PAGE}/{info.collection}"
    said = _("%(count)d %(what)s have a value in it. The values stay in the records: the field comes back with them "
             "when it is restored from the bin.", count=count, what=inside(info.type.label_plural))  # fmt: skip
    return FormView(
        title=_("Delete the field “%(name)s”?", name=view.title), action=f"{path}/{view.id}/delete", groups=(),
        submit=_("Delete"), cancel_href=path, crumbs=(Link(_("Fields"), path),), intro=said, danger=True,
    )  # fmt: skip


def kind_form(info: TypeInfo, view: RecordView, kind: str, target: str, found: conversion.Preview | None) -> FormView:
    """Choose another kind, see what would be lost, then say yes."""
    path = f"{PAGE}/{info.collection}"
    words = {choice.key: str(choice.label) for choice in KINDS}
    fields = [
        FieldView("kind", _("New kind"), kind="choice", value=kind, required=True,
                  options=tuple(Option(key, word) for key, word in words.items() if key != view.get("kind"))),
    ]  # fmt: skip
    if kind == "link":
        fields.append(_target_field(target, ()))
    intro = _("It is %(kind)s now.", kind=words.get(str(view.get("kind")), ""))
    if found is not None:
        intro = _("%(total)s values, %(kept)s of them stay.", total=count_text(found.total),
                  kept=count_text(found.total - found.lost))  # fmt: skip
        if found.looked < found.total:
            intro = _("%(total)s values. The %(looked)s that are most frequent were looked at: %(kept)s of them stay.",
                      total=count_text(found.total), looked=count_text(found.looked),
                      kept=count_text(found.looked - found.lost))  # fmt: skip
        if found.lost:
            intro += " " + _("%(lost)s would be lost, such as %(examples)s.", lost=count_text(found.lost),
                             examples=", ".join(f"“{one}”" for one in found.examples))  # fmt: skip
        if found.total > conversion.AT_ONCE:
            intro += " " + _("So many are changed in the background; until that is done the field is not shown.")
        if not found.total:
            intro = _("No record has a value in it yet.")
        intro += " " + _("The change can be undone as a whole.")
    return FormView(
        title=_("Another kind for “%(name)s”", name=view.title), action=f"{path}/{view.id}/kind",
        groups=(FieldGroup("", tuple(fields)),),
        submit=_("Change the kind") if found is not None else _("Look first"),
        cancel_href=path, crumbs=(Link(_("Fields"), path),), intro=intro,
        hidden=(("_sure", f"{kind}:{target}"),) if found is not None else (),
        danger=found is not None and found.lost > 0,
    )  # fmt: skip


def replace_form(info: TypeInfo, view: RecordView, key: str, refusal: KumikoError | None = None) -> FormView:
    """What uses a choice, and which one takes its place."""
    rows_ = list(view.get("choices") or ())
    labels = {str(row["key"]): str(row["label"]) for row in rows_}
    one = choices.field_of(info, str(view.get("key")))
    used = choices.usage(info, one, key) if one is not None else {}
    counted = ", ".join(f"{count} {what}" for what, count in used.items()) or _("nothing")
    errors: Mapping[str, Sequence[str]] = refusal.errors if isinstance(refusal, Invalid) else {}
    options = (*(Option(other, label) for other, label in labels.items() if other != key), Option("-", _("No value")))
    path = f"{PAGE}/{info.collection}"
    return FormView(
        title=_("Take away “%(label)s”", label=labels.get(key, key)),
        action=f"{path}/{view.id}/choices/{key}/replace",
        groups=(FieldGroup("", (FieldView("new", _("Records get instead"), kind="choice", required=True,
                                          options=options, errors=tuple(errors.get("new", ()))),)),),
        submit=_("Take it away"), cancel_href=f"{path}/{view.id}",
        crumbs=(Link(_("Fields"), path), Link(view.title, f"{path}/{view.id}")),
        intro=_("It is used by: %(used)s.", used=counted), danger=True, summary=summary_of(refusal, ("new",)),
    )  # fmt: skip
