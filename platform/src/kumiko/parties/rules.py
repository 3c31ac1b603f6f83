"""Rules of persons and organizations: they hold for the API, the screens, imports and the command line alike."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Table, bindparam, select

from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.parties import names
from kumiko.parties.models import Organization, Person
from kumiko.parties.rows import keep_first, keep_primary, mirror
from kumiko.records.drafts import Draft

ADDRESS = ("street", "city", "region", "postal_code", "country")
NAME_PARTS = ("first_name", "middle_name", "last_name")
_person: Table = Person.__table__  # type: ignore[assignment]
_organization: Table = Organization.__table__  # type: ignore[assignment]


def prepare_person(draft: Draft) -> None:
    """Name from its parts, mirrors of the primary rows, no loop of recommendations."""
    if draft.action == "deleted":
        return
    if "do_not_call" in draft.values or draft.is_new:
        draft.set("do_not_call", bool(draft.get("do_not_call")))
    _contacts(draft)
    keep_primary(draft, "organizations", "organization", "organization")
    keep_first(draft, "addresses", ("city",), ADDRESS)
    _dates_of_jobs(draft)
    _name_person(draft)
    _refuse_loop(
        draft, "referred_by", _person, _("A person cannot be recommended by themselves, even by way of others.")
    )


def prepare_organization(draft: Draft) -> None:
    """Mirrors of the primary rows, domain from the web address, no organization above itself."""
    if draft.action == "deleted":
        return
    _contacts(draft)
    keep_first(draft, "addresses", ("city", "country"), ADDRESS)
    if "website" in draft.values:
        mirror(draft, "domain", domain_of(draft.get("website")))
    if draft.get("currency") and draft.changes("currency"):
        _check_currency(draft)
    _refuse_loop(draft, "parent", _organization, _("An organization cannot belong to itself, even by way of others."))


def domain_of(website: str | None) -> str | None:
    """ "https://www.acme.example/about" -> "acme.example"; None when there is none."""
    if not website:
        return None
    host = (urlsplit(website).hostname or "").removeprefix("www.")
    return host[:253] or None


def _contacts(draft: Draft) -> None:
    keep_primary(draft, "emails", "email", "address", ("opted_out", "invalid"))
    keep_primary(draft, "phones", "phone", "number")


def _name_person(draft: Draft) -> None:
    """`name` follows from the parts; one given in one piece is split; without any it is an address or number."""
    if draft.changes("name") and draft.values["name"] and not draft.changes(*NAME_PARTS) and draft.via != "undo":
        parts = names.split(draft.values["name"])
        for name, value in zip(NAME_PARTS, (parts.first, parts.middle, parts.last), strict=True):
            draft.set(name, value[:120] or None)
        if parts.salutation and not draft.get("salutation"):
            draft.set("salutation", parts.salutation[:40])
    shown = names.compose(*(draft.get(name) for name in NAME_PARTS))
    shown = shown or draft.get("email") or draft.get("phone") or ""
    if not shown and draft.via != "undo":
        draft.refuse("name", _("A person needs a name, an e-mail or a phone."))
    mirror(draft, "name", shown[:300])


def _dates_of_jobs(draft: Draft) -> None:
    for number, row in enumerate(draft.values.get("organizations") or (), 1):
        start, end = row.get("from_on"), row.get("until_on")
        if start and end and end < start:
            draft.guard("organizations", _("row %(number)d ends on %(end)s, before it starts on %(start)s",
                                           number=number, end=end, start=start))  # fmt: skip


def _check_currency(draft: Draft) -> None:
    from kumiko.records.money import known_currencies  # local: loads the world's currencies

    code = str(draft.get("currency")).upper()
    if code not in known_currencies():
        draft.refuse("currency", _("currency %(code)r is unknown; give an ISO code such as USD or EUR", code=code))
    draft.set("currency", code)


def _refuse_loop(draft: Draft, name: str, table: Table, sentence: str) -> None:
    """Walk up from the new target; meeting the record itself would make a loop. Also through records out of sight."""
    target = draft.values.get(name)
    if target is None or draft.record_id is None or not draft.changes(name):
        return
    column: Any = table.c[f"{name}_id"]
    up = select(column).where(table.c.id == bindparam("record_id"))
    seen: set[int] = set()
    while target is not None and target not in seen:
        if target == draft.record_id:
            draft.refuse(name, sentence)
            return
        seen.add(target)
        target = trusted(up, {"record_id": target}).scalar()
