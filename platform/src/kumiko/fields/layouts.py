"""How a card and its form are arranged for a role: sections of fields in order, what is hidden, where panels stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kumiko.records.catalogue import TypeInfo, split_path

MOST_CARD_FIELDS = 6  # that a card of a board has room for


@dataclass(frozen=True, kw_only=True)
class Section:
    """Fields below one heading. `wide`: those that take the whole width."""

    title: str
    fields: tuple[str, ...]
    wide: frozenset[str] = frozenset()
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One arrangement; names of fields are those that are stored (`custom.size`, `sales:stage`)."""

    id: int
    sections: tuple[Section, ...]
    hidden: frozenset[str] = frozenset()
    panels: tuple[str, ...] = ()
    hidden_panels: frozenset[str] = frozenset()
    tabs: tuple[str, ...] = ()
    hidden_tabs: frozenset[str] = frozenset()
    columns: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Layout:
        """The layout of a stored row, whatever it holds: what does not fit is left out."""
        panels, tabs = (row[name] if isinstance(row.get(name), Mapping) else {} for name in ("panels", "tabs"))
        return cls(
            id=row["id"],
            sections=tuple(_section(one) for one in _listed(row["sections"]) if isinstance(one, Mapping)),
            hidden=frozenset(map(str, _listed(row["hidden"]))),
            panels=tuple(map(str, _listed(panels.get("order")))),
            hidden_panels=frozenset(map(str, _listed(panels.get("hidden")))),
            tabs=tuple(map(str, _listed(tabs.get("order")))),
            hidden_tabs=frozenset(map(str, _listed(tabs.get("hidden")))),
            columns=tuple(map(str, _listed(row.get("columns")))),
            cards=tuple(map(str, _listed(row.get("cards")))),
        )

    def placed(
        self, info: TypeInfo, groups: Sequence[tuple[str, Sequence[Any], bool]]
    ) -> list[tuple[str, list[Any], bool]]:
        """Groups of fields (title, fields, closed) in this layout's order; what it does not know stays behind."""
        known = {one.name: one for _title, fields, _closed in groups for one in fields}
        hidden = self.away(info)
        made: list[tuple[str, list[Any], bool]] = []
        used: set[str] = set(hidden)
        for section in self.sections:
            names = [info.plain(name) for name in section.fields]
            fields = [known[name] for name in names if name in known and name not in used]
            used.update(names)
            if fields:
                made.append((section.title, fields, section.closed))
        for title, listed, closed in groups:
            rest = [one for one in listed if one.name not in used]
            if rest:
                made.append((title, rest, closed))
        return made

    def away(self, info: TypeInfo) -> frozenset[str]:
        """Plain names of the fields that are hidden: never one that must be filled in, whenever that became so."""
        return frozenset(info.plain(name) for name in self.hidden if not needs_a_place(info, name))

    def wide(self, info: TypeInfo) -> frozenset[str]:
        """Plain names of the fields that take the whole width."""
        return frozenset(info.plain(name) for section in self.sections for name in section.wide)

    def panels_in_order(self, keys: Iterable[str]) -> list[str]:
        """Keys of panels as they shall stand; those that are not named come behind."""
        return _in_order(keys, self.panels, self.hidden_panels)

    def tabs_in_order(self, keys: Iterable[str]) -> list[str]:
        """Keys of tabs as they shall stand; those that are not named come behind."""
        return _in_order(keys, self.tabs, self.hidden_tabs)


def with_resting(info: TypeInfo, stored: Mapping[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """What an editor sends, with what it could not show: fields that are archived or of a module that is off keep their
    place behind the field that they stood behind; tabs and panels of such a module are kept, too."""
    sections = [dict(one, fields=list(one["fields"])) for one in sent["sections"]]
    for held in _listed(stored.get("sections")):
        last = ""
        for one in _listed(held.get("fields")) if isinstance(held, Mapping) else ():
            name = str(one.get("name", "")) if isinstance(one, Mapping) else str(one)
            if info.find(name) is None and sections:
                _put_behind(sections, last, str(held.get("title") or ""), one)
            last = name
    hidden = [*sent["hidden"], *(name for name in _listed(stored.get("hidden")) if info.find(str(name)) is None)]
    made = {**sent, "sections": sections, "hidden": hidden}
    for part in ("columns", "cards"):
        made[part] = list(sent[part])
        for number, name in enumerate(_listed(stored.get(part)) if made[part] else ()):
            if info.find(split_path(str(name))[0]) is None and name not in made[part]:
                made[part].insert(min(number, len(made[part])), name)
    for part in ("panels", "tabs"):
        before = stored.get(part) or {}
        made[part] = {
            word: [*sent[part][word], *(key for key in _listed(before.get(word)) if key not in sent[part]["order"])]
            for word in ("order", "hidden")
        }
    return made


def _put_behind(sections: list[dict[str, Any]], last: str, title: str, one: Any) -> None:
    for section in sections:
        names = [str(each.get("name", "")) if isinstance(each, Mapping) else str(each) for each in section["fields"]]
        if last in names:
            section["fields"].insert(names.index(last) + 1, one)
            return
    section = next((each for each in sections if each["title"] == title), sections[-1])
    section["fields"].insert(0, one)


def needs_a_place(info: TypeInfo, name: str) -> bool:
    """Whether forms have to show a field: it must be filled in, always or sometimes, and nothing does it by itself."""
    one = info.find(name)
    if one is None or one.field.default is not None:
        return False
    rule = info.rules.get(one.name)
    return one.field.required or (rule is not None and rule.required_when is not None)


def _in_order(keys: Iterable[str], wanted: Sequence[str], hidden: Collection[str]) -> list[str]:
    offered = [key for key in keys if key not in hidden]
    first = [key for key in dict.fromkeys(wanted) if key in offered]
    return [*first, *(key for key in offered if key not in first)]


def _section(held: Mapping[str, Any]) -> Section:
    names: list[str] = []
    wide: set[str] = set()
    for one in _listed(held.get("fields")):
        name = str(one.get("name", "")) if isinstance(one, Mapping) else str(one)
        names.append(name)
        if isinstance(one, Mapping) and one.get("wide"):
            wide.add(name)
    return Section(title=str(held.get("title") or ""), fields=tuple(names), wide=frozenset(wide),
                   closed=bool(held.get("closed")))  # fmt: skip


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
