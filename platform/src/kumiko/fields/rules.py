"""What a custom field and a rule of a field must be, and what follows when one is written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from kumiko.fields import choices, definitions
from kumiko.fields.names import CONDITIONS, FIELD, INDEX_JOB, type_named
from kumiko.host import revision
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs import enqueue
from kumiko.records import field_rules, reindex, uniqueness
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.drafts import Draft

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


def slug(text: str, most: int = 40) -> str:
    """A key made of a label: "Größe (m²)" -> "grosse_m2"."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    found = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return (found if found[:1].isalpha() else f"f_{found}".rstrip("_"))[:most].rstrip("_")


def prepare_field(draft: Draft) -> None:
    """Each definition must make a field that works."""
    if draft.action == "deleted":
        return
    info = _type(draft)
    if info is None:
        return
    _settle_key(draft, info)
    _refuse_meanwhile(draft)
    if draft.get("key") in (None, "") or draft.get("kind") is None:
        return
    _refuse_same_label(draft, info)
    kind = draft.get("kind")
    if kind in definitions.CHOICES:
        choices.settle(draft, info)
    if kind == "link":
        _settle_target(draft)
    if draft.get("unique") and kind not in uniqueness.KINDS:
        draft.refuse("unique", _("values of this kind cannot be unique"))
    if draft.get("board") and kind != "choice":
        draft.refuse("board", _("only a field with one of several choices makes a board"))
    low, high = draft.get("minimum"), draft.get("maximum")
    if low is not None and high is not None and low > high:
        draft.refuse("maximum", _("“Most” must not be less than “Least”."))
    _settle_conditions(draft, info, f"custom_{draft.get('key')}")
    if draft.get("default") not in (None, "") and not draft.errors:
        made = definitions.custom_field(_row(draft), draft.get("choices") or ())
        try:
            definitions.default_of(definitions.info_of(made.field), str(draft.get("default")))
        except Invalid as fault:
            draft.refuse("default", fault.message)


def _refuse_same_label(draft: Draft, info: TypeInfo) -> None:
    """Two fields with one label: nobody knows which is which, in a list of columns or a table that comes in."""
    label = str(draft.get("name") or "").strip()
    if not (draft.is_new or draft.changes("name")) or not label:
        return
    mine = f"custom_{draft.get('key')}"
    if any(one.name != mine and str(one.field.label).casefold() == label.casefold() for one in info.fields.values()):
        draft.guard("name", _("there is a field “%(label)s” here already; give it another label", label=label[:80]))


def _refuse_meanwhile(draft: Draft) -> None:
    from kumiko.fields import changing  # local: cycle

    changing.refuse_meanwhile(draft)


def _row(draft: Draft) -> Mapping[str, Any]:
    return {name: draft.get(name) for name in draft.info.fields}


def _type(draft: Draft) -> TypeInfo | None:
    """The record type that the draft names, with its key put into the draft."""
    named = draft.get("record_type")
    if not named:
        return None
    info = type_named(str(named))
    if info is None:
        if draft.replaying or (not draft.is_new and not draft.changes("record_type")):
            return None  # its module is off; the definition waits for it
        known = ", ".join(list(catalogue().by_collection)[:5])
        draft.refuse("record_type", _("there are no records called %(name)r; wanted a collection such as %(known)s",
                                      name=str(named)[:80], known=known))  # fmt: skip
        return None
    if not draft.is_new and draft.before("record_type") not in (None, info.key):
        draft.refuse("record_type", _("a field stays with its records; make another one"))
        return None
    if info.key != named:
        draft.set("record_type", info.key)
    return info


