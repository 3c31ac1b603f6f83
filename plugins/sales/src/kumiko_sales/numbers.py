"""Numbers of documents: one gapless series per kind and year, taken inside the unit that issues the document."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from kumiko import Invalid, current, session, settings_of, unscoped
from kumiko import gettext as _
from kumiko_sales.models import Series

YEARS = ("{year}", "{yy}")
NUMBER = "{number}"
EVER = 0  # the "year" of a series that is never counted anew


def take(kind: str, on: date) -> str:
    """The next number of a kind of document for a day, in the open unit: taken for good only when the unit is kept.

    The row of the series stays locked until then, so that two processes at once get one number after the other, and
    what is rolled back leaves no gap.
    """
    pattern = pattern_of(kind)
    year = on.year if any(one in pattern for one in YEARS) else EVER
    insert = sqlite.insert if current().database.is_sqlite else postgresql.insert
    with unscoped("numbers are counted over all documents, whoever may see them"):
        session().execute(
            insert(Series).values(kind=kind, year=year, last=0).on_conflict_do_nothing(index_elements=["kind", "year"])
        )
        taken = session().execute(
            update(Series)
            .where(Series.kind == kind, Series.year == year)
            .values(last=Series.last + 1)
            .returning(Series.last)
            .execution_options(synchronize_session=False)
        )
        last = int(taken.scalar_one())
    return written(pattern, last, on)


def written(pattern: str, number: int, on: date) -> str:
    """A number as the pattern writes it: "INV-{year}-{number}" -> "INV-2026-0007"."""
    digits = int(settings_of("sales").get("number_digits") or 4)
    text = pattern.replace("{year}", f"{on.year:04}").replace("{yy}", f"{on.year % 100:02}")
    return text.replace(NUMBER, str(number).zfill(digits))


def pattern_of(kind: str) -> str:
    """The pattern that the company chose for a kind of document."""
    return str(settings_of("sales").get(f"{kind}_pattern") or f"{kind.upper()}-{{year}}-{NUMBER}")


def check_pattern(value: Any) -> str:
    """A pattern holds {number} once and no other braces than {year} and {yy}; Invalid says so."""
    text = str(value).strip()
    rest = text
    for one in (*YEARS, NUMBER):
        rest = rest.replace(one, "", 1)
    if NUMBER not in text or "{" in rest or "}" in rest:
        raise Invalid(_("wanted a pattern such as INV-{year}-{number}, found %(found)s", found=text[:60]))
    return text
