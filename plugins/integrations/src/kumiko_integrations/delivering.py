"""The job that sends one message: marked before it is handed over, settled after; what is unclear is asked for.

Killed between the two, the item is found "being sent". Then the channel is asked whether the message went out (mail:
its copy in the own mailbox); nothing is sent a second time on a guess.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy import update as sql_update

from kumiko import (
    Delivered,
    KumikoError,
    NotDelivered,
    NotFound,
    as_system,
    emit,
    enqueue,
    external,
    find,
    send_notice,
    session,
    transaction,
    unit,
    unscoped,
    utc_now,
)
from kumiko import gettext as _
from kumiko_contracts.integrations import MESSAGE_FAILED, MESSAGE_SENT
from kumiko_integrations.accounts import account_key, account_of, channel_of, get_connection
from kumiko_integrations.kept import keep
from kumiko_integrations.models import FAILED, OUTBOX, QUEUED, SENDING, SENT, UNSURE, Letter, Outbox
from kumiko_integrations.services import DELIVER, outgoing_of

logger = logging.getLogger("kumiko.integrations")
#: Seconds until the next try, one after the other; then it has failed. Two days in all.
WAITS_S = (60, 300, 900, 3600, 3600, 4 * 3600, 8 * 3600, 12 * 3600, 18 * 3600)
#: A copy may take so long to arrive; before, its absence proves nothing.
PROOF_AFTER = timedelta(seconds=120)
ASKED_FOR_AT_MOST = timedelta(hours=24)
SWEPT_AFTER = timedelta(minutes=5)


@external
def deliver(job: Any) -> None:
    """The job: one item of the outbox."""
    outbox_id = job.payload["outbox"]
    with job.prepare():
        claimed = _claim(outbox_id)
    if claimed is None:
        return
    row, is_sure = claimed
    try:
        connection = get_connection(row.connection_id)
        channel, account = channel_of(connection), account_of(connection)
    except KumikoError as fault:
        _settle_failure(job, row, fault.message, final=False)
        return
    if not is_sure:
        _find_out(job, row, channel, account)
        return
    outgoing, key = outgoing_of(row.payload), row.payload["key"]
    left = tuple(row.payload.get("left") or ())
    try:
        extra = {"only": left} if left else {}
        delivered = channel.send(account, outgoing, key, **extra)
    except NotDelivered as fault:
        _settle_failure(job, row, fault.message, final=fault.final)
    except Exception as fault:
        logger.warning("outbox %s: it is unclear whether it went out", outbox_id, exc_info=fault)
        why = fault.message if isinstance(fault, KumikoError) else f"{type(fault).__name__}: {fault}"
        with job.settle(), as_system("the outbox is kept by the module itself"):
            keep(OUTBOX, outbox_id, {"error": why[:1000]})
            _again(outbox_id, utc_now() + PROOF_AFTER)
    else:
        _settle_success(job, row, delivered)


def _claim(outbox_id: int) -> tuple[Any, bool] | None:
    """The item, marked as being sent; and whether it surely did not go out before. None when nothing is to be done."""
    now = utc_now()
    with as_system("the outbox is kept by the module itself"):
        record = find(OUTBOX, outbox_id)
        if record is None or record.get("state") not in (QUEUED, SENDING):
            return None
        row = _row(outbox_id)
        if record.get("state") == SENDING:
            return row, False
        if row.next_try_at is not None and row.next_try_at > now + timedelta(seconds=5):
            return None  # a later job is on its way
        changes = {"state": SENDING, "attempts": (row.attempts or 0) + 1, "next_try_at": None}
        keep(OUTBOX, outbox_id, changes, if_match=record.version)
        _write_letter(outbox_id, handed_at=now)
        return _row(outbox_id), True


def _row(outbox_id: int) -> Any:
    with unscoped("the outbox is kept by the module itself"):
        query = select(
            Outbox.id, Outbox.connection_id, Letter.payload, Outbox.attempts, Letter.handed_at, Outbox.next_try_at,
            Outbox.owner_id, Outbox.name, Outbox.refused,
        ).join(Letter, Letter.outbox_id == Outbox.id).where(Outbox.id == outbox_id)  # fmt: skip
        return session().execute(query).one()


def _write_letter(outbox_id: int, **values: Any) -> None:
    with unscoped("the letter of this item"):
        session().execute(sql_update(Letter).where(Letter.outbox_id == outbox_id).values(**values))


def _find_out(job: Any, row: Any, channel: Any, account: Any) -> None:
    """An item that was being handed over when its process died, or when the other side fell silent."""
    since = utc_now() - (row.handed_at or utc_now())
    proof: str | None = None
    if channel.find_sent is not None:
        try:
            proof = channel.find_sent(account, row.payload["key"])
        except Exception as fault:  # noqa: BLE001 - it cannot be asked now: asked again later
            logger.info("outbox %s: the channel could not be asked: %s", row.id, fault)
            if since < ASKED_FOR_AT_MOST:
                with job.settle(), as_system("the outbox is kept by the module itself"):
                    _again(row.id, utc_now() + timedelta(seconds=60))
                return
    if proof:
        _settle_success(job, row, Delivered(external_id=proof))
    elif proof == "" and since < PROOF_AFTER:
        with job.settle(), as_system("the outbox is kept by the module itself"):
            _again(row.id, (row.handed_at or utc_now()) + PROOF_AFTER + timedelta(seconds=1))
    elif proof == "":
        with job.settle(), as_system("the outbox is kept by the module itself"):
            keep(OUTBOX, row.id, {"state": QUEUED, "next_try_at": None})
            _again(row.id, utc_now())
    else:
        with job.settle(), as_system("the outbox is kept by the module itself"):
            keep(
                OUTBOX,
                row.id,
                {
                    "state": UNSURE,
                    "error": str(_("Kumiko was stopped while it handed this over; look whether it has arrived.")),
                },
            )
            _tell(row, _("A message may or may not have been sent: %(subject)s", subject=row.name))  # fmt: skip


def _settle_success(job: Any, row: Any, delivered: Delivered) -> None:
    now = utc_now()
    refused = _refused(row, delivered.refused)
    with job.settle(), unit(reason=_("sent")), as_system("the outbox is kept by the module itself"):
        external_id = delivered.external_id
        if delivered.delayed and (row.attempts or 0) <= len(WAITS_S):
            at = now + timedelta(seconds=WAITS_S[(row.attempts or 1) - 1])
            keep(OUTBOX, row.id, {
                "state": QUEUED, "next_try_at": at, "outside_id": external_id, "refused": _lines(refused),
                "error": _lines(delivered.delayed),
            })  # fmt: skip
            _write_letter(row.id, payload={**row.payload, "left": list(delivered.delayed)})
            _again(row.id, at)
            return
        refused |= dict(delivered.delayed)
        record = keep(OUTBOX, row.id, {
            "state": SENT, "sent_at": now, "outside_id": external_id, "error": None, "refused": _lines(refused),
        })  # fmt: skip
        about = _about(row)
        emit(MESSAGE_SENT, record, {
            **about, "sent_at": now.isoformat(), "external_id": external_id, "refused": refused,
        })  # fmt: skip
        if refused:
            _tell(row, _("Some recipients were refused: %(subject)s", subject=row.name))


def _settle_failure(job: Any, row: Any, why: str, *, final: bool) -> None:
    attempts = row.attempts or 0
    final = final or attempts > len(WAITS_S)
    with job.settle(), unit(reason=_("not sent")), as_system("the outbox is kept by the module itself"):
        if not final:
            at = utc_now() + timedelta(seconds=WAITS_S[max(attempts, 1) - 1])
            keep(OUTBOX, row.id, {"state": QUEUED, "next_try_at": at, "error": why[:1000]})
            _again(row.id, at)
            return
        record = keep(OUTBOX, row.id, {"state": FAILED, "error": why[:1000], "next_try_at": None})
        emit(MESSAGE_FAILED, record, {**_about(row), "error": why[:1000]})
        _tell(row, _("A message could not be sent: %(subject)s", subject=row.name))


def settle_by_hand(record: Any, *, sent: bool) -> None:
    """A person has looked: it arrived, or it shall be sent once more. In the caller's unit."""
    with as_system("the outbox is kept by the module itself"):
        row = _row(record.id)
        if sent:
            kept = keep(OUTBOX, record.id, {"state": SENT, "sent_at": row.handed_at or utc_now(), "error": None})
            emit(MESSAGE_SENT, kept, {
                **_about(row), "sent_at": (row.handed_at or utc_now()).isoformat(),
                "external_id": record.get("outside_id") or "", "refused": {},
            })  # fmt: skip
        else:
            keep(OUTBOX, record.id, {"state": QUEUED, "next_try_at": None, "error": None, "attempts": 0})
            _again(record.id, utc_now())


