"""GET /me: who the token or session stands for, and what it may do."""

from __future__ import annotations

from typing import Any

from flask import Response

from kumiko.access import gate
from kumiko.host.context import Principal, principal
from kumiko.host.declarations import ACTIONS
from kumiko.records import rights
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.rest.answers import answer
from kumiko.rest.inputs import parameters


def read() -> Response:
    """The person, with the level of each action per collection, and hidden and read-only fields."""
    parameters(())
    person, known = principal(), gate.signed_in()
    return answer(
        {
            "id": person.user_id,
            "name": person.name,
            "email": person.email or None,
            "roles": list(person.roles),
            "teams": list(person.team_ids),
            "language": person.language or None,
            "zone": person.zone or None,
            "read_only": person.read_only,
            "scopes": None if known is None or known.scopes is None else list(known.scopes),
            "permissions": sorted(person.permissions),
            "collections": {info.collection: _rights(info, person) for info in catalogue().types.values()},
        }
    )


def _rights(info: TypeInfo, person: Principal) -> dict[str, Any]:
    return {
        "type": info.key,
        "rights": {action: rights.level(info, person, action) for action in ACTIONS},
        "hidden": sorted(person.hidden.get(info.key, ())),
        "read_only": sorted(person.read_only_fields.get(info.key, ())),
    }
