"""Settings kept in the database as JSON: the company's (`host.company`) and those of plugins (`deals.stale_days`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from kumiko.host import revision
from kumiko.host.base import table_of
from kumiko.host.context import current, transaction
from kumiko.host.models import Setting
from kumiko.host.scoping import trusted

DEFAULTS: dict[str, Any] = {
    "host.company": "",
    "host.currency": "EUR",
    "host.zone": "UTC",
    "host.language": "en",
    "host.features_off": [],
}
_kept: tuple[tuple[str, int], dict[str, Any]] | None = None
_WRITTEN = "kumiko_settings"


def get(key: str, default: Any = None) -> Any:
    """One setting; its default when it was never set. Cached until the catalogue number moves."""
    values = _all()
    if key in values:
        return values[key]
    return DEFAULTS.get(key, default)


def section(plugin: str) -> dict[str, Any]:
    """All settings of a plugin, defaults of its declared fields filled in."""
    prefix = f"{plugin}."
    found: dict[str, Any] = {}
    generation = current().generation
    declared = None if generation is None else generation.settings.get(plugin)
    for field in () if declared is None else declared.fields:
        found[field.name] = field.default() if callable(field.default) else field.default
    found.update({key.removeprefix(prefix): value for key, value in _all().items() if key.startswith(prefix)})
    return found


def put(values: Mapping[str, Any]) -> None:
    """Write settings (None: back to the default) and tell every process; joins the open write transaction. Who may do
    it is the caller's affair."""
    with transaction() as session:
        table = table_of(Setting)
        for key, value in values.items():
            if value is None:
                trusted(sa.delete(table).where(table.c.key == key))
            elif trusted(sa.update(table).where(table.c.key == key).values(value=value)).rowcount == 0:
                trusted(sa.insert(table).values(key=key, value=value))
        revision.bump("epoch" if "host.features_off" in values else "catalogue")
        session.info[_WRITTEN] = True
    forget()


settings_of = section  # the name under which plugins find it


def forget() -> None:
    """Drop this process's copy."""
    global _kept
    _kept = None


def _all() -> dict[str, Any]:
    global _kept
    context = current()
    number = -1 if context.generation is None else context.generation.catalogue_n
    key = (context.database.url.render_as_string(hide_password=False), number)
    fresh = bool(context.session.info.get(_WRITTEN))  # this transaction wrote settings: nobody else sees them yet
    if _kept is not None and _kept[0] == key and not fresh:
        return _kept[1]
    table = table_of(Setting)
    values = {row.key: row.value for row in trusted(sa.select(table.c.key, table.c.value))}
    if number >= 0 and not fresh:
        _kept = (key, values)
    return values
