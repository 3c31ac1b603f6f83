"""POST /COLLECTION/bulk: many records at once; more than a thousand become a job in a group, undone as one."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from kumiko.host import context
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.jobs.job import sliced
from kumiko.jobs.queue import enqueue
from kumiko.records import filters, queries, rights, service
from kumiko.records.catalogue import TypeInfo
from kumiko.records.inputs import clean
from kumiko.records.units import group
from kumiko.rest.answers import answer
from kumiko.rest.collections import type_of
from kumiko.rest.inputs import id_of, invalid, json_body, kind_of, only, parameters

JOB = "rest.bulk"
AT_ONCE = 1000
MOST = 100_000
SLICE = 500


def change_many(collection: str) -> Response:
    """200 {"unit", "changed", "refused"}; 202 {"unit", "job"} above a thousand records, where unit is the group."""
    info = type_of(collection)
    parameters(())
    body = json_body()
    only(body, ("filter", "ids", "set", "delete"))
    rights.require("bulk", info)
    values, remove = _act(info, body)
    ids = _ids(info, body)
    if len(ids) > AT_ONCE:
        return _as_job(info, ids, values, remove)
    done = service.bulk(info.key, ids, values=values, remove=remove)
    refused = [{"id": record_id, "reason": reason} for record_id, reason in sorted(done.refused.items())]
    return answer({"unit": done.unit, "changed": done.changed, "refused": refused})


def _act(info: TypeInfo, body: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    if ("set" in body) == ("delete" in body):
        raise Invalid(_("Say what to do: either “set” with values or “delete”: true."))
    if "delete" in body:
        if body["delete"] is not True:
            raise invalid("delete", _("wanted true, found %(found)s", found=str(body["delete"])[:40]))
        return {}, True
    values = body["set"]
    if not isinstance(values, dict) or not values:
        raise invalid("set", _("wanted an object with at least one field, found %(kind)s", kind=kind_of(values)))
    clean(info, values)  # wrong values are told now, not by a job later
    return values, False


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


def _as_job(info: TypeInfo, ids: list[int], values: dict[str, Any], remove: bool) -> Response:
    with context.transaction(), group(_("bulk edit")) as group_id:
        payload = {"type": info.key, "ids": ids, "set": values, "delete": remove, "group": group_id}
        job_id = enqueue(JOB, payload, actor_id=context.principal().user_id)
    made = answer({"unit": group_id, "job": job_id}, 202)
    made.headers["Location"] = f"/api/v1/jobs/{job_id}"
    return made


@sliced
def work(job: Any) -> None:
    """The job: one unit per slice, as the person who asked, all in one group."""
    ids: list[int] = job.payload["ids"]
    while True:
        with job.slice():
            at = job.state.get("at", 0)
            changed, refused = job.state.get("changed", 0), job.state.get("refused", 0)
            if at >= len(ids):
                return
            now = context.current()
            now.group_id, now.via = job.payload["group"], "api"
            done = service.bulk(
                job.payload["type"], ids[at : at + SLICE], values=job.payload["set"], remove=job.payload["delete"]
            )
            changed, refused = changed + done.changed, refused + len(done.refused)
            at = min(at + SLICE, len(ids))
            job.checkpoint({"at": at, "changed": changed, "refused": refused})
            note = _("%(changed)d changed", changed=changed)
            if refused:
                note = _("%(changed)d changed, %(refused)d refused", changed=changed, refused=refused)
            job.progress(at, len(ids), note)
