"""Lines become amounts by one function, whatever the currency, the order of lines and the way prices are given."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kumiko_sales.totals import Line, total, wrong_with

percents = st.decimals(0, 100, places=2)
rates = st.sampled_from([Decimal(one) for one in ("0", "2.5", "5", "7", "19", "20", "8.1", "25.5")])


@st.composite
def lines(draw):
    quantity = draw(st.one_of(st.integers(1, 5000).map(Decimal), st.decimals("0.001", 500, places=3)))
    price = draw(st.integers(0, 10**8))
    bare = Line(quantity=quantity, price_minor=price, tax_percent=draw(rates))
    kind = draw(st.sampled_from(["none", "percent", "amount"]))
    if kind == "percent":
        return Line(**{**vars(bare), "discount_percent": draw(percents)})
    if kind == "amount":
        most = int(quantity * price + Decimal("0.5"))
        return Line(**{**vars(bare), "discount_minor": draw(st.integers(0, most))})
    return bare


@given(st.lists(lines(), max_size=25), st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_lines_add_up_to_the_totals_in_any_order(listed, with_tax, dice):
    made = total(listed, prices_include_tax=with_tax)
    for name in ("net_minor", "tax_minor", "gross_minor", "discount_minor"):
        assert sum(getattr(one, name) for one in made.lines) == getattr(made, name)
    assert made.net_minor + made.tax_minor == made.gross_minor
    assert sum(one.net_minor for one in made.taxes) == made.net_minor
    assert sum(one.tax_minor for one in made.taxes) == made.tax_minor
    for one in made.lines:
        assert one.net_minor + one.tax_minor == one.gross_minor
        assert min(one.net_minor, one.tax_minor, one.discount_minor) >= 0
    for one in made.taxes:  # rounded once, on the sum: at most half a unit away from the exact tax
        base = one.net_minor + one.tax_minor if with_tax else one.net_minor
        exact = base * one.percent / (100 + one.percent if with_tax else Decimal(100))
        assert abs(one.tax_minor - exact) <= Decimal("0.5")
    shuffled = list(listed)
    dice.shuffle(shuffled)
    again = total(shuffled, prices_include_tax=with_tax)
    assert (again.taxes, again.net_minor, again.gross_minor) == (made.taxes, made.net_minor, made.gross_minor)
    key = lambda pair: (repr(pair[0]), repr(pair[1]))
    assert sorted(zip(shuffled, again.lines, strict=True), key=key) == sorted(
        zip(listed, made.lines, strict=True), key=key
    )


@given(lines(), st.integers(1, 10**6))
@settings(max_examples=100, deadline=None)
def test_a_discount_above_the_whole_line_is_refused(line, more):
    full = int(line.quantity * line.price_minor + Decimal("0.5"))
    bare = {**vars(line), "discount_percent": Decimal(0), "discount_minor": 0}
    assert "above 100 %" in wrong_with(Line(**{**bare, "discount_minor": full + more}))
    assert "from 0 to 100 %" in wrong_with(Line(**{**bare, "discount_percent": 100 + Decimal(more) / 100}))
    with pytest.raises(ValueError, match="from 0 to 100"):
        total([Line(**{**bare, "discount_percent": Decimal(101)})])
    assert total([Line(**{**bare, "discount_percent": Decimal(100)})]).gross_minor == 0


def test_worked_examples_in_currencies_with_two_no_and_three_decimals():
    euro = [
        Line(quantity=Decimal(3), price_minor=3333, discount_percent=Decimal(10), tax_percent=Decimal(19)),
        Line(quantity=Decimal("1.5"), price_minor=999, tax_percent=Decimal(19)),  # 14.985: half away from zero
        Line(quantity=Decimal(1), price_minor=1000, discount_minor=250, tax_percent=Decimal(7)),
    ]
    made = total(euro)
    assert [one.net_minor for one in made.lines] == [8999, 1499, 750]
    assert [(str(one.percent), one.net_minor, one.tax_minor) for one in made.taxes] == [
        ("7", 750, 53), ("19", 10498, 1995),
    ]  # fmt: skip
    assert (made.net_minor, made.tax_minor, made.gross_minor, made.discount_minor) == (11248, 2048, 13296, 1250)
    # per line 0.19 x 0.05 would round to 0.01 three times; on the sum it is 0.03 all the same, and 0.10 x 3 is 0.06
    small = [Line(quantity=Decimal(1), price_minor=10, tax_percent=Decimal(19))] * 3
    assert [one.tax_minor for one in total(small).lines] == [2, 2, 2]
    small = [Line(quantity=Decimal(1), price_minor=3, tax_percent=Decimal(19))] * 3
    assert (total(small).tax_minor, [one.tax_minor for one in total(small).lines]) == (2, [1, 1, 0])
    yen = total([Line(quantity=Decimal(3), price_minor=333, tax_percent=Decimal(10))], prices_include_tax=True)
    assert (yen.net_minor, yen.tax_minor, yen.gross_minor) == (908, 91, 999)
    dinar = total([Line(quantity=Decimal("0.25"), price_minor=1001, tax_percent=Decimal("2.5"))])
    assert (dinar.net_minor, dinar.tax_minor, dinar.gross_minor) == (250, 6, 256)
