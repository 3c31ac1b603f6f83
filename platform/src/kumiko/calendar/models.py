"""Tables of holidays and absences."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, table_of
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope
from kumiko.records.mixin import RecordMixin, record_indexes

HOLIDAY = "calendar.holiday"
ABSENCE = "calendar.absence"


class Base(DeclarativeBase):
    metadata = plugin_metadata("calendar")


class Holiday(RecordMixin, Base):
    """A day on which the company does not work."""

    __tablename__ = "calendar_holiday"
    __scope__ = Scope.record(HOLIDAY)
    __table_args__ = (*record_indexes("calendar_holiday"), Index("ix_calendar_holiday_on", "on"))

    on: Mapped[date] = mapped_column(Date)


class Absence(RecordMixin, Base):
    """Somebody does not work, from `from_on` until `until_on`, both included. The owner is the one who is away."""

    __tablename__ = "calendar_absence"
    __scope__ = Scope.record(ABSENCE)
    __table_args__ = (
        *record_indexes("calendar_absence"),
        Index("ix_calendar_absence_until", "until_on"),
        Index("ix_calendar_absence_person", "person_away_id", "until_on"),
        Index("ix_calendar_absence_deputy", "deputy_id"),
    )

    person_away_id: Mapped[int] = mapped_column(Id)
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date] = mapped_column(Date)
    deputy_id: Mapped[int | None] = mapped_column(Id)
    note: Mapped[str | None] = mapped_column(String(500))


holidays, absences = table_of(Holiday), table_of(Absence)
