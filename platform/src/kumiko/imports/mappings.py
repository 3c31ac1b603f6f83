"""Mappings that are kept: the last one for the same headings, and named ones for everybody who imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, insert, select, update

from kumiko.host import context
from kumiko.host.columns import utc_now
from kumiko.host.context import transaction
from kumiko.host.errors import Forbidden, Invalid, KumikoError, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.imports.doubles import SKIP
from kumiko.imports.facts import headings_digest
from kumiko.imports.models import mapping_table
from kumiko.imports.origins import find_origin
from kumiko.imports.plan import compile_plan, require_permission
from kumiko.imports.suggest import suggest
from kumiko.imports.wishes import Wishes
from kumiko.records.catalogue import TypeInfo
from kumiko.records.field_names import plain_path, stored_path

_mappings = mapping_table
MEMORY, TITLES = "memory", "titles"
#: Mappings of the same headings that one person's memory holds, of whatever headings.
REMEMBERED = 200


@dataclass(frozen=True)
class Mapping:
    """A named mapping."""

    id: int
    collection: str
    name: str
    wishes: Wishes
    user_id: int | None


def propose(info: TypeInfo, columns: Sequence[str]) -> tuple[Wishes, str]:
    """A first mapping for a file, and where it is from: "memory", the name of a named mapping ("named:NAME"), the
    program that the headings are known from ("origin:NAME"), or the titles ("titles").
    """
    person, digest = context.principal(), headings_digest(columns)
    query = (
        select(_mappings)
        .where(_mappings.c.collection == info.collection, _mappings.c.headings == digest)
        .order_by(_mappings.c.used_at.desc())
        .limit(20)
    )
    rows = trusted(query).all()
    mine = [row for row in rows if not row.name and row.user_id == person.user_id]
    for row in (*mine, *(row for row in rows if row.name)):
        found = fitting(info, _wishes(info, row), columns)
        if found is not None:
            return found, f"named:{row.name}" if row.name else MEMORY
    origin = find_origin(columns)
    if origin is not None:
        wishes = origin.wishes(info, columns, suggest(info, columns))
        return replace(wishes, duplicates=SKIP), f"origin:{origin.name}"
    return replace(suggest(info, columns), duplicates=SKIP), TITLES


def fitting(info: TypeInfo, wishes: Wishes, columns: Sequence[str]) -> Wishes | None:
    """The wishes with the titles as this file writes them; None when they no longer fit type or file."""
    written = {" ".join(title.casefold().split()): title for title in columns}
    maps = tuple(
        (path, written[" ".join(column.casefold().split())])
        for path, column in wishes.maps
        if " ".join(column.casefold().split()) in written
    )
    found = replace(wishes, maps=maps)
    try:
        compile_plan(found, columns)
    except KumikoError:
        return None
    return found


def remember(wishes: Wishes, columns: Sequence[str]) -> None:
    """Keep a mapping as the person's last one for these headings; `wishes` in their stored form."""
    person, digest = context.principal(), headings_digest(columns)
    with transaction():
        mine = (
            _mappings.c.collection == wishes.collection,
            _mappings.c.headings == digest,
            _mappings.c.name == "",
            _mappings.c.user_id == person.user_id,
        )
        values: dict[str, Any] = {"wishes": wishes.as_json(), "used_at": utc_now()}
        if not trusted(update(_mappings).where(*mine).values(**values)).rowcount:
            trusted(insert(_mappings).values(
                collection=wishes.collection, name="", headings=digest, user_id=person.user_id, **values
            ))  # fmt: skip


def list_mappings(info: TypeInfo) -> list[Mapping]:
    """Named mappings for a type, by name."""
    require_permission()
    query = select(_mappings).where(_mappings.c.collection == info.collection, _mappings.c.name != "")
    return [
        Mapping(row.id, row.collection, row.name, _wishes(info, row), row.user_id)
        for row in trusted(query.order_by(_mappings.c.name, _mappings.c.id))
    ]


def get_mapping(info: TypeInfo, mapping_id: int) -> Mapping:
    """A named mapping; NotFound when there is none of this type."""
    for one in list_mappings(info):
        if one.id == mapping_id:
            return one
    raise NotFound(_("There is no mapping %(id)d for %(what)s.", id=mapping_id, what=info.collection))


def save(info: TypeInfo, name: str, wishes: Wishes, columns: Sequence[str]) -> int:
    """Keep a mapping under a name; one of the same name and type is replaced. Gives its id."""
    require_permission()
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise Invalid(_("Some values are not accepted."), {"name": [_("a name of 1 to 80 characters is wanted")]})
    stored = wishes.renamed(lambda path: stored_path(info, path))
    values: dict[str, Any] = {
        "wishes": stored.as_json(), "headings": headings_digest(columns), "used_at": utc_now(),
        "user_id": context.principal().user_id,
    }  # fmt: skip
    with transaction():
        same = select(_mappings.c.id).where(_mappings.c.collection == info.collection, _mappings.c.name == name)
        known: int | None = trusted(same).scalars().first()
        if known is not None:
            trusted(update(_mappings).where(_mappings.c.id == known).values(**values))
            return known
        made: int = trusted(
            insert(_mappings).values(collection=info.collection, name=name, **values).returning(_mappings.c.id)
        ).scalar_one()
        return made


def remove(info: TypeInfo, mapping_id: int) -> None:
    """Delete a named mapping: its maker or an administrator may."""
    found, person = get_mapping(info, mapping_id), context.principal()
    if found.user_id != person.user_id and not person.is_administrator:
        raise Forbidden(_("Only the person who kept this mapping, or an administrator, may delete it."))
    with transaction():
        trusted(delete(_mappings).where(_mappings.c.id == found.id))


def _wishes(info: TypeInfo, row: Any) -> Wishes:
    return Wishes.from_json(row.wishes).renamed(lambda path: plain_path(info, path))
