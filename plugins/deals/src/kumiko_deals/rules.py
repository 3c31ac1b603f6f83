"""Rules of deals, interactions and dictionaries: the same for the API, the screens, imports and the command line.

What guards people's hands (a reason for every lost deal, no day in the future) only warns when history is brought in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from kumiko import Draft, company_day, company_today, mentioned_users, services, utc_now, without_marks
from kumiko import gettext as _
from kumiko_deals import queries
from kumiko_deals.models import LOST, OPEN, LostReason, Source

SUBJECT_LENGTH = 80
#: On a draft whose outcome was put there by `decide`.
DECIDED = "deals.decided"
_changing_outcome: ContextVar[bool] = ContextVar("kumiko_deals_changing_outcome", default=False)
_sample: ContextVar[bool] = ContextVar("kumiko_deals_sample", default=False)


@contextmanager
def changing_outcome(*, sample: bool = False) -> Iterator[None]:
    """Inside, the outcome may be written: it is one of the actions that does it. Sample data state no facts."""
    tokens = (_changing_outcome, _changing_outcome.set(True)), (_sample, _sample.set(sample))
    try:
        yield
    finally:
        for variable, token in tokens:
            variable.reset(token)


def is_sample() -> bool:
    """Whether sample data are being made."""
    return _sample.get()


def prepare_deal(draft: Draft) -> None:
    """Outcome by actions only, its day and reason; day of opening; participants; no archived values."""
    if draft.action == "deleted":
        return
    if draft.get("outcome") is None:
        draft.set("outcome", OPEN)
    if draft.is_new and draft.get("opened_on") is None and not draft.replaying:
        draft.set("opened_on", company_today())
    if "participants" in draft.values and draft.via != "undo":
        draft.set("participants", _distinct(draft.values["participants"] or [], "person", "role"))
    if _may_have_outcome(draft):
        _check_reason(draft)
        _check_days(draft)
    _refuse_archived(draft, "source", Source)
    _refuse_archived(draft, "lost_reason", LostReason)


def _may_have_outcome(draft: Draft) -> bool:
    before, after = draft.before("outcome") or OPEN, draft.get("outcome")
    if after == before or draft.replaying or _changing_outcome.get() or DECIDED in draft.marks:
        return True
    draft.refuse(
        "outcome",
        _("The outcome is changed by the actions win, lose and reopen, such as POST /deals/ID/win; leave it out here."),
    )
    return False


def _check_reason(draft: Draft) -> None:
    if not draft.changes("outcome", "lost_reason"):
        return
    is_lost, reason = draft.get("outcome") == LOST, draft.get("lost_reason")
    if is_lost and reason is None:
        draft.guard("lost_reason", _("Say why the deal was lost: choose a reason."))
    if not is_lost and reason is not None:
        draft.guard("lost_reason", _("Only a lost deal has a reason for it; use the action lose."))


def _check_days(draft: Draft) -> None:
    if not draft.changes("outcome", "closed_on", "opened_on"):
        return
    outcome, opened, closed = draft.get("outcome"), draft.get("opened_on"), draft.get("closed_on")
    if outcome == OPEN and closed is not None:
        draft.guard("closed_on", _("An open deal has no closing day; win or lose it, or leave the day out."))
    elif outcome != OPEN and closed is None:
        draft.guard("closed_on", _("A closed deal needs the day it was closed on."))
    elif closed is not None and closed > company_today():
        draft.guard("closed_on", _("A deal cannot be closed in the future; found %(day)s.", day=closed))
    if closed is not None and opened is not None and closed < opened:
        draft.guard("closed_on", _("A deal opened on %(opened)s cannot be closed before, on %(closed)s.",
                                   opened=opened, closed=closed))  # fmt: skip


def _refuse_archived(draft: Draft, name: str, model: type[Any]) -> None:
    value = draft.values.get(name)
    if value is not None and not draft.replaying and draft.changes(name) and queries.is_archived(model, value):
        draft.refuse(name, _("This value is archived and no longer offered; choose another one."))


def prepare_interaction(draft: Draft) -> None:
    """Customer of the deal, subject from the text, who is mentioned; defaults of a note made now."""
    if draft.action == "deleted":
        return
    for name, default in (("kind", "note"), ("direction", "none")):
        if draft.get(name) is None:
            draft.set(name, default)
    if draft.get("started_at") is None:
        draft.set("started_at", utc_now())
    if draft.via != "undo":
        _fill_customer(draft)
        if "participants" in draft.values:
            draft.set("participants", _distinct(draft.values["participants"] or [], "person"))
        _fill_subject(draft)
    if draft.is_new or "body" in draft.values:
        _list_mentions(draft)


def _fill_customer(draft: Draft) -> None:
    deal_id = draft.values.get("deal")
    if (
        deal_id is None
        or not draft.changes("deal")
        or (draft.values.get("person") and draft.values.get("organization"))
    ):
        return  # an import that says who it was with costs no query per row
    for name, value in zip(("person", "organization"), queries.customer_of(deal_id), strict=True):
        if draft.values.get(name) is None and value is not None:
            draft.set(name, value)


def _fill_subject(draft: Draft) -> None:
    """The subject given, else the first line of the text; it follows the text as long as nobody wrote another one."""
    given = draft.get("name")
    if given and "body" in draft.values and not draft.changes("name"):
        given = "" if given == subject_of(draft.before("body")) else given
    made = given or subject_of(draft.get("body")) or _stand_in(draft)
    if not made:
        draft.refuse("body", _("Write something, or give a subject."))
    elif made != draft.get("name"):
        draft.set("name", made)


def subject_of(body: str | None) -> str:
    """The first line of a text, shortened to whole words; "" for an empty text."""
    line = next((line.strip() for line in without_marks(body or "").splitlines() if line.strip()), "")
    line = " ".join(line.split())
    if len(line) <= SUBJECT_LENGTH:
        return line
    return line[:SUBJECT_LENGTH].rsplit(" ", 1)[0][: SUBJECT_LENGTH - 1] + "…"


def _stand_in(draft: Draft) -> str:
    """ "Call with Anna Weber": a call or meeting needs no words; a note without any is nothing."""
    kind = draft.get("kind")
    if kind == "note":
        return ""
    word = str(draft.info.fields["kind"].choices[kind].label)
    parties = services.get("parties/1")
    for name in ("person", "organization"):
        party = parties.find_party(draft.get(name)) if draft.get(name) is not None else None
        if party is not None:
            return str(_("%(kind)s with %(who)s", kind=word, who=party.name))[:300]
    return str(_("%(kind)s on %(day)s", kind=word, day=company_day(draft.get("started_at"))))


def _list_mentions(draft: Draft) -> None:
    known = {row["user"]: row for row in draft.before("mentions") or ()}
    users = mentioned_users(draft.get("body"))
    if list(known) != users:
        draft.set("mentions", [dict(known.get(user_id, {"user": user_id})) for user_id in users])


def prepare_value(draft: Draft) -> None:
    """A dictionary holds each name once; what is archived stays where it is used."""
    if draft.action == "deleted":
        return
    if draft.is_new or "archived" in draft.values:
        draft.set("archived", bool(draft.get("archived")))
    name = draft.get("name")
    if not name or not (draft.changes("name") or draft.action == "restored"):
        return
    taken = queries.find_value(draft.info.type.model, name)
    if taken is not None and taken != draft.record_id:
        draft.refuse("name", _("There is already a value “%(name)s”; use it, or take another name.", name=name))


def _distinct(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    """Rows that name a person, each combination once."""
    seen: set[tuple[Any, ...]] = set()
    found: list[dict[str, Any]] = []
    for row in rows:
        key = tuple(row.get(name) for name in names)
        if row.get("person") is not None and key not in seen:
            seen.add(key)
            found.append(row)
    return found
