"""Fields as inputs: from a stored value, or from what somebody typed and the server refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import orjson
from babel.core import get_global
from babel.numbers import get_territory_currencies
from werkzeug.datastructures import MultiDict

from kumiko.records.catalogue import TEAM, USER, FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.custom import ArchivedChoice
from kumiko.records.money import Money
from kumiko.records.record_refs import RecordRef, ref_of
from kumiko.records.schemas import company_currency
from kumiko.records.views import LinkValue
from kumiko.web import formats
from kumiko.web.i18n import gettext
from kumiko.web.values import label_of, options_of
from kumiko.web.viewmodels import FieldView, Option

Typed = MultiDict[str, str]
COMMON_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "CNY")


@lru_cache(maxsize=1)
def _currencies_in_use() -> tuple[str, ...]:
    """Codes that are legal tender somewhere today."""
    found = {code for territory in get_global("territory_currencies") for code in get_territory_currencies(territory)}
    return tuple(sorted(found))


def currency_options(chosen: str) -> tuple[Option, ...]:
    """The company's currency and the usual ones first, then all that are in use."""
    codes = dict.fromkeys((company_currency(), chosen, *COMMON_CURRENCIES, *_currencies_in_use()))
    return tuple(Option(code, code) for code in codes if code)


def input_of(
    info: TypeInfo | None,
    one: FieldInfo,
    value: Any = None,
    *,
    name: str = "",
    required: bool | None = None,
    errors: Sequence[str] = (),
    autofocus: bool = False,
    of: FieldInfo | None = None,
) -> FieldView:
    """The input of a field, filled with a value as RecordViews hold it. `of`: the list field whose row it is in."""
    shown = _shown(one, value)
    return _view(
        info, one, name or one.name, shown, required=required, errors=errors, autofocus=autofocus, of=of
    )  # fmt: skip


def typed_input(
    info: TypeInfo | None,
    one: FieldInfo,
    form: Typed,
    *,
    name: str = "",
    required: bool | None = None,
    errors: Sequence[str] = (),
    names: Mapping[tuple[str, int], str] | None = None,
    of: FieldInfo | None = None,
) -> FieldView:
    """The input of a field exactly as it was sent. `names`: of linked records, by type and id."""
    shown = _typed(one, form, name or one.name, names or {})
    return _view(info, one, name or one.name, shown, required=required, errors=errors, of=of)


def _view(
    info: TypeInfo | None,
    one: FieldInfo,
    name: str,
    shown: dict[str, Any],
    *,
    required: bool | None = None,
    errors: Sequence[str] = (),
    autofocus: bool = False,
    of: FieldInfo | None = None,
) -> FieldView:
    declared = one.field
    kind: Any = {"users": "tags", "external_ids": "text"}.get(one.kind, one.kind)
    if one.kind == "link" and declared.to in (USER, TEAM):
        kind = "user" if declared.to == USER else "team"
    if one.kind == "record":
        kind = "link"
    help_text = str(declared.help)
    return FieldView(
        name=name,
        label=label_of(one),
        kind=kind,
        help=gettext(help_text) if isinstance(declared.help, str) else help_text,
        errors=tuple(errors),
        required=declared.required if required is None else required,
        autofocus=autofocus,
        wide=one.kind in ("longtext", "list", "json"),
        max_length=_length(one),
        find_href=_find_href(info, one, of),
        icon="",
        **shown,
    )


def _length(one: FieldInfo) -> int:
    if one.kind not in ("text", "email", "url", "phone"):
        return 0
    found = one.field.max_length or (getattr(one.columns[0].type, "length", None) if one.columns else None)
    return int(found or 0)


def offered_items(one: FieldInfo) -> tuple[FieldInfo, ...]:
    """The fields of one row of a list that forms offer; the others follow from them."""
    return tuple(item for item in item_fields(one) if item.field.by_hand)


def _find_href(info: TypeInfo | None, one: FieldInfo, of: FieldInfo | None = None) -> str:
    if one.kind == "tags":
        return f"/pick/tags?type={info.key}" if info is not None else "/pick/tags"
    if one.kind == "record":
        return "/pick/records"
    target = catalogue().find(USER if one.kind == "users" else one.field.to) if one.kind in ("link", "users") else None
    if target is None:
        return ""
    narrowed = f"?for={info.key}.{one.name}" if info is not None and one.field.target_filter else ""
    if of is not None and one.field.target_filter:
        narrowed = f"?for={of.part_table.name}.{one.name}"
    return f"/pick/{target.collection}{narrowed}"


