"""What is not there while a module is off, counted before it is switched off; all of it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from kumiko.admin import module_rows
from kumiko.host.columns import table_of
from kumiko.host.context import current
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs.models import READY
from kumiko.operate.lifecycle import PluginView
from kumiko.records.catalogue import TypeInfo
from kumiko.records.models import SavedView
from kumiko.web.formats import number_text
from kumiko.web.i18n import ngettext

_view = table_of(SavedView)


def loss_lines(view: PluginView) -> Iterator[str]:
    """Each thing that is gone while the module is off, and what of it is kept, with counts."""
    generation = current().generation
    if generation is None:
        return
    types: list[TypeInfo] = [one for one in generation.state["records"].types.values() if one.plugin == view.name]
    for info in types:
        count = _count(select(func.count()).select_from(info.table).where(info.table.c.deleted_at.is_(None)))
        yield _("%(label)s (%(count)s records, kept)", label=str(info.type.label_plural), count=number_text(count))
    yield from _fields(generation, view.name)
    for kind, text in (("panels", _("Panels: %(names)s")), ("actions", _("Actions: %(names)s")),
                       ("jobs", _("Background work: %(names)s"))):  # fmt: skip
        names = [module_rows.in_words(kind, one) for one in view.adds.get(kind, ())]
        if names:
            yield text % {"names": ", ".join(dict.fromkeys(names))}
    waiting = module_rows.jobs_of(view.name).get(READY, 0)
    if waiting:
        yield ngettext("%(num)d job waits until it is back", "%(num)d jobs wait until it is back", waiting)
    yield from _views(generation, view.name, [info.key for info in types])
    yield from _links(generation, view.name, {info.key for info in types})


def _fields(generation: Any, plugin: str) -> Iterator[str]:
    for info in generation.state["records"].types.values():
        names = [str(one.field.label) for one in info.fields.values() if one.extension and one.plugin == plugin]
        if names:
            label = str(info.type.label_plural)
            yield _("Fields of %(label)s: %(names)s (values are kept)", label=label, names=", ".join(names))


def _views(generation: Any, plugin: str, keys: list[str]) -> Iterator[str]:
    own = _count(select(func.count()).select_from(_view).where(_view.c.type_key.in_(keys)))
    if own:
        yield ngettext("%(num)d saved view of its records", "%(num)d saved views of its records", own)
    others = select(_view.c.query).where(_view.c.type_key.not_in(keys))
    naming = sum(1 for query in trusted(others).scalars() if f"{plugin}:" in str(query))
    if naming:
        yield ngettext("%(num)d saved view of other records rests, because it names its fields",
                       "%(num)d saved views of other records rest, because they name its fields", naming)  # fmt: skip


def _links(generation: Any, plugin: str, keys: set[str]) -> Iterator[str]:
    for info in generation.state["records"].types.values():
        for one in info.fields.values():
            if plugin in (info.plugin, one.plugin) or one.kind not in ("link", "record"):
                continue
            if one.kind == "link" and one.field.to not in keys:
                continue
            table, value = info.stored(one, 1 if one.kind == "record" else 0)
            named = value.in_(keys) if one.kind == "record" else value.is_not(None)
            count = _count(select(func.count()).select_from(table).where(named))
            if count:
                yield _("%(count)s links from %(label)s (%(field)s) are plain text", count=number_text(count),
                        label=str(info.type.label_plural), field=str(one.field.label))  # fmt: skip


def _count(query: Any) -> int:
    return int(trusted(query).scalar() or 0)
