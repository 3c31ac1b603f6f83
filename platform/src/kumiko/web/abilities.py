"""What the person may do with one record that is on the screen."""

from __future__ import annotations

from sqlalchemy import select

from kumiko.host.context import principal
from kumiko.host.scoping import trusted
from kumiko.records import rights
from kumiko.records.access_rules import rules_of
from kumiko.records.views import LinkValue, RecordView
from kumiko.records.ways import grade_of, shares


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
    teams = () if wanted == "own" else person.team_ids if wanted == "team" else person.subtree_team_ids
    if mine or (teams and record.link_id("team") in teams):
        return True
    if not grade_of(action) or (shares() is None and not rules_of(person, info.key, grade_of(action))):
        return False
    return bool(rights.allowed(info, action, [record.id], deleted=record.deleted))


def _ids(users: list[LinkValue] | None) -> list[int]:
    return [user.id for user in users or ()]
