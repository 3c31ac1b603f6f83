"""The history of stages as a dataset: one row per stay of a deal in a stage, page by page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from kumiko import Money, acting_as, catalogue, company_zone, find, find_exportable, principal, session, utc_now
from kumiko_contracts.deals import DEAL
from kumiko_sales.figure_queries import moment_of, of_pipeline, steps_of
from kumiko_sales.figures import is_readable, require_readable
from kumiko_sales.funnel import funnel
from kumiko_sales.models import DealSide, Stay

PAGE = 500
COLUMNS = ("deal_id", "pipeline", "stage", "entered_at", "left_at", "days", "by", "amount", "currency", "probability")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


@dataclass(frozen=True, kw_only=True)
class StageStay:
    """A deal's time in a stage. `id` orders the rows and never changes its deal.

    `stage` and `stage_id` name the stage that took the deals when this one was merged away. `left_at` is None while the
    deal is there; `days` (with their parts) then counts up to now. `by_id` is who moved it there, None for the system.
    Amount (minor units) and probability (percent) are those of the moment it entered, None when the role hides them.
    """

    id: int
    deal_id: int
    pipeline_id: int
    pipeline: str
    stage_id: int
    stage: str
    entered_at: datetime
    left_at: datetime | None
    days: float
    by_id: int | None
    by: str
    amount_minor: int | None
    amount_currency: str | None
    probability: int | None


@dataclass(frozen=True)
class StayPage:
    """Rows by id; `next`: give it as `after` for the rows behind them, None behind the last ones."""

    rows: tuple[StageStay, ...]
    next: int | None


def stage_history(
    pipeline_id: int, *, start: date | None = None, end: date | None = None, owner_id: int | None = None,
    after: int = 0, limit: int = PAGE,
) -> StayPage:  # fmt: skip
    """Stays in stages of a pipeline, of deals that the acting person may see; deals in the bin are out.

    `start`, `end`: only stages entered in `[start, end)`, days of the company's zone. `owner_id`: the deals' owner now.
    """
    require_readable("pipeline", "stage", "stage_entered_at")
    query = select(*_COLUMNS).join(DealSide, DealSide.record_id == Stay.deal_id)
    query = query.where(*of_pipeline(None, owner_id), Stay.pipeline_id == pipeline_id, Stay.id > after)
    zone = company_zone()
    if start is not None:
        query = query.where(Stay.entered_at >= moment_of(start, zone))
    if end is not None:
        query = query.where(Stay.entered_at < moment_of(end, zone))
    found = session().execute(query.order_by(Stay.id).limit(limit + 1)).all()
    shown = found[:limit]
    return StayPage(_rows(pipeline_id, shown), shown[-1].id if len(found) > limit else None)


_COLUMNS = (Stay.id, Stay.deal_id, Stay.stage_id, Stay.entered_at, Stay.left_at, Stay.by_id, Stay.amount_minor,
            Stay.amount_currency, Stay.probability)  # fmt: skip


def _rows(pipeline_id: int, found: Any) -> tuple[StageStay, ...]:
    pipeline, steps, now = funnel().find_pipeline(pipeline_id), steps_of(pipeline_id), utc_now()
    shows_amount, shows_probability = is_readable("amount"), is_readable("probability")
    names = {by_id: _name(by_id) for by_id in {row.by_id for row in found}}
    return tuple(
        StageStay(
            id=row.id, deal_id=row.deal_id, pipeline_id=pipeline_id, pipeline=pipeline.name if pipeline else "",
            stage_id=steps.now.get(row.stage_id, row.stage_id), stage=steps.names.get(row.stage_id, ""),
            entered_at=row.entered_at, left_at=row.left_at, by_id=row.by_id, by=names[row.by_id],
            days=((row.left_at or now) - row.entered_at) / timedelta(days=1),
            amount_minor=row.amount_minor if shows_amount else None,
            amount_currency=row.amount_currency if shows_amount else None,
            probability=row.probability if shows_probability else None,
        )
        for row in found
    )  # fmt: skip


def _name(user_id: int | None) -> str:
    found = find("access.user", user_id) if user_id is not None else None
    return found.title if found is not None else ""


# ------------------------------------------------------------------ as a file


def export_csv(pipeline_id: int, **narrowing: Any) -> Iterator[bytes]:
    """The rows as UTF-8 CSV in pieces, moments ISO in UTC; `narrowing` as for `stage_history`.

    Forbidden without the right to export deals; only deals are in it that the person may export, and the log of the
    installation says who took it.
    """
    require_readable("pipeline", "stage", "stage_entered_at")
    collection = catalogue().get(DEAL).collection
    find_exportable(collection, what="stage history", pipeline=pipeline_id)
    with acting_as(_who_exports()):
        yield _line(COLUMNS, mark="\ufeff")
        after: int | None = 0
        while after is not None:
            page = stage_history(pipeline_id, after=after, **narrowing)
            yield b"".join(_line(_cells(row)) for row in page.rows)
            after = page.next


def _who_exports() -> Any:
    """The acting person, reading no more deals than they may export."""
    who = principal()
    if who.kind == "system":
        return who
    levels = {**who.grants.get("*", {}), **who.grants.get(DEAL, {}), "read": who.level(DEAL, "export")}
    return replace(who, grants={**who.grants, DEAL: levels})


def _cells(row: StageStay) -> tuple[str, ...]:
    amount = None
    if row.amount_minor is not None and row.amount_currency is not None:
        amount = Money(row.amount_minor, row.amount_currency)
    return (
        str(row.deal_id), _safe(row.pipeline), _safe(row.stage), _moment(row.entered_at), _moment(row.left_at),
        f"{row.days:.4f}", _safe(row.by), amount.value if amount else "", amount.currency if amount else "",
        "" if row.probability is None else str(row.probability),
    )  # fmt: skip


def _moment(value: datetime | None) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value is not None else ""


def _safe(text: str) -> str:
    """Text as it may stand in a spreadsheet, which would run what looks like a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: tuple[str, ...], mark: str = "") -> bytes:
    buffer = io.StringIO(newline="")
    buffer.write(mark)
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().encode("utf-8", errors="replace")
