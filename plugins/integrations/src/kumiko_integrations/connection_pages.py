"""Connections: one page with the health of all of them, and one where an account is set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import select

from kumiko import (
    Action,
    Conflict,
    FieldView,
    Forbidden,
    Invalid,
    NotFound,
    Option,
    Veto,
    create,
    current,
    draw_page,
    field_inputs,
    field_values,
    get,
    get_for_setup,
    go_to,
    may,
    ngettext,
    offered,
    save_record,
    session,
    transaction,
    unit,
    unscoped,
    version_sent,
)
from kumiko import gettext as _
from kumiko_integrations import polling, queries
from kumiko_integrations.accounts import account_of, channel_of, find_channel, get_connection
from kumiko_integrations.models import CHAT, CONNECTION, FAILED, UNSURE, AccountState, Connection
from kumiko_integrations.sealing import ages_of, put_secrets

blueprint = Blueprint("integrations", __name__)
OWN = ("name", "active", "whose", "usual")
TONES = {"ok": "green", "failing": "red", "new": "gray"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A connection on the page."""

    id: int
    name: str
    icon: str
    channel: str
    tone: str
    state: str
    text: str
    read_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What became of what came in by one channel; `came_in` is the sum of the others."""

    channel: str
    came_in: int
    done: int
    waiting: int
    failed: int
    aside: int
    failed_href: str


@blueprint.get("/integrations")
def overview() -> Response:
    """GET the page: how connections are, what came in and what went out."""
    if not may("read", CONNECTION):
        raise Forbidden(_("Connections are set up by administrators."))
    out = queries.outbox_counts()
    return draw_page(
        "integrations/overview.html",
        lines=lines(),
        flows=[
            Flow(
                channel=_channel_label(one.channel), came_in=one.came_in, done=one.done, waiting=one.waiting,
                failed=one.failed, aside=one.aside, failed_href=f"/intake?channel={one.channel}&state=failed",
            )
            for one in queries.counts_by_channel()
        ],
        out=[(label, out.get(key, 0), f"/outbox?state={key}") for key, label in _OUT()],
        attention=attention(),
        channels=[
            Action(str(owned.item.label), f"/integrations/connect/{key}", owned.item.icon, method="post")
            for key, owned in sorted(offered("declare_channels").items(), key=lambda one: str(one[1].item.label))
        ] if may("create", CONNECTION) else [],
    )  # fmt: skip


def _OUT() -> list[tuple[str, str]]:  # noqa: N802
    return [
        ("queued", _("queued")), ("sending", _("being sent")), ("sent", _("sent")),
        ("unsure", _("may have been sent")), ("failed", _("failed")), ("cancelled", _("cancelled")),
    ]  # fmt: skip


def _channel_label(key: str) -> str:
    channel = find_channel(key)
    words = {"form": _("Forms"), "chat": _("Chat")}
    return str(channel.label) if channel is not None else words.get(key, key)


def attention() -> int:
    """How many messages did not go out, or may not have."""
    out = queries.outbox_counts()
    return int(out.get(FAILED, 0) + out.get(UNSURE, 0))


def lines() -> list[Line]:
    """The connections that the person may see, and how each is."""
    query = select(
        Connection.id, Connection.name, Connection.channel, Connection.health, Connection.last_error,
        Connection.failing_since, Connection.active,
    ).where(Connection.deleted_at.is_(None))  # fmt: skip
    rows = session().execute(query.order_by(Connection.name, Connection.id)).all()
    with unscoped("when connections were read, of those the person may see"):
        states = select(AccountState.connection_id, AccountState.read_at)
        read = {row.connection_id: row.read_at for row in session().execute(states)}
    return [_line(row, read.get(row.id)) for row in rows]


def _line(row: Any, read_at: datetime | None) -> Line:
    channel = find_channel(row.channel)
    if channel is None:
        tone, state, text = "amber", _("waits"), _("The module that offers this channel is switched off.")
    elif not row.active:
        tone, state, text = "gray", _("off"), _("Switched off; nothing is read or sent.")
    elif row.health == "failing":
        tone, state, text = "red", _("fails"), row.last_error or ""
    elif row.health == "ok" or (channel.poll is None and not channel.secrets):  # the latter: nothing outside can fail
        tone, state, text = "green", _("works"), ""
    else:
        tone, state, text = "gray", _("new"), _("Not checked yet.")
    return Line(
        id=row.id, name=row.name, icon=channel.icon if channel else "plug-off", channel=_channel_label(row.channel),
        tone=tone, state=state, text=text, read_at=read_at,
    )  # fmt: skip


@blueprint.post("/integrations/connect/<key>")
def connect(key: str) -> Response:
    """POST: a new connection of this channel, to be filled in on its page."""
    channel = find_channel(key)
    if channel is None:
        raise NotFound(_("There is no such channel."))
    made = create(CONNECTION, {"name": str(channel.label), "channel": key})
    return go_to(f"/connections/{made.id}/setup")


@blueprint.get("/connections/<int:connection_id>/setup")
def setup(connection_id: int) -> Response:
    """GET the page of one connection."""
    return _draw(connection_id)


@blueprint.post("/connections/<int:connection_id>/setup")
def save(connection_id: int) -> Response:
    """POST: what is typed; an empty secret stays as it is."""
    record = get_for_setup("connections", connection_id)
    channel = find_channel(record.get("channel") or "")
    try:
        with unit(reason=_("connection set up")):
            values = field_values(CONNECTION, OWN, request.form)
            if channel is not None:
                values["settings"] = _typed_settings(channel)
            unit_id = save_record(CONNECTION, connection_id, values, version=version_sent())
            given = {one.name: request.form.get(f"secret-{one.name}", "")[:4000] for one in _secrets(channel)}
            if any(given.values()):
                put_secrets(connection_id, {name: value for name, value in given.items() if value})
    except (Invalid, Conflict, Veto) as fault:
        return _draw(connection_id, fault)
    changed = unit_id is not None or any(given.values())
    if changed and channel is not None:
        _look_at(connection_id, channel)
    said = _("Saved") if changed else _("Nothing was changed")
    return go_to(f"/connections/{connection_id}/setup", said, undo_unit=unit_id)


@blueprint.post("/connections/<int:connection_id>/check")
def check(connection_id: int) -> Response:
    """POST: ask the other side now, and read what is new."""
    get_for_setup("connections", connection_id)
    row = get_connection(connection_id)
    channel = channel_of(row)
    problem = _problem_of(channel, row)
    with transaction():
        polling.note_health(connection_id, problem)
        if not problem and channel.poll is not None:
            polling.poll_now(connection_id)
    if problem:
        return go_to(f"/connections/{connection_id}/setup", problem, tone="error")
    return go_to(f"/connections/{connection_id}/setup", _("It works."))


def _look_at(connection_id: int, channel: Any) -> None:
    """After a change: one that is read is read soon, which shows whether it works; others are asked at once."""
    row = get_connection(connection_id)
    if not row.active:
        return
    if channel.poll is not None:
        polling.poll_now(connection_id)
        return
    problem = _problem_of(channel, row)
    with transaction():
        polling.note_health(connection_id, problem)


def _problem_of(channel: Any, row: Any) -> str:
    try:
        return str(channel.check(account_of(row))) if channel.check is not None else ""
    except Exception as fault:  # noqa: BLE001 - a channel of a vendor may raise anything; it is told here
        return getattr(fault, "message", "") or f"{type(fault).__name__}: {fault}"


def _secrets(channel: Any) -> tuple[Any, ...]:
    return channel.secrets if channel is not None else ()


def _typed_settings(channel: Any) -> dict[str, Any]:
    """The channel's settings as typed; Invalid with a sentence per setting."""
    found: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for one in channel.settings:
        name = f"set-{one.name}"
        text = request.form.getlist(name)[-1].strip() if name in request.form else ""
        value: Any = text or None
        if one.kind == "boolean":
            value = text in ("true", "1", "on")
        elif one.kind == "integer" and text:
            if not text.isdecimal() or len(text) > 9:
                errors[name] = [_("wanted a whole number, found %(text)s", text=text[:40])]
                continue
            value = int(text)
            if (one.minimum is not None and value < one.minimum) or (one.maximum is not None and value > one.maximum):
                errors[name] = [_("wanted a number from %(least)s to %(most)s", least=one.minimum, most=one.maximum)]
        elif one.kind == "email" and text and "@" not in text:
            errors[name] = [_("“%(value)s” is no e-mail address.", value=text[:100])]
        elif one.kind == "choice" and text and text not in {choice.key for choice in one.choices}:
            errors[name] = [_("wanted one of those offered")]
        if one.required and value in (None, ""):
            errors[name] = [_("%(label)s is needed.", label=str(one.label))]
        if value is not None:
            found[one.name] = value
    if errors:
        raise Invalid(_("Some values are not accepted."), errors)
    return found