def _settle_key(draft: Draft, info: TypeInfo) -> None:
    if not draft.is_new:
        if draft.changes("key"):
            draft.refuse("key", _("the key stays for good: programs, imports and filters name the field by it"))
        return
    wanted = str(draft.get("key") or "").strip().lower()
    made = not wanted
    if made:
        wanted = slug(str(draft.get("name") or ""))
        if not wanted.strip("_"):
            return
    elif not _KEY.match(wanted):
        draft.refuse("key", _("a key has small letters, digits and _, and begins with a letter; found %(found)r",
                              found=wanted[:60]))  # fmt: skip
        return
    known = _kinds(info.key)
    taken = {key for key, _kind in known}
    taken |= {name.removeprefix("custom_") for name in info.fields if name.startswith("custom_")}
    taken |= {f"{key}_currency" for key, kind in known if kind == "money"}  # how forms send an amount's currency
    if draft.get("kind") == "money" and f"{wanted}_currency" in taken:
        taken.add(wanted)
    if wanted in taken:
        if not made:
            draft.refuse("key", _("another field of these records has the key %(key)r", key=wanted))
            return
        wanted = next(key for number in range(2, 10_000) if (key := f"{wanted[:35]}_{number}") not in taken)
    draft.set("key", wanted)


def _kinds(type_key: str) -> list[tuple[str, str]]:
    """(key, kind) of every definition, those in the bin included: they may come back."""
    table = catalogue().get(FIELD).table
    query = select(table.c.key, table.c.kind).where(table.c.record_type == type_key)
    return [(key, kind) for key, kind in trusted(query)]


def _settle_target(draft: Draft) -> None:
    target = type_named(str(draft.get("target") or ""), any_type=True)
    if target is not None:
        if draft.get("target") != target.key:
            draft.set("target", target.key)
    elif not draft.get("target"):
        draft.refuse("target", _("say what the link leads to, such as organizations"))
    elif draft.is_new or draft.changes("target"):
        draft.guard("target", _("there are no records called %(name)r", name=str(draft.get("target"))[:80]))


def _settle_conditions(draft: Draft, info: TypeInfo, about: str) -> None:
    for name in CONDITIONS:
        if draft.get(name) is None or not (draft.is_new or draft.changes(name)):
            continue
        try:
            draft.set(name, field_rules.checked(info, draft.get(name), about))
        except Invalid as fault:
            draft.guard(name, fault.message)


def after_fields(drafts: Sequence[Draft]) -> None:
    """Tell every process, convert values to a new kind, bring indexes and search in step."""
    from kumiko.fields import conversion  # local: cycle

    searched: set[str] = set()
    for draft in drafts:
        if draft.action == "changed" and draft.changes("kind") and not (draft.replaying or "converted" in draft.marks):
            conversion.convert(draft)
        moved = draft.action in ("deleted", "restored") or draft.changes("archived", "kind")
        if not draft.is_new and (draft.changes("searchable") or (moved and draft.get("searchable"))):
            searched.add(str(draft.get("record_type")))
    revision.bump("catalogue")
    enqueue(INDEX_JOB, {})
    reindex.ask(searched)


# ------------------------------------------------------------------ rules of fields that modules bring


def prepare_rule(draft: Draft) -> None:
    """A rule names one field of a module, once."""
    if draft.action == "deleted":
        return
    info = _type(draft)
    if info is None:
        return
    name = info.plain(str(draft.get("field") or ""))
    one = info.fields.get(name)
    if one is None or one.custom is not None or one.is_many or not (one.field.writable and one.field.by_hand):
        if draft.is_new or draft.changes("field"):
            draft.guard("field", _("there is no field %(name)r here that people fill in", name=name[:80]))
        return
    draft.set("field", one.journal_name)
    table = catalogue().get(draft.info.key).table
    same = select(table.c.id).where(
        table.c.record_type == info.key, table.c.field == one.journal_name, table.c.deleted_at.is_(None)
    )
    if any(other != draft.record_id for other in trusted(same).scalars()):
        draft.refuse("field", _("this field has a rule already; change that one"))
    draft.set("name", f"{info.type.label}: {one.field.label}"[:200])
    if draft.get("default") not in (None, ""):
        try:
            definitions.default_of(one, str(draft.get("default")))
        except Invalid as fault:
            draft.guard("default", fault.message)
    _settle_conditions(draft, info, one.name)


def after_rules(drafts: Sequence[Draft]) -> None:
    """Tell every process."""
    revision.bump("catalogue")
