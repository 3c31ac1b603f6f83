"""The page of an outgoing web hook: what it is told, its secret, and every call with what was answered."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import select

from kumiko import (
    Conflict,
    Invalid,
    NotFound,
    Veto,
    draw_page,
    feature,
    field_inputs,
    field_values,
    get_for_setup,
    go_to,
    save_record,
    session,
    transaction,
    unit,
    unscoped,
    version_sent,
)
from kumiko import gettext as _
from kumiko_integrations import calling
from kumiko_integrations.models import WEBHOOK, Delivery
from kumiko_integrations.sealing import put_secrets
from kumiko_integrations.webhook_type import known_events

blueprint = feature("webhooks")(Blueprint("integrations_webhooks", __name__))
OWN = ("name", "url", "active", "acts_as", "only_fields", "only")
SHOWN = 50


@blueprint.get("/webhooks/<int:webhook_id>/setup")
def setup(webhook_id: int) -> Response:
    """GET the page."""
    return _draw(webhook_id)


@blueprint.post("/webhooks/<int:webhook_id>/setup")
def save(webhook_id: int) -> Response:
    """POST: all of it, as one unit."""
    get_for_setup("webhooks", webhook_id)
    try:
        with unit(reason=_("web hook set up")):
            values = field_values(WEBHOOK, OWN, request.form)
            values["events"] = request.form.getlist("events")
            unit_id = save_record(WEBHOOK, webhook_id, values, version=version_sent())
    except (Invalid, Conflict, Veto) as fault:
        return _draw(webhook_id, fault)
    said = _("Nothing was changed") if unit_id is None else _("Saved")
    return go_to(f"/webhooks/{webhook_id}/setup", said, undo_unit=unit_id)


@blueprint.post("/webhooks/<int:webhook_id>/secret")
def renew(webhook_id: int) -> Response:
    """POST: another secret, shown this once."""
    get_for_setup("webhooks", webhook_id)
    secret = secrets.token_urlsafe(32)
    with transaction():
        put_secrets(webhook_id, {"secret": secret})
    return _draw(webhook_id, secret=secret)


@blueprint.post("/webhooks/<int:webhook_id>/deliveries/<int:delivery_id>/retry")
def retry(webhook_id: int, delivery_id: int) -> Response:
    """POST: call once more."""
    get_for_setup("webhooks", webhook_id)
    with unscoped("a delivery of a web hook that the person may change"):
        query = select(Delivery.webhook_id).where(Delivery.id == delivery_id)
        found = session().execute(query).scalar()
    if found != webhook_id:
        raise NotFound(_("This web hook has no such delivery."))
    calling.again(delivery_id)
    return go_to(f"/webhooks/{webhook_id}/setup", _("It is called again."))


def _draw(webhook_id: int, fault: Any = None, *, secret: str = "") -> Response:
    record = get_for_setup("webhooks", webhook_id)
    if record.deleted:
        raise Conflict(_("This web hook is in the bin; restore it first."))
    typed = request.form if fault else None
    inputs = field_inputs(WEBHOOK, OWN, record.values, typed=typed, errors=getattr(fault, "errors", None))
    chosen = set(request.form.getlist("events") if fault else record.get("events") or ())
    groups: dict[str, list[tuple[str, str, bool]]] = {}
    for name, group, label in known_events():
        groups.setdefault(group, []).append((name, label, name in chosen))
    before = request.args.get("before", "")
    rows = _deliveries(webhook_id, int(before) if before.isdecimal() and len(before) < 18 else None)
    return draw_page(
        "integrations/webhook.html",
        422 if fault else 200,
        record=record,
        fields=list(inputs.values()),
        groups=sorted(groups.items(), key=lambda one: (not any(each[2] for each in one[1]), one[0])),
        summary=(fault.message, *getattr(fault, "errors", {}).get("events", ())) if fault else (),
        secret=secret,
        deliveries=rows[:SHOWN],
        more=rows[SHOWN - 1].id if len(rows) > SHOWN else 0,
        words={"queued": (_("waits"), "blue"), "delivered": (_("delivered"), "green"), "failed": (_("failed"), "red")},
    )


def _deliveries(webhook_id: int, before: int | None) -> list[Any]:
    with unscoped("deliveries of a web hook that the person may change"):
        query = select(
            Delivery.id, Delivery.event, Delivery.title, Delivery.href, Delivery.state, Delivery.attempts,
            Delivery.status, Delivery.response, Delivery.made_at, Delivery.next_try_at, Delivery.body,
        ).where(Delivery.webhook_id == webhook_id)  # fmt: skip
        if before is not None:
            query = query.where(Delivery.id < before)
        return list(session().execute(query.order_by(Delivery.id.desc()).limit(SHOWN + 1)))
