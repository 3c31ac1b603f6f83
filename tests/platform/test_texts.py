"""Texts with placeholders: what they may read, what they cost at most, and the sentences for mistakes."""

import functools
import time
from datetime import date
from decimal import Decimal

import pytest

from kumiko import Invalid, Money, check_text, create, record_values, render_text, text_names
from kumiko_testing.records import OWN, WHOLE, open_house, person, prepare_database

VALUES = {
    "name": "Ann & Co",
    "city": "",
    "amount": Money(105400, "EUR"),
    "day": date(2026, 11, 27),
    "organization": {"name": "Archer", "city": None},
    "lines": [{"name": "Press", "price": Decimal("12.5")}, {"name": "", "price": 3}],
    "notes": "one\n<two>",
}
FILLED = [
    ("{{ name }} in {{ city }} for {{ organization.city }}", "Ann & Co in  for ", ("city", "organization.city")),
    ("{{ amount }} by {{ day }}, then {{ day | days(3) | date }}", "€1,054.00 by Nov 27, 2026, then Nov 30, 2026", ()),
    ("{% for line in lines %}{{ loop.index }}. {{ line.name }} {% endfor %}", "1. Press 2.  ", ("lines.name",)),
    ("{% if city %}{{ city }}{% else %}nowhere{% endif %} {{ city | default('x') }}", "nowhere x", ()),
    ("{{ name ~ '!' }} {{ (amount.value * 2) | number }} {{ 19.999 | money('EUR') }}", "Ann & Co! 2,108 €20.00", ()),
    ("{% set greeting = 'Dear ' + organization.name %}{{ greeting | upper }}", "DEAR ARCHER", ()),
]
REFUSED = {
    "{{ 'a' * 10**9 }}": "“**” cannot be used",
    "{{ 'a' * 1000000000 }}": "“*” cannot be used here",
    "{{ '%1000000000d' % 1 }}": "“%” cannot be used here",
    "{{ 'a'.rjust(1000000000) }}": "functions cannot be called",
    "{{ 'a' | center(1000000000) }}": "there is no filter “center”",
    "{% for x in range(10**9) %}a{% endfor %}": "functions cannot be called",
    "{% for a in many %}{% for b in many %}{% for c in many %}{% endfor %}{% endfor %}{% endfor %}": "repeats too much",
    "{% set a = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 40: "becomes too long",
    "{% set a = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' %}" + "{% set a = a + a %}" * 40: "becomes too long",
    "{% set a = 99999999 %}" + "{% set a = a * a %}" * 60: "more than 24 digits",
    "{% for a in many %}{{ long }}{% endfor %}": "becomes too long",
    "{{ long | replace('a', long) }}": "becomes too long",
    "{% set a = [many, many] %}": "fixed values only",
    "{{ ().__class__ }}": "nothing called “__class__”",
    "{{ name.__class__.__mro__ }}": "nothing called “__class__”",
    "{{ self }}": "“self” cannot be used",
    "{% include 'kumiko/layout.html' %}": "“include” cannot be used",
    "{% macro m() %}{{ m() }}{% endmacro %}": "“macro” cannot be used",
    "{% for x in many recursive %}{% endfor %}": "for line in lines",
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}": "nested too deeply",
    "{% if 1 %}" * 500 + "{% endif %}" * 500: "nested too deeply",
    "{{ " + "9" * 5000 + " }}": "too long",
    "{{ 1 }}" * 4000: "too large",
    "Dear\n{{ nmae }}": "Line 2: there is no value “nmae”; did you mean “name”?",
    "\n\n{{ organization.citty }}": "Line 3: there is no value “organization.citty”; did you mean “organization.city”?",
    "{% if name %}": "Line 1: ",
    "{{ name ": "Line 1: ",
    "{% for x in name %}{% endfor %}": "a loop needs a list",
    "{{ name | days(3) }}": "“days” needs a date, found “Ann & Co”",
    "{{ amount > day }}": "values that do not fit",
    "{{ city + 1 }}": "“city” is empty here",
    "{{ group }}": "“group” is a group; write one of its values, such as “group.a”",
    "{{ 1 / 0 }}": "no result",
}


