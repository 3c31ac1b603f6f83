"""What the person may do with one record that is on the screen."""

from __future__ import annotations

from sqlalchemy import select

from kumiko.host.context import principal
from kumiko.host.scoping import trusted
from kumiko.records import rights
from kumiko.records.views import LinkValue, RecordView


def may(action: str, record: RecordView) -> bool:
    """Whether the person may do `action` with this record; asks the database only for parts of other records."""
    info, person = record.type, principal()
    wanted = rights.level(info, person, action)
    if wanted in ("none", "all") and not rights.has_scope_hooks():
        return wanted == "all"
    if rights.hangs(info) or info.type.known or rights.has_scope_hooks() or "owner" not in record.values:
        limit = rights.criterion(info, person, action, deleted=record.deleted)
        query = select(info.table.c.id).where(info.table.c.id == record.id, limit)  # type: ignore[arg-type]
        return trusted(query).first() is not None
    mine = person.user_id in (record.link_id("owner"), *_ids(record.get("co_owners")))
    if wanted == "own":
        return mine
    teams = person.team_ids if wanted == "team" else person.subtree_team_ids
    return mine or record.link_id("team") in teams


def _ids(users: list[LinkValue] | None) -> list[int]:
    return [user.id for user in users or ()]
