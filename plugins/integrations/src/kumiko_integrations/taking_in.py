"""The job that turns what came in into a message and hands it to inquiries/1; and the walks over what was left."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError

from kumiko import (
    Busy,
    Conflict,
    KumikoError,
    as_system,
    enqueue,
    find,
    services,
    session,
    sliced,
    transaction,
    unit,
    unscoped,
    utc_now,
)
from kumiko import gettext as _
from kumiko_contracts.inquiries import VERSION as INQUIRIES
from kumiko_contracts.inquiries import InquiriesOff
from kumiko_integrations import chat, chat_channel, form_reading, queries
from kumiko_integrations.accounts import account_of, channel_of, get_connection
from kumiko_integrations.chat_flow import bot_of
from kumiko_integrations.intake import raw_of, shorten_raw
from kumiko_integrations.kept import keep
from kumiko_integrations.models import CHAT, DONE, FAILED, INTAKE, NEW, WAITING, Intake
from kumiko_integrations.rules import TAKE_IN

logger = logging.getLogger("kumiko.integrations")
SWEPT_AFTER = timedelta(minutes=10)
SLICE = 200
RESUME = "integrations.resume"


class _Undone(Exception):
    """Leaves the slice, so that nothing of a refused message stays."""


@sliced
def take_in(job: Any) -> None:
    """The job: one item. What cannot be read or is refused goes to the list of failures; others go on."""
    intake_id = job.payload["intake"]
    item, state, account = _item(intake_id)
    if item is None or state not in (NEW, WAITING):
        return
    problem: str | None = None
    became = FAILED
    try:
        incoming = _read(account, item)
    except InquiriesOff as off:
        problem, became = str(off), WAITING
    except (Busy, OperationalError):
        raise
    except Exception as fault:  # noqa: BLE001 - whatever a message does to its reader, the others go on
        problem = _sentence(fault)
    if problem is None:
        try:
            with job.slice():
                try:
                    _receive(intake_id, incoming, item)
                    return
                except InquiriesOff as off:
                    problem, became = str(off), WAITING
                except (Busy, OperationalError):
                    raise
                except Exception as fault:  # noqa: BLE001 - as above, of the module that receives
                    problem = _sentence(fault)
                raise _Undone
        except _Undone:
            pass
    with job.settle(), as_system("what comes in is nobody's yet"):
        record = find(INTAKE, intake_id)
        if record is not None:
            values = {"state": became, "error": (problem or "")[:1000], "attempts": (record.get("attempts") or 0) + 1}
            keep(INTAKE, intake_id, values)


def _item(intake_id: int) -> tuple[Any, str, str]:
    with as_system("what comes in is nobody's yet"):
        record = find(INTAKE, intake_id)
    if record is None:
        return None, "", ""
    return raw_of(intake_id), record.get("state"), record.get("account")


def _read(account: str, item: Any) -> Any:
    kind, _colon, number = account.rpartition(":")
    reader = {"form": form_reading.read}.get(kind)
    if reader is not None:
        return reader(int(number), item)
    row = get_connection(int(number))
    channel = channel_of(row)
    if channel.read is None:
        raise Conflict(_("%(channel)s does not read messages.", channel=str(channel.label)))
    return channel.read(account_of(row), item)


def _receive(intake_id: int, incoming: Any, item: Any) -> None:
    """One unit: the inquiry and what becomes of it, and that it was taken in."""
    with unit(reason=_("taken in")), as_system("what comes in is nobody's yet"):
        received = services.find(INQUIRIES).receive(incoming)
        if incoming.channel == "chat":
            chat_channel.after_received(item, received)
        record = find(INTAKE, intake_id)
        if record is None:
            return
        keep(
            INTAKE,
            intake_id,
            {
                "state": DONE,
                "error": None,
                "attempts": (record.get("attempts") or 0) + 1,
                "result": {
                    "state": received.state, "inquiry": received.inquiry_id, "lead": received.lead_id,
                    "person": received.person_id, "conversation": received.conversation_id,
                    "message": received.message_id,
                },
            },
        )  # fmt: skip
        shorten_raw(intake_id, len(item.body))
        if record.get("state") == WAITING:
            enqueue(RESUME, {}, dedupe=f"integrations.resume:{utc_now():%Y%m%d%H%M}")


def _sentence(fault: Exception) -> str:
    if isinstance(fault, KumikoError):
        errors = getattr(fault, "errors", {}) or {}
        return " ".join([fault.message, *(f"{name}: {' '.join(lines)}" for name, lines in errors.items())])
    if isinstance(fault, DBAPIError):
        return str(_("The database refused a value of it: %(why)s", why=str(fault.orig)[:300]))
    logger.warning("what came in could not be read", exc_info=fault)
    return str(_("It cannot be read (%(kind)s: %(why)s).", kind=type(fault).__name__, why=str(fault)[:300]))


def sweep(job: Any) -> None:
    """The job of every minute: the oldest that waits is tried again (when it gets in, the others follow), and what
    lost its job, such as by a database that was away for long, gets another."""
    now = utc_now()
    slot = now.strftime("%Y%m%d%H%M")
    chat.hand_over_idle({row.id: bot_of(row) for row in queries.connection_rows(channels=(CHAT,))})
    with transaction():
        for intake_id in _ids(Intake.state == WAITING, 1):
            enqueue(TAKE_IN, {"intake": intake_id}, dedupe=f"integrations.again:{intake_id}:{slot}")
        for intake_id in _ids(Intake.state == NEW, SLICE, Intake.updated_at < now - SWEPT_AFTER):
            enqueue(TAKE_IN, {"intake": intake_id}, dedupe=f"integrations.lost:{intake_id}:{slot[:-1]}")


def resume(job: Any) -> None:
    """The job behind the first item that got in after a while of waiting: the others, some hundred at a time."""
    with transaction():
        ids = _ids(Intake.state == WAITING, SLICE)
        for intake_id in ids:
            enqueue(TAKE_IN, {"intake": intake_id}, dedupe=f"integrations.resume:{intake_id}:{job.id}")
        if len(ids) == SLICE:
            enqueue(RESUME, {}, run_at=utc_now() + timedelta(seconds=5))


def _ids(condition: Any, limit: int, *more: Any) -> list[int]:
    with unscoped("what came in is everybody's"):
        query = select(Intake.id).where(condition, Intake.deleted_at.is_(None), *more)
        return list(session().execute(query.order_by(Intake.id).limit(limit)).scalars())
