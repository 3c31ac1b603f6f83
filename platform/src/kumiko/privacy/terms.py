"""What a person is known by (addresses, numbers, names), and finding it in any text, however it was written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import phonenumbers

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import search

ERASED = "[erased]"
_GAP = r"[\s()/.\-\u2010-\u2015\u00a0]*"  # what people put between digits
_FEWEST_DIGITS = 6
_EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"\+?\d(?:[\s()/.\-]{0,3}\d){5,17}")
_WORDS = re.compile(r"[^\W\d_][\w'\u2019-]*", re.UNICODE)


@dataclass(frozen=True)
class Terms:
    """E-mail addresses in small letters, telephone numbers as typed, full names as typed."""

    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    _seen: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, *, emails: Iterable[Any] = (), phones: Iterable[Any] = (), names: Iterable[Any] = ()) -> Terms:
        """Terms of what was typed or stored; what is too short to mean one person is left out."""
        said = {str(one).strip().lower() for one in emails if one}
        numbers = {str(one).strip() for one in phones if one}
        full = {" ".join(str(one).split()) for one in names if one}
        return cls(
            frozenset(one for one in said if "@" in one and len(one) > 4),
            frozenset(one for one in numbers if len(_significant(one)) >= _FEWEST_DIGITS),
            frozenset(one for one in full if len(one.split()) > 1 and len(one) > 4),
        )

    def __bool__(self) -> bool:
        return bool(self.emails or self.phones or self.names)

    def __or__(self, other: Terms) -> Terms:
        return Terms(self.emails | other.emails, self.phones | other.phones, self.names | other.names)

    def without(self, other: Terms) -> Terms:
        return Terms(self.emails - other.emails, self.phones - other.phones, self.names - other.names)

    def each(self) -> list[Terms]:
        """One by one."""
        found = [Terms(emails=frozenset({one})) for one in sorted(self.emails)]
        found += [Terms(phones=frozenset({one})) for one in sorted(self.phones)]
        return found + [Terms(names=frozenset({one})) for one in sorted(self.names)]

    @property
    def words(self) -> list[str]:
        """As they are shown to people."""
        return [*sorted(self.names), *sorted(self.emails), *sorted(self.phones)]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches each term wherever it stands as a whole."""
        parts = [rf"(?<![\w.+-]){re.escape(one)}(?![\w-]|\.\w)" for one in sorted(self.emails)]
        parts += [_number_pattern(one) for one in sorted(self.phones)]
        parts += [rf"(?<!\w){_name_pattern(one)}(?!\w)" for one in sorted(self._all_names)]
        return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)

    @cached_property
    def _all_names(self) -> frozenset[str]:
        found = set(self.names)
        for one in self.names:
            first, _space, last = one.rpartition(" ")
            found |= {f"{last}, {first}", f"{last} {first}", search.normalise(one), search.normalise(f"{last} {first}")}
        return frozenset(found)

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """Words in small letters, one of which every text with a term holds: for the database to look for first."""
        words = {max(one.split(), key=len) for one in self._all_names}
        return tuple(sorted({one.lower().strip(",") for one in (*self.emails, *words)}))

    @cached_property
    def digits(self) -> tuple[str, ...]:
        """Digits, the same for numbers."""
        return tuple(sorted({_significant(one) for one in self.phones}))

    def within(self, text: str) -> bool:
        return self.pattern.search(text) is not None

    def is_whole(self, text: str) -> bool:
        """Whether a text is nothing but one of the terms."""
        return self.pattern.fullmatch(text.strip()) is not None

    def cleaned(self, text: str) -> str:
        """The text without the person."""
        return self.pattern.sub(ERASED, text)

    def in_json(self, value: Any) -> bool:
        return any(self.within(text) for text in texts_in(value))

    def cleaned_json(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.cleaned(value)
        if isinstance(value, dict):
            return {self.cleaned(name): self.cleaned_json(one) for name, one in value.items()}
        return [self.cleaned_json(one) for one in value] if isinstance(value, list) else value


def require(terms: Terms) -> Terms:
    """Invalid, with a sentence, when nothing names one person."""
    if not terms:
        raise Invalid(
            _("Type an e-mail address, a telephone number of six digits or more, or a first and a last name.")
        )
    return terms


def texts_in(value: Any) -> Iterator[str]:
    """Every text of a JSON value, names of members among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from texts_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)


# -- marks: what the list of erasures keeps ----------------------------------------------------------------------------


def marks_of(terms: Terms, key: str) -> list[str]:
    """Keyed hashes of the terms: equal for the same term, readable by nobody."""
    found = {_mark(one, key) for one in (*terms.emails, *(_significant(two) for two in terms.phones))}
    return sorted(found | {_mark(search.normalise(one), key) for one in terms.names})


def marked_in(text: str, marks: frozenset[str], key: str) -> Terms:
    """Terms in a text whose marks are among these."""
    emails = [one for one in _EMAIL.findall(text) if _mark(one.lower(), key) in marks]
    phones = [one for one in _NUMBER.findall(text) if _mark(_significant(one), key) in marks]
    names = []
    words = _WORDS.findall(text)
    for length in (2, 3, 4):
        for start in range(len(words) - length + 1):
            chosen = words[start : start + length]
            if chosen[0][0].isupper() and chosen[-1][0].isupper():
                name = " ".join(chosen)
                if _mark(search.normalise(name), key) in marks:
                    names.append(name)
    return Terms.of(emails=emails, phones=phones, names=names)


def _mark(text: str, key: str) -> str:
    return hashlib.blake2b(text.encode(), key=key.encode()[:64], digest_size=16).hexdigest()


def _significant(number: str) -> str:
    """The digits of a number without the country's and without the 0 before the area's."""
    try:
        parsed = phonenumbers.parse(number, None)
        return str(parsed.national_number)
    except phonenumbers.NumberParseException:
        return re.sub(r"\D", "", number).lstrip("0")


def _number_pattern(number: str) -> str:
    digits = _GAP.join(_significant(number))
    try:
        code = str(phonenumbers.parse(number, None).country_code)
        before = rf"(?:(?:\+|00){_GAP}{_GAP.join(code)}{_GAP}\(?0?\)?{_GAP}|\(?0{_GAP})?"
    except phonenumbers.NumberParseException:
        before = rf"(?:(?:\+|00){_GAP}\d{{1,3}}{_GAP}\(?0?\)?{_GAP}|\(?0{_GAP})?"
    return rf"(?<![\d+]){before}{digits}(?!\d)"


def _name_pattern(name: str) -> str:
    return r"\s+".join(re.escape(word) for word in name.split())
