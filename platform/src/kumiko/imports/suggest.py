"""A first mapping for a file, from the titles of its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kumiko.host import context
from kumiko.imports.plan import EXTERNAL
from kumiko.imports.wishes import Wishes
from kumiko.records.catalogue import TypeInfo

# Titles that other programs use for the words of this one (requirements 5.1); only whole titles count.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    EXTERNAL: ("id", "external id", "record id", "opportunity id", "account id", "contact id", "lead id", "deal id"),
    "organization": ("account", "account name", "company", "company name", "organisation"),
    "person": ("contact", "contact name", "contact person", "client"),
    "owner": ("sales agent", "sales rep", "owner name", "responsible", "manager", "assigned to", "deal owner"),
    "amount": ("value", "close value", "deal value", "price", "sum", "opportunity amount"),
    "outcome": ("status", "deal stage", "stage", "result"),
    "opened_on": ("engage date", "open date", "created", "created on", "start date"),
    "closed_on": ("close date", "closed", "closed date", "won date"),
    "expected_close_on": ("expected close date", "expected closing"),
    "industry": ("sector", "branch"),
    "country": ("office location",),
    "parent": ("subsidiary of", "parent company", "parent account"),
    "founded_year": ("year established", "founded"),
    "annual_revenue": ("revenue", "turnover"),
    "employees": ("number of employees", "headcount", "staff"),
    "email": ("e mail", "email address", "mail"),
    "phone": ("telephone", "phone number", "tel", "mobile"),
    "name": (
        "full name",
        "title",
        "deal name",
        "opportunity name",
        "account",
        "company",
        "company name",
        "sales agent",
    ),
    "team": ("manager", "department", "team name"),
    "job_title": ("position", "title", "role"),
    "first_name": ("firstname", "given name"),
    "last_name": ("lastname", "surname", "family name"),
    "description": ("notes", "comment", "about"),
}


def suggest(info: TypeInfo, columns: Sequence[str]) -> Wishes:
    """Wishes that map the columns whose titles say plainly which field they mean; each field and column once."""
    writable = info.writable(context.principal())
    fields: dict[str, list[str]] = {EXTERNAL: [EXTERNAL]}
    for name, one in writable.items():
        if one.kind != "external_ids":
            fields[name] = [name, str(one.field.label)]
    maps: dict[str, str] = {}
    taken: set[str] = set()
    for is_synonym in (False, True):
        for name, titles in fields.items():
            known = {bare(title) for title in (_SYNONYMS.get(name, ()) if is_synonym else titles)}
            for column in columns:
                if name not in maps and column not in taken and bare(column) in known:
                    maps[name] = column
                    taken.add(column)
    return Wishes(collection=info.collection, maps=tuple(maps.items()))


def bare(title: str) -> str:
    """A title without case, punctuation and double spaces."""
    return re.sub(r"[\W_]+", " ", title.casefold()).strip()
