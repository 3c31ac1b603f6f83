"""Where merged records went: old addresses, links and ids lead on to the record that remains."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, select

from kumiko.duplicates.declaring import matching_of
from kumiko.duplicates.models import merged_table
from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.records.catalogue import catalogue
from kumiko.records.models import Unit

_unit, _m = table_of(Unit), merged_table
LONGEST_CHAIN = 50


def merged_into(type_key: str, record_id: int) -> int | None:
    """Id of the record that this one became part of, whoever may see it; None for one that was not merged away, or
    whose merge was undone."""
    info = catalogue().find(type_key)
    if info is None or matching_of(info) is None:
        return None
    table = info.table
    query = (
        select(_m.c.winner_id)
        .join(_unit, _unit.c.id == _m.c.unit_id)
        .join(table, table.c.id == _m.c.loser_id)
        .where(
            _m.c.loser_id == bindparam("id"), _m.c.type_key == type_key, _unit.c.undone_at.is_(None),
            table.c.deleted_at.is_not(None),
        )
        .order_by(_m.c.unit_id.desc())
        .limit(1)
    )  # fmt: skip
    found: int | None = None
    for _step in range(LONGEST_CHAIN):
        following = trusted(query, {"id": found or record_id}).scalar()
        if following is None:
            break
        found = following
    return found


def lead_on(ids: Collection[int]) -> dict[int, int]:
    """Id -> the record that remains, for those of these ids that became part of another; all types in one statement."""
    query = (
        select(_m.c.loser_id, _m.c.type_key)
        .join(_unit, _unit.c.id == _m.c.unit_id)
        .where(_m.c.loser_id.in_(bindparam("ids", expanding=True)), _unit.c.undone_at.is_(None))
    )
    gone = {row.loser_id: merged_into(row.type_key, row.loser_id) for row in trusted(query, {"ids": list(ids)})}
    return {loser: winner for loser, winner in gone.items() if winner is not None}
