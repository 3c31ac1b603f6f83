"""How a record type says what makes two of its records the same, and what becomes of them when they are merged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kumiko.host.declarations import RecordType
from kumiko.host.errors import DeclarationError
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue

#: What a rule compares, and how much agreement alone says (0 to 1): shares of certainty, see `scoring`.
WEIGHTS: Mapping[str, float] = {
    "email": 0.9,
    "phone": 0.75,
    "number": 0.95,
    "text": 0.9,
    "domain": 0.6,
    "person": 0.55,
    "company": 0.7,
    "place": 0.35,
    "link": 0.5,
}


@dataclass(frozen=True, kw_only=True)
class MatchRule:
    """Two records whose `field` agrees may be the same.

    `field`: a field of the type, "emails.address" for an item of a list, "first_name+last_name" for words put together.
    `kind`: how it is compared: email, phone (E.164), number (tax and registration numbers: letters and digits), text
    (exactly, but for case and accents), domain (of a web address), person and company (names: order, accents, forms of
    companies and typing slips do not count), place (a town or an address: only says something beside a name), link
    (the same record: likewise). `weight` (0 to 1): how sure agreement alone makes; the usual one of the kind if None.
    """

    field: str
    kind: str
    weight: float | None = None


@dataclass(frozen=True, kw_only=True)
class Matching:
    """What makes two records of a type the same, and what a merge does with some fields.

    `also`: keys of other types among whose records somebody may be known already (a lead's person).
    `first_touch`: fields that are written once; a merged record keeps those of the one that came first.
    `together`: groups of fields that say something only together; all come from the record chosen for the first.
    `keeps`: why a record should stay when others go, as a sentence ("it is won"), or "": whoever merges such a record
    away must say so.
    """

    rules: tuple[MatchRule, ...]
    also: tuple[str, ...] = ()
    first_touch: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    keeps: Callable[[Any], str] | None = None

    def weight(self, kind: str) -> float:
        """How much agreement of a kind says."""
        given = [one.weight for one in self.rules if one.kind == kind and one.weight is not None]
        return max(given) if given else WEIGHTS[kind]


@dataclass(frozen=True, kw_only=True)
class MatchedRecordType(RecordType):
    """A record type with rules for duplicates: people are warned, pairs are found, records can be merged.

    `says_the_same`: groups of fields that tell one another's value; a role that may not see one sees none of them.
    """

    matching: Matching
    says_the_same: tuple[tuple[str, ...], ...] = ()


def matching_of(info: TypeInfo) -> Matching | None:
    """The rules of a type; None for types whose records are never taken for each other."""
    found: Matching | None = getattr(info.type, "matching", None)
    return found


def matched_types() -> list[TypeInfo]:
    """The types with rules, in the order of the catalogue."""
    return [info for info in catalogue().types.values() if matching_of(info) is not None]


@dataclass(frozen=True)
class ReadRule:
    """A rule with its fields resolved: words of several fields are put together, `item` is one of a list's rows."""

    rule: MatchRule
    fields: tuple[FieldInfo, ...]
    item: FieldInfo | None = None


def read_rules(info: TypeInfo) -> tuple[ReadRule, ...]:
    """The rules of a type as they are read from records; DeclarationError for one that names no field."""
    cache = catalogue().cache
    found: tuple[ReadRule, ...] | None = cache.get(("match rules", info.key))
    if found is None:
        matching = matching_of(info)
        found = tuple(_resolved(info, one) for one in matching.rules) if matching is not None else ()
        cache["match rules", info.key] = found
    return found


def _resolved(info: TypeInfo, rule: MatchRule) -> ReadRule:
    if rule.kind not in WEIGHTS:
        raise _wrong(info, f"a match rule compares one of {', '.join(WEIGHTS)}; found {rule.kind!r}")
    head, dot, rest = rule.field.partition(".")
    names = rule.field.split("+") if not dot else [head]
    missing = [name for name in names if name not in info.fields]
    if missing:
        raise _wrong(info, f"a match rule names {missing[0]!r}, and there is no such field")
    fields = tuple(info.fields[name] for name in names)
    if not dot:
        return ReadRule(rule, fields)
    item = next((one for one in fields[0].items if one.name == rest), None)
    if item is None:
        raise _wrong(info, f"a match rule names {rule.field!r}, and the rows of {head!r} have no {rest!r}")
    return ReadRule(rule, fields, item)


def _wrong(info: TypeInfo, sentence: str) -> DeclarationError:
    return DeclarationError(f"{info.plugin}: {info.key}: {sentence}", info.plugin)
