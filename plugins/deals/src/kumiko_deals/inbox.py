"""The inbox: what came in by all channels, newest first, with counters that always add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select

from kumiko import Action, Link, Option, list_rows, may, session
from kumiko import gettext as _
from kumiko_contracts.inquiries import BECAME_LEAD, INQUIRY, JOINED, REJECTED, WAITING
from kumiko_deals.choices import CHANNEL_ICONS, CHANNELS, STATES
from kumiko_deals.inquiry_models import RULE, Inquiry

PAGE = 50
PREVIEW = 180
SHOWN = (
    "received_at", "channel", "name", "sender_name", "sender_email", "sender_phone", "sender_handle",
    "sender_organization", "state", "reject_reason", "remark", "lead", "person", "organization", "owner",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Row:
    """One inquiry in the inbox."""

    id: int
    href: str
    sender: str
    organization: str
    title: str
    preview: str
    icon: str
    channel: str
    state: Option
    at: datetime
    owner: str
    owner_id: int | None
    belongs: Link | None
    note: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True)
class InboxView:
    """The page. `counters`: received and what became of it; `channels`: the filter, each with its number."""

    counters: tuple[Link, ...]
    channels: tuple[Link, ...]
    rows: tuple[Row, ...]
    more_href: str
    actions: tuple[Action, ...]
    filtered: bool
    clear_href: str = "/inquiries/inbox"


def counters(channel: str = "") -> dict[str, dict[str, int]]:
    """Channel -> state -> number of inquiries that the person may see; of one channel or all."""
    query = select(Inquiry.channel, Inquiry.state, func.count(Inquiry.id)).where(Inquiry.deleted_at.is_(None))
    if channel:
        query = query.where(Inquiry.channel == channel)
    found: dict[str, dict[str, int]] = {}
    for one, state, count in session().execute(query.group_by(Inquiry.channel, Inquiry.state)):
        found.setdefault(one or "", {})[state] = int(count)
    return found


def inbox_view(asked: Mapping[str, str]) -> InboxView:
    """The page for `state`, `channel` and the cursor `after`; unknown values mean "all"."""
    states, channels = {one.key for one in STATES}, {one.key for one in CHANNELS}
    state = asked.get("state", "") if asked.get("state", "") in states else ""
    channel = asked.get("channel", "") if asked.get("channel", "") in channels else ""
    wanted = [{"f": name, "op": "eq", "v": value} for name, value in (("state", state), ("channel", channel)) if value]
    page = list_rows(
        INQUIRY, SHOWN, node={"and": wanted} if wanted else None, sort="-received_at", limit=PAGE,
        after=asked.get("after", ""),
    )  # fmt: skip
    previews = _previews([row["id"] for row in page.rows])
    numbers = counters()
    return InboxView(
        counters=_counters(numbers, state, channel),
        channels=_channels(numbers, state, channel),
        rows=tuple(_row(row, previews.get(row["id"], "")) for row in page.rows),
        more_href=_href(state, channel, page.next) if page.next else "",
        actions=_actions(),
        filtered=bool(state or channel),
    )


def _previews(ids: list[int]) -> dict[int, str]:
    """The first words of each, without reading long texts whole."""
    if not ids:
        return {}
    query = select(Inquiry.id, func.substr(Inquiry.body, 1, PREVIEW)).where(Inquiry.id.in_(ids))
    return {row[0]: " ".join((row[1] or "").split()) for row in session().execute(query)}


def _href(state: str, channel: str, after: str | None = None) -> str:
    asked = {name: value for name, value in (("state", state), ("channel", channel), ("after", after)) if value}
    return f"/inquiries/inbox?{urlencode(asked)}" if asked else "/inquiries/inbox"


def _counters(numbers: Mapping[str, Mapping[str, int]], state: str, channel: str) -> tuple[Link, ...]:
    counted = [by_state for name, by_state in numbers.items() if channel in ("", name)]
    total = sum(sum(one.values()) for one in counted)
    words = {
        WAITING: _("Waiting"),
        BECAME_LEAD: _("Became leads"),
        JOINED: _("Joined customers"),
        REJECTED: _("Rejected"),
    }
    links = [Link(_("Received"), _href("", channel), count=str(total), active=not state)]
    for key, word in words.items():
        number = sum(one.get(key, 0) for one in counted)
        links.append(Link(word, _href(key, channel), count=str(number), active=state == key))
    return tuple(links)


def _channels(numbers: Mapping[str, Mapping[str, int]], state: str, channel: str) -> tuple[Link, ...]:
    links = [Link(_("All channels"), _href(state, ""), active=not channel)]
    for one in CHANNELS:
        by_state = numbers.get(one.key)
        if by_state or one.key == channel:
            number = sum((by_state or {}).values()) if not state else (by_state or {}).get(state, 0)
            links.append(
                Link(str(one.label), _href(state, one.key), CHANNEL_ICONS[one.key], str(number), one.key == channel)
            )
    return tuple(links) if len(links) > 1 else ()


def _actions() -> tuple[Action, ...]:
    found = []
    if may("edit", RULE):
        found.append(Action(_("Who gets what"), "/assignment-rules/try", "route"))
    if may("create", INQUIRY):
        found.append(Action(_("Log an inquiry"), "/inquiries/new", "plus", primary=True, dialog=True))
    return tuple(found)


def _row(row: Mapping[str, Any], preview: str) -> Row:
    sender = next(
        (row[name] for name in ("sender_name", "sender_email", "sender_phone", "sender_handle", "sender_organization")
         if row[name]), _("Unknown sender"),
    )  # fmt: skip
    option = next((one for one in STATES if one.key == row["state"]), STATES[0])
    channel = next((one for one in CHANNELS if one.key == row["channel"]), CHANNELS[-1])
    owner, path = row["owner"], f"/inquiries/{row['id']}"
    belongs = next(
        (Link(row[name].name, f"/{where}/{row[name].id}", icon)
         for name, where, icon in (("lead", "leads", "target"), ("person", "persons", "user"),
                                   ("organization", "organizations", "building"))
         if row[name] is not None and row[name].name), None,
    )  # fmt: skip
    title = row["name"] or ""
    return Row(
        id=row["id"], href=path, sender=sender, organization=row["sender_organization"] or "", title=title,
        preview=preview.removeprefix(title).lstrip(" .,-") if preview.startswith(title) else preview,
        icon=CHANNEL_ICONS[channel.key], channel=str(channel.label),
        state=Option(option.key, str(option.label), option.hue),
        at=row["received_at"], owner=owner.name if owner is not None else "", owner_id=owner.id if owner else None,
        belongs=belongs, note=row["reject_reason"] or (row["remark"] or "" if row["state"] == WAITING else ""),
        actions=_row_actions(row["state"], path),
    )  # fmt: skip


def _row_actions(state: str, path: str) -> tuple[Action, ...]:
    found = []
    if state in (WAITING, REJECTED):
        found.append(Action(_("Make lead"), f"{path}/actions/make_lead", "target", method="post"))
        found.append(Action(_("Join to a customer"), f"{path}/actions/join", "link", dialog=True))
    if state == WAITING:
        found.append(Action(_("Reject"), f"{path}/actions/reject", "ban", dialog=True))
    if state in (REJECTED, JOINED):
        found.append(Action(_("Reopen"), f"{path}/actions/reopen", "arrow-back-up", method="post"))
    if may("assign", INQUIRY):
        found.append(Action(_("Assign"), f"{path}/actions/assign", "user-plus", dialog=True))
    return tuple(found) if may("edit", INQUIRY) else ()
