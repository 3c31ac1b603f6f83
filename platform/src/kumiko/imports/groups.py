"""Groups of earlier imports that further ones may join."""

from __future__ import annotations

from sqlalchemy import select

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.errors import Conflict, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records.models import Unit

_unit = table_of(Unit)


def find_group(group_id: int) -> int:
    """The id of a group that may take further units in; NotFound when there is none, Conflict when it is undone."""
    head = trusted(select(_unit).where(_unit.c.id == group_id, _unit.c.is_group)).mappings().first()
    person = context.principal()
    if head is None or not (person.is_administrator or head["actor_id"] == person.user_id):
        raise NotFound(_("There is no group %(id)d of yours; leave it out to make a new one.", id=group_id))
    if head["undone_at"] is not None:
        raise Conflict(_("Group %(id)d is undone; leave it out to make a new one.", id=group_id))
    return group_id
