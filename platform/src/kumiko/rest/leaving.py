"""POST /hand-overs: what somebody owns goes to successors; `dry_run` says what would go to whom and what stays."""

from __future__ import annotations

from typing import Any

from flask import Response

from kumiko.duplicates.asking import ids_of
from kumiko.host.i18n import gettext as _
from kumiko.leaving import remaining, services
from kumiko.leaving.models import HAND_OVER
from kumiko.leaving.services import Plan
from kumiko.records import service
from kumiko.records.dumps import dump_view
from kumiko.rest import idempotency
from kumiko.rest.answers import answer
from kumiko.rest.inputs import id_of, invalid, json_body, only, parameters, text_of


def create() -> Response:
    """Do it, or have a job do it (202)."""
    parameters(())
    body = json_body()
    only(body, ("person", "successors", "rule", "dry_run"))
    if not isinstance(body.get("dry_run", False), bool):
        raise invalid("dry_run", _("wanted true or false"))
    person_id = id_of("person", body.get("person"))
    successors = ids_of(body.get("successors") or [], "successors")
    rule = text_of("rule", body.get("rule", "one"), most=10)
    if body.get("dry_run"):
        return answer(_plan_json(services.plan(person_id, successors, rule)))
    return idempotency.once(["hand over", body], lambda: _done(person_id, successors, rule))


def _done(person_id: int, successors: tuple[int, ...], rule: str) -> Response:
    made = service.get(HAND_OVER, services.start(person_id, successors, rule))
    job_id = made.get("job_id")
    found = answer(dump_view(made), 201 if job_id is None else 202)
    found.headers["Location"] = f"/api/v1/hand-overs/{made.id}"
    return found


def _plan_json(planned: Plan) -> dict[str, Any]:
    return {
        "moves": [
            {
                "type": holding.info.key, "field": holding.field.name, "count": holding.count,
                "to": [{"user": one, "count": count} for one, count in counts.items()],
            }
            for holding, counts in planned.rows
        ],
        "total": planned.total,
        "views": planned.views,
        "stays": [
            {"what": one.what, "count": one.count, "becomes": one.becomes}
            for one in remaining.remaining(planned.person_id)
        ],
    }  # fmt: skip