def _about(row: Any) -> dict[str, Any]:
    message = row.payload.get("message") or ["", None]
    try:
        account = account_key(get_connection(row.connection_id).channel, row.connection_id)
    except NotFound:
        account = f"connection:{row.connection_id}"
    return {"message_type": message[0], "message_id": message[1], "account": account}


def _refused(row: Any, new: Mapping[str, str]) -> dict[str, str]:
    before = dict(line.split(": ", 1) for line in (row.refused or "").splitlines() if ": " in line)
    return {**before, **new}


def _lines(answers: Mapping[str, str]) -> str | None:
    return "\n".join(f"{address}: {said}" for address, said in answers.items())[:1000] or None


def _again(outbox_id: int, at: datetime) -> None:
    enqueue(DELIVER, {"outbox": outbox_id}, run_at=at, order_keys=[f"integrations.outbox:{outbox_id}"])


def _tell(row: Any, text: str) -> None:
    if row.owner_id is not None:
        send_notice(row.owner_id, text, href=f"/outbox/{row.id}", type_key=OUTBOX, record_id=row.id)


def sweep(job: Any) -> None:
    """The job of every minute: items whose job was lost get another."""
    now = utc_now()
    with unscoped("the outbox is kept by the module itself"):
        query = select(Outbox.id).where(
            Outbox.deleted_at.is_(None),
            or_(
                (Outbox.state == QUEUED) & (Outbox.updated_at < now - SWEPT_AFTER)
                & or_(Outbox.next_try_at.is_(None), Outbox.next_try_at < now - SWEPT_AFTER),
                (Outbox.state == SENDING) & (Outbox.updated_at < now - SWEPT_AFTER),
            ),
        )  # fmt: skip
        ids = list(session().execute(query.order_by(Outbox.id).limit(200)).scalars())
    with transaction():
        for outbox_id in ids:
            enqueue(
                DELIVER, {"outbox": outbox_id}, order_keys=[f"integrations.outbox:{outbox_id}"],
                dedupe=f"integrations.lost_outbox:{outbox_id}:{now:%Y%m%d%H%M}",
            )  # fmt: skip
