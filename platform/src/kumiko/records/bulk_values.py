"""What a bulk edit sets: values checked once, and what each record's tags and choices become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records.catalogue import TypeInfo
from kumiko.records.drafts import Draft
from kumiko.records.inputs import clean
from kumiko.records.states import State

MOST_TAGS = 50


@dataclass(frozen=True)
class BulkValues:
    """Checked values of a bulk edit, and what becomes of each record's tags."""

    values: Mapping[str, Any]
    add_tags: frozenset[str]
    drop_tags: frozenset[str]
    add: Mapping[str, Sequence[str]] = field(default_factory=dict)
    drop: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def of(self, state: State) -> Draft:
        """The draft for one record."""
        draft = Draft(state.info, "changed", _copied(self.values), state)
        if self.add_tags or self.drop_tags:
            tags = ((draft.get("tags") or frozenset()) | self.add_tags) - self.drop_tags
            draft.set("tags", tags)
            if len(tags) > MOST_TAGS:
                draft.refuse("tags", _("at most 50 tags of 80 characters"))
        for name in dict.fromkeys((*self.add, *self.drop)):
            gone = set(self.drop.get(name, ()))
            every = dict.fromkeys((*(draft.get(name) or ()), *self.add.get(name, ())))
            draft.set(name, [one for one in every if one not in gone] or None)
        return draft


def clean_bulk(
    info: TypeInfo,
    values: Mapping[str, Any],
    add_tags: Sequence[str] = (),
    drop_tags: Sequence[str] = (),
    add: Mapping[str, Sequence[str]] | None = None,
    drop: Mapping[str, Sequence[str]] | None = None,
) -> BulkValues:
    """What `bulk` would set; Invalid for wrong values and for fields that the person may not write."""

    def tags(named: Sequence[str]) -> frozenset[str]:
        found: frozenset[str] = clean(info, {"tags": list(named)})["tags"] if named else frozenset()
        return found

    def choices(named: Mapping[str, Sequence[str]] | None) -> dict[str, Sequence[str]]:
        given = {info.plain(name): list(keys) for name, keys in (named or {}).items()}
        for name in given:
            one = info.find(name)
            if one is None or one.kind != "multichoice":
                sentence = _("%(name)s holds no list of choices", name=name[:80])
                raise Invalid(_("Some values are not accepted."), {name: [sentence]})
        return clean(info, given) if given else {}

    return BulkValues(clean(info, values), tags(add_tags), tags(drop_tags), choices(add), choices(drop))


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy whose lists and rows may be changed for one record without touching the others."""
    return {
        name: [dict(row) if isinstance(row, dict) else row for row in value] if isinstance(value, list) else value
        for name, value in values.items()
    }
