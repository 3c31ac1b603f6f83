"""Configuration as readable files: lists of values, roles, pipelines, forms, processes, dashboards, views, settings.

Records are named by key or name instead of ids, so the files mean the same in another installation. Which types belong
to it: lists of values and what everybody may read, roles and teams, and types whose module says so by
`MODEL.__table__.info["configuration"] = True` (or False). Users and secrets are no part of it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import select

from kumiko.access import audit
from kumiko.archive import portable
from kumiko.archive.policy import without_secrets
from kumiko.archive.portable import Names, is_configuration
from kumiko.host import settings
from kumiko.host.columns import table_of
from kumiko.host.context import current, principal, transaction
from kumiko.host.errors import Forbidden, Invalid, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.models import Setting
from kumiko.host.scoping import trusted
from kumiko.imports.export import records
from kumiko.records import saved_views, service
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.units import unit
from kumiko.records.views import RecordView

FORMAT = "kumiko-configuration"
_NOT_SETTINGS = ("host.checked.", "host.restart", "host.features_off", "admin.welcomed", "host.demo")


@dataclass(frozen=True)
class Change:
    """One line of a plan. `kind`: new, changed, same, refused. `fields`: name -> (what is here, what comes)."""

    collection: str
    name: str
    kind: str
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    why: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    record_id: int | None = None


def types() -> list[TypeInfo]:
    """Record types that are configuration, those that others link to first."""
    chosen = {one.key: one for one in catalogue().types.values() if is_configuration(one)}
    done: dict[str, TypeInfo] = {}

    def visit(info: TypeInfo) -> None:
        if info.key in done:
            return
        done[info.key] = info
        for one in info.fields.values():
            if one.kind == "link" and one.field.to in chosen and one.field.to != info.key:
                visit(chosen[one.field.to])
        done[info.key] = done.pop(info.key)  # behind those that it links to

    for info in chosen.values():
        visit(info)
    return list(done.values())


def export() -> bytes:
    """The files as a zip; Forbidden without the right to settings."""
    _need()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:

        def put(name: str, value: Any) -> None:
            content = without_secrets(orjson.dumps(value, option=orjson.OPT_INDENT_2))
            zipped.writestr(zipfile.ZipInfo(f"{name}.json", (1980, 1, 1, 0, 0, 0)), content)

        put("about", {"format": FORMAT, "company": settings.get("host.company"), "modules": _modules()})
        put("settings", _settings())
        put("views", _views())
        names = Names()
        for info in types():
            put(f"records/{info.collection}", [portable.portable(info, view, names) for view in records(info)])
    audit.note("export", what="configuration")
    return made.getvalue()


def plan(content: bytes) -> list[Change]:
    """What bringing these files in would do; nothing is changed. KumikoError when it is no such file."""
    _need()
    said, names = _read(content), Names()
    found: list[Change] = []
    known = {info.collection: info for info in types()}
    for collection in (name for name in said if name.startswith("records/")):
        if collection.removeprefix("records/") not in known and said[collection]:
            why = _("no module here keeps this; install and switch on the one that does")
            found.append(Change(collection.removeprefix("records/"), "", "refused", why=why))
    for collection, info in known.items():
        here = dict(portable.counted(_named(info, names)))
        listed = said.get(f"records/{collection}", ())
        for key, wanted in portable.counted((portable.identity(info, one), one) for one in listed):
            found.append(_compare(info, key, wanted, here, names))
    held = _settings()
    for key, value in said["settings"].items():
        if held.get(key) != value:
            found.append(Change("settings", key, "changed", {key: (held.get(key), value)}, values={key: value}))
    views = {(one["type"], one["name"]): one for one in _views()}
    for one in said["views"]:
        mine = views.get((one["type"], one["name"]))
        if mine != one:
            kind = "new" if mine is None else "changed"
            why = "" if catalogue().find(one["type"]) else _("its module is off or not installed here")
            found.append(Change("views", one["name"], "refused" if why else kind, why=why, values=one))
    return found


def bring_in(content: bytes) -> tuple[int | None, int]:
    """Do what `plan` says, all or nothing; gives the unit, which can be undone, and how many changes.

    Settings and saved views have no history: write the present files first, they bring them back.
    """
    wanted = [one for one in plan(content) if one.kind in ("new", "changed")]
    unit_id = None
    with transaction(), unit(reason=_("configuration from files"), via="import") as opened:
        names = Names()
        for one in wanted:
            if one.collection in ("settings", "views"):
                continue
            _write(one, names)
        unit_id = opened.id if opened.has_effect else None
        changes = {name: value for one in wanted if one.collection == "settings" for name, value in one.values.items()}
        if changes:
            settings.put(changes)
        for one in wanted:
            if one.collection == "views":
                _write_view(one.values)
        audit.note("configuration.import", changes=len(wanted))
    return unit_id, len(wanted)


# -- one record --------------------------------------------------------------------------------------------------------


def _named(info: TypeInfo, names: Names) -> Iterator[tuple[tuple[str, ...], RecordView]]:
    for view in records(info):
        yield portable.identity(info, portable.portable(info, view, names)), view


def _compare(
    info: TypeInfo, identity: tuple[str, ...], said: Mapping[str, Any], here: Mapping[Any, RecordView], names: Names
) -> Change:
    title = " · ".join(filter(None, (str(said.get("name") or identity[0]), *identity[1:-1])))
    known = {name: value for name, value in said.items() if name in info.fields}
    unknown = sorted(set(said) - set(known))
    nobody = sorted(name for name, value in known.items() if portable.is_stranger(info, name, value, names))
    known = {name: value for name, value in known.items() if name not in nobody}
    why = _("not known here: %(names)s", names=", ".join(unknown)) if unknown else ""
    if nobody:
        why = " ".join([why, _("left out, as there is no such user here: %(names)s", names=", ".join(nobody))]).strip()
    view = here.get(identity)
    if view is None:
        return Change(info.collection, title, "new", {name: (None, value) for name, value in known.items()}, why, known)
    mine = portable.portable(info, view, names)
    changed = {name: (mine.get(name), value) for name, value in known.items() if mine.get(name) != value}
    wanted = {name: after for name, (_before, after) in changed.items()}
    return Change(info.collection, title, "changed" if changed else "same", changed, why, wanted, view.id)


def _write(one: Change, names: Names) -> None:
    info = catalogue().by_collection[one.collection]
    try:
        values = {name: portable.here(info, name, value, names) for name, value in one.values.items()}
        if one.record_id is None:
            service.create(info.key, values)
        else:
            values.pop("key", None)
            service.update(info.key, one.record_id, values)
    except KumikoError as refusal:
        lines = [line for said in getattr(refusal, "errors", {}).values() for line in said]
        sentence = " ".join([refusal.message, *lines])
        raise Invalid(
            _("%(what)s: %(why)s Nothing was brought in.", what=f"{info.type.label} “{one.name}”", why=sentence)
        ) from refusal
    names.forget(info.key)


# -- settings, views, modules ------------------------------------------------------------------------------------------


def _settings() -> dict[str, Any]:
    table = table_of(Setting)
    rows = trusted(select(table.c.key, table.c.value).order_by(table.c.key))
    return {
        key: value
        for key, value in rows
        if not key.startswith(_NOT_SETTINGS) and "password" not in key and not str(value).startswith("sealed:")
    }


def _views() -> list[dict[str, Any]]:
    found = [
        {"type": one.type_key, "name": one.name, "filter": one.filter, "sort": one.sort, "columns": list(one.columns),
         "q": one.q}
        for one in saved_views.list_views()
        if one.shared
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one["type"], one["name"]))


def _write_view(said: Mapping[str, Any]) -> None:
    info = catalogue().get(said["type"])
    query = {name: said[name] for name in ("filter", "sort", "columns", "q") if said.get(name)}
    mine = next(
        (one for one in saved_views.list_views(info.key) if one.shared and one.mine and one.name == said["name"]), None
    )
    if mine is not None:
        saved_views.delete_view(mine.id)
    saved_views.create_view(info, said["name"], query, shared=True)


def _modules() -> dict[str, str]:
    generation = current().generation
    plugins = generation.plugins if generation is not None else {}
    return {name: one.manifest.version for name, one in sorted(plugins.items()) if not one.manifest.core}


def _read(content: bytes) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as zipped:
            said = {name.removesuffix(".json"): orjson.loads(zipped.read(name)) for name in _members(zipped)}
        if said["about"]["format"] != FORMAT:
            raise KeyError(FORMAT)
        for name, value in said.items():
            wanted: Any = dict if name in ("about", "settings") else list
            if not isinstance(value, wanted) or (wanted is list and not all(isinstance(one, dict) for one in value)):
                raise KeyError(name)
    except (zipfile.BadZipFile, KeyError, TypeError, orjson.JSONDecodeError, NotImplementedError) as fault:
        raise Invalid(
            _("This is no file of a configuration. Take the one that “Configuration as files” writes.")
        ) from fault
    return {"settings": {}, "views": [], **said}


def _members(zipped: zipfile.ZipFile) -> Iterator[str]:
    for one in zipped.infolist():
        if one.filename.endswith(".json") and one.file_size <= 20_000_000:
            yield one.filename


def _need() -> None:
    if not principal().may("archive.configure"):
        raise Forbidden(_("Your role does not allow you to move the configuration."))
