"""The page on which records become one: every field of each beside the other, a choice per field, what follows.

What the page shows as the result is the plan that saving writes (`kumiko.duplicates.merging`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, request

from kumiko.duplicates import choosing, large, merging
from kumiko.duplicates.choosing import Choice
from kumiko.duplicates.declaring import matching_of
from kumiko.duplicates.merging import Merge, Wish
from kumiko.host.context import principal
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound, Stale, Veto
from kumiko.host.i18n import gettext as _
from kumiko.records import forms, links, service
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.record_refs import RecordRef
from kumiko.records.views import RecordView
from kumiko.web import acting
from kumiko.web.answers import done, page
from kumiko.web.formats import ago_text, count_text
from kumiko.web.lists import link_to
from kumiko.web.types import record_of, type_of
from kumiko.web.values import journal_text, label_of
from kumiko.web.viewmodels import Link, MergeCell, MergeHead, MergeLine, RecordsMergeView, Toast

MOST = merging.MOST
Names = dict[tuple[str, int], str]


def from_card(collection: str, record_id: int) -> Response:
    """GET and POST /COLLECTION/ID/actions/merge: the page with this record; types without rules have an action."""
    info = type_of(collection)
    if matching_of(info) is None:
        return acting.action(collection, record_id, "merge")
    record_of(collection, record_id)
    return done(f"/duplicates/merge/{collection}?ids={record_id}")


def show(collection: str) -> Response:
    """GET and POST /duplicates/merge/COLLECTION: `ids` of the records, what was chosen; `_preview` only draws anew."""
    info = type_of(collection)
    if matching_of(info) is None:
        raise NotFound(_("%(what)s cannot be merged.", what=str(info.type.label_plural)))
    ids = _ids()
    records = [service.get(info.key, one) for one in ids]
    winner = _winner(ids, records)
    if request.method == "GET" or "_preview" in request.form:
        return page("kumiko/record_merge.html", v=_view(info, records, winner))
    try:
        made = large.merge_or_order(_wish(info, ids, winner, is_final=True))
    except (Conflict, Forbidden, Invalid, Stale, Veto) as fault:
        records = [service.get(info.key, one) for one in ids]
        return page("kumiko/record_merge.html", 422, v=_view(info, records, winner, _sentence(fault)))
    if isinstance(made, large.Ordered):
        return done(f"/duplicates/merges/{made.job}")
    said = _("“%(title)s” is one record now", title=made.record.title)
    return done(f"/{collection}/{made.record.id}", Toast(said, undo=f"/units/{made.unit}/undo"))


def _ids() -> list[int]:
    texts = ",".join(request.values.getlist("ids")).split(",")
    found = [int(text) for text in texts if text.isdecimal() and 0 < len(text) < 19]
    if not found:
        raise NotFound(_("Say which records become one."))
    kept = list(dict.fromkeys(found))
    if len(kept) > MOST:
        raise Invalid(_("At most %(most)d records become one at a time.", most=MOST))
    return kept


def _winner(ids: Sequence[int], records: Sequence[RecordView]) -> int:
    """The one that was chosen, else one that should stay, else the oldest."""
    text = request.values.get("winner", "")
    if text.isdecimal() and len(text) < 19 and int(text) in ids:
        return int(text)
    return merging.who_remains(records)


def _wish(info: TypeInfo, ids: Sequence[int], winner: int, *, is_final: bool = False) -> Wish:
    take: dict[str, choosing.Take] = {}
    was = request.form.get("_was", "")
    for key in request.form:
        text, name = request.form[key], key.removeprefix("take-")
        if text == was and was != str(winner):
            continue  # it stood there because that one was to remain
        if key.startswith("take-") and name in info.fields:
            take[name] = choosing.ALL if text == choosing.ALL else int(text) if text.isdecimal() else 0
    versions = {
        one: int(text) for one in ids
        if (text := request.form.get(f"version-{one}", "")).isdecimal() and len(text) < 10 and is_final
    }  # fmt: skip
    accepted = frozenset(int(one) for one in request.form.getlist("accept") if one.isdecimal() and len(one) < 19)
    return Wish(
        type_key=info.key, winner=winner, losers=tuple(one for one in ids if one != winner), take=take,
        accept=accepted, versions=versions,
    )  # fmt: skip


def _sentence(fault: Exception) -> str:
    lines = [line for listed in getattr(fault, "errors", {}).values() for line in listed]
    return " ".join(lines) or getattr(fault, "message", str(fault))


def _view(info: TypeInfo, records: Sequence[RecordView], winner: int, problem: str = "") -> RecordsMergeView:
    ids = [one.id for one in records]
    planned: Merge | None = None
    wish = _wish(info, ids, winner)
    if len(ids) > 1:
        try:
            planned = merging.plan(wish)
        except (Conflict, Forbidden, Invalid, NotFound, Veto) as fault:
            problem = problem or _sentence(fault)
    by_id = {one.id: one for one in records}
    lines = _lines(info, planned, ids) if planned is not None else []
    path = f"/duplicates/merge/{info.collection}"
    return RecordsMergeView(
        title=_("Make one of %(count)d", count=len(ids)) if len(ids) > 1 else _("Merge with another record"),
        action=path,
        heads=tuple(_head(by_id[one], winner, planned, wish, ids) for one in ids),
        lines=tuple(one for one in lines if one.differs),
        same=tuple(one for one in lines if not one.differs),
        moves=_moves(planned) if planned is not None else (),
        problem=problem,
        blocked=planned is None or any(one not in wish.accept for one in planned.warnings),
        add_find=f"/pick/{info.collection}",
        add_action=path,
        cancel_href=f"/{info.collection}/{winner}",
        crumbs=(link_to(info), Link(by_id[winner].title, f"/{info.collection}/{winner}")),
        hidden=(("ids", ",".join(map(str, ids))), ("_was", str(winner))),
        submit=_("Merge"),
    )


def _head(record: RecordView, winner: int, planned: Merge | None, wish: Wish, ids: Sequence[int]) -> MergeHead:
    info = record.type
    rest = ",".join(str(one) for one in ids if one != record.id)
    why = planned.warnings.get(record.id, "") if planned is not None else ""
    owner = record.get("owner")
    note = [ago_text(record.get("created_at"))] if record.get("created_at") else []
    if owner is not None and not owner.hidden:
        note.append(owner.name)
    return MergeHead(
        id=str(record.id), title=record.title, href=f"/{info.collection}/{record.id}", note=" · ".join(note),
        winner=record.id == winner,
        warning=_("It should stay: %(why)s.", why=why) if why else "",
        accepted=record.id in wish.accept, version=str(record.version),
        drop_href=f"/duplicates/merge/{info.collection}?ids={rest}" if len(ids) > 2 else "",
    )  # fmt: skip


def _lines(info: TypeInfo, planned: Merge, order: Sequence[int]) -> list[MergeLine]:
    person = principal()
    readable, writable = info.readable(person), info.writable(person)
    shown = [
        one for one in planned.choices
        if one.field.name in readable and any(_is_full(value) for value in one.values.values())
    ]  # fmt: skip
    names = _names(info, shown, order)
    return [_line(one, planned, order, names, may_choose=one.field.name in writable) for one in shown]


def _is_full(value: Any) -> bool:
    return value not in (None, "", False) and not (isinstance(value, list | frozenset | dict) and not value)


def _line(one: Choice, planned: Merge, order: Sequence[int], names: Names, *, may_choose: bool) -> MergeLine:
    free = may_choose and not one.fixed and not one.follows
    texts = {record_id: _text(one.field, one.values[record_id], names) for record_id in order}
    options = {text for text in texts.values() if text}
    choosable = free and (len(options) > 1 or (one.field.is_many and len(options) > 0 and len(set(texts.values())) > 1))
    fixed = one.fixed
    if one.follows:
        fixed = _("follows “%(label)s”", label=label_of(planned.info.fields[one.follows]))
    elif not may_choose:
        fixed = _("kept by rule")
    return MergeLine(
        name=one.field.name,
        label=label_of(one.field),
        cells=tuple(
            MergeCell(str(record_id) if choosable else "", texts[record_id], one.taken == record_id)
            for record_id in order
        ),
        together=MergeCell(choosing.ALL, _("all together"), one.taken == choosing.ALL)
        if choosable and one.field.is_many
        else None,
        result=_text(one.field, planned.winner.get(one.field.name), names),
        fixed=fixed if len(options) > 1 else "",
        differs=len(options) > 1 or (one.field.is_many and len(set(texts.values())) > 1),
    )


def _text(one: FieldInfo, value: Any, names: Names) -> str:
    from kumiko.records.history import readable_text  # local: cycle

    if not _is_full(value):
        return ""
    if one.kind == "list":
        rows = [" ".join(_item(one, row, names)) for row in value]
        return "; ".join(row for row in rows if row)
    if one.kind == "users":
        return ", ".join(sorted(names.get((one.field.to or "access.user", int(key)), f"#{key}") for key in value))
    if one.kind == "external_ids":
        return ", ".join(f"{system}: {text}" if system else text for system, text in sorted(value.items()))
    if one.is_many:
        return ", ".join(sorted(value))
    plain = forms.to_journal(one, value)
    return journal_text(one, plain, readable_text(one, plain, names))


def _item(one: FieldInfo, row: dict[str, Any], names: Names) -> list[str]:
    found = []
    for item in one.items:
        value = row.get(item.name)
        if item.kind == "boolean":
            if value:
                found.append(f"({label_of(item)})")
        elif value not in (None, ""):
            found.append(_text(item, value, names))
    return found


def _names(info: TypeInfo, shown: Sequence[Choice], order: Sequence[int]) -> Names:
    wanted: list[tuple[TypeInfo, TypeInfo, int]] = []
    known = catalogue()

    def note(field: FieldInfo, value: Any) -> None:
        key = value.type_key if isinstance(value, RecordRef) else field.field.to
        record_id = value.id if isinstance(value, RecordRef) else value
        target = known.find(key) if key else None
        if target is not None and isinstance(record_id, int):
            wanted.append((info, target, record_id))

    for one in shown:
        for value in one.values.values():
            if one.field.kind in ("link", "record") and value is not None:
                note(one.field, value)
            elif one.field.kind == "users":
                users = known.find("access.user")
                wanted += [(info, users, int(key)) for key in value or () if users is not None]
            elif one.field.kind == "list":
                for row in value or ():
                    for item in one.field.items:
                        if item.kind == "link" and row.get(item.name) is not None:
                            note(item, row[item.name])
    return links.names_of(wanted) if wanted else {}


def _moves(planned: Merge) -> tuple[tuple[str, str, str, str], ...]:
    known, after = catalogue(), planned.after
    return tuple(
        (
            str(known.get(key).type.label_plural), count_text(planned.before.get(key, 0)),
            count_text(planned.coming.get(key, 0)), count_text(after[key]),
        )
        for key in sorted(after, key=lambda key: known.get(key).type.order)
    )  # fmt: skip
