"""Pages of records for pages that plugins draw themselves: the rows of a list as values by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kumiko.records import queries
from kumiko.records.catalogue import catalogue
from kumiko.records.money import Money
from kumiko.records.plans import PlanColumn
from kumiko.records.views import LinkValue


@dataclass(frozen=True)
class Rows:
    """One page: `rows` hold "id" and what was asked for (links as LinkValue), `next` is the cursor behind it."""

    rows: tuple[Mapping[str, Any], ...]
    next: str | None


def list_rows(
    type_key: str,
    names: Sequence[str],
    *,
    node: Any = None,
    sort: str = "",
    limit: int = 50,
    after: str = "",
    q: str = "",
) -> Rows:
    """A page of the records that the person may see, in one statement. `names`: fields that are no lists; `node`: a
    filter; `after`: the cursor of the page before. Invalid for what the list does not have."""
    page = queries.list_page(
        catalogue().get(type_key), names=names, node=node, sort=sort, limit=limit, after=after, q=q
    )
    made = tuple({"id": row[0], **{one.path: _value(one, row) for one in page.plan.columns}} for row in page.rows)
    return Rows(made, page.next)


def _value(one: PlanColumn, row: Any) -> Any:
    value = row[one.start]
    if value is None or one.width == 1:
        return value
    if one.info.kind == "link":
        name = row[one.start + 1]
        return LinkValue(value, name or "", hidden=name is None and not one.open)
    return Money(value, row[one.start + 1])
