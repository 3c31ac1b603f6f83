"""/duplicates/COLLECTION: pairs that may be the same, what was decided about them, and merges with their preview."""

from __future__ import annotations

from typing import Any

from flask import Response

from kumiko.duplicates import asking, large, merging, pairs
from kumiko.duplicates.declaring import matching_of
from kumiko.duplicates.large import Ordered
from kumiko.duplicates.merging import Merge, Wish
from kumiko.duplicates.models import IGNORED, OPEN
from kumiko.host.context import principal
from kumiko.host.errors import NotFound
from kumiko.host.i18n import gettext as _
from kumiko.records import rights
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.dumps import dump_view
from kumiko.records.forms import moment_text
from kumiko.records.views import view_of
from kumiko.rest import idempotency
from kumiko.rest.answers import answer
from kumiko.rest.collections import type_of
from kumiko.rest.inputs import id_of, invalid, json_body, only, parameters, whole

STATES = (OPEN, IGNORED)
MEMBERS = ("winner", "others", "take", "accept", "dry_run")


def _matched(collection: str) -> TypeInfo:
    info = type_of(collection)
    if matching_of(info) is None or rights.level(info, principal(), "read") == "none":
        raise NotFound(_("%(what)s are never taken for each other.", what=str(info.type.label_plural)))
    return info


def list_pairs(collection: str) -> Response:
    """Pairs whose records one may see both, the surest first."""
    info = _matched(collection)
    given = parameters(("state", "least", "limit", "after"))
    state = _state(given.get("state", OPEN), "state")
    least = whole("least", given["least"], least=0, most=100) if "least" in given else 0
    limit = whole("limit", given["limit"], least=1, most=200) if "limit" in given else 50
    found, following = pairs.pairs(info, state=state, least=least, after=given.get("after", ""), limit=limit)
    listed = [
        {
            "left": {"id": one.left_id, "name": one.left_name}, "right": {"id": one.right_id, "name": one.right_name},
            "score": one.score, "reasons": one.why, "state": one.state, "at": moment_text(one.at),
        }
        for one in found
    ]  # fmt: skip
    return answer({"data": listed, "next": following or None})


def _state(given: Any, name: str) -> str:
    if given not in STATES:
        raise invalid(name, _("wanted one of %(words)s, found %(found)r", words=", ".join(STATES),
                              found=str(given)[:40]))  # fmt: skip
    return str(given)


def decide(collection: str) -> Response:
    """Remember that two records are not the same ("ignored"), or take that back ("open")."""
    info = _matched(collection)
    parameters(())
    body = json_body()
    only(body, ("left", "right", "state"))
    left, right = id_of("left", body.get("left")), id_of("right", body.get("right"))
    state = _state(body.get("state", IGNORED), "state")
    pairs.decide(info, left, right, state)
    return answer({"left": min(left, right), "right": max(left, right), "state": state})


def merge(collection: str) -> Response:
    """Make one record of several; `dry_run`: what it would be. 202 with a job when very much follows."""
    info = _matched(collection)
    parameters(())
    body = json_body()
    only(body, MEMBERS)
    if not isinstance(body.get("dry_run", False), bool):
        raise invalid("dry_run", _("wanted true or false"))
    wish = asking.wish_of(info.key, id_of("winner", body.get("winner")), body)
    if body.get("dry_run"):
        return answer(_plan_json(merging.plan(wish)))
    return idempotency.once(["merge", collection, body], lambda: _merged(wish))


def _merged(wish: Wish) -> Response:
    done = large.merge_or_order(wish)
    if isinstance(done, Ordered):
        made = answer({"unit": done.group, "job": done.job, "follows": done.follows}, 202)
        made.headers["Location"] = f"/api/v1/jobs/{done.job}"
        return made
    known = catalogue()
    moved = {known.get(key).collection: count for key, count in done.moved.items()}
    return answer({"unit": done.unit, "record": dump_view(done.record), "moved": moved})


def _plan_json(planned: Merge) -> dict[str, Any]:
    known, state = catalogue(), planned.winner.state
    record = dump_view(view_of(state, planned.winner)) if state is not None else {}
    return {
        "record": record,
        "moves": {
            known.get(key).collection: {
                "now": planned.before.get(key, 0), "coming": planned.coming.get(key, 0), "after": count,
            }
            for key, count in planned.after.items()
        },
        "warnings": [{"id": record_id, "why": why} for record_id, why in planned.warnings.items()],
        "large": planned.is_large,
    }  # fmt: skip