def _draw(connection_id: int, fault: Any = None) -> Response:
    record = get_for_setup("connections", connection_id)
    if record.deleted:
        raise Conflict(_("This connection is in the bin; restore it first."))
    channel = find_channel(record.get("channel") or "")
    errors: Mapping[str, list[str]] = getattr(fault, "errors", None) or {}
    inputs = field_inputs(CONNECTION, OWN, record.values, typed=request.form if fault else None, errors=errors)
    generation = current().generation
    base = generation.config.base_url if generation is not None else ""
    hook = f"{base}/hooks/{record.get('key')}" if channel is not None and channel.hook is not None else ""
    chat = f"{base}/integrations/chat/{record.get('key')}" if record.get("channel") == CHAT else ""
    return draw_page(
        "integrations/connection.html",
        422 if fault else 200,
        record=get(CONNECTION, connection_id),
        channel=channel,
        own=list(inputs.values()),
        settings=[_setting_input(one, record.get("settings") or {}, errors, bool(fault)) for one in channel.settings]
        if channel is not None else [],
        secrets=[_secret_input(one, ages_of(connection_id)) for one in _secrets(channel)],
        summary=(fault.message,) if fault else (),
        line=next((one for one in lines() if one.id == connection_id), None),
        hook=hook,
        chat=chat,
        snippet=f'<script async src="{chat}/chat.js"></script>' if chat else "",
        counts=next((one for one in queries.counts_by_channel() if one.channel == record.get("channel")), None),
    )  # fmt: skip


