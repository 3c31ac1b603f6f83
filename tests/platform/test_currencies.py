"""Conversion by dated rates: exact, each amount by its day, nothing added without a rate."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from kumiko.currencies.book import Book, Rate
from kumiko.currencies.services import convert, rates_text
from kumiko.records.money import exponent

CODES = ("EUR", "USD", "JPY", "KWD", "CHF")
FIRST = date(2026, 1, 1)
days = st.integers(0, 40).map(lambda number: FIRST + timedelta(days=number))
typed_rates = st.decimals(min_value="0.0001", max_value="9999", places=4, allow_nan=False, allow_infinity=False)
books = st.tuples(
    st.sampled_from(CODES), st.dictionaries(st.sampled_from(CODES), st.dictionaries(days, typed_rates, max_size=5))
)
amounts = st.dictionaries(
    st.tuples(st.sampled_from(CODES), days), st.integers(-(10**15), 10**15), min_size=1, max_size=12
)


def book_of(base, by):
    found = {}
    for code, rates in by.items():
        if code != base and rates:
            listed = [Rate(code, base, Fraction(str(rate)), day) for day, rate in sorted(rates.items())]
            found[code] = ([one.valid_on for one in listed], listed)
    return Book(base, found)


@given(books, amounts)
@settings(max_examples=300, deadline=None)
def test_a_total_is_the_sum_of_each_amount_by_the_newest_rate_on_or_before_its_day(book, held):
    """Against decimals, as a person with a pocket calculator: JPY has no decimals, KWD three."""
    base, by = book
    made = convert(held, known=book_of(base, by))

    wanted, without = {}, set()
    for (code, day), minor in held.items():
        units = Decimal(minor).scaleb(-exponent(code))
        known = {on: rate for on, rate in by.get(code, {}).items() if on <= day}
        if code == base or not known:
            without |= {code} - {base}
            wanted[code] = wanted.get(code, Fraction(0)) + Fraction(units)
        else:
            wanted[base] = wanted.get(base, Fraction(0)) + Fraction(units) * Fraction(known[max(known)])
    exact = {code: value * 10 ** exponent(code) for code, value in wanted.items()}
    assert dict(made.by) == exact
    rounded = {code: int((Decimal(value.numerator) / Decimal(value.denominator)).to_integral_value(ROUND_HALF_UP))
               for code, value in exact.items() if value.denominator in (1, 2, 5, 10)}  # fmt: skip
    assert {code: made.minor()[code] for code in rounded} == rounded
    assert set(made.missing) == (without if book_of(base, by).by else set())
    assert (base in made.by) >= bool(made.rates), "what was converted stands in the company's currency"


def test_a_hundred_euros_of_two_days_are_230_dollars_and_the_note_says_by_which_rates():
    book = book_of("USD", {"EUR": {date(2026, 9, 1): "1.1", date(2026, 9, 2): "1.2"}})

    made = convert({("EUR", date(2026, 9, 1)): 10_000, ("EUR", date(2026, 9, 2)): 10_000, ("CHF", None): 500},
                   known=book)  # fmt: skip

    assert made.minor() == {"USD": 23_000, "CHF": 500}
    assert made.note == "1 EUR = 1.1 USD (2026-09-01), 1.2 USD (2026-09-02); no rate for CHF, not added"
    before = convert({("EUR", date(2026, 8, 31)): 10_000}, known=book)
    assert (before.minor(), before.missing) == ({"EUR": 10_000}, ("EUR",))
    many = [Rate("EUR", "USD", Fraction(11, 10), FIRST + timedelta(days=number)) for number in range(9)]
    assert rates_text(many) == "1 EUR = 1.1 USD (2026-01-01) – 1.1 USD (2026-01-09), 9 rates"
