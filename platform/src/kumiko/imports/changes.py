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
            pair = [_json(one, draft.before(name), made_as), _json(one, value, made_as)]
            if pair[0] != pair[1]:
                found[name] = pair
    return found


def differing(
    info: TypeInfo,
    rehearsed: Mapping[str, Any],
    now: Mapping[str, Any],
    given: Mapping[str, Any],
    named: Callable[[], frozenset[str]],
) -> str:
    """The first field that acceptance would write otherwise than the rehearsal said; "" when there is none.

    `given`: what the row itself says; the rest comes from defaults and rules, of which those of the clock may differ,
    as may what the system keeps. `named()`: the texts by which the row names targets of links.
    """
    for name in dict.fromkeys((*rehearsed, *now)):
        one = info.fields.get(name)
        before, after = rehearsed.get(name), now.get(name)
        if one is None or before == after:
            continue
        if name not in given and (one.kind in _OF_THE_CLOCK or not one.field.writable or not one.field.by_hand):
            continue
        if before and after and before[0] == after[0] and _same(before[1], after[1], named):
            continue
        return name
    return ""


def _same(rehearsed: Any, now: Any, named: Callable[[], frozenset[str]]) -> bool:
    """Whether two values are the same but for links to records that this import has made in the meantime."""
    if rehearsed == now:
        return True
    if isinstance(rehearsed, list) and isinstance(now, list):
        return len(rehearsed) == len(now) and all(
            isinstance(old, dict)
            and isinstance(new, dict)
            and old.keys() == new.keys()
            and all(_same(old[key], new[key], named) for key in old)
            for old, new in zip(rehearsed, now, strict=True)
        )
    if not (isinstance(rehearsed, dict) and isinstance(now, dict) and "new" in rehearsed):
        return False
    return rehearsed["new"] == now.get("new") or rehearsed["new"] in named()


def _json(one: FieldInfo, value: Any, made_as: Callable[[int], str | None]) -> Any:
    if value is None:
        return None
    if one.kind == "link":
        return _link(value, made_as)
    if one.kind == "list":
        return [_item(one, row, made_as) for row in value]
    if isinstance(value, frozenset | set):
        return sorted(str(part) for part in value)
    if isinstance(value, dict):
        return {str(name): part for name, part in value.items()}
    if isinstance(value, list | tuple):
        return list(value)
    return forms.to_journal(one, value)


def _item(one: FieldInfo, row: Mapping[str, Any], made_as: Callable[[int], str | None]) -> dict[str, Any]:
    kept = forms.item_to_journal(one, row)
    links = {item.name for item in one.items if item.kind == "link"}
    return {
        name: _link(part, made_as) if name in links else part
        for name, part in kept.items()
        if name not in ("id", "position") and part not in (None, "")
    }


def _link(target_id: Any, made_as: Callable[[int], str | None]) -> dict[str, Any]:
    text = made_as(target_id) if isinstance(target_id, int) else None
    return {"id": target_id} if text is None else {"new": text}
