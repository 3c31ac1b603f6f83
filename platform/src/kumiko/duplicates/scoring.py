"""How sure it is that two records are the same, from their keys, with the reasons.

Each agreement leaves a share of the doubt: same e-mail (0.9) and same name (0.55) leave 0.1 * 0.45, which is 95 %.
What speaks against it takes some of that back: other names at one address may be a family, other tax numbers at one
name are two companies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rapidfuzz import fuzz

from kumiko.duplicates import normal
from kumiko.duplicates.declaring import Matching
from kumiko.duplicates.keys import Keys
from kumiko.host.i18n import gettext as _

SIMILAR, UNLIKE = 86.0, 55.0
TAIL, SIMILAR_SHARE, SOUND_SHARE, SHARED_ADDRESS = 0.6, 0.75, 0.5, 0.45
AGAINST = 0.7


@dataclass(frozen=True)
class Scored:
    """`score`: 0 to 100. `reasons`: what agrees or not, as words of `reason_words`, the strongest first."""

    score: int
    reasons: tuple[str, ...]


def score(matching: Matching, left: Keys, right: Keys) -> Scored:
    """How sure it is that records with these keys are the same."""
    said: list[tuple[float, str]] = []
    for kind in ("number", "text", "domain", "place", "link"):
        if shared(left, right, kind):
            said.append((matching.weight(kind), kind))
    mails = shared(left, right, "email")
    if mails:
        desk = all(normal.is_shared(one) for one in mails)
        said.append((SHARED_ADDRESS if desk else matching.weight("email"), "email"))
    if shared(left, right, "phone"):
        said.append((matching.weight("phone"), "phone"))
    elif shared(left, right, "tail"):
        said.append((TAIL, "tail"))
    alike = name_ratio(left, right)
    word = name_word(left, right, alike)
    if word:
        said.append(
            (_name_weight(matching) * {"name": 1.0, "similar": SIMILAR_SHARE, "sound": SOUND_SHARE}[word], word)
        )
    doubt = 1.0
    for weight, _word in said:
        doubt *= 1.0 - weight
    sure = 1.0 - doubt
    against = [word for word in _against(left, right, alike) if said]
    sure *= AGAINST ** len(against)
    said.sort(reverse=True)
    return Scored(round(sure * 100), (*(word for _weight, word in said), *against))


def shared(left: Keys, right: Keys, kind: str) -> set[str]:
    """Values of a kind that both have."""
    one, other = left.get(kind), right.get(kind)
    return one & other if one and other else set()


def name_ratio(left: Keys, right: Keys) -> float | None:
    """How alike the most alike names are, 0 to 100; None when one has none."""
    ones, others = left.get("name"), right.get("name")
    if not ones or not others:
        return None
    if not ones.isdisjoint(others):
        return 100.0
    return max(fuzz.ratio(one, other) for one in ones for other in others)


def name_word(left: Keys, right: Keys, alike: float | None) -> str:
    """ "name", "similar", "sound", or "" when the names say nothing."""
    if alike is None:
        return ""
    if alike == 100.0:
        return "name"
    if alike >= SIMILAR or _initial(left, right):
        return "similar"
    return "sound" if shared(left, right, "sound") else ""


def _initial(left: Keys, right: Keys) -> bool:
    """ "a weber" and "anna weber"."""
    for one in left.get("name", ()):
        for other in right.get("name", ()):
            ones, others = set(one.split()), set(other.split())
            rest, more = ones - others, others - ones
            if len(rest) == len(more) == 1 and ones & others:
                short, long = sorted((rest.pop(), more.pop()), key=len)
                if len(short) == 1 and long.startswith(short):
                    return True
    return False


def _name_weight(matching: Matching) -> float:
    kinds = {one.kind for one in matching.rules} & {"person", "company"}
    return max((matching.weight(kind) for kind in kinds), default=0.0)


def _against(left: Keys, right: Keys, alike: float | None) -> list[str]:
    found = []
    if alike is not None and alike < UNLIKE and not shared(left, right, "sound"):
        found.append("other_name")
    if left.get("number") and right.get("number") and not shared(left, right, "number"):
        found.append("other_number")
    return found


_WORDS: dict[str, Callable[[], str]] = {
    "email": lambda: _("same e-mail"),
    "phone": lambda: _("same phone"),
    "tail": lambda: _("same phone but for the country code"),
    "number": lambda: _("same tax or registration number"),
    "text": lambda: _("same text"),
    "domain": lambda: _("same web domain"),
    "place": lambda: _("same place"),
    "link": lambda: _("same organization or customer"),
    "name": lambda: _("same name"),
    "similar": lambda: _("similar name"),
    "sound": lambda: _("name sounds the same"),
    "other_name": lambda: _("but another name"),
    "other_number": lambda: _("but another number"),
}


def reason_words(reasons: tuple[str, ...] | list[str]) -> str:
    """ "same e-mail, same name"."""
    return ", ".join(_WORDS[one]() for one in reasons if one in _WORDS)
