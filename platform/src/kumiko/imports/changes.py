"""What a row does to its record, in a form that is kept, shown, and compared when the rehearsal is accepted.

`changes`: field -> [before, after] in the journal's JSON; a new record has no before. A link to a record that the
import itself makes is {"new": TEXT}, for it has no id yet; another link is {"id": N}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kumiko.records import forms
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.drafts import Draft

Changes = dict[str, list[Any]]

#: What the clock fills differs between the rehearsal and its acceptance, unless the row itself gives it.
_OF_THE_CLOCK = frozenset({"date", "moment"})


def changes_of(draft: Draft, made_as: Callable[[int], str | None]) -> Changes:
    """What a draft changes. `made_as`: the text by which the import made a record, None for one that was there."""
    found: Changes = {}
    for name, value in draft.values.items():
        one = draft.info.fields[name]
        if draft.is_new:
            after = _json(one, value, made_as)
            if after not in (None, "", [], {}):
                found[name] = [None, after]
        elif draft.changes(name):
            found[name] = [_json(one, draft.before(name), made_as), _json(one, value, made_as)]
    return found


def differing(
    info: TypeInfo, rehearsed: Mapping[str, Any], now: Mapping[str, Any], given: Mapping[str, Any], named: Any
) -> str:
    """The first field that acceptance would write otherwise than the rehearsal said; "" when there is none.

    `given`: what the row itself says; the rest comes from defaults and rules, of which those of the clock may differ,
    as may what the system keeps. `named(field)`: the text by which the row names the target of a link.
    """
    for name in dict.fromkeys((*rehearsed, *now)):
        one = info.fields.get(name)
        before, after = rehearsed.get(name), now.get(name)
        if one is None or before == after:
            continue
        if name not in given and (one.kind in _OF_THE_CLOCK or not one.field.writable or not one.field.by_hand):
            continue
        if (
            one.kind == "link"
            and before
            and after
            and before[0] == after[0]
            and _same_target(before[1], after[1], named(name))
        ):
            continue
        return name
    return ""


def _same_target(rehearsed: Any, now: Any, text: str | None) -> bool:
    """Whether a link that was to be made is the one that its row names now, made by this import in the meantime."""
    return bool(rehearsed and now and "new" in rehearsed and rehearsed["new"] == (now.get("new") or text))


def _json(one: FieldInfo, value: Any, made_as: Callable[[int], str | None]) -> Any:
    if value is None:
        return None
    if one.kind == "link":
        text = made_as(value) if isinstance(value, int) else None
        return {"id": value} if text is None else {"new": text}
    if one.kind == "list":
        return [_item(one, row) for row in value]
    if isinstance(value, frozenset | set):
        return sorted(str(part) for part in value)
    if isinstance(value, dict):
        return {str(name): part for name, part in value.items()}
    if isinstance(value, list | tuple):
        return list(value)
    return forms.to_journal(one, value)


def _item(one: FieldInfo, row: Mapping[str, Any]) -> dict[str, Any]:
    kept = forms.item_to_journal(one, row)
    return {name: part for name, part in kept.items() if name not in ("id", "position") and part not in (None, "")}
