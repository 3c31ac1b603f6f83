"""What people change of their own user record, whatever their role says about users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko.access.models import USER
from kumiko.access.record_types import OWN_FIELDS
from kumiko.host.context import acting_as, narrowed, principal
from kumiko.host.errors import Forbidden
from kumiko.host.i18n import gettext as _
from kumiko.records import service
from kumiko.records.views import RecordView


def own_record() -> RecordView:
    """The user record of the person who is acting."""
    return service.get(USER, own_id())


def own_id() -> int:
    """Id of the acting user; Forbidden for the system itself, which has no profile."""
    found = principal().user_id
    if found is None:
        raise Forbidden(_("Only a user has a profile."))
    return found


def change_own_record(values: Mapping[str, Any]) -> RecordView:
    """Change one's name, language, zone, theme, shortcuts or ways of notices; Invalid with sentences per field."""
    person = principal()
    if person.read_only:
        raise Forbidden(_("Nothing can be changed here: you are only reading."))
    foreign = sorted(set(values) - OWN_FIELDS)
    if foreign:
        raise Forbidden(_("You cannot change %(field)s of your own user; an administrator can.", field=foreign[0]))
    allowed = narrowed(person, grants={**person.grants, USER: {**person.grants.get(USER, {}), "edit": "all"}})
    with acting_as(allowed):
        return service.update(USER, own_id(), values)
