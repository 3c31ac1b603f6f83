"""Rules of quotes and orders, and what invoices share with them: lines counted, states moved by actions only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from kumiko import Conflict, Draft, Invalid, Money, company_currency, emit, services, settings_of, update
from kumiko import gettext as _
from kumiko_contracts.sales import QUOTE_ACCEPTED
from kumiko_sales import lines
from kumiko_sales.models import ACCEPTED, CANCELLED, DECLINED_QUOTE, DELIVERED, DRAFT, SENT
from kumiko_sales.totals import TAX_PER_RATE, Totals

#: What may change on a document that went out: to whom it belongs among us, not what the customer has in hand.
FREE = frozenset({"owner", "team", "co_owners", "tags", "external_ids"})
#: (record id, what an action writes into it) while one is at work.
_moving: ContextVar[tuple[int, Mapping[str, Any]]] = ContextVar("kumiko_sales_moving", default=(0, {}))


def move(record: Any, values: Mapping[str, Any]) -> None:
    """Write what only actions write (state, number, days, addresses) into a document that was read as `record`."""
    token = _moving.set((record.id, values))
    try:
        update(record.type.key, record.id, {}, if_match=record.version)
    finally:
        _moving.reset(token)


def _moves(draft: Draft) -> Mapping[str, Any]:
    record_id, values = _moving.get()
    return values if record_id == draft.record_id and draft.action == "changed" else {}


def prepare_quote(draft: Draft) -> None:
    """A quote that went out stays as it was; it is accepted or declined, or a copy of it becomes the next one."""
    if not _may_be(draft, _("A quote that was sent stays in its place; decline it instead of deleting it.")):
        return
    if draft.action == "changed" and draft.before("state") in (SENT, ACCEPTED, DECLINED_QUOTE):
        refuse_changes(draft, _("Quote %(number)s was sent and stays as it is; copy it to offer something else.",
                                number=draft.before("number") or ""))  # fmt: skip
    prepare_document(draft)


def prepare_order(draft: Draft) -> None:
    """A delivered or cancelled order stays as it was."""
    if not _may_be(draft, _("A confirmed order stays in its place; cancel it instead of deleting it.")):
        return
    if draft.action == "changed" and draft.before("state") in (DELIVERED, CANCELLED):
        refuse_changes(draft, _("Order %(number)s is closed and stays as it is.", number=draft.before("number") or ""))
    prepare_document(draft)


def after_quotes(drafts: Sequence[Draft]) -> None:
    """State what was accepted, once."""
    for draft in drafts:
        accepted = draft.action == "changed" and draft.get("state") == ACCEPTED and draft.changes("state")
        if accepted and not draft.replaying:
            emit(QUOTE_ACCEPTED, draft, {
                "number": draft.get("number") or "", "amount": json_of(draft.get("gross")), **customer_of(draft),
            })  # fmt: skip


#: Numbers of sample documents: they are in no series, so that sample data can be removed.
SAMPLE = "DEMO-"


def is_sample(draft: Draft) -> bool:
    """Whether a document came with the sample data."""
    return str(draft.before("number") or "").startswith(SAMPLE)


def _may_be(draft: Draft, sentence: str) -> bool:
    """False when there is nothing to check: it goes to the bin. Conflict when it has a number and must not."""
    if draft.action != "deleted":
        return True
    if draft.before("number") and not is_sample(draft):
        raise Conflict(sentence)
    return False


def refuse_changes(draft: Draft, sentence: str, *, for_good: bool = False) -> None:
    """Refuse what would change a document that went out; what is the same, or belongs to us alone, passes.

    `for_good`: not even the action that sent it out can be undone. Else its number stays: undo never writes it.
    """
    given = draft.values.get("lines")
    if draft.via != "undo" and given is not None and lines.same_lines(given, draft.before("lines") or []):
        del draft.values["lines"]
    for name in list(draft.values):
        one = draft.info.fields[name]
        if name in FREE or (one.field.derived and name != "state") or not draft.changes(name):
            continue
        if draft.via == "merge" and name in ("organization", "person", "deal"):
            continue  # two records of one customer become one; the address on the document stays
        if draft.via == "undo":
            if name in MOVED and draft.action == "changed" and not for_good:
                continue  # an action taken back
            raise Conflict(sentence)
        draft.refuse(name, sentence)


#: Fields that actions write when a document goes out or is answered.
MOVED = frozenset({
    "state", "number", "issued_on", "valid_until", "due_on", "decided_on", "decline_reason", "address", "seller",
    "language", "deliver_on",
})  # fmt: skip


def prepare_document(draft: Draft) -> None:
    """Lines and totals, currency, customer, name; the state only by actions."""
    if draft.get("state") is None:
        draft.set("state", DRAFT)
    before, moved = draft.before("state") or DRAFT, _moves(draft)
    if draft.get("state") != before and not draft.replaying:
        verb = next(iter(draft.info.actions), "send")
        draft.refuse("state", _("The state is changed by actions, such as POST /%(what)s/ID/%(verb)s; leave it out "
                                "here.", what=draft.info.collection, verb=verb))  # fmt: skip
    for name, value in moved.items():
        draft.set(name, value)
    _follow_customer(draft)
    count(draft)
    draft.set("name", name_of(draft))


def count(draft: Draft) -> None:
    """Put what the lines come to into the draft."""
    given = lines.currency_of(draft.values.get("lines") or ())
    if not draft.get("currency"):
        draft.set("currency", given or company_currency())
    elif draft.is_new and given and draft.get("currency") == company_currency() and given != draft.get("currency"):
        draft.set("currency", given)  # a new document speaks the currency of its prices
    currency = draft.get("currency")
    made = lines.count(draft, "lines", currency, prices_include_tax=bool(draft.get("prices_include_tax")))
    if made is None:
        return
    draft.set("net", Money(made.net_minor, currency))
    draft.set("tax", Money(made.tax_minor, currency))
    draft.set("gross", Money(made.gross_minor, currency))
    draft.set("rounding_rule", TAX_PER_RATE)
    draft.set("taxes", _tax_rows(draft, made, currency))


def _tax_rows(draft: Draft, made: Totals, currency: str) -> list[dict[str, Any]]:
    known = {row["percent"]: row["id"] for row in draft.before("taxes") or ()}
    return [
        {
            "id": known.get(float(one.percent)),
            "percent": float(one.percent),
            "net": Money(one.net_minor, currency),
            "tax": Money(one.tax_minor, currency),
        }
        for one in made.taxes
    ]


def _follow_customer(draft: Draft) -> None:
    """A new document without a customer is for the one of its deal."""
    if not draft.is_new or draft.replaying or draft.get("deal") is None:
        return
    if draft.get("organization") is None and draft.get("person") is None:
        deal = services.find("deals/1").get_deal(draft.get("deal"))
        draft.set("organization", deal.organization_id)
        draft.set("person", deal.person_id)


def name_of(draft: Draft) -> str:
    """ "INV-2026-0007, Acme": number and customer, as far as there are any."""
    parties = services.get("parties/1")
    who = ""
    if not (draft.is_new or draft.changes("organization", "person", "number", "subject")) and draft.before("name"):
        return str(draft.before("name"))
    for field in ("organization", "person"):
        party = parties.find_party(draft.get(field)) if draft.get(field) is not None else None
        if party is not None:
            who = party.name
            break
    head = draft.get("number") or _("Draft")
    return ", ".join(part for part in (head, who or draft.get("subject") or "") if part)[:300]


def customer_of(draft: Draft) -> dict[str, Any]:
    """What facts say about whom a document is for."""
    return {
        "deal_id": draft.get("deal"), "person_id": draft.get("person"), "organization_id": draft.get("organization"),
        "owner_id": draft.get("owner"),
    }  # fmt: skip


def json_of(money: Money | None) -> dict[str, str] | None:
    """Money as facts carry it."""
    return None if money is None else money.as_json()


def known_currency(value: Any) -> str:
    """An ISO code in capitals; Invalid when nobody pays in it."""
    return Money.of(0, str(value)).currency


def known_language(value: Any) -> str:
    """A language tag such as "de"; Invalid when it is none."""
    from babel import Locale, UnknownLocaleError  # local: only when somebody gives one

    try:
        return str(Locale.parse(str(value).strip().replace("-", "_"))).replace("_", "-")
    except (UnknownLocaleError, ValueError):
        raise Invalid(_("%(found)s is no language; give a code such as en or de", found=repr(value)[:40])) from None


def usual_terms() -> int:
    """Days to pay as the company's settings say."""
    return int(settings_of("sales").get("terms_days") or 0)


def usually_with_tax() -> bool:
    """Whether the company gives its prices with tax."""
    return bool(settings_of("sales").get("prices_include_tax"))
