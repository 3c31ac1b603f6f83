"""GET /COLLECTION/ID/rights: why somebody may, or may not, do something with a record."""

from __future__ import annotations

from flask import Response

from kumiko.records import service
from kumiko.rest.answers import answer
from kumiko.rest.collections import type_of
from kumiko.rest.inputs import LARGEST_ID, parameters, whole
from kumiko.sharing import services
from kumiko.sharing.explaining import explain


def read(collection: str, record_id: int) -> Response:
    """For the token's user, or for `user=ID` as far as administrators and heads may ask."""
    info = type_of(collection)
    given = parameters(("user",))
    service.get(info.key, record_id)
    person = services.person_to_explain(
        whole("user", given["user"], least=1, most=LARGEST_ID) if "user" in given else None
    )
    found = explain(info, record_id, person)
    return answer(
        {
            "user": {"id": person.user_id, "name": person.name},
            "roles": list(found.roles),
            "actions": {
                one.action: {
                    "allowed": one.allowed,
                    "level": one.level,
                    "because": list(one.grants if one.allowed else one.denies),
                }
                for one in found.verdicts
            },
        }
    )
