"""Long work of this module: deals that follow their stage's probability, stages after an absence, time limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select

from kumiko import (
    JobType,
    bulk,
    company_today,
    enqueue,
    send_notice,
    session,
    sliced,
    transaction,
    unit,
    unscoped,
    update,
    utc_now,
)
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL, OPEN
from kumiko_sales import services
from kumiko_sales.documents import INVOICE_TYPE
from kumiko_sales.funnel import StageRow, funnel
from kumiko_sales.models import INVOICE, UNPAID, DealSide

SLICE = 500
PROBABILITY, RECONCILE, LIMITS = "sales.follow_probability", "sales.reconcile", "sales.warn_of_limits"
OVERDUE = "sales.note_overdue"


def follow_probability(stage_id: int) -> None:
    """Let the deals of a stage that have no probability of their own take the stage's; as a job, in slices."""
    enqueue(PROBABILITY, {"stage": stage_id})


@sliced
def run_probability(job: Any) -> None:
    """The job: slices of the deals that still differ; what was done differs no more, so it goes on where it stopped."""
    done = 0
    while True:
        with job.slice():
            stage = funnel().find_stage(job.payload["stage"])
            ids = _differing(stage) if stage is not None and stage.kind == OPEN else []
            if not ids or bulk(DEAL, ids, values={"probability": None}).changed == 0:
                return
            done += len(ids)
            job.progress(done)


def _differing(stage: StageRow) -> list[int]:
    with unscoped("a stage's probability is about all deals in it"):
        query = select(DealSide.record_id).where(
            DealSide.stage_id == stage.id,
            DealSide.deleted_at.is_(None),
            DealSide.probability.is_distinct_from(stage.probability),
            or_(DealSide.sales_own_probability.is_(None), DealSide.sales_own_probability.is_(False)),
        )
        return list(session().execute(query.order_by(DealSide.record_id).limit(SLICE)).scalars())


@sliced
def run_reconcile(job: Any) -> None:
    """The job: slices of the deals that do not stand where their outcome says."""
    done = 0
    while True:
        with job.slice():
            ids = services.misplaced(SLICE)
            if not ids or services.reconcile(ids) == 0:
                return
            done += len(ids)
            job.progress(done)


def run_limits(job: Any) -> None:
    """The job: tell owners of deals that have been in a stage longer than it allows, once per stay."""
    now = utc_now()
    for pipeline in funnel().pipelines:
        for stage in pipeline.offered(OPEN):
            if not stage.max_days:
                continue
            with unscoped("time limits are watched for every deal"):
                query = select(DealSide.record_id, DealSide.owner_id, DealSide.stage_entered_at).where(
                    DealSide.stage_id == stage.id, DealSide.deleted_at.is_(None), DealSide.owner_id.is_not(None),
                    DealSide.stage_entered_at < now - timedelta(days=stage.max_days),
                )  # fmt: skip
                late = session().execute(query).all()
            with transaction():
                for row in late:
                    send_notice(
                        row.owner_id,
                        _("A deal has been in “%(stage)s” for more than %(days)d days.",
                          stage=stage.name, days=stage.max_days),
                        href=f"/deals/{row.record_id}", type_key=DEAL, record_id=row.record_id,
                        key=f"sales.limit:{row.record_id}:{row.stage_entered_at.isoformat()}",
                    )  # fmt: skip


def run_overdue(job: Any) -> None:
    """The job: invoices whose day has passed say so, once; whoever waits for that is told by the fact."""
    model: Any = INVOICE_TYPE.model
    with unscoped("what is overdue is overdue whoever looks"):
        query = select(model.id).where(
            model.state.in_(UNPAID), model.deleted_at.is_(None), model.due_on < company_today(),
            model.overdue_noted_on.is_(None),
        )  # fmt: skip
        late = list(session().execute(query.order_by(model.due_on, model.id).limit(SLICE)).scalars())
    with unit(reason=_("due day passed")):
        for invoice_id in late:
            update(INVOICE, invoice_id, {})


JOBS = [
    JobType(name=OVERDUE, run=run_overdue, label=_l("Note invoices that became overdue"), cron="11 * * * *"),
    JobType(name=PROBABILITY, run=run_probability, label=_l("Deals follow the probability of their stage")),
    JobType(name=RECONCILE, run=run_reconcile, label=_l("Stages are put right after the module was off")),
    JobType(name=LIMITS, run=run_limits, label=_l("Warn of time limits of stages"), cron="7 5 * * *"),
]
