"""The figures that modules offer, with what they are made of: which records, which settings, which other figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kumiko import Measure, Metric, NotFound, catalogue, current, may_use, offered
from kumiko import gettext as _

DEEPEST = 6
WORD = "="  # "=revenue": the figure that stands for a word, whoever offers it


@dataclass(frozen=True)
class Leaf:
    """A measure inside a figure; `path` leads to it through figures that stand for words ("leads/new")."""

    path: str
    measure: Measure


@dataclass(frozen=True)
class Figure:
    """A figure on offer. `parts`: name -> measure, function of a setting, or the figure that stands for a word.

    `missing`: words that nobody stands for at present, so that there is no value.
    """

    metric: Metric
    plugin: str
    parts: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.metric.key

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """All measures that it is made of, those of other figures too."""
        return tuple(self._leaves(""))

    def _leaves(self, path: str) -> Iterator[Leaf]:
        for name, part in self.parts.items():
            if isinstance(part, Measure):
                yield Leaf(f"{path}{name}", part)
            elif isinstance(part, Figure):
                yield from part._leaves(f"{path}{name}/")

    @property
    def has_period(self) -> bool:
        """Whether it belongs to a period; else it is about now."""
        return self.metric.table is not None or any(leaf.measure.day for leaf in self.leaves)


def figures() -> dict[str, Figure]:
    """Key -> figure, in order, as far as the acting person may use the module's part that it belongs to."""
    cache = current().cache
    key = ("analytics", "figures")
    if key not in cache:
        owned = [
            one for one in offered("declare_metrics").values()
            if (not one.item.feature or may_use(one.item.feature)) and _has_sources(one.item)
        ]  # fmt: skip
        owned.sort(key=lambda one: (one.item.order, one.item.key))
        words = {one.item.stands_for: one for one in reversed(owned) if one.item.stands_for}
        cache[key] = {one.item.key: _figure(one, words, 1) for one in owned}
    found: dict[str, Figure] = cache[key]
    return found


def _has_sources(metric: Metric) -> bool:
    """Whether what it counts is there: sales speaks of deals, and runs without whoever keeps them."""
    types = {part.type for part in metric.parts.values() if isinstance(part, Measure)}
    datasets = offered("declare_datasets")
    found = (datasets[key].item.type if key in datasets else key for key in types)
    return all(catalogue().find(key) is not None for key in found)


def get_figure(key: str) -> Figure:
    """The figure; NotFound when no module that is on offers it."""
    found = find_figure(key)
    if found is None:
        raise NotFound(_("There is no figure %(key)r; its module may be switched off.", key=key[:80]))
    return found


def find_figure(key: str) -> Figure | None:
    """The figure with this key, or the one that stands for a word ("=revenue"); None when there is none."""
    return standing_for(key[1:]) if key.startswith(WORD) else figures().get(key)


def standing_for(word: str) -> Figure | None:
    """The figure that stands for a word, if any."""
    return next((one for one in figures().values() if one.metric.stands_for == word), None)


def _figure(owned: Any, words: Mapping[str, Any], depth: int) -> Figure:
    metric: Metric = owned.item
    parts: dict[str, Any] = {}
    missing: list[str] = []
    for name, part in metric.parts.items():
        if not isinstance(part, str):
            parts[name] = part
            continue
        word, optional = part.rstrip("?"), part.endswith("?")
        stand_in = words.get(word)
        if stand_in is None or stand_in.item.key == metric.key or depth >= DEEPEST:
            missing += [] if optional else [word]
            continue
        parts[name] = inner = _figure(stand_in, words, depth + 1)
        missing += [] if optional else inner.missing
    return Figure(metric, owned.plugin, parts, tuple(dict.fromkeys(missing)))


def word_label(word: str) -> str:
    """A word that figures may stand for, as people call it."""
    words = {
        "leads": _("leads"), "customers": _("new customers"), "revenue": _("revenue"), "won": _("deals won"),
        "deals": _("deals opened"), "goal": _("goals"), "attainment": _("goal attainment"),
        "punctuality": _("punctuality of tasks"), "in_time": _("answers in time"), "win_rate": _("win rate"),
        "gross_profit": _("gross profit"), "average": _("average order value"), "orders": _("orders"),
    }  # fmt: skip
    return words.get(word, word)
