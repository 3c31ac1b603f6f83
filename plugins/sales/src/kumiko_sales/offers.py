"""What sales offers to processes: issuing an invoice, and the moments they can wait for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko import ActionCall, ActionType, Field, TriggerType, files_of
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL
from kumiko_contracts.sales import INVOICE_OVERDUE, INVOICE_PAID, QUOTE_ACCEPTED, STAGE_CHANGED
from kumiko_sales import document_actions, printing
from kumiko_sales.funnel import funnel
from kumiko_sales.models import INVOICE, PIPELINE, QUOTE, STAGE


def issue_invoice(call: ActionCall) -> Mapping[str, Any]:
    """Make and issue the invoice of a deal, once per key, and keep its PDF with it."""
    invoice_id = document_actions.make_invoice(call.record_id, key=call.key)
    kept = [one.id for one in files_of(INVOICE, invoice_id) if one.kind == printing.DOCUMENT]
    return {"invoice_id": invoice_id, "file_id": kept[0] if kept else printing.keep_pdf(INVOICE, invoice_id)}


def entered_stage(payload: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether the move is one of those that are meant; a field that is left empty means any."""
    wanted = {"pipeline_id": "pipeline", "stage_id": "stage", "from_stage_id": "from_stage"}
    return all(values.get(name) in (None, payload.get(key)) for key, name in wanted.items())


def _stage_said(values: Mapping[str, Any]) -> str:
    stage, before = funnel().find_stage(values.get("stage")), funnel().find_stage(values.get("from_stage"))
    pipeline = funnel().find_pipeline(values.get("pipeline"))
    if stage is not None and before is not None:
        return _("A deal goes from “%(before)s” to “%(stage)s”", before=before.name, stage=stage.name)
    if stage is not None:
        return _("A deal enters the stage “%(stage)s”", stage=stage.name)
    if pipeline is not None:
        return _("A deal enters a stage of “%(pipeline)s”", pipeline=pipeline.name)
    return _("A deal enters a stage")


def actions() -> list[ActionType]:
    """What processes can do."""
    return [
        ActionType(
            key="sales.issue_invoice", label=_l("Issue an invoice"), run=issue_invoice, types=(DEAL,),
            icon="file-invoice", recallable=False,
            describe=lambda _values: _("Issue an invoice with the lines of the deal"),
            results={"invoice_id": _l("Invoice"), "file_id": _l("The invoice as PDF")},
        )
    ]  # fmt: skip


def triggers() -> list[TriggerType]:
    """What processes can wait for."""
    return [
        TriggerType(
            key="sales.stage_entered", label=_l("A deal enters a stage"), event=STAGE_CHANGED, type=DEAL, icon="flag",
            matches=entered_stage, describe=_stage_said,
            fields=(
                Field(name="pipeline", kind="link", to=PIPELINE, label=_l("Pipeline")),
                Field(name="stage", kind="link", to=STAGE, label=_l("Stage")),
                Field(name="from_stage", kind="link", to=STAGE, label=_l("Coming from"),
                      help=_l("Empty means any stage.")),
            ),
        ),
        TriggerType(
            key="sales.quote_accepted", label=_l("A quote is accepted"), event=QUOTE_ACCEPTED, type=QUOTE,
            icon="file-text",
        ),
        TriggerType(
            key="sales.invoice_paid", label=_l("An invoice is paid"), event=INVOICE_PAID, type=INVOICE, icon="cash",
        ),
        TriggerType(
            key="sales.invoice_overdue", label=_l("An invoice becomes overdue"), event=INVOICE_OVERDUE, type=INVOICE,
            icon="clock",
        ),
    ]  # fmt: skip
