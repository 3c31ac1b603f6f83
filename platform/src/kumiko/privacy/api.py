"""The same by REST, below /api/v1/personal-data: find, package, erase, and the erasures with their proof."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response

from kumiko.host.context import principal
from kumiko.host.errors import Forbidden
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.privacy import jobs
from kumiko.privacy.models import erasures
from kumiko.privacy.terms import Terms
from kumiko.records.forms import moment_text
from kumiko.rest.answers import answer
from kumiko.rest.inputs import id_of, invalid, json_body, only, parameters, refuse_nul, text_of, truth
from kumiko.rest.openapi.described import described

blueprint = Blueprint("privacy_api", __name__, url_prefix="/api/v1/personal-data")
blueprint.before_request(refuse_nul)
_JSON = {"description": "Done, or ordered", "content": {"application/json": {"schema": {"type": "object"}}}}
_WHO = ("emails", "phones", "names", "persons")


@blueprint.post("/find")
@described("Where something about somebody is kept", tag="Personal data", responses={"200": _JSON})
def find() -> Response:
    """Where something about somebody is kept: `persons`, `places` with counts, `linked` records."""
    parameters(())
    body = json_body()
    only(body, _WHO)
    report = jobs.look_up(*_who(body))
    return answer(
        {
            "persons": [{"id": one.id, "name": one.name, "deleted": one.deleted} for one in report.persons],
            "places": [
                {"place": one.key, "label": one.label, "count": one.count, "records": [two.href for two in one.samples]}
                for one in report.places
            ],
            "linked": report.linked,
            "kept_by_law": report.kept_by_law,
        }
    )


@blueprint.post("/package")
@described("Have what is kept about somebody written into a file", tag="Personal data", responses={"202": _JSON})
def package() -> Response:
    """Order the package of somebody; the job's end means that it can be downloaded from the page."""
    parameters(())
    body = json_body()
    only(body, _WHO)
    return answer({"job": jobs.order_package(*_who(body))}, 202)


@blueprint.post("/erase")
@described("Erase somebody for good", tag="Personal data", responses={"202": _JSON})
def erase() -> Response:
    """Erase somebody for good. `confirm` is the word "erase"; `keep_invoices` false takes the name out of them, too."""
    parameters(())
    body = json_body()
    only(body, (*_WHO, "confirm", "reason", "keep_invoices"))
    if body.get("confirm") != "erase":
        raise invalid("confirm", _("this cannot be undone: send the word “erase” here"))
    reason = text_of("reason", body.get("reason", ""), most=400, empty=True)
    keep = truth("keep_invoices", body.get("keep_invoices", True))
    return answer({"job": jobs.order_erasure(*_who(body), keep=keep, reason=reason)}, 202)


@blueprint.get("/erasures")
@described("Erasures with their proof", tag="Personal data", responses={"200": _JSON})
def list_erasures() -> Response:
    """Erasures, the newest first, each with what was cleaned, what was kept, and what a search found afterwards."""
    parameters(())
    if not principal().may(jobs.ERASE_RIGHT):
        raise Forbidden(_("Your role does not allow you to look for the personal data of somebody."))
    rows = trusted(sa.select(erasures).order_by(erasures.c.id.desc()).limit(200)).mappings()
    return answer({"data": [_erasure(row) for row in rows]})


def _erasure(row: Any) -> dict[str, Any]:
    names = ("id", "by", "reason", "records", "counts", "kept", "left", "looked")
    return {**{name: row[name] for name in names}, "at": moment_text(row["at"])}


def _who(body: dict[str, Any]) -> tuple[Terms, list[int]]:
    said: dict[str, list[str]] = {}
    for name in ("emails", "phones", "names"):
        listed = body.get(name, [])
        if not isinstance(listed, list) or len(listed) > 50:
            raise invalid(name, _("wanted a list of at most 50 texts"))
        said[name] = [text_of(name, one, most=300) for one in listed]
    ids = body.get("persons", [])
    if not isinstance(ids, list) or len(ids) > 50:
        raise invalid("persons", _("wanted a list of at most 50 ids"))
    return Terms.of(**said), [id_of("persons", one) for one in ids]
