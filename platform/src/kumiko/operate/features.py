"""Switching features of modules: for everybody (one step of the epoch), or for roles (their rights).

Every function needs a current context whose principal is already known to be allowed to switch plugins; what roles may
do is changed with the person's own right to change roles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from kumiko.host import revision, settings
from kumiko.host.base import table_of
from kumiko.host.context import current, transaction
from kumiko.host.errors import Conflict, Invalid, NotFound
from kumiko.host.generation import Generation
from kumiko.host.i18n import gettext as _
from kumiko.host.models import Setting
from kumiko.host.scoping import trusted
from kumiko.operate import lifecycle

_OFF = "host.features_off"


@dataclass(frozen=True, kw_only=True)
class RoleOfFeature:
    """A role and whether it has a feature. `locked`: it always has it (administrators)."""

    key: str
    name: str
    on: bool
    locked: bool = False


@dataclass(frozen=True, kw_only=True)
class FeatureView:
    """A feature of a running module. `roles` is empty when roles make no difference (background work)."""

    key: str  # "sales.figures"
    name: str
    label: str
    help: str
    on: bool
    roles: tuple[RoleOfFeature, ...] = field(default=())


def features_of(plugin: str) -> list[FeatureView]:
    """The features of a running module, in the order of its declaration; empty when it is off or has none."""
    generation = _generation()
    found = [(key, one.item) for key, one in generation.features.items() if one.plugin == plugin]
    roles = _roles(generation, [key for key, one in found if one.by_role]) if found else {}
    return [
        FeatureView(
            key=key,
            name=one.name,
            label=str(one.label),
            help=str(one.help),
            on=generation.feature_on(key),
            roles=tuple(RoleOfFeature(**role) for role in roles.get(key, ())),
        )
        for key, one in found
    ]


def _roles(generation: Generation, keys: list[str]) -> Mapping[str, Any]:
    ask = generation.state.get("feature_roles")  # a bare host knows no roles
    return {} if ask is None else ask(keys)


def get_feature(plugin: str, name: str) -> FeatureView:
    """A feature of a running module; NotFound names those there are, Conflict says that the module is off."""
    generation = _generation()
    if plugin in generation.installed.manifests and plugin not in generation.plugins:
        title = generation.installed.manifests[plugin].title
        raise Conflict(_("%(module)s is not running; switch it on first.", module=title))
    known = features_of(plugin)
    found = next((one for one in known if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in known) or _("none")
        raise NotFound(
            _("%(plugin)s has no feature %(name)r; it has: %(names)s.", plugin=plugin, name=name[:80], names=names)
        )
    return found


def switch(plugin: str, name: str, on: bool) -> bool:
    """Switch a feature on or off for everybody; every process follows. Gives whether that changed anything."""
    key = get_feature(plugin, name).key
    table = table_of(Setting)
    if on == (key not in _switched_off()):
        return False
    with transaction():
        revision.bump("epoch")  # first: it holds whoever switches another feature at the same time
        row = trusted(sa.select(table.c.value).where(table.c.key == _OFF)).first()
        off = _switched_off()
        value = sorted(off - {key} if on else off | {key})
        if row is None:
            trusted(sa.insert(table).values(key=_OFF, value=value))
        else:
            trusted(sa.update(table).where(table.c.key == _OFF).values(value=value))
        _audit(plugin, {"feature": name, "on": on})
    settings.forget()
    return True


def _switched_off() -> set[str]:
    table = table_of(Setting)
    return set(trusted(sa.select(table.c.value).where(table.c.key == _OFF)).scalar() or ())


def switch_for_roles(plugin: str, name: str, wanted: Mapping[str, bool]) -> list[str]:
    """Give a feature to roles, or take it from them: key -> whether they have it. Returns the keys that changed.

    Invalid names unknown roles; Forbidden without the right to change roles.
    """
    feature = get_feature(plugin, name)
    if not feature.roles:
        raise Conflict(
            _("“%(feature)s” works in the background for everybody; roles make no difference.", feature=feature.label)
        )
    known = {one.key: one for one in feature.roles}
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise Invalid(
            _("Some values are not accepted."),
            {
                "roles": [
                    _("There is no role %(name)r; there are: %(names)s.", name=unknown[0][:80], names=", ".join(known))
                ]
            },
        )
    locked = sorted(key for key, on in wanted.items() if known[key].locked and not on)
    if locked:
        sentence = _("The administrator may do everything; make another role to allow less.")
        raise Invalid(_("Some values are not accepted."), {"roles": [sentence]})
    changed = {key: on for key, on in wanted.items() if known[key].on != on}
    if not changed:
        return []
    with transaction():
        _generation().state["give_feature"](feature.key, changed)
        _audit(plugin, {"feature": name, **{("for" if on else "not for"): _keys(changed, on) for on in (True, False)
                                            if _keys(changed, on)}})  # fmt: skip
    return list(changed)


def _keys(changed: Mapping[str, bool], on: bool) -> str:
    return ", ".join(key for key, value in changed.items() if value is on)


def only_for(plugin: str, name: str, roles: Iterable[str]) -> list[str]:
    """Let exactly these roles have a feature (administrators always have it). Returns the keys that changed."""
    chosen = set(roles)
    wanted = {one.key: one.key in chosen for one in get_feature(plugin, name).roles if not one.locked}
    return switch_for_roles(plugin, name, {**wanted, **dict.fromkeys(chosen, True)})


def _generation() -> Generation:
    found = current().generation
    if found is None:
        raise NotFound(_("No application is built yet."))
    return found


def _audit(plugin: str, details: dict[str, Any]) -> None:
    lifecycle.audit("plugin.feature", plugin, details, current().principal)
