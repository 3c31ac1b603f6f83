"""Phone numbers in their normal form (+49301234567); usual international ones without the whole grammar."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import phonenumbers

_USUAL = re.compile(r"\+[1-9][0-9]*(?:[ ().-]+[0-9]+)*")
_NO_DIGIT = re.compile(r"[^0-9]+")


class _Country(NamedTuple):
    """What numbers behind a calling code look like: their lengths, and what may stand for a trunk prefix in front."""

    lengths: frozenset[int]
    trunk: re.Pattern[str] | None


def normal_form(text: str) -> str:
    """The number in E.164 form; the text itself when it is a local number or none that is possible."""
    return _usual(text) or _parsed(text)


normal_phone = normal_form  # the name under which plugins find it


def _usual(text: str) -> str | None:
    """The form of a number "+CODE NUMBER" with nothing to interpret; None when the library must look at it.

    Reading a number with the library costs an import as much as storing its row.
    """
    if not _USUAL.fullmatch(text):
        return None
    digits = _NO_DIGIT.sub("", text)
    for width in (1, 2, 3):
        country = _country(digits[:width])
        if country is None:
            continue
        number = digits[width:]
        if len(number) not in country.lengths or (country.trunk is not None and country.trunk.match(number)):
            return None
        return f"+{digits}"
    return None


@cache  # a text of at most three digits
def _country(code: str) -> _Country | None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code))
    if regions is None:
        return None
    found = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(int(code), regions[0])
    if found is None or found.general_desc is None:
        return None
    prefix = found.national_prefix_for_parsing
    return _Country(frozenset(found.general_desc.possible_length), re.compile(prefix) if prefix else None)


def _parsed(text: str) -> str:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_possible_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
