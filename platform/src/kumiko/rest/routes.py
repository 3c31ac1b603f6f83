"""The rules of /api/v1. Static words weigh more than the generic ones, so that plugins can add verbs of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint

from kumiko.access import gate
from kumiko.host.context import current
from kumiko.host.errors import Invalid
from kumiko.records.custom import public_name
from kumiko.rest import (
    bulk,
    changes,
    files,
    jobs,
    leaving,
    lists,
    me,
    merges,
    modules,
    records,
    rights,
    search,
    units,
    views,
)
from kumiko.rest.inputs import LARGEST_ID, refuse_nul
from kumiko.rest.openapi import document

PREFIX = "/api/v1"
_ID = f"int(min=1, max={LARGEST_ID})"

blueprint = Blueprint("rest", __name__, url_prefix=PREFIX)

#: (method, rule, view)
RULES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "/openapi.json", document.read),
    ("GET", "/me", me.read),
    ("GET", "/search", search.find),
    ("GET", "/changes", changes.read_changes),
    ("GET", f"/units/<{_ID}:unit_id>", units.read),
    ("GET", f"/units/<{_ID}:unit_id>/undo", units.preview),
    ("POST", f"/units/<{_ID}:unit_id>/undo", units.undo_unit),
    ("GET", "/views", views.list_views),
    ("POST", "/views", views.create),
    ("GET", f"/views/<{_ID}:view_id>", views.read),
    ("PUT", "/views/order", views.order),
    ("POST", f"/views/<{_ID}:view_id>/copy", views.copy),
    ("PATCH", f"/views/<{_ID}:view_id>", views.change),
    ("DELETE", f"/views/<{_ID}:view_id>", views.delete),
    ("GET", "/plugins", modules.list_plugins),
    ("GET", "/plugins/<name>", modules.read_plugin),
    ("POST", "/plugins/<name>/enable", modules.enable),
    ("POST", "/plugins/<name>/disable", modules.disable),
    ("POST", "/plugins/<name>/replace", modules.replace),
    ("POST", "/plugins/<name>/features/<feature>", modules.switch_feature),
    ("GET", "/jobs", jobs.list_jobs),
    ("GET", f"/jobs/<{_ID}:job_id>", jobs.read),
    ("POST", f"/jobs/<{_ID}:job_id>/retry", jobs.retry),
    ("POST", f"/jobs/<{_ID}:job_id>/cancel", jobs.cancel),
    ("POST", "/files", files.create),
    ("GET", f"/files/<{_ID}:record_id>/content", files.content),
    ("GET", "/duplicates/<collection>", merges.list_pairs),
    ("POST", "/duplicates/<collection>/decide", merges.decide),
    ("POST", "/duplicates/<collection>/merge", merges.merge),
    ("POST", "/hand-overs", leaving.create),
    ("GET", "/<collection>", lists.list_records),
    ("POST", "/<collection>", records.create),
    ("POST", "/<collection>/bulk", bulk.change_many),
    ("GET", f"/<collection>/<{_ID}:record_id>", records.read),
    ("PATCH", f"/<collection>/<{_ID}:record_id>", records.change),
    ("DELETE", f"/<collection>/<{_ID}:record_id>", records.delete),
    ("POST", f"/<collection>/<{_ID}:record_id>/restore", records.restore),
    ("GET", f"/<collection>/<{_ID}:record_id>/history", records.read_history),
    ("GET", f"/<collection>/<{_ID}:record_id>/rights", rights.read),
    ("POST", f"/<collection>/<{_ID}:record_id>/<name>", records.act),
)


@blueprint.before_request
def _prepare() -> None:
    known = gate.signed_in()
    if known is not None and known.token_id is None:
        current().via = "web"  # a page of ours uses the API with its session
    refuse_nul()


def _public(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view, whose refusals name custom fields as bodies and filters do: `custom.size`."""

    @wraps(view)
    def answer(**arguments: Any) -> Any:
        try:
            return view(**arguments)
        except Invalid as fault:
            fault.errors = {public_name(name): lines for name, lines in fault.errors.items()}
            raise

    return answer


for _method, _rule, _view in RULES:
    _endpoint = f"{_view.__module__.rpartition('.')[2]}_{_view.__name__}"
    blueprint.add_url_rule(_rule, _endpoint, _public(_view), methods=[_method], strict_slashes=True)