def _shown(one: FieldInfo, value: Any) -> dict[str, Any]:
    """The parts of a FieldView that depend on the value."""
    kind = one.kind
    if kind == "money":
        return _money("" if value is None else value, one)
    if kind == "link":
        if isinstance(value, LinkValue):
            return {"value": str(value.id), "text": value.name or ("•••" if value.hidden else str(value.id))}
        return {}
    if kind == "record":
        if isinstance(value, LinkValue):
            key = RecordRef(value.type, value.id).text
            return {"value": key, "text": value.name or ("•••" if value.hidden else key)}
        return {}
    if kind in ("choice", "multichoice"):
        chosen = {value} if kind == "choice" else set(value or ())
        options = tuple(_marked(option, option.key in chosen) for option in _offered(one, chosen))
        return {"value": value or "" if kind == "choice" else "", "options": options}
    if kind == "tags":
        return {"chosen": tuple(Option(tag, tag) for tag in value or ())}
    if kind == "users":
        return {"chosen": tuple(Option(str(user.id), user.name) for user in value or ())}
    if kind == "list":
        return _rows(one, value or ())
    if value is None:
        return {}
    if kind == "boolean":
        return {"value": "true" if value else "false"}
    if kind in ("integer", "number", "percent"):
        return {"value": formats.typed_number(value)}
    if isinstance(value, datetime):
        return {"value": formats.local_input(value)}
    if isinstance(value, date):
        return {"value": value.isoformat()}
    if kind == "json":
        return {"value": orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()}
    return {"value": str(value)}


def _offered(one: FieldInfo, chosen: Set[Any]) -> list[Option]:
    """Choices that a form offers: an archived one only where it is chosen already."""
    return [
        option for key, option in options_of(one).items()
        if key in chosen or not isinstance(one.choices[key], ArchivedChoice)
    ]  # fmt: skip


def _money(value: Any, one: FieldInfo) -> dict[str, Any]:
    if isinstance(value, Money):
        text, currency = formats.typed_number(value.value), value.currency
    else:
        text, currency = "", company_currency()
    return {"value": text, "unit": currency, "options": currency_options(currency)}


def _marked(option: Option, chosen: bool) -> Option:
    return Option(option.key, option.label, option.hue, chosen)


def _rows(one: FieldInfo, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    filled = []
    for number, row in enumerate(rows):
        own = FieldView(name=f"{one.name}.{number}.id", label="", value=str(row.get("id") or ""), readonly=True)
        cells = [
            input_of(None, item, row.get(item.name), name=f"{one.name}.{number}.{item.name}", of=one)
            for item in offered_items(one)
        ]
        filled.append((own, *cells))
    blank = tuple(input_of(None, item, name=f"{one.name}.__n__.{item.name}", of=one) for item in offered_items(one))
    return {"rows": tuple(filled), "items": blank}


def _typed(one: FieldInfo, form: Typed, name: str, names: Mapping[tuple[str, int], str]) -> dict[str, Any]:
    kind, text = one.kind, form.get(name, "")
    if kind == "money":
        currency = form.get(f"{name}_currency", "") or company_currency()
        return {"value": text, "unit": currency, "options": currency_options(currency)}
    if kind == "link":
        known = names.get((one.field.to, int(text)), text) if text.isdecimal() and len(text) < 19 else text
        return {"value": text, "text": known}
    if kind == "record":
        return {"value": text, "text": names.get(ref_of(text) or ("", 0), text)}
    if kind == "choice":
        return {"value": text, "options": tuple(_marked(o, o.key == text) for o in _offered(one, {text}))}
    sent = [entry for entry in form.getlist(name) if entry]
    if kind == "multichoice":
        return {"options": tuple(_marked(o, o.key in sent) for o in _offered(one, set(sent)))}
    if kind in ("tags", "users"):
        known_names = {str(key): label for (type_key, key), label in names.items() if type_key == USER}
        return {
            "chosen": tuple(
                Option(entry, known_names.get(entry, entry) if kind == "users" else entry) for entry in sent
            )
        }
    if kind == "boolean":
        return {"value": form.getlist(name)[-1] if name in form else ""}
    if kind == "list":
        return _typed_rows(one, form, name, names)
    return {"value": text}


def row_numbers(form: Typed, name: str) -> list[str]:
    """The numbers of a list's rows in a form, in the order they were sent."""
    start = f"{name}."
    found = dict.fromkeys(
        key[len(start) :].partition(".")[0] for key in form if key.startswith(start) and key.count(".") >= 2
    )
    return [number for number in found if number.isdecimal()]


def _typed_rows(one: FieldInfo, form: Typed, name: str, names: Mapping[tuple[str, int], str]) -> dict[str, Any]:
    filled = []
    for number in row_numbers(form, name):
        own = FieldView(name=f"{name}.{number}.id", label="", value=form.get(f"{name}.{number}.id", ""), readonly=True)
        cells = [
            typed_input(None, item, form, name=f"{name}.{number}.{item.name}", names=names, of=one)
            for item in offered_items(one)
        ]
        filled.append((own, *cells))
    blank = tuple(input_of(None, item, name=f"{name}.__n__.{item.name}", of=one) for item in offered_items(one))
    return {"rows": tuple(filled), "items": blank}
