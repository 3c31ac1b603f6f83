"""What the plugin's pages and addresses answer: to an administrator nothing but pages, to a seller nothing foreign."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

from kumiko_testing import leaks
from kumiko_testing.trial.house import ADMINISTRATOR, SELLER, TrialHouse
from kumiko_testing.trial.planting import Filled

MOST_SENTENCES = 8


def api_description(house: TrialHouse) -> Iterator[str]:
    """Sentences about the OpenAPI document."""
    if not house.has("rest"):
        return
    import orjson  # local: only with REST

    from kumiko.rest.openapi import document

    name = house.plugin.name
    with house.acting(ADMINISTRATOR, via="api"):
        try:
            said = document.build()
            orjson.dumps(said)
        except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
            yield (
                f"{name}: with it the API description cannot be made ({type(error).__name__}: {error}); every field "
                "needs a kind, a label and values that JSON knows."
            )
            return
    for info in house.types():
        for path in (f"/{info.collection}", f"/{info.collection}/{{id}}"):
            if not any(found.rpartition("{")[0] == path.rpartition("{")[0] for found in said["paths"]):
                yield f"{name}: the API description does not describe {path}."


def pages(house: TrialHouse, filled: Filled | None = None) -> Iterator[str]:
    """Sentences about pages that do not answer an administrator; without `filled` on empty tables."""
    if not house.has("access"):
        return
    state = "with empty tables" if filled is None else "with one record of each type"
    asked: set[str] = set()
    for address, why in _addresses(house, filled):
        if address in asked:
            continue
        asked.add(address)
        status, _ = house.ask(ADMINISTRATOR, "GET", address)
        failed = list(house.failures(f"GET {address} is answered {state}"))
        if status >= 500:
            reason = failed[0].rpartition(" failed: ")[2] if failed else "a server error"
            yield (
                f"{house.plugin.name}: GET {address} answers {status} to an administrator {state} ({reason}); a page "
                "answers whatever is there."
            )
        else:
            yield from failed
            if status == 404 and why:
                yield f"{house.plugin.name}: {why} leads to {address}, where nothing answers (404)."


def _addresses(house: TrialHouse, filled: Filled | None) -> Iterator[tuple[str, str]]:
    """(address, what leads there). A 404 is only wrong where something leads."""
    generation, name = house.generation, house.plugin.name
    loaded = generation.plugins[name]
    if house.has("web"):
        for item in loaded.declared["declare_menu"]:
            yield item.href or f"/{item.collection}", f"its menu entry {str(item.label)!r}"
        for item in loaded.declared["declare_palette"]:
            if item.href:
                yield item.href, f"its command {str(item.label)!r}"
        for slot, panels in generation.panels.items():
            for panel in panels:
                if panel.plugin == name and slot == "start.widgets" and house.has("admin"):
                    yield "/", ""
                    yield f"/start/panels/{name}/{panel.item.key}", ""
                elif panel.plugin == name and slot == "settings.sections":
                    yield "/admin/settings", ""
        if name in generation.settings and house.has("admin"):
            yield "/admin/settings", ""
    for info in house.types(extended=True):
        found = filled.planted.ids.get(info.collection) if filled is not None else None
        yield from ((one, "") for one in _of_type(house, info, found))
    yield from ((one, "") for one in _own_routes(house, filled))


def _of_type(house: TrialHouse, info: Any, record_id: int | None) -> Iterator[str]:
    base = f"/{info.collection}"
    if house.has("rest"):
        yield f"/api/v1{base}?count=true"
        if record_id is not None:
            yield f"/api/v1{base}/{record_id}"
            yield f"/api/v1{base}/{record_id}/history"
    if not house.has("web"):
        return
    yield from (base, f"{base}/totals", f"{base}/columns", f"{base}/filter-row?field=name", f"{base}/bin")
    yield f"/pick{base}?q=a"
    if info.type.creatable:
        yield f"{base}/new"
    if info.board is not None:
        yield from (f"{base}/board", f"{base}?view=board")
    if record_id is None:
        return
    card = f"{base}/{record_id}"
    yield from (card, f"{card}/peek", f"{card}/timeline", f"{card}/history", f"{card}/edit")
    for field in info.fields:
        yield f"{card}/cell/{field}"
    for action in info.actions:
        yield f"{card}/actions/{action}"
    for slot in ("aside", "tabs"):
        for panel in house.generation.panels.get(f"record.{info.key}.{slot}", ()):
            if panel.plugin == house.plugin.name:
                yield f"{card}/panels/{panel.plugin}/{panel.item.key}"


def rules_of(house: TrialHouse, *, own: bool) -> list[Any]:
    """The rules that the plugin's blueprints registered; without `own` also those that belong to no other module."""
    generation = house.generation
    names = {blueprint.name: plugin for plugin, loaded in generation.plugins.items() for blueprint in loaded.blueprints}
    found = []
    for rule in generation.app.url_map.iter_rules():
        owner = names.get(rule.endpoint.rpartition(".")[0].partition(".")[0], "")
        is_core = not owner or generation.plugins[owner].manifest.core
        if owner == house.plugin.name or (not own and is_core):
            found.append(rule)
    return found


