"""A person's display name, and what can be read out of a name that came in one piece.

Splitting a name and composing it again gives the same words, so nothing is lost when only one piece is known.
"""

from __future__ import annotations

from typing import NamedTuple

_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "herr", "frau", "mme", "mlle"})
_PARTICLES = frozenset(
    {"al", "bin", "da", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "ibn", "la", "le", "st", "ten",
     "ter", "van", "vom", "von", "zu", "zum", "zur"}
)  # fmt: skip
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md"})


class Parts(NamedTuple):
    """Pieces of a name; each may be empty."""

    salutation: str = ""
    first: str = ""
    middle: str = ""
    last: str = ""


def compose(first: str | None, middle: str | None, last: str | None) -> str:
    """The display name of the parts, "" when there are none."""
    return " ".join(part for part in (first, middle, last) if part)


def split(name: str) -> Parts:
    """The parts of a name. "Weber, Anna" is turned round; "Ludwig van Beethoven" keeps its particle with the last name.

    A single word is a first name. Titles in front ("Dr.") become the salutation.
    """
    words = name.split()
    titles: list[str] = []
    while len(words) > 1 and _bare(words[0]) in _TITLES:
        titles.append(words.pop(0))
    salutation = " ".join(titles)
    turned = _turned(words)
    if turned is not None:
        last, *others = turned
        return Parts(salutation, others[0], " ".join(others[1:]), last)
    if len(words) == 1:
        return Parts(salutation, words[0])
    start = _start_of_last(words)
    return Parts(salutation, words[0], " ".join(words[1:start]), " ".join(words[start:]))


def _turned(words: list[str]) -> list[str] | None:
    """["Weber,", "Anna", "Maria"] -> ["Weber", "Anna", "Maria"]; None when the name is not written that way."""
    commas = [at for at, word in enumerate(words) if word.endswith(",")]
    if len(commas) != 1 or any("," in word[:-1] for word in words):
        return None
    at = commas[0]
    last, others = " ".join(words[: at + 1])[:-1].strip(), words[at + 1 :]
    if not last or not others or all(_bare(word) in _SUFFIXES for word in others):
        return None
    return [last, *others]


def _start_of_last(words: list[str]) -> int:
    start = len(words) - 1
    if start > 1 and _bare(words[start]) in _SUFFIXES:
        start -= 1
    while start > 1 and _bare(words[start - 1]) in _PARTICLES:
        start -= 1
    return start


def _bare(word: str) -> str:
    return word.rstrip(".,").casefold()
