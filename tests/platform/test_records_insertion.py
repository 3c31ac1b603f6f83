"""Many rows at once come into a table as they would one by one."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, UtcDateTime
from kumiko.host.context import SYSTEM, Context, transaction, use
from kumiko.host.database import Database
from kumiko.host.scoping import Scope, trusted
from kumiko.records.insertion import insert_rows


class Base(DeclarativeBase):
    pass


class Sheet(Base):
    __tablename__ = "insertion_sheet"
    __scope__ = Scope.internal("a test")

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    title: Mapped[str | None] = mapped_column("%title: (x)", sa.String(20))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date | None] = mapped_column(sa.Date)
    done: Mapped[bool | None] = mapped_column(sa.Boolean)
    facts: Mapped[object] = mapped_column(JsonValue, nullable=True)
    mood: Mapped[str] = mapped_column(sa.String(10), default="calm")


SHEET = Sheet.__table__


@pytest.fixture
def inside(database_url):
    database = Database.open(database_url)
    Base.metadata.create_all(database.engine)
    with use(Context(database, principal=SYSTEM)):
        yield
    database.close()


def row_of(number, **more):
    return {
        "facts": None if number % 3 == 0 else {"ä": [number, None, "x"]},
        "%title: (x)": f"Sheet {number}" if number % 2 else None,
        "seen_at": datetime(2026, 11, 26, 12, 0, number % 60, 7, tzinfo=UTC),
        "due_on": date(2026, 1, 1 + number % 28) if number % 4 else None,
        "done": (None, True, False)[number % 3],
        "id": number,
        **more,
    }


def stored():
    return [dict(row) for row in trusted(sa.select(SHEET).order_by(SHEET.c.id)).mappings()]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 300])
def test_rows_are_stored_as_they_were_given(inside, count):
    rows = [row_of(number, mood="good") for number in range(1, count + 1)]
    with transaction():
        insert_rows(SHEET, rows)
    assert stored() == rows


def test_columns_that_nobody_names_get_their_defaults(inside):
    with transaction():
        insert_rows(SHEET, [row_of(number) for number in range(1, 41)])
    assert stored() == [row_of(number, mood="calm") for number in range(1, 41)]


def test_a_row_that_the_database_refuses_refuses_all(inside):
    with pytest.raises(sa.exc.IntegrityError), transaction():
        insert_rows(SHEET, [row_of(number % 30, mood="good") for number in range(31)])
    assert stored() == []


def test_a_moment_without_a_zone_is_refused(inside):
    rows = [row_of(number, mood="good") | {"seen_at": datetime(2026, 1, 1)} for number in range(1, 21)]  # noqa: DTZ001
    with pytest.raises(ValueError, match="needs a zone"), transaction():
        insert_rows(SHEET, rows)
    assert stored() == []
