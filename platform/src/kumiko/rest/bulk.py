"""POST /COLLECTION/bulk: many records at once; more than a thousand become a job in a group, undone as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import filters, queries, rights
from kumiko.records.bulk import AT_ONCE, Act, Ordered, act_on, rehearse
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.inputs import clean
from kumiko.rest import idempotency
from kumiko.rest.answers import answer
from kumiko.rest.collections import type_of
from kumiko.rest.inputs import id_of, invalid, json_body, kind_of, only, parameters

MOST, MOST_MARK = 100_000, 60


def change_many(collection: str) -> Response:
    """200 {"unit", "changed", "refused"}; 202 {"unit", "job"} above a thousand records, where unit is the group."""
    info = type_of(collection)
    parameters(())
    body = json_body()
    only(body, ("filter", "ids", "set", "delete", "dry_run", "mark"))
    rights.require("bulk", info)
    act = _act(info, body)
    mark = body.get("mark", "")
    if not isinstance(mark, str) or len(mark) > MOST_MARK:
        raise invalid("mark", _("wanted the mark of a dry run"))
    if "dry_run" in body:
        if not isinstance(body["dry_run"], bool):
            raise invalid("dry_run", _("wanted true or false, found %(found)s", found=str(body["dry_run"])[:40]))
        if body["dry_run"]:
            return _looked(info, body, act)
    return idempotency.once(["bulk", info.key, body], lambda: _done(info, body, act))


def _looked(info: TypeInfo, body: dict[str, Any], act: Act) -> Response:
    """200 with what would become of them; nothing is written. At most a thousand records."""
    ids = _ids(info, body)
    if len(ids) > AT_ONCE:
        sentence = _("a dry run looks at up to %(most)d records, these are %(found)d; narrow the filter",
                     most=AT_ONCE, found=len(ids))  # fmt: skip
        raise invalid("dry_run", sentence)
    found = rehearse(info.key, ids, act)
    known = catalogue()
    return answer(
        {
            "dry_run": True, "changed": found.changed, "equal": found.equal, "mark": found.mark,
            "refused": _refused(found.refused),
            "along": [{"collection": known.get(one.type_key).collection, "action": one.action, "count": one.count}
                      for one in found.along],
            "naming": [{"collection": known.get(one.type_key).collection, "field": one.field, "count": one.count}
                       for one in found.naming],
        }
    )  # fmt: skip


def _refused(refused: Mapping[int, str]) -> list[dict[str, Any]]:
    return [{"id": record_id, "reason": reason} for record_id, reason in sorted(refused.items())]


def _done(info: TypeInfo, body: dict[str, Any], act: Act) -> Response:
    done = act_on(info, _ids(info, body), act, mark=body.get("mark", ""))
    if isinstance(done, Ordered):
        made = answer({"unit": done.group, "job": done.job}, 202)
        made.headers["Location"] = f"/api/v1/jobs/{done.job}"
        return made
    return answer({"unit": done.unit, "changed": done.changed, "refused": _refused(done.refused)})


def _act(info: TypeInfo, body: dict[str, Any]) -> Act:
    if ("set" in body) == ("delete" in body):
        raise Invalid(_("Say what to do: either “set” with values or “delete”: true."))
    if "delete" in body:
        if body["delete"] is not True:
            raise invalid("delete", _("wanted true, found %(found)s", found=str(body["delete"])[:40]))
        return Act(remove=True)
    values = body["set"]
    if not isinstance(values, dict) or not values:
        raise invalid("set", _("wanted an object with at least one field, found %(kind)s", kind=kind_of(values)))
    clean(info, values)  # wrong values are told now, not by a job later
    return Act(values=values)


def _ids(info: TypeInfo, body: dict[str, Any]) -> list[int]:
    if ("ids" in body) == ("filter" in body):
        raise Invalid(_("Say which records: either “ids” or “filter”."))
    if "ids" in body:
        given = body["ids"]
        if not isinstance(given, list) or len(given) > MOST:
            raise invalid("ids", _("wanted a list of at most %(most)d ids", most=MOST))
        return list(dict.fromkeys(id_of("ids", one) for one in given))
    node = body["filter"]
    if not isinstance(node, dict):
        raise invalid("filter", _("wanted an object, found %(kind)s", kind=kind_of(node)))
    if not node:
        raise invalid("filter", _("an empty filter means everything; to say so on purpose, send {“and”: []}"))
    return queries.all_ids(info, node=filters.parse(orjson.dumps(node)), cap=MOST)
