"""Two people changed the same record: what only one of them touched is kept, for the rest one chooses.

What the other changed, and what a field was before, is read from the journal: entries with a version above the one
that the form was made from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import select

from kumiko.host.context import principal
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import forms as journal_forms
from kumiko.records import links, schemas
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.models import Entry, Unit
from kumiko.records.record_refs import RecordRef
from kumiko.records.schemas import LinkRef
from kumiko.records.views import LinkValue, RecordView
from kumiko.web import formats
from kumiko.web.forms import named_in
from kumiko.web.inputs import Typed
from kumiko.web.values import journal_text, label_of, value_text
from kumiko.web.viewmodels import Change, Link, MergeField, MergeView, Person

_entry, _unit = Entry.__table__, Unit.__table__


@dataclass
class Merged:
    """`values`: to be written now. `conflicts`: field -> (mine, as sent; what it was before both)."""

    values: dict[str, Any] = field(default_factory=dict)
    conflicts: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    who: str = ""
    who_id: int = 0
    at: Any = None


def version_of(form: Typed) -> int | None:
    """The version that a form was made from; None when it does not say."""
    text = form.get("_version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def changed_since(info: TypeInfo, record_id: int, version: int) -> tuple[dict[str, Any], Any]:
    """Field -> value before it was changed (journal form) since a version, and the newest unit."""
    query = (
        select(_entry.c.before, _entry.c.after, _unit.c.actor, _unit.c.actor_id, _unit.c.at)
        .join_from(_entry, _unit, _unit.c.id == _entry.c.unit_id)
        .where(_entry.c.record_id == record_id, _entry.c.type_key == info.key, _entry.c.version > version)
        .order_by(_entry.c.id)
    )
    base: dict[str, Any] = {}
    newest = None
    for row in trusted(query):
        newest = row
        before = row.before or {}
        for name in {**before, **(row.after or {})}:
            head, key = journal_forms.split_key(name)
            base.setdefault(info.plain(head), before.get(name) if key is None else ...)
    return base, newest


def merge(record: RecordView, values: Mapping[str, Any], version: int) -> Merged:
    """What to write of `values`, sent from a form of `version`, over the record as it is now."""
    info = record.type
    theirs, newest = changed_since(info, record.id, version)
    found = Merged()
    if newest is not None:
        found.who, found.who_id, found.at = newest.actor or "", newest.actor_id or 0, newest.at
    for name, sent in values.items():
        one = info.find(name)
        if one is None:
            continue
        mine, now = comparable(one, sent), stored(one, record.get(name))
        if name not in theirs:
            if mine != now:
                found.values[name] = sent
                found.kept.append(name)
            continue
        base = theirs[name]
        if mine == now or (base is not ... and mine == base):
            continue  # both wrote the same, or I left it as it was
        found.conflicts[name] = (sent, None if base is ... else base)
    return found


def comparable(one: FieldInfo, sent: Any) -> Any:
    """A sent value in journal form; what cannot be read is compared as it is, so that the service says why."""
    try:
        parsed = schemas.input_field(one).deserialize(sent)
    except Exception:  # noqa: BLE001 (marshmallow's own error, or one of a type's rule)
        return sent
    return _plain(one, parsed)


def stored(one: FieldInfo, value: Any) -> Any:
    """A value of a RecordView in the same form."""
    return _plain(one, value)


def _plain(one: FieldInfo, value: Any) -> Any:
    if isinstance(value, LinkValue | LinkRef):
        kind = value.to if isinstance(value, LinkRef) else value.type
        return RecordRef(kind, value.id).text if kind and value.id is not None else value.id
    if isinstance(value, frozenset | set):
        return sorted(value) or None
    if isinstance(value, list):
        return [
            {name: _plain(one, part) for name, part in row.items() if part not in (None, False)}
            if isinstance(row, dict)
            else _plain(one, row)
            for row in value
        ] or None
    return journal_forms.to_journal(one, value)


def merge_view(record: RecordView, merged: Merged) -> MergeView:
    """The page that offers both values of each conflict."""
    info, path = record.type, f"/{record.type.collection}/{record.id}"
    names = _names(info, merged)
    fields = []
    for name, (sent, base) in merged.conflicts.items():
        one = info.fields[name]
        fields.append(
            MergeField(
                name=name,
                label=label_of(one),
                mine=_text(one, comparable(one, sent), names),
                theirs=value_text(one, record.get(name)),
                base=_text(one, base, names),
                mine_raw=orjson.dumps(sent, default=str).decode(),
            )
        )
    hidden = [("_merge", "1")]
    hidden += [(f"keep-{name}", orjson.dumps(merged.values[name], default=str).decode()) for name in merged.kept]
    kept = tuple(
        Change(label_of(info.fields[name]), value_text(info.fields[name], record.get(name)),
               _text(info.fields[name], comparable(info.fields[name], merged.values[name]), names))
        for name in merged.kept
    )  # fmt: skip
    return MergeView(
        title=_("Both of you changed “%(title)s”", title=record.title),
        action=f"{path}/edit",
        version=str(record.version),
        who=Person.of(merged.who or _("Somebody"), merged.who_id),
        ago=formats.ago_text(merged.at) if merged.at else "",
        fields=tuple(fields),
        kept=kept,
        hidden=tuple(hidden),
        cancel_href=path,
        crumbs=(Link(str(info.type.label_plural), f"/{info.collection}"), Link(record.title, path)),
    )


def _names(info: TypeInfo, merged: Merged) -> dict[tuple[str, int], str]:
    wanted: list[tuple[TypeInfo, TypeInfo, int]] = []
    for name in (*merged.conflicts, *merged.kept):
        one = info.fields[name]
        target = catalogue().find(one.field.to) if one.kind == "link" else None
        if one.kind == "record":
            sides = (merged.conflicts.get(name, (None, None))[1], comparable(one, merged.values.get(name)),
                     comparable(one, merged.conflicts.get(name, (None, None))[0]))  # fmt: skip
            wanted += named_in(info, [text for text in sides if text])
        if target is None:
            continue
        for value in (merged.conflicts.get(name, (None, None))[1], comparable(one, merged.values.get(name)),
                      comparable(one, merged.conflicts.get(name, (None, None))[0])):  # fmt: skip
            if isinstance(value, int):
                wanted.append((info, target, value))
    return links.names_of(wanted) if wanted else {}


def _text(one: FieldInfo, value: Any, names: Mapping[tuple[str, int], str]) -> str:
    from kumiko.records.history import readable_text  # local: cycle

    return journal_text(one, value, readable_text(one, value, names))


def chosen_values(info: TypeInfo, form: Typed) -> dict[str, Any]:
    """Values of the merge page: those picked as mine, and those that only I had changed."""
    found: dict[str, Any] = {}
    writable = info.writable(principal())
    try:
        for key in form:
            name = key.removeprefix("keep-")
            if key.startswith("keep-") and name in writable:
                found[name] = orjson.loads(form[key])
        for name in writable:
            if form.get(f"pick-{name}") == "mine":
                found[name] = orjson.loads(form.get(name, "null"))
    except orjson.JSONDecodeError:
        raise Invalid(_("This choice cannot be read; open the record and change it again.")) from None
    return found
