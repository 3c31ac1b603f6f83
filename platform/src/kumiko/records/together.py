"""Records of several types that name each other, made at once: few statements, however many they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kumiko.host import context
from kumiko.host.database import next_ids
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.drafts import Draft
from kumiko.records.schemas import LinkRef
from kumiko.records.units import unit


@dataclass(frozen=True, kw_only=True)
class New:
    """A record to be made: its type, its values as for `create`, and the id it gets (one of `new_ids`)."""

    type_key: str
    values: Mapping[str, Any]
    id: int


def new_ids(count: int) -> list[int]:
    """Fresh ids for `create_together`, inside the open unit; gaps are normal."""
    return next_ids(context.current().session.connection(), count)


def create_together(records: Sequence[New], *, known: Mapping[tuple[str, int], str] | None = None) -> None:
    """Make records that may link each other by their ids, in the open unit or one of its own.

    The same rules, rights and journal as for `create`; Invalid with the refusals of the first record that has any.
    A record's `after` finds all of them written. `known`: (type key, id) -> name of link targets that the caller has
    just read in this unit; they are not looked up again.
    """
    found = known or {}
    made = {(one.type_key, one.id) for one in records} | found.keys()
    with unit() as opened:
        drafts = [_draft(one, made) for one in records]
        for draft in drafts:
            draft.link_names.update(found)
        service.prepare(drafts)
        named = {(draft.info.key, draft.record_id): str(draft.get("name") or "") for draft in drafts}
        for draft in drafts:
            for name, value in draft.values.items():
                link = (draft.info.fields[name].field.to, value) if isinstance(value, int) else ("", 0)
                if link in named:
                    draft.link_names[link] = named[link]
        service._write_checked(opened, drafts)


def _draft(one: New, made: Collection[tuple[str, int]]) -> Draft:
    info = catalogue().get(one.type_key)
    draft = service.new_draft(info, one.values)
    draft.record_id = one.id
    for name, value in draft.values.items():
        if isinstance(value, LinkRef) and value.id is not None and (info.fields[name].field.to, value.id) in made:
            draft.values[name] = value.id  # made in this very step, or just read: there is nothing to look up
    return draft
