"""Buttons on what came in and what goes out: try again, cancel, say what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko import RecordAction, as_system, enqueue, unit
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_integrations.delivering import settle_by_hand
from kumiko_integrations.kept import keep
from kumiko_integrations.models import CANCELLED, FAILED, INTAKE, NEW, OUTBOX, QUEUED, UNSURE, WAITING
from kumiko_integrations.services import DELIVER


def try_again(record: Any, values: Mapping[str, Any]) -> None:
    """Take one thing in once more."""
    with as_system("the intake is kept by the module itself"):
        keep(INTAKE, record.id, {"state": NEW, "error": None})


def send_now(record: Any, values: Mapping[str, Any]) -> None:
    """Send a message that failed or waits, at once."""
    with unit(), as_system("the outbox is kept by the module itself"):
        keep(OUTBOX, record.id, {"state": QUEUED, "next_try_at": None, "attempts": 0, "error": None})
        enqueue(DELIVER, {"outbox": record.id}, order_keys=[f"integrations.outbox:{record.id}"])


def cancel(record: Any, values: Mapping[str, Any]) -> None:
    """Do not send a message after all."""
    with as_system("the outbox is kept by the module itself"):
        keep(OUTBOX, record.id, {"state": CANCELLED, "next_try_at": None})


def arrived(record: Any, values: Mapping[str, Any]) -> None:
    """Somebody looked, and it is there."""
    settle_by_hand(record, sent=True)


def send_again(record: Any, values: Mapping[str, Any]) -> None:
    """Somebody looked, and it is not there."""
    settle_by_hand(record, sent=False)


def _nothing_to_try(_record: Any) -> str:
    return str(_("It is taken in, or on its way; there is nothing to try again."))


def _is_sent(_record: Any) -> str:
    return str(_("It was sent, or is being sent."))


def _is_clear(_record: Any) -> str:
    return str(_("Nobody doubts what became of it."))


def _in(*states: str) -> Any:
    return lambda record: record.get("state") in states


ACTIONS = [
    RecordAction(
        type=INTAKE, name="retry", label=_l("Try again"), run=try_again, icon="refresh", primary=True,
        available=_in(FAILED, WAITING),
        refusal=_nothing_to_try,
    ),
    RecordAction(
        type=OUTBOX, name="retry", label=_l("Send now"), run=send_now, icon="send", primary=True,
        available=_in(FAILED, QUEUED, CANCELLED),
        refusal=_is_sent,
    ),
    RecordAction(
        type=OUTBOX, name="cancel", label=_l("Do not send"), run=cancel, icon="ban", available=_in(QUEUED, FAILED),
        refusal=_is_sent,
    ),
    RecordAction(
        type=OUTBOX, name="arrived", label=_l("It arrived"), icon="check", primary=True, available=_in(UNSURE),
        run=arrived,
        refusal=_is_clear,
    ),
    RecordAction(
        type=OUTBOX, name="send_again", label=_l("It did not arrive: send it again"), icon="refresh",
        available=_in(UNSURE), run=send_again,
        refusal=_is_clear,
    ),
]  # fmt: skip
