"""Usual international numbers are read by a short way, which must say what the library says."""

import random

import phonenumbers
import pytest

from kumiko.records import phone_numbers

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def as_the_library_says(text):
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_possible_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+33 1 40541838", "+33140541838"),
        ("+49 (30) 123-456", "+4930123456"),
        ("+39 06 6982", "+39066982"),  # Italian numbers keep their zero
        ("+44 (0)20 7946 0018", "+442079460018"),  # a trunk prefix goes
        ("+1 650 253 0000", "+16502530000"),
        ("+1 2", "+1 2"),
        ("030 123456", "030 123456"),
        ("+999 123456", "+999 123456"),
        ("+49 30 123456 ext. 7", "+4930123456"),
        ("+٤٩ 30 123456", "+4930123456"),
    ],
)
def test_a_number_is_kept_in_its_normal_form(typed, kept):
    assert phone_numbers.normal_form(typed) == kept
    assert as_the_library_says(typed) == kept


def test_the_short_way_says_what_the_library_says():
    dice = random.Random(7)
    read = {True: 0, False: 0}
    for _ in range(40_000):
        code = dice.choice(CODES) if dice.random() < 0.7 else dice.randint(1, 999)
        digits = dice.choice(("", "", "0", "00", "1", "8", "09", "015"))
        digits += "".join(dice.choice("0123456789") for _ in range(dice.randint(1, 15)))
        cut = dice.randint(0, len(digits))
        gap, other = dice.choice(("", " ", "-", " (", ".", "((")), dice.choice(("", " ", ") ", ".", " - ", "--"))
        typed = f"+{code}{gap}{digits[:cut]}{other}{digits[cut:]}"
        assert phone_numbers.normal_form(typed) == as_the_library_says(typed), typed
        read[phone_numbers._usual(typed) is not None] += 1
    assert min(read.values()) > 4_000, "both ways are tried"
