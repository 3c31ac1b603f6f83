"""Settings of the company and of modules, as forms: what may be set, reading and storing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import available_timezones

from werkzeug.datastructures import MultiDict

from kumiko.access import audit
from kumiko.admin.setting_records import store_in_journal
from kumiko.host import settings
from kumiko.host.context import current, transaction
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import schemas
from kumiko.records.catalogue import FieldInfo
from kumiko.web import inputs
from kumiko.web.forms import values_from
from kumiko.web.viewmodels import FieldGroup, FieldView, Option

KEYS = ("company", "currency", "zone", "language")
_AREAS = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
Sent = MultiDict[str, str]


def read_company(sent: Mapping[str, Any]) -> dict[str, str]:
    """Checked settings of the company from a form or the command line; Invalid with sentences per field."""
    errors: dict[str, list[str]] = {}
    company = str(sent.get("company") or "").strip()
    currency = str(sent.get("currency") or "").strip().upper()
    zone = str(sent.get("zone") or "").strip()
    language = str(sent.get("language") or "").strip()
    if len(company) > 120:
        errors["company"] = [_("at most %(most)d characters, found %(found)d", most=120, found=len(company))]
    if currency and currency not in currencies():
        errors["currency"] = [_("%(found)r is no currency; wanted three letters such as EUR or USD", found=currency)]
    if zone and zone not in available_timezones():
        errors["zone"] = [_("%(zone)r is no time zone; wanted one like Europe/Lisbon", zone=zone)]
    if language and language not in languages():
        errors["language"] = [
            _("%(found)r is not offered; wanted one of %(known)s", found=language, known=", ".join(languages()))
        ]
    if errors:
        raise Invalid(_("Some values are not accepted."), errors)
    values = {"company": company, "currency": currency, "zone": zone, "language": language}
    return {key: value for key, value in values.items() if value}


def currencies() -> frozenset[str]:
    """Codes of the currencies in use."""
    return frozenset((*inputs.COMMON_CURRENCIES, *inputs._currencies_in_use()))


def languages() -> dict[str, str]:
    """Code -> name of the languages that Kumiko speaks here."""
    generation = current().generation
    return {} if generation is None else dict(generation.state["languages"])


def store(values: Mapping[str, Any], *, plugin: str = "host") -> None:
    """Write settings of the company ("host") or of a module, and a line of the log."""
    with transaction():
        labels = {f"{plugin}.{key}": label for key, label in _labels(plugin).items()}
        store_in_journal({f"{plugin}.{key}": value for key, value in values.items()}, labels)
        audit.note("settings.change", plugin, fields=", ".join(values))


def _labels(plugin: str) -> dict[str, str]:
    """What people call the settings, with the module they belong to."""
    if plugin == "host":
        return {"company": _("Name of the company"), "currency": _("Currency"), "zone": _("Time zone"),
                "language": _("Language")}  # fmt: skip
    generation = current().generation
    section = None if generation is None else generation.settings.get(plugin)
    title = str(section.title) if section is not None else plugin
    return {one.name: f"{title}: {one.field.label}" for one in module_fields(plugin)}


def company_fields(sent: Mapping[str, Any] | None = None, errors: Mapping[str, Any] | None = None) -> list[FieldView]:
    """Company, currency, zone, language as inputs, filled with what is stored or was sent."""
    said = errors or {}
    kept = {key: str(settings.get(f"host.{key}") or "") for key in KEYS}
    held = {key: str(sent.get(key, "")) for key in KEYS} if sent is not None else kept
    zones = sorted({name for name in available_timezones() if name.startswith(_AREAS)} | {"UTC", kept["zone"]})
    return [
        FieldView("company", _("Name of the company"), value=held["company"], max_length=120,
                  autocomplete="organization", errors=tuple(said.get("company", ()))),
        FieldView("currency", _("Currency"), kind="choice", value=held["currency"], required=True,
                  options=inputs.currency_options(held["currency"]), errors=tuple(said.get("currency", ())),
                  help=_("Of amounts that name none; each amount keeps its own.")),
        FieldView("zone", _("Time zone"), kind="choice", value=held["zone"], required=True,
                  options=tuple(Option(name, name.replace("_", " ")) for name in zones),
                  errors=tuple(said.get("zone", ())), help=_("Where the company's day begins and ends.")),
        FieldView("language", _("Language"), kind="choice", value=held["language"], required=True,
                  options=tuple(Option(code, name) for code, name in languages().items()),
                  errors=tuple(said.get("language", ())), help=_("People may choose another in their profile.")),
    ]  # fmt: skip


def module_fields(plugin: str) -> tuple[FieldInfo, ...]:
    """Declared settings of a module; empty when it has none or is off."""
    generation = current().generation
    section = None if generation is None else generation.settings.get(plugin)
    return () if section is None else tuple(FieldInfo(one, plugin, ()) for one in section.fields)


def module_group(plugin: str, sent: Sent | None = None, errors: Mapping[str, Any] | None = None) -> FieldGroup:
    """Settings of a module as inputs."""
    said, kept = errors or {}, settings.section(plugin)
    return FieldGroup("", tuple(_input(one, kept, sent, said) for one in module_fields(plugin)))


def _input(one: FieldInfo, kept: Mapping[str, Any], sent: Sent | None, said: Mapping[str, Any]) -> FieldView:
    errors: Iterable[str] = said.get(one.name, ())
    if sent is not None:
        return inputs.typed_input(None, one, sent, errors=tuple(errors))
    return inputs.input_of(None, one, kept.get(one.name), errors=tuple(errors))


def read_module(plugin: str, sent: Sent) -> dict[str, Any]:
    """Checked settings of a module from a form."""
    fields = module_fields(plugin)
    loaded = schemas.load(schemas.field_input_schema(fields, f"{plugin}_settings"), values_from(fields, sent))
    errors = {
        one.name: [_("%(label)s is needed.", label=str(one.field.label))]
        for one in fields
        if one.field.required and loaded.get(one.name) is None
    }
    if errors:
        raise Invalid(_("Some values are not accepted."), errors)
    # A text that is emptied although it has a default is meant to be empty (no hours on Fridays), not to be as before.
    emptied = {one.name for one in fields if one.kind == "text" and one.field.default and not loaded.get(one.name)}
    found = {name: "" if name in emptied else _plain(value) for name, value in loaded.items()}
    generation = current().generation
    check = None if generation is None else generation.state.get("check_settings", {}).get(plugin)
    if check is not None:  # what is about several of them together
        check({**settings.section(plugin), **found})
    return found


def _plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, bool | int | float | str | list | dict) or value is None:
        return value
    return str(value)
