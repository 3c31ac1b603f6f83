"""Parts of pages that plugins add: each in a guard of its own; slow ones are loaded by themselves from then on."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Response, make_response, render_template
from markupsafe import Markup

from kumiko import features
from kumiko.fields.loading import layout_for
from kumiko.host import guard
from kumiko.host.context import current, principal
from kumiko.host.declarations import Panel
from kumiko.host.errors import NotFound
from kumiko.host.generation import Owned
from kumiko.host.i18n import gettext as _
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.record_refs import is_referable
from kumiko.records.views import RecordView
from kumiko.web.types import record_of
from kumiko.web.viewmodels import PanelView

BUDGET_S = 0.1
_DRAWS = 5  # so many of the last ones count: one may be slow because its template is new, two because others work
_spent_s: dict[tuple[str, str], deque[float]] = {}  # (plugin, key) -> what its last draws took in this process


def panels_of(slot: str) -> Sequence[Owned[Panel]]:
    """What plugins put into a slot, as far as the person may use it.

    `record.*.aside` is the slot of all cards, but for those of the plugin's own types and of values of lists.
    """
    generation = current().generation
    if generation is None:
        return []
    found = [*generation.panels.get(slot, ()), *_everywhere(generation.panels, slot)]
    found.sort(key=lambda one: (one.item.order, one.plugin))
    return [one for one in found if features.usable(one.item)]


def _everywhere(panels: Mapping[str, Sequence[Owned[Panel]]], slot: str) -> Sequence[Owned[Panel]]:
    where, _dot, rest = slot.partition(".")
    type_key, _dot, place = rest.rpartition(".")
    shared = panels.get(f"record.*.{place}", ()) if where == "record" else ()
    info = catalogue().find(type_key) if shared else None
    if info is None or not is_referable(info):
        return ()
    return [one for one in shared if one.plugin != info.plugin]


def draw_all(slot: str, record: RecordView | None, base: str) -> tuple[PanelView, ...]:
    """The panels of a slot; `base`: address below which a lazy one is loaded."""
    drawn = (draw(one, record, base) for one in _arranged(panels_of(slot), record))
    return tuple(one for one in drawn if one is not None)


def _arranged(found: Sequence[Owned[Panel]], record: RecordView | None) -> Sequence[Owned[Panel]]:
    """The panels of a card in the order of the layout that the person's role has."""
    arranged = layout_for(record.type, principal().roles) if record is not None else None
    if arranged is None:
        return found
    by_key = {f"{one.plugin}-{one.item.key}": one for one in found}
    return [by_key[key] for key in arranged.panels_in_order(by_key)]


def tabs_of(info: TypeInfo) -> Sequence[Owned[Panel]]:
    """The tabs of a card besides its timeline, as the layout of the person's role has them."""
    found = panels_of(f"record.{info.key}.tabs")
    arranged = layout_for(info, principal().roles) if found else None
    if arranged is None:
        return found
    by_key = {f"{one.plugin}-{one.item.key}": one for one in found}
    return [by_key[key] for key in arranged.tabs_in_order(by_key)]


def draw(owned: Owned[Panel], record: RecordView | None, base: str, *, now: bool = False) -> PanelView | None:
    """One panel: drawn, or an address to load it from, or a sentence when it failed; None when it stays away."""
    panel, key = owned.item, f"{owned.plugin}-{owned.item.key}"
    title = str(panel.title)
    if not now and (panel.lazy or is_slow(owned)):
        return PanelView(key, title, href=f"{base}/panels/{owned.plugin}/{panel.key}", plugin=owned.plugin)
    started = time.perf_counter()
    failed, html = True, None
    with guard.contained(owned.plugin, "panel"), _nothing_left_open(owned.plugin):
        variables = panel.load(record)
        html = None if variables is None else Markup(render_template(panel.template, **_checked(variables)))  # noqa: S704
        failed = False
    spent_s = _spent_s.setdefault((owned.plugin, panel.key), deque(maxlen=_DRAWS))
    spent_s.append(time.perf_counter() - started)
    if failed:
        return PanelView(key, title, failed=_("%(what)s could not be shown.", what=title), plugin=owned.plugin)
    return None if html is None else PanelView(key, title, html=html, plugin=owned.plugin)


def is_slow(owned: Owned[Panel]) -> bool:
    """Whether a panel often takes more than its budget, so that it is loaded by itself; it may recover there."""
    spent_s = _spent_s.get((owned.plugin, owned.item.key), ())
    return len(spent_s) == _DRAWS and statistics.median(spent_s) > BUDGET_S


@contextmanager
def _nothing_left_open(plugin: str) -> Iterator[None]:
    """A panel reads; a transaction that it left open would hold locks, and spoil what the rest of the page reads."""
    context = current()
    before = context.in_transaction
    try:
        yield
    finally:
        if context.in_transaction and not before:
            context.close()
            guard.record(plugin, "panel", RuntimeError("it left a transaction open; what it wrote was rolled back"))


def _checked(variables: Any) -> dict[str, Any]:
    return dict(variables)


def lazy_panel(collection: str, record_id: int, plugin: str, key: str) -> Response:
    """GET /COLLECTION/ID/panels/PLUGIN/KEY: a panel that loads by itself."""
    info, record = record_of(collection, record_id)
    for one in panels_of(f"record.{info.key}.aside"):
        if (one.plugin, one.item.key) == (plugin, key):
            view = draw(one, record, f"/{collection}/{record_id}", now=True)
            if view is None:
                return make_response("", 200)
            return make_response(str(view.html) or f'<p class="km-muted km-small">{Markup.escape(view.failed)}</p>')
    off = features.find_off(
        current().generation,
        "declare_panels",
        lambda one: one.key == key and one.slot in (f"record.{info.key}.aside", "record.*.aside"),
    )
    raise off or NotFound(_("There is no such part of this record."))
