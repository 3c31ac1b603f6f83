"""Reports by mail: due ones are made with the rights of their owner, and count as delivered when the server took them.

Three jobs, each in one transaction: `schedule` finds what is due and enqueues; `send` makes the text, keeps it as a
record and queues its mails, all or nothing; `follow` asks what became of the mails and tells the owner of failures. The
keys of the jobs name the subscription and the moment it was due for, those of the mails the record of what was sent: a
killed worker does nothing twice.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import select

from kumiko import (
    JobType,
    KumikoError,
    RecordView,
    as_system,
    create,
    enqueue,
    find,
    find_system_mail,
    get,
    may,
    principal,
    send_notice,
    send_system_mail,
    sends,
    session,
    source_of,
    transaction,
    unscoped,
    update,
    utc_now,
)
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_analytics import mail_proof
from kumiko_analytics.figures import said
from kumiko_analytics.formulas import Value
from kumiko_analytics.mail_text import MailText, of_dashboard, of_report
from kumiko_analytics.record_types import (
    DASHBOARD_KEY,
    DELIVERED,
    FAILED,
    QUEUED,
    REPORT_KEY,
    SKIPPED,
    SNAPSHOT,
    SNAPSHOT_KEY,
    SUBSCRIPTION,
    SUBSCRIPTION_KEY,
)
from kumiko_analytics.report_form import kept_report
from kumiko_analytics.rules import next_time

SEND = "analytics.send_report"
_AT_ONCE = 200


def queue(subscription_id: int, due: datetime, owner_id: int | None) -> None:
    """A job that sends it with the rights of its owner; the same moment gives the same job."""
    key = f"analytics.send:{subscription_id}:{due.isoformat()}"
    with transaction():
        enqueue(SEND, {"subscription": subscription_id, "due": due.isoformat()}, dedupe=key, actor_id=owner_id)


def run_schedule(job: Any) -> None:
    """The job: what is due gets a job of its own and its next moment."""
    model: Any = SUBSCRIPTION.model
    now = utc_now()
    with unscoped("reports by mail are watched for everybody"):
        query = select(model.id, model.next_at, model.owner_id, model.schedule, model.hour).where(
            model.deleted_at.is_(None), model.active.is_(True), model.next_at <= now
        )
        due = session().execute(query.limit(_AT_ONCE)).all()
    for row in due:
        with transaction():
            queue(row.id, row.next_at, row.owner_id)
            update(SUBSCRIPTION_KEY, row.id, {"next_at": next_time(row.schedule, row.hour, now)})


@sends(_l("Reports by mail"), arrange=mail_proof.arrange, sent=mail_proof.sent)
def run_send(job: Any) -> None:
    """The job: make it, keep it, queue its mails; what stops it is told to the owner."""
    subscription = find(SUBSCRIPTION_KEY, int(job.payload["subscription"]))
    if subscription is None or (subscription.get("active") is False and not job.payload.get("by_hand")):
        return
    try:
        made = _made(subscription)
        refused = _refused(subscription)
    except KumikoError as fault:
        made, refused = None, said(fault)
    if made is None or refused:
        _fail(subscription, refused, None)
    elif not _is_wanted(subscription, made):
        _note(subscription.id, {"state": SKIPPED, "problem": _("There was nothing to send.")})
    else:
        _queue_mails(subscription, made)


def _made(subscription: RecordView) -> MailText:
    report_id, dashboard_id = subscription.link_id("report"), subscription.link_id("dashboard")
    if report_id is not None:
        return of_report(get(REPORT_KEY, report_id))
    return of_dashboard(get(DASHBOARD_KEY, dashboard_id or 0))


def _refused(subscription: RecordView) -> str:
    """Why it must not be sent: it leaves the house, so it needs the right to take such records out."""
    report_id = subscription.link_id("report")
    own = principal().email.casefold()
    addresses = _addresses(subscription)
    if not addresses:
        return _("Nobody is to get it; add a recipient.")
    if report_id is None or all(one.casefold() == own for one in addresses):
        return ""
    source = source_of(kept_report(get(REPORT_KEY, report_id).get("definition")).source)
    if may("export", source.type.key):
        return ""
    return _("You may send it to yourself only: your role does not allow you to export %(what)s.",
             what=str(source.label))  # fmt: skip


def _addresses(subscription: RecordView) -> list[str]:
    return [str(row["address"]) for row in subscription.get("recipients") or [] if row.get("address")]


def _is_wanted(subscription: RecordView, made: MailText) -> bool:
    condition = subscription.get("condition")
    if condition == "not_empty":
        return not made.is_empty
    if condition == "changed":
        return _digest(made) != _last_digest(subscription.id)
    if condition == "above":
        return _is_above(made.first_total, float(subscription.get("threshold") or 0))
    return True


def _is_above(value: Value, threshold: float) -> bool:
    from kumiko_analytics.texts import whole_units  # local: only for this condition

    return any(number > threshold for number in whole_units(value))


def _digest(made: MailText) -> str:
    return hashlib.sha256(made.text.encode()).hexdigest()


def _last_digest(subscription_id: int) -> str:
    model: Any = SNAPSHOT.model
    query = select(model.digest).where(model.subscription_id == subscription_id, model.state != FAILED)
    with unscoped("what was sent of it before"):
        return session().execute(query.order_by(model.id.desc()).limit(1)).scalar() or ""


def _queue_mails(subscription: RecordView, made: MailText) -> None:
    addresses = _addresses(subscription)
    with as_system("what was sent is kept by the module"):
        kept = create(SNAPSHOT_KEY, {
            "name": subscription.title, "subscription": subscription.id, "owner": subscription.link_id("owner"),
            "recipients": ", ".join(addresses)[:2000], "body": made.text, "digest": _digest(made),
            "mails": len(addresses),
        })  # fmt: skip
    for number, address in enumerate(addresses):
        send_system_mail(address, subscription.title, made.text, html=made.html, key=_key(kept.id, number))
    _note(subscription.id, {"state": QUEUED, "problem": None})


def _key(snapshot_id: int, number: int) -> str:
    return f"analytics.snapshot:{snapshot_id}:{number}"


def _note(subscription_id: int, values: dict[str, Any]) -> None:
    with as_system("the state of a report by mail is kept by the module"):
        update(SUBSCRIPTION_KEY, subscription_id, values)


def _fail(subscription: RecordView, problem: str, snapshot_id: int | None) -> None:
    """Note what happened, and tell the owner."""
    _note(subscription.id, {"state": FAILED, "problem": problem[:500]})
    owner_id = subscription.link_id("owner")
    if owner_id is not None:
        send_notice(
            owner_id, _("“%(name)s” was not sent: %(why)s", name=subscription.title, why=problem),
            href=f"/report-mails/{subscription.id}", type_key=SUBSCRIPTION_KEY, record_id=subscription.id,
            key=f"analytics.failed:{subscription.id}:{snapshot_id or utc_now().isoformat()}",
        )  # fmt: skip


def run_follow(job: Any) -> None:
    """The job: what the mail server said of what is on its way."""
    model: Any = SNAPSHOT.model
    with unscoped("mails on their way are watched for everybody"):
        query = select(model.id, model.subscription_id, model.mails).where(
            model.state == QUEUED, model.deleted_at.is_(None)
        )
        waiting = session().execute(query.order_by(model.id).limit(_AT_ONCE)).all()
    for row in waiting:
        mails = [find_system_mail(_key(row.id, number)) for number in range(row.mails or 0)]
        failed = [one for one in mails if one is not None and one.state == "failed"]
        if any(one is None or one.state == "queued" for one in mails) and not failed:
            continue
        with transaction():
            _settle(row, failed)


def _settle(row: Any, failed: list[Any]) -> None:
    subscription = find(SUBSCRIPTION_KEY, row.subscription_id)
    if not failed:
        update(SNAPSHOT_KEY, row.id, {"state": DELIVERED})
        if subscription is not None:
            update(SUBSCRIPTION_KEY, subscription.id, {"state": DELIVERED, "sent_at": utc_now(), "problem": None})
        return
    problem = "; ".join(f"{one.to}: {one.error}" for one in failed)[:400]
    update(SNAPSHOT_KEY, row.id, {"state": FAILED, "problem": problem})
    if subscription is not None:
        _fail(subscription, problem, row.id)


JOBS = [
    JobType(name="analytics.schedule", run=run_schedule, label=_l("Reports by mail that are due"), cron="*/5 * * * *"),
    JobType(name=SEND, run=run_send, label=_l("Send a report by mail")),
    JobType(name="analytics.follow", run=run_follow, label=_l("What became of reports by mail"), cron="*/5 * * * *"),
]