def _setting_input(one: Any, settings: Mapping[str, Any], errors: Mapping[str, list[str]], typed: bool) -> FieldView:
    name = f"set-{one.name}"
    stored = settings.get(one.name)
    stored = one.default if stored is None else stored
    text = request.form.getlist(name)[-1] if typed and name in request.form else ("" if stored is None else stored)
    text = {True: "true", False: "false"}.get(text, text) if isinstance(text, bool) else str(text)
    return FieldView(
        name=name, label=str(one.label), kind=one.kind, value=text, help=str(one.help), required=one.required,
        errors=tuple(errors.get(name, ())),
        options=tuple(Option(choice.key, str(choice.label)) for choice in one.choices),
    )  # fmt: skip


def _secret_input(one: Any, ages: Mapping[str, datetime]) -> FieldView:
    at = ages.get(one.name)
    days = (datetime.now(at.tzinfo) - at).days if at is not None else 0
    said = ngettext("Set %(num)d day ago; leave it empty to keep it, type a new one to replace it.",
                    "Set %(num)d days ago; leave it empty to keep it, type a new one to replace it.", days)  # fmt: skip
    return FieldView(
        name=f"secret-{one.name}", label=str(one.label), kind="password", help=said if at is not None else "",
        placeholder="••••••••" if at is not None else "", autocomplete="new-password",
    )  # fmt: skip