@pytest.mark.parametrize(("source", "text", "missing"), FILLED)
def test_a_text_is_filled_with_values(source, text, missing):
    found = render_text(source, VALUES)
    assert (found.text, found.missing) == (text, missing)


def test_in_html_values_are_escaped_and_keep_their_lines():
    found = render_text("<p>{{ name }}</p>{{ notes }}{{ '<b>' }}", VALUES, html=True)
    assert found.text == "<p>Ann &amp; Co</p>one<br>\n&lt;two&gt;&lt;b&gt;"


@pytest.mark.parametrize("source", REFUSED, ids=[text[:50] for text in REFUSED])
def test_a_mistake_or_a_greedy_text_gets_a_sentence_within_two_seconds(source):
    values = {**VALUES, "many": ["x"] * 300, "group": {"a": 1}, "long": "a" * 3000}
    started = time.process_time()
    with pytest.raises(Invalid) as refused:
        render_text(source, values)
    assert REFUSED[source] in refused.value.message
    assert time.process_time() - started < 2


@pytest.fixture
def house(clone_database, tmp_path):
    plugins = ("deals", "sales")
    url = clone_database("texts", functools.partial(prepare_database, core=WHOLE, plugins=plugins))
    made = open_house(url, tmp_path, WHOLE, plugins)
    yield made
    made.database.close()


def test_a_record_fills_a_text_with_what_the_person_may_see(house):
    with house.acting():
        ann = create("access.user", {"name": "Ann Seller"}).id
        firm = create("parties.organization", {"name": "Archer", "owner": ann})
        deal = create(
            "deals.deal",
            {
                "name": "Roof", "owner": ann, "organization": firm.id,
                "amount": {"value": "1054.00", "currency": "EUR"}, "expected_close_on": "2026-12-01",
            },
        )  # fmt: skip
    source = (
        "{{ name }} {{ amount }} {{ expected_close_on | days(3) }} {{ organization.name }} {{ owner.name }}"
        " {{ outcome }} {% if outcome == 'open' %}still open{% endif %} {{ person.name }}{{ custom.size }}"
        "{{ organization.owner.name }} {{ company.currency }}"
    )
    german = "{{ amount }} {{ expected_close_on }}"
    with house.acting(person(ann, "Ann Seller", level=OWN)):
        values = record_values("deals.deal", deal.id)
        found = render_text(source, values)
        assert found.text == "Roof €1,054.00 Dec 4, 2026 Archer Ann Seller Open still open Ann Seller EUR"
        assert found.missing == ("person.name", "custom.size")
        assert render_text(german, values, language="de").text == "1.054,00\xa0€ 01.12.2026"
        assert check_text(source, "deals.deal") == ("Line 1: there is no value “custom.size” here.",)
        wrong = (
            "{{ amont }}\n{{ organization.citty }}"
            "{% for one in participants %}{{ one.rol }}{% endfor %}{{ stage.name }}"
        )
        assert check_text(wrong, "deals.deal") == (
            "Line 1: there is no value “amont”; did you mean “amount”?",
            "Line 2: there is no value “organization.citty”; did you mean “organization.city”?",
            "Line 2: there is no value “one.rol”; did you mean “one.role”?",
        )
        names = dict(text_names("deals.deal"))
        assert names["organization.name"] == "Organization: Name"
        assert {"name", "stage", "company.name", "today"} <= set(names)
    blind = person(ann, "Ann Seller", level=OWN, hidden={"deals.deal": frozenset({"amount"})})
    with house.acting(blind):
        found = render_text("{{ name }} {{ amount }}", record_values("deals.deal", deal.id))
        assert (found.text, found.missing) == ("Roof ", ("amount",))
        assert "amount" not in dict(text_names("deals.deal"))
