"""What is compared: addresses, numbers and names in a form in which spelling, order and company forms do not count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from kumiko.records.phone_numbers import normal_form
from kumiko.records.search import normalise

LONGEST = 190
_WORD = re.compile(r"[^\W_]+")
_TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "herr", "frau", "mme", "mlle", "dipl", "ing", "jr", "sr", "phd",
     "md", "mba", "msc", "bsc"}
)  # fmt: skip
#: Forms of companies and small words of their names.
_FORMS = frozenset(
    {"gmbh", "mbh", "ag", "kg", "kgaa", "ohg", "gbr", "ug", "ev", "eg", "ek", "se", "haftungsbeschrankt", "inc",
     "incorporated", "corp", "corporation", "co", "cie", "company", "companies", "llc", "llp", "lp", "ltd", "limited",
     "plc", "pty", "sa", "sas", "sarl", "srl", "spa", "sl", "bv", "nv", "oy", "oyj", "ab", "as", "asa", "aps", "kft",
     "sro", "doo", "zoo", "ooo", "the", "and", "und", "et", "y", "of", "der", "die", "das", "group", "holding"}
)  # fmt: skip
_GENERIC = frozenset(
    {"info", "office", "sales", "kontakt", "contact", "mail", "hello", "service", "support", "admin", "post",
     "buchhaltung", "accounting", "einkauf", "vertrieb", "team", "noreply", "no-reply", "marketing", "hr", "jobs"}
)  # fmt: skip
FREE_MAIL = frozenset(
    {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "gmx.de", "gmx.net",
     "web.de", "proton.me", "aol.com", "live.com", "t-online.de", "freenet.de", "mail.com", "msn.com"}
)  # fmt: skip
TAIL = 8


def email(text: str) -> str:
    """Small letters, no blanks; "" for what is no address."""
    found = text.strip().casefold()
    return found if "@" in found else ""


def is_shared(address: str) -> bool:
    """Whether an address is that of a desk and not of a person: info@, office@."""
    return address.partition("@")[0] in _GENERIC


def phone(text: str) -> str:
    """E.164 where the country is known, else the digits without leading zeros; "" for fewer than six."""
    found = normal_form(text.strip())
    if found.startswith("+"):
        return found
    digits = re.sub(r"\D", "", found).lstrip("0")
    return digits if len(digits) >= 6 else ""


def tail(number: str) -> str:
    """The last digits of a normalized number: the same with and without a country code; "" for short ones."""
    digits = number.lstrip("+")
    return digits[-TAIL:] if len(digits) >= TAIL else ""


def number(text: str) -> str:
    """Letters and digits of a tax or registration number; "" for fewer than four."""
    found = "".join(_WORD.findall(normalise(text))).upper()
    return found if len(found) >= 4 else ""


def domain(text: str) -> str:
    """ "https://www.acme.example/about" -> "acme.example"; "" for free mail services and what is none."""
    found = text.strip().casefold()
    if "@" in found:
        found = found.rpartition("@")[2]
    elif "/" in found:
        found = urlsplit(found if "//" in found else f"//{found}").hostname or ""
    found = found.removeprefix("www.")
    return "" if "." not in found or found in FREE_MAIL else found


def words(text: str) -> list[str]:
    """The words of a name without accents; "Mueller" and "Müller" are one."""
    plain = normalise(text).replace("ue", "u").replace("oe", "o").replace("ae", "a")
    return _WORD.findall(plain)


def person(text: str) -> str:
    """The words of a person's name in order of the alphabet, without titles."""
    found = words(text)
    kept = [word for word in found if word not in _TITLES] or found
    return " ".join(sorted(kept))[:LONGEST]


def company(text: str) -> str:
    """The words of a company's name in order of the alphabet, without its form: "ACME Europe GmbH" -> "acme europe"."""
    found = words(text.replace(".", ""))
    kept = [word for word in found if word not in _FORMS] or found
    return " ".join(sorted(kept))[:LONGEST]


def place(text: str) -> str:
    """A town, a postal code or a street without accents and signs."""
    return " ".join(words(text))[:LONGEST]


def text(value: str) -> str:
    """Any text, but for case, accents and blanks."""
    return normalise(value)[:LONGEST]


_SOUNDS = {
    **dict.fromkeys("bp", "1"), **dict.fromkeys("dt", "2"), **dict.fromkeys("fvw", "3"), **dict.fromkeys("gkqcx", "4"),
    "l": "5", **dict.fromkeys("mn", "6"), "r": "7", **dict.fromkeys("sz", "8"),
}  # fmt: skip


def sound(name: str) -> str:
    """How the words of a normalized name sound, roughly (after Cologne phonetics): "meier" and "mayr" are one."""
    found = sorted({_code(word) for word in name.split()} - {""})
    return " ".join(found)[:LONGEST]


def by_one_word(name: str) -> set[str]:
    """How each word of a normalized name sounds, with the initials of the others: "anna weber" and "a weber" share
    one, and so do names with a slip in one word, whatever it sounds like."""
    found = name.split()
    if len(found) == 1:
        return {_code(found[0]) or found[0]}
    return {
        f"{_code(word)}~{''.join(sorted(other[0] for at_other, other in enumerate(found) if at_other != at))}"
        for at, word in enumerate(found)
        if len(word) > 1
    }


@lru_cache(maxsize=1 << 16)  # names and towns come again and again in what is brought in at once
def _code(word: str) -> str:
    made = "0" if word[0] in "aeiouyj" else ""
    last = made
    for sign in _letters(word.replace("ph", "f").replace("sch", "s").replace("ck", "k")):
        if sign != last:
            made += sign
        last = sign
    return made


def _letters(word: str) -> Iterator[str]:
    for sign in word:
        code = _SOUNDS.get(sign, sign if sign.isdigit() else "")
        if code:
            yield code
        elif sign not in "h":
            yield ""
