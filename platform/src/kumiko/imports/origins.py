"""Exports of other programs, known by the titles of their columns (requirements 5.5), and where these go here.

A program's vocabulary says per kind of record which of our fields a title means. Titles are compared without case and
punctuation. What is not known falls back to the general synonyms (kumiko.imports.suggest).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from kumiko.host import context
from kumiko.imports.plan import is_fillable
from kumiko.imports.suggest import bare
from kumiko.imports.wishes import Wishes
from kumiko.records.catalogue import TypeInfo

PERSONS, ORGANIZATIONS, DEALS, LEADS = "persons", "organizations", "deals", "leads"
#: What a kind of record is called in the prefixes of titles, and the link by which others reach it.
_PREFIXES = {
    "person": PERSONS, "contact": PERSONS, "organization": ORGANIZATIONS, "organisation": ORGANIZATIONS,
    "company": ORGANIZATIONS, "deal": DEALS, "lead": LEADS,
}  # fmt: skip
_LINKS = {PERSONS: "person", ORGANIZATIONS: "organization"}

Vocabulary = Mapping[str, str]


@dataclass(frozen=True)
class Origin:
    """A program. `marks`: sets of titles; a file that has all titles of one of them is an export of it. `prefixed`: its
    titles say the kind of record first ("Deal - Title").
    """

    name: str
    marks: tuple[frozenset[str], ...]
    words: Mapping[str, Vocabulary] = field(default_factory=dict)
    prefixed: bool = False
    marked_starts: tuple[str, ...] = ()

    def fits(self, titles: frozenset[str]) -> int:
        """How many titles betray it; 0 when it is none of its exports."""
        marked = max((len(mark) for mark in self.marks if mark <= titles), default=0)
        return marked or int(self._fits_by_starts(titles))

    def _fits_by_starts(self, titles: frozenset[str]) -> bool:
        return sum(1 for start in self.marked_starts if any(one.startswith(start) for one in titles)) >= 1 and (
            sum(1 for one in titles if one.startswith(self.marked_starts)) * 2 >= len(titles)
        )

    def wishes(self, info: TypeInfo, columns: Sequence[str], general: Wishes) -> Wishes:
        """The mapping of its titles to a type; `general`: what the titles say by themselves, for all others."""
        maps: dict[str, str] = {}
        for column in columns:
            path = self._path(info, column)
            if path and path not in maps and is_fillable(info, path):
                maps[path] = column
        taken = set(maps.values())
        for path, column in general.maps:
            if path not in maps and column not in taken and not self.prefixed:
                maps[path] = column
        return Wishes(collection=info.collection, maps=tuple(maps.items()), create=_made(info, maps))

    def collection_of(self, columns: Sequence[str]) -> str:
        """The collection that most titles speak of; deals win over what they bring along."""
        if self.prefixed:
            kinds = {_PREFIXES.get(_split(title)[0], "") for title in columns}
            return next((kind for kind in (DEALS, LEADS, PERSONS, ORGANIZATIONS) if kind in kinds), "")
        titles = {bare(title) for title in columns}
        scores = {kind: len(titles & set(words)) for kind, words in self.words.items()}
        return max(scores, key=lambda kind: scores[kind], default="")

    def _path(self, info: TypeInfo, column: str) -> str:
        if not self.prefixed:
            return self.words.get(info.collection, {}).get(bare(column), "")
        head, rest = _split(column)
        kind = _PREFIXES.get(head, "")
        name = self.words.get(kind, {}).get(rest, "")
        if kind == info.collection or not name:
            return name if kind == info.collection else ""
        link = _LINKS.get(kind, "")
        if not link:
            return ""
        return link if name == "name" and kind == ORGANIZATIONS else f"{link}.{name}"


def _split(title: str) -> tuple[str, str]:
    head, _dash, rest = title.partition(" - ")
    return bare(head), bare(rest)


def _made(info: TypeInfo, maps: Mapping[str, str]) -> tuple[str, ...]:
    """Linked records that an export of another program brings along: they are made where they are missing."""
    heads = {path.partition(".")[0] for path in maps}
    made = [kind for kind, link in _LINKS.items() if link in heads and kind != info.collection and link in info.fields]
    if "stage" in heads and "stage" in info.writable(context.principal()):
        made.append("stages")
    return tuple(made)


def find_origin(columns: Sequence[str]) -> Origin | None:
    """The program whose export these titles betray; None for any other table."""
    titles = frozenset(bare(title) for title in columns)
    best = max(ORIGINS, key=lambda one: one.fits(titles))
    return best if best.fits(titles) else None


def _read() -> tuple[Origin, ...]:
    said = tomllib.loads(files("kumiko.imports").joinpath("origins.toml").read_text(encoding="utf-8"))
    return tuple(
        Origin(
            one["name"], tuple(frozenset(mark) for mark in one["marks"]), one["words"],
            prefixed=one.get("prefixed", False), marked_starts=tuple(one.get("starts", ())),
        )
        for one in said["origins"]
    )  # fmt: skip


ORIGINS: tuple[Origin, ...] = _read()
