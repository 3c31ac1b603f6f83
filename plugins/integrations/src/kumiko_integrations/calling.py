"""The job that calls a web hook once: signed, with the delivery's number, tried again until the other side says yes."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy import update as sql_update

from kumiko import as_system, enqueue, external, send_notice, sends, session, transaction, unit, unscoped, utc_now
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_integrations import outside, webhook_proof
from kumiko_integrations.hook_channel import sign
from kumiko_integrations.kept import keep
from kumiko_integrations.models import DELIVERED, FAILED, QUEUED, WEBHOOK, Delivery, Webhook
from kumiko_integrations.sealing import open_secrets
from kumiko_integrations.webhooks import CALL

#: Seconds until the next try, one after the other; then it has failed.
WAITS_S = (30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
GIVEN_UP_AFTER = timedelta(days=3)
SWEPT_AFTER = timedelta(minutes=5)


@sends(_l("Web hooks that act for somebody"), arrange=webhook_proof.arrange, sent=webhook_proof.sent)
@external
def call(job: Any) -> None:
    """The job: one delivery."""
    delivery_id = job.payload["delivery"]
    with job.prepare():
        row = _row(delivery_id)
    if row is None or row.state != QUEUED or not row.active:
        return
    secret = open_secrets(row.webhook_id).get("secret", "")
    body = row.body.encode()
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json", "User-Agent": "Kumiko", "X-Kumiko-Event": row.event,
        "X-Kumiko-Delivery": str(row.id), "Idempotency-Key": f"kumiko-delivery-{row.id}",
        "X-Kumiko-Timestamp": timestamp, "X-Kumiko-Signature": sign(secret, timestamp, body),
    }  # fmt: skip
    status: int | None = None
    try:
        answer = outside.post(row.url, body, headers)
        status, said = answer.status, answer.text[:2000]
        problem = "" if 200 <= status < 300 else str(_("It answered %(status)d.", status=status))
    except outside.CannotReach as fault:
        said, problem = "", fault.message
    with job.settle():
        _settle(row, status, said, problem)


def _row(delivery_id: int) -> Any:
    with unscoped("deliveries are made by the system, of what their user may see"):
        query = (
            select(
                Delivery.id, Delivery.webhook_id, Delivery.event, Delivery.body, Delivery.state, Delivery.attempts,
                Webhook.url, Webhook.active, Webhook.health, Webhook.failing_since, Webhook.name, Webhook.acts_as_id,
            )
            .join(Webhook, Webhook.id == Delivery.webhook_id)
            .where(Delivery.id == delivery_id, Webhook.deleted_at.is_(None))
        )  # fmt: skip
        return session().execute(query).first()


def _settle(row: Any, status: int | None, said: str, problem: str) -> None:
    now = utc_now()
    attempts = row.attempts + 1
    values: dict[str, Any] = {"attempts": attempts, "status": status, "response": said or problem, "next_try_at": None}
    if not problem:
        values["state"] = DELIVERED
    elif attempts > len(WAITS_S) or status == 410:  # gone for good, says the other side
        values["state"] = FAILED
    else:
        at = now + timedelta(seconds=WAITS_S[attempts - 1])
        values["next_try_at"] = at
        enqueue(CALL, {"delivery": row.id}, run_at=at)
    with unscoped("deliveries are shown on the page of their web hook"):
        session().execute(sql_update(Delivery).where(Delivery.id == row.id).values(**values))
    _note_health(row, problem)


def _note_health(row: Any, problem: str) -> None:
    health = "failing" if problem else "ok"
    if row.health == health and not problem:
        return
    now = utc_now()
    values: dict[str, Any] = {"health": health, "last_error": problem[:500] or None}
    if row.health != health:
        values["failing_since"] = now if problem else None
    elif row.failing_since is not None and now - row.failing_since > GIVEN_UP_AFTER:
        values["active"] = False
        if row.acts_as_id is not None:
            text = _("The web hook “%(name)s” failed for three days and is switched off: %(why)s",
                     name=row.name, why=problem)  # fmt: skip
            send_notice(row.acts_as_id, text, href=f"/webhooks/{row.webhook_id}/setup",
                        key=f"integrations.webhook:{row.webhook_id}:{now:%Y%m%d}")  # fmt: skip
    elif row.health == health:
        return
    with unit(reason=_("called")), as_system("whether a web hook works is found out by the module"):
        keep(WEBHOOK, row.webhook_id, values)


def again(delivery_id: int) -> None:
    """Call once more, at once; joins the open transaction."""
    with transaction() as writing, unscoped("the caller has shown that the person may change the web hook"):
        writing.execute(
            sql_update(Delivery).where(Delivery.id == delivery_id)
            .values(state=QUEUED, next_try_at=None, attempts=0)
        )  # fmt: skip
        enqueue(CALL, {"delivery": delivery_id})


def sweep(_job: Any) -> None:
    """The job of some minutes: deliveries whose job was lost get another."""
    now = utc_now()
    with unscoped("deliveries are made by the system"):
        query = select(Delivery.id).join(Webhook, Webhook.id == Delivery.webhook_id).where(
            Webhook.active.is_(True), Delivery.state == QUEUED, Delivery.made_at < now - SWEPT_AFTER,
            (Delivery.next_try_at.is_(None)) | (Delivery.next_try_at < now - SWEPT_AFTER),
        )  # fmt: skip
        ids = list(session().execute(query.order_by(Delivery.id).limit(200)).scalars())
    with transaction():
        for delivery_id in ids:
            enqueue(CALL, {"delivery": delivery_id}, dedupe=f"integrations.lost_call:{delivery_id}:{now:%Y%m%d%H%M}")
