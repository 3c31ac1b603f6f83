"""Pages of the figures: the page itself, the deals behind a number that no filter expresses, the history as a file."""

from __future__ import annotations

import tempfile
from typing import Any, get_args

from flask import Blueprint, Response, redirect, render_template, request, send_file
from werkzeug.wrappers import Response as BaseResponse

from kumiko import Invalid, NotFound, feature, principal
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL
from kumiko_sales import figures, stage_history
from kumiko_sales.figure_period import asked_of, list_of
from kumiko_sales.figure_view import figures_view
from kumiko_sales.funnel import PipelineRow, funnel

blueprint = feature("figures")(Blueprint("sales_figures", __name__))
_ID = "<int(min=1, max=9223372036854775807):pipeline_id>"
#: An address with the ids of so many deals fits everywhere.
MOST_LISTED = 200


@blueprint.get(f"/pipelines/{_ID}/figures")
def show(pipeline_id: int) -> BaseResponse:
    """The figures of a pipeline."""
    pipeline = _pipeline(pipeline_id)
    figures.require_readable()
    asked = asked_of(pipeline_id, request.args)
    history = asked.href("stage-history.csv") if principal().level(DEAL, "export") != "none" else ""
    view = figures_view(pipeline.name, asked, history_href=history)
    return Response(render_template("sales/figures.html", v=view))


@blueprint.get(f"/pipelines/{_ID}/figures/deals")
def deals(pipeline_id: int) -> BaseResponse:
    """The list of the deals behind a number of the history; more than fit into one list come in parts."""
    pipeline = _pipeline(pipeline_id)
    asked = asked_of(pipeline_id, request.args)
    part, stage, after = request.args.get("of", ""), _whole("stage"), _whole("after")
    if part not in get_args(figures.Part):
        raise Invalid(_("Some values are not accepted."), {"of": [", ".join(get_args(figures.Part))]})
    ids = figures.deals_behind(
        part, pipeline_id, stage, asked.start, asked.end, owner_id=asked.owner_id, after=after,  # type: ignore[arg-type]
        limit=MOST_LISTED + 1,
    )  # fmt: skip
    href = list_of(("id", "in", ids[:MOST_LISTED])) if ids else asked.deals(("id", "eq", 0))
    if len(ids) <= MOST_LISTED and not after:
        return redirect(href, 303)
    is_more = len(ids) > MOST_LISTED
    more = asked.href("figures/deals", of=part, stage=stage, after=ids[MOST_LISTED - 1]) if is_more else ""
    return Response(
        render_template(
            "sales/figure_deals.html", pipeline=pipeline.name, back=asked.href(), href=href,
            count=min(len(ids), MOST_LISTED), more=more,
        )
    )  # fmt: skip


@blueprint.get(f"/pipelines/{_ID}/stage-history.csv")
def history(pipeline_id: int) -> BaseResponse:
    """The history of stages entered in the period, as CSV; without a period all of it."""
    pipeline = _pipeline(pipeline_id)
    narrowing: dict[str, Any] = {}
    if any(request.args.get(name) for name in ("period", "from", "until", "owner")):
        asked = asked_of(pipeline_id, request.args)
        narrowing = {"owner_id": asked.owner_id}
        if any(request.args.get(name) for name in ("period", "from", "until")):
            narrowing |= {"start": asked.start, "end": asked.end}
    # Rows may be read only while this request lasts, so the file is complete before it leaves.
    spool = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115 - closed when the answer has left
    for piece in stage_history.export_csv(pipeline.id, **narrowing):
        spool.write(piece)
    spool.seek(0)
    return send_file(spool, mimetype="text/csv", as_attachment=True, download_name=f"stage-history-{pipeline.id}.csv")


def _pipeline(pipeline_id: int) -> PipelineRow:
    found = funnel().find_pipeline(pipeline_id)
    if found is None:
        raise NotFound(_("There is no such pipeline."))
    return found


def _whole(name: str) -> int:
    text = request.args.get(name, "0")
    if not (text.isascii() and text.isdecimal() and int(text[:20]) < 2**63):
        raise Invalid(_("Some values are not accepted."), {name: [_("A whole number is wanted here.")]})
    return int(text)


def link_panel(record: Any) -> dict[str, Any] | None:
    """What the card of a pipeline shows of its figures."""
    return {"base": f"/pipelines/{record.id}"} if figures.is_readable() else None