def _own_routes(house: TrialHouse, filled: Filled | None) -> Iterator[str]:
    """GET addresses of the plugin's own routes: each id that could be meant, one that is not there, or a word."""
    ids = list(filled.planted.ids.values()) if filled is not None else []
    for rule in rules_of(house, own=True):
        if "GET" not in (rule.methods or ()):
            continue
        names = list(rule._converters)
        if not names:
            yield leaks.address_of(rule, {})
        for record_id in (*ids, 999_999_999) if names else ():
            values = {key: leaks.filling(key, rule._converters[key], record_id) for key in names}
            yield leaks.address_of(rule, values)


def leak_walk(house: TrialHouse, filled: Filled) -> Iterator[str]:
    """Sentences about exits that give a seller something of records that he may not see, or break when he asks."""
    if not house.has("access"):
        return
    mine = {info.collection for info in house.types() + extended_types(house)}
    whole = filled.planted
    planted = dataclasses.replace(
        whole,
        ids={key: value for key, value in whole.ids.items() if key in mine},
        binned={key: value for key, value in whole.binned.items() if key in mine},
        types={key: value for key, value in whole.types.items() if key in mine},
        units=whole.units[-6:],
    )
    name = house.plugin.name
    rules = rules_of(house, own=not planted.ids)
    if not planted.ids:
        planted = whole
    told: dict[tuple[str, str], None] = {}
    with leaks.errors_drawn_once(house.host.generation):
        found = leaks.walk(rules, planted, lambda *asked: house.ask(SELLER, *asked), thorough=False)
    for leak in found:
        address = leak.address.partition("?")[0]
        if (leak.method, address) in told:
            continue
        told[leak.method, address] = None
        if leak.status >= 500:
            why = next((one.rpartition(" failed: ")[2] for one in house.failures("the walk")), leak.found)
            yield (
                f"{name}: {leak.method} {address} answers {leak.status} to a seller ({why}); refuse what is wrong with "
                "kumiko.Invalid, NotFound or Forbidden."
            )
        else:
            yield (
                f"{name}: {leak.method} {address} shows a seller something of a record that he may not see "
                f"({leak.found!r}); read through kumiko.get, kumiko.session() or a query with its scope."
            )
        if len(told) >= MOST_SENTENCES:
            return
    yield from panels_of_own_records(house, filled)


def extended_types(house: TrialHouse) -> list[Any]:
    """Types of others that the plugin adds fields to."""
    name = house.plugin.name
    return [
        info
        for info in house.types(extended=True)
        if info.plugin != name and any(side.plugin == name for side in info.extensions)
    ]


def panels_of_own_records(house: TrialHouse, filled: Filled) -> Iterator[str]:
    """Sentences about parts that the plugin puts on a page the seller may see, and that show him foreign records.

    The planted records of the plugin are made to name a record of the seller's, which is then opened; but not where
    that gives him the right to see them (`parents`).
    """
    from kumiko.host.errors import KumikoError
    from kumiko.records import service

    for info in house.types(extended=True):
        if info.plugin == house.plugin.name or info.type.public:
            continue
        with house.acting():
            try:
                mine = service.create(info.key, {"name": "Mine", "owner": house.user_id(SELLER)}).id
            except KumikoError:
                continue  # this type wants more than a name; its own plugin's tests know what
            for own in house.types():
                record_id = filled.planted.ids.get(own.collection, 0)
                links = [one.name for one in own.fields.values() if one.kind == "link" and one.field.to == info.key]
                for name in links if record_id else ():
                    if name not in own.type.parents:
                        with contextlib.suppress(KumikoError):
                            service.update(own.key, record_id, {name: mine})
        for address in _of_type(house, info, mine):
            if str(mine) not in address:
                continue
            status, text = house.ask(SELLER, "GET", address)
            found = next((mark for mark in leaks.MARKS if mark in text), "")
            if found or status >= 500:
                what = f"something of a record that he may not see ({found!r})" if found else f"an error ({status})"
                yield (
                    f"{house.plugin.name}: GET {address}, a page of a {info.key} of his own, shows a seller {what}; "
                    "read through kumiko.get, kumiko.session() or a query with its scope."
                )
