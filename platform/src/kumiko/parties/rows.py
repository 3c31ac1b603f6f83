"""Lists with a primary row (e-mails, phones, employers) and the single field that mirrors it.

`emails` holds all addresses; `email` is the primary one, kept in a column of its own. Either may be written: a change
of the single field changes the primary row, a change of the list changes the single field. While a unit is undone the
rows are left exactly as the journal says and only the mirror follows.
"""

from __future__ import annotations

from typing import Any

from kumiko.host.i18n import gettext as _
from kumiko.records.drafts import Draft

Rows = list[dict[str, Any]]

#: What is said of the value in a row and does not hold for the next one.
OF_THE_VALUE = frozenset({"invalid", "role", "from_on", "until_on"})


def keep_primary(draft: Draft, many: str, single: str, column: str, flags: tuple[str, ...] = ()) -> None:
    """Keep list `many` and field `single` (both hold `column` of a row) consistent; exactly one row is the primary one.

    Rows without `column` are dropped, except when they say something else (then they are refused); of two rows with the
    same value the first stays. `flags` are the row's true-or-false items. An emptied `single` removes the primary row.
    """
    if not _touched(draft, many, single):
        return
    rows = [dict(row) for row in draft.get(many) or ()]
    if not rows and draft.is_new and draft.get(single) is None:
        draft.set(many, rows)
        mirror(draft, single, None)
        return
    if draft.via != "undo":
        rows = _distinct(_filled(draft, many, rows, column, flags), column)
        if draft.changes(single):
            rows = _with_primary(rows, column, draft.values[single], is_list_given=many in draft.values)
        chosen = _primary(rows)
        for row in rows:
            for flag in flags:
                row[flag] = bool(row.get(flag))
            row["primary"] = row is chosen
        draft.set(many, rows)
    mirror(draft, single, (_primary(rows) or {}).get(column))


def keep_first(draft: Draft, many: str, singles: tuple[str, ...], members: tuple[str, ...]) -> None:
    """Like `keep_primary` for rows without a flag: `singles` mirror the members of the same name of the first row."""
    if not _touched(draft, many, *singles):
        return
    rows = [dict(row) for row in draft.get(many) or ()]
    if draft.via != "undo":
        changed = {name: draft.values[name] for name in singles if draft.changes(name)}
        if changed and rows:
            rows[0].update(changed)
        elif any(changed.values()):
            rows = [changed]
        rows = [row for row in rows if any(row.get(name) for name in members)]
        draft.set(many, rows)
    for name in singles:
        mirror(draft, name, rows[0].get(name) if rows else None)


def mirror(draft: Draft, name: str, value: Any) -> None:
    """Give a derived field its value; leaves no trace when it has it already."""
    if draft.before(name) != value:
        draft.set(name, value)
    else:
        draft.values.pop(name, None)


def _touched(draft: Draft, *names: str) -> bool:
    return draft.is_new or any(name in draft.values for name in names)


def _filled(draft: Draft, many: str, rows: Rows, column: str, flags: tuple[str, ...]) -> Rows:
    ignored = {"id", "position", "kind", "primary", column, *flags}
    found: Rows = []
    for number, row in enumerate(rows, 1):
        if row.get(column):
            found.append(row)
        elif any(value for name, value in row.items() if name not in ignored) and many not in draft.errors:
            what = str(draft.info.fields[many].field.label)
            draft.refuse(many, _("row %(number)d of “%(what)s” names nothing; fill it or remove it",
                                 number=number, what=what))  # fmt: skip
    return found


def _distinct(rows: Rows, column: str) -> Rows:
    if column == "organization":
        return rows  # two jobs at one employer, one after the other, are two rows
    seen: set[Any] = set()
    found: Rows = []
    for row in rows:
        key = _key(row[column])
        if key not in seen:
            seen.add(key)
            found.append(row)
    return found


def _with_primary(rows: Rows, column: str, value: Any, *, is_list_given: bool) -> Rows:
    """The rows after the single field got `value`: its row becomes the primary one, else the primary row changes."""
    old = _primary(rows)
    if value is None:
        return [row for row in rows if row is not old]
    same = next((row for row in rows if _key(row[column]) == _key(value) and not row.get("until_on")), None)
    if same is None and old is not None and not is_list_given:
        same = old
        same.update({name: None for name in same if name in OF_THE_VALUE})
    elif same is None:
        same = {}
        rows = [same, *rows]
    same[column] = value
    for row in rows:
        row["primary"] = row is same
    return rows


def _primary(rows: Rows) -> dict[str, Any] | None:
    """The row that counts: the last one marked (a newer mark comes later), else the first."""
    marked = [row for row in rows if row.get("primary")]
    return marked[-1] if marked else rows[0] if rows else None


def _key(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
