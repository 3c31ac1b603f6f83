"""Switchable parts of modules: a part that is off for everybody is not built at all, one that a role lacks is refused.

Declarations and views say `feature="figures"`; the generation keeps those that are on, with the full key
`sales.figures`. Whether a person may use what is left is asked here, of rights that the person already carries.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from kumiko.host.context import current
from kumiko.host.errors import DeclarationError, Forbidden, ModuleOff
from kumiko.host.i18n import gettext as _

if TYPE_CHECKING:
    from kumiko.host.generation import Generation

#: Beginning of the names under which roles keep that they lack a feature: {"feature:sales.figures": false}.
RIGHT = "feature:"
V = TypeVar("V")


def feature(name: str) -> Callable[[V], V]:
    """Mark a view, or a whole `flask.Blueprint`, as part of a feature that the module declares."""

    def mark(what: V) -> V:
        what.kumiko_feature = name  # type: ignore[attr-defined]
        return what

    return mark


def check(plugin: str, declared: Mapping[str, Any]) -> None:
    """DeclarationError when a declaration names a feature that its module does not declare."""
    known = {one.name for one in declared["declare_features"]}
    for hook, items in declared.items():
        for item in items if isinstance(items, tuple) else ():
            for one in (item, getattr(item, "board", None)):
                name = getattr(one, "feature", "")
                if name and name not in known:
                    sentence = f"{plugin}, {hook}: the feature {name!r} is not among those it declares: {sorted(known)}"
                    raise DeclarationError(sentence, plugin)


def kept(plugin: str, items: Iterable[Any], off: frozenset[str]) -> Iterator[Any]:
    """The declarations that stay while the features `off` are switched off, naming theirs by its full key."""
    for item in items:
        board = getattr(item, "board", None)
        if board is not None and board.feature:
            key = f"{plugin}.{board.feature}"
            item = replace(item, board=None if key in off else replace(board, feature=key))
        name = getattr(item, "feature", "")
        if not name:
            yield item
        elif f"{plugin}.{name}" not in off:
            yield replace(item, feature=f"{plugin}.{name}")


def guard_views(app: Any, plugins: Mapping[str, Any]) -> None:
    """Put the question for the feature before the views that belong to one; other views pay nothing."""
    owners = {made.name: (one.name, made) for one in plugins.values() for made in one.blueprints}
    for endpoint, view in app.view_functions.items():
        plugin, blueprint = owners.get(endpoint.partition(".")[0], ("", None))
        name = getattr(view, "kumiko_feature", "") or getattr(blueprint, "kumiko_feature", "")
        if name:
            app.view_functions[endpoint] = _asking(view, f"{plugin}.{name}")


def _asking(view: Callable[..., Any], key: str) -> Callable[..., Any]:
    @functools.wraps(view)
    def ask(*args: Any, **kwargs: Any) -> Any:
        require(key)
        return view(*args, **kwargs)

    return ask


def usable(declared: Any) -> bool:
    """Whether the person may use a declaration of the running generation: its permission and its feature allow it."""
    person = current().principal
    permission = getattr(declared, "permission", "")
    if person is None or (permission and not person.may(permission)):
        return False
    return not declared.feature or declared.feature not in person.features_off


def feature_on(key: str) -> bool:
    """Whether "plugin.feature" is on here, whoever asks: for rules that bind everybody or nobody."""
    generation = current().generation
    return generation is not None and generation.feature_on(key)


def may_use(key: str) -> bool:
    """Whether "plugin.feature" is on and the person of this act may use it: for what is shown or offered."""
    person = current().principal
    return feature_on(key) and person is not None and key not in person.features_off


def require(key: str) -> None:
    """ModuleOff when the feature is off for everybody, Forbidden when no role of the person has it."""
    context = current()
    generation = context.generation
    if generation is not None and not generation.feature_on(key):
        raise off_error(generation, key)
    if context.principal is not None and key in context.principal.features_off:
        raise Forbidden(
            _("Your role does not include “%(feature)s”; an administrator can change that.", feature=title_of(key))
        )


def title_of(key: str) -> str:
    """The label of a feature, its key when its module is not there."""
    generation = current().generation
    found = None if generation is None else generation.features.get(key)
    return key if found is None else str(found.item.label)


def off_error(generation: Generation, key: str) -> ModuleOff:
    """The error of what belongs to a feature that is off for everybody."""
    plugin, _dot, name = key.partition(".")
    one = generation.plugins.get(plugin)
    sentence = _(
        "“%(feature)s” of the module %(module)s is switched off. Its data are kept; an administrator can switch it on.",
        feature=title_of(key),
        module=plugin if one is None else one.manifest.title,
    )
    return ModuleOff(sentence, plugin, name)


def find_off(generation: Generation | None, hook: str, wanted: Callable[[Any], bool]) -> ModuleOff | None:
    """The error for something that a module declares, and that is gone because its feature is off; None otherwise.

    `wanted(item)` gets what the hook of a running module returned.
    """
    if generation is None or not generation.features_off:
        return None
    for one in generation.plugins.values():
        for item in one.declared[hook]:
            key = f"{one.name}.{getattr(item, 'feature', '')}"
            if key in generation.features_off and wanted(item):
                return off_error(generation, key)
    return None


def board_off(generation: Generation | None, type_key: str) -> ModuleOff | None:
    """The error for the board of a type that is gone because its feature is off; None when it has none anyway."""
    if generation is None or not generation.features_off:
        return None
    for one in generation.plugins.values():
        own = [item for item in one.declared["declare_records"] if item.key == type_key]
        for item in (*own, *(item for item in one.declared["declare_extensions"] if item.target == type_key)):
            key = f"{one.name}.{item.board.feature}" if item.board is not None else ""
            if key in generation.features_off:
                return off_error(generation, key)
    return None
