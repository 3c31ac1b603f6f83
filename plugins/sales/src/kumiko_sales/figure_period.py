"""The period and the owner that an address of the figures names; addresses of lists with the deals behind a number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from kumiko import Invalid, catalogue, company_today, find, principal
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL

PRESETS = ("month", "quarter", "year", "last_year", "12_months")
DEFAULT = "year"
_MOST_ID = 2**63


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the page shows: days `[start, end)`, `preset` "" when the days were chosen by hand, and the owner's id."""

    pipeline_id: int
    start: date
    end: date
    preset: str
    owner_id: int | None = None
    owner: str = ""

    @property
    def until(self) -> date:
        """The last day of the period, as people write periods."""
        return self.end - timedelta(days=1)

    def href(self, place: str = "figures", **more: Any) -> str:
        """Address of the figures, or of `place` beside them, with this period and owner; `more` adds to it."""
        period = {"period": self.preset} if self.preset else {"from": str(self.start), "until": str(self.until)}
        query = {**period, "owner": self.owner_id, **more}
        return f"/pipelines/{self.pipeline_id}/{place}?{urlencode({k: v for k, v in query.items() if v is not None})}"

    def deals(self, *conditions: tuple[str, str, Any]) -> str:
        """Address of the list of this pipeline's deals, of the owner, that meet conditions (field, operator, value)."""
        own = [("owner", "eq", self.owner_id)] if self.owner_id is not None else []
        return list_of(("pipeline", "eq", self.pipeline_id), *own, *conditions)

    def within(self, name: str) -> tuple[tuple[str, str, Any], tuple[str, str, Any]]:
        """Conditions: a day lies in the period."""
        return (name, "gte", str(self.start)), (name, "lt", str(self.end))


def list_of(*conditions: tuple[str, str, Any]) -> str:
    """Address of a list of deals in the filter language."""
    nodes = [{"f": name, "op": operator, "v": value} for name, operator, value in conditions]
    said = json.dumps({"and": nodes}, separators=(",", ":"))
    return f"/{catalogue().get(DEAL).collection}?{urlencode({'filter': said})}"


def asked_of(pipeline_id: int, args: Mapping[str, str]) -> Asked:
    """What an address asks for; Invalid says what is wrong with it. Who sees own deals only chooses no owner."""
    preset, begin, until = args.get("period", ""), args.get("from", ""), args.get("until", "")
    if begin or until:
        preset, start, end = "", _day("from", begin), _day("until", until)
        if end < start or end == date.max:
            raise _invalid("until", _("A period ends on or after its first day; found %(day)s.", day=until))
        end += timedelta(days=1)
    else:
        preset = preset or DEFAULT
        if preset not in PRESETS:
            raise _invalid("period", _("There is no period %(found)r; known: %(known)s.", found=preset[:40],
                                       known=", ".join(PRESETS)))  # fmt: skip
        start, end = preset_days(preset, company_today())
    owner_id = _owner(args.get("owner", "")) if chooses_owner() else None
    owner = find("access.user", owner_id) if owner_id is not None else None
    return Asked(
        pipeline_id=pipeline_id, start=start, end=end, preset=preset, owner_id=owner_id,
        owner=owner.title if owner is not None else "",
    )  # fmt: skip


def preset_days(preset: str, today: date) -> tuple[date, date]:
    """The days `[start, end)` of a period that moves with the calendar."""
    month = today.replace(day=1)
    if preset == "month":
        return month, _months_on(month, 1)
    if preset == "quarter":
        begin = month.replace(month=(month.month - 1) // 3 * 3 + 1)
        return begin, _months_on(begin, 3)
    if preset == "12_months":
        return _months_on(month, -11), _months_on(month, 1)
    year = month.replace(month=1)
    return (_months_on(year, -12), year) if preset == "last_year" else (year, _months_on(year, 12))


def _months_on(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def chooses_owner() -> bool:
    """Whether the person sees deals of others."""
    return principal().level(DEAL, "read") not in ("none", "own")


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _invalid(name, _("A day is written as 2026-01-31; found %(found)r.", found=text[:40])) from None


def _owner(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:20]) < _MOST_ID):
        raise _invalid("owner", _("The owner is the number of a user; found %(found)r.", found=text[:40]))
    return int(text)


def _invalid(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, {name: [sentence]})
