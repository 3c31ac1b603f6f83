"""What is true of every exchange rate, whoever writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from kumiko.currencies import book
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records.drafts import Draft
from kumiko.records.input_fields import company_currency
from kumiko.records.money import Money

LARGEST = 1e9


def prepare_rate(draft: Draft) -> None:
    """Known currencies, other than the one converted into; a rate above 0; one per currency and day."""
    if draft.action == "deleted":
        return
    code = str(draft.get("currency") or "").strip().upper()
    try:
        Money.of("0", code)
    except Invalid as fault:
        draft.refuse("currency", fault.message)
        return
    if draft.get("currency") != code:
        draft.set("currency", code)
    base = str(draft.get("base") or company_currency()).strip().upper()
    if draft.get("base") != base:
        draft.set("base", base)
    if code == base:
        draft.refuse("currency", _("%(code)s is the company's own currency; give the rate of another one.", code=code))
    rate = draft.get("rate")
    if rate is not None and not 0 < rate < LARGEST:
        draft.refuse("rate", _("A rate is more than 0 and less than a thousand million; found %(rate)s.", rate=rate))
    day = draft.get("valid_on")
    if day is None:
        return
    name = f"{code} {day.isoformat()}"
    if draft.get("name") != name:
        draft.set("name", name)
    _refuse_second(draft, code, base, day)


def _refuse_second(draft: Draft, code: str, base: str, day: Any) -> None:
    from kumiko.currencies.record_types import RATE  # local: cycle

    model: Any = RATE.model
    table = model.__table__
    query = select(table.c.id, table.c.rate).where(
        table.c.currency == code, table.c.base == base, table.c.valid_on == day, table.c.deleted_at.is_(None)
    )
    for row in trusted(query):
        if row.id != draft.record_id:
            draft.refuse(
                "valid_on",
                _("There is a rate of %(code)s from %(day)s on already: %(rate)s. Change that one.", code=code,
                  day=day.isoformat(), rate=row.rate),
            )  # fmt: skip
            return


def after_rates(drafts: Sequence[Draft]) -> None:
    """Every process reads the rates afresh."""
    book.changed()
