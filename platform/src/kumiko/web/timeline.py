"""What happened with a record: its own changes and the records that hang on it, newest first, as far as one may see.

Two statements whatever the number of types: one over all types with `timeline_links`, one for the journal; one more
names the linked records of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape
from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from kumiko.host.columns import Id
from kumiko.host.context import principal
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.notify.mentions import without_marks
from kumiko.records import forms, history, rights
from kumiko.records.as_of import moment_now
from kumiko.records.catalogue import USER, FieldInfo, TypeInfo, catalogue
from kumiko.records.history import HistoryEntry
from kumiko.web import as_of, formats
from kumiko.web.types import path_of
from kumiko.web.values import journal_text, options_of
from kumiko.web.viewmodels import Action, Change, Empty, Link, Person, Timeline, TimelineItem

PAGE = 20
CHANGES = "changes"
JOURNAL, RECORD = 0, 1
KIND_ICONS = {
    "note": "note", "call": "phone", "meeting": "users", "mail": "mail", "email": "mail", "message": "message",
    "visit": "map-pin", "task": "checkbox", "chat": "messages", "video": "presentation",
}  # fmt: skip
ACTION_ICONS = {"created": "plus", "changed": "pencil", "deleted": "trash", "restored": "restore"}


@dataclass(frozen=True)
class Source:
    """A type whose records appear on timelines, and the link fields that place them there."""

    info: TypeInfo
    links: tuple[FieldInfo, ...]

    @property
    def kind(self) -> FieldInfo | None:
        return self.info.find(self.info.type.timeline_kind) if self.info.type.timeline_kind else None

    @property
    def at(self) -> str:
        one = self.info.find(self.info.type.timeline_at)
        return one.columns[0].name if one is not None and one.kind == "moment" else "created_at"

    @property
    def cases(self) -> tuple[bool, ...]:
        """Whether rows without a moment are to be asked for: never, or besides the others."""
        return (False, True) if self.info.table.c[self.at].nullable else (False,)

    @property
    def body(self) -> FieldInfo | None:
        readable = self.info.readable(principal()).values()
        return next((one for one in readable if one.kind == "longtext" and not one.extension), None)

    @property
    def subtitle(self) -> FieldInfo | None:
        """Who said it, where nobody here made it: what stands below the titles of such records."""
        one = self.info.find(self.info.type.subtitle) if self.info.type.subtitle else None
        return one if one is not None and one.kind == "text" and one.name in self.info.readable(principal()) else None

    @property
    def others(self) -> list[FieldInfo]:
        """Link fields that may place the record on other timelines, at most three."""
        names = [self.info.find(name) for name in self.info.type.timeline_links]
        return [one for one in names if one is not None and not one.extension][:3]


def sources_of(info: TypeInfo) -> list[Source]:
    """The types whose records appear on the timeline of this type, as far as the person may read them."""
    found: dict[str, list[FieldInfo]] = {}
    for linking, one, item in catalogue().links_to.get(info.key, ()):
        if item is None and one.name in linking.type.timeline_links and not one.extension:
            found.setdefault(linking.key, []).append(one)
    person = principal()
    types = [(catalogue().get(key), tuple(fields)) for key, fields in found.items()]
    return [Source(one, fields) for one, fields in types if rights.level(one, person, "read") != "none"]


@dataclass(frozen=True, order=True)
class Mark:
    """Place of an item in the order: moment, then source, then id."""

    at: datetime
    source: int
    id: int

    @property
    def text(self) -> str:
        return f"{self.at.isoformat()}~{self.source}~{self.id}"

    @classmethod
    def read(cls, text: str) -> Mark | None:
        """The mark in an address; Invalid when it is none."""
        if not text:
            return None
        try:
            at, source, number = text.replace(" ", "+").split("~")
            found = cls(datetime.fromisoformat(at), int(source), int(number))
        except ValueError:
            found = None
        if found is None or found.at.tzinfo is None or not 0 <= found.id < 2**62:
            raise Invalid(_("This place in the timeline cannot be read; load the page again."))
        return found


def as_of_mark() -> str:
    """The place in a timeline behind which everything stands that had happened at the moment that is read as of."""
    at = moment_now()
    return "" if at is None else Mark(at, RECORD, 2**62 - 1).text


def timeline(info: TypeInfo, record_id: int, *, kind: str = "", after: str = "", limit: int = PAGE) -> Timeline:
    """A page of the timeline of a record that the caller has read. `kind`: a type's key, or "changes"."""
    mark, sources = Mark.read(after), sources_of(info)
    chosen = [one for one in sources if kind in ("", one.info.key)]
    rows = _rows(chosen, record_id, mark, limit + 1) if kind != CHANGES else []
    naming = [ref for row in rows for ref in _other_links(row, info.key, record_id)]
    until = mark.at if mark else None
    below = mark.id if mark and mark.source == JOURNAL else None
    if mark is not None and mark.source == RECORD:
        until, below = mark.at, None
    wanted = limit + 1 if kind in ("", CHANGES) else 0
    entries, names = history.card_entries(info, record_id, limit=wanted, until=until, below=below, naming=naming)
    items: list[tuple[Mark, TimelineItem]] = [
        (Mark(entry.at, JOURNAL, entry.id), entry_item(entry))
        for entry in entries
        if entry.changes or entry.action != "changed"
    ]
    items += [(Mark(row.at, RECORD, row.id), _record_item(row, info.key, record_id, names)) for row in rows]
    items.sort(key=lambda pair: pair[0], reverse=True)
    page, path = items[:limit], f"/{info.collection}/{record_id}"
    more = len(items) > limit or len(entries) > limit
    kept = [*((("kind", kind),) if kind else ()), *as_of.pairs()]
    where = "".join(f"{name}={quote(value)}&" for name, value in kept)
    return Timeline(
        items=tuple(item for _mark, item in page),
        more_href=f"{path}/timeline?{where}after={page[-1][0].text.replace('+', '%2B')}" if more and page else "",
        empty=Empty(_("Nothing happened yet"), _("Notes, calls and changes appear here."), "timeline"),
        kinds=_kinds(path, sources, kind),
    )


def _kinds(path: str, sources: list[Source], chosen: str) -> tuple[Link, ...]:
    if not sources:
        return ()
    links = [Link(_("All"), path, active=not chosen)]
    for one in sources:
        links.append(
            Link(str(one.info.type.label_plural), f"{path}?kind={one.info.key}", active=chosen == one.info.key)
        )
    links.append(Link(_("Changes"), f"{path}?kind={CHANGES}", active=chosen == CHANGES))
    return tuple(links)


def _rows(sources: list[Source], record_id: int, mark: Mark | None, limit: int) -> list[Any]:
    if not sources:
        return []
    places = None if mark is None else "same" if mark.source == RECORD else "before"
    keys = tuple((one.info.key, tuple(link.name for link in one.links)) for one in sources)
    query = rights.kept_if_shared(("timeline", keys, places), lambda: _union(sources, places))
    parameters: dict[str, Any] = {"record_id": record_id, "n": limit}
    if mark is not None:
        parameters |= {"mark_at": mark.at, "mark_id": mark.id} if places == "same" else {"mark_at": mark.at}
    return list(trusted(query, parameters))


def _union(sources: list[Source], places: str | None) -> Any:
    """The newest of all sources; each is asked for its newest alone, or a busy record would be read whole."""
    most = bindparam("n", type_=Integer, literal_execute=True)
    parts: list[Any] = []
    for source, undated in [(one, case) for one in sources for case in one.cases]:
        newest = _query(source, places, undated)
        at, key = newest.selected_columns["at"], newest.selected_columns["id"]
        parts.append(newest.order_by(at.desc(), key.desc()).limit(most).subquery())
    if len(parts) == 1:
        return select(parts[0])
    whole = union_all(*(select(part) for part in parts)).subquery()
    return select(whole).order_by(whole.c.at.desc(), whole.c.id.desc()).limit(most)


def _query(source: Source, places: str | None, undated: bool) -> Any:
    """Rows of one source; those whose moment is empty (`undated`) stand where they were made, asked for on their own,
    since no index answers for both."""
    info, person = source.info, principal()
    rows = info.table.alias()
    dated = rows.c[source.at]
    at = rows.c.created_at if undated else dated
    author = catalogue().get(USER).table.alias()
    kind, body = source.kind, source.body
    subtitle = source.subtitle
    said_by = rows.c[subtitle.columns[0].name] if subtitle is not None else cast(null(), String)
    others: list[Any] = [rows.c[one.columns[0].name] for one in source.others]
    others += [cast(null(), BigInteger)] * (3 - len(others))
    query = (
        select(
            literal(info.key).label("type_key"), rows.c.id.label("id"), at.label("at"), rows.c.name.label("name"),
            (rows.c[kind.columns[0].name] if kind is not None else cast(null(), String)).label("kind"),
            (rows.c[body.columns[0].name] if body is not None else cast(null(), Text)).label("body"),
            func.coalesce(author.c.name, said_by).label("author"), author.c.id.label("author_id"),
            others[0].label("o0"), others[1].label("o1"), others[2].label("o2"),
        )
        .select_from(rows.outerjoin(author, author.c.id == rows.c.created_by_id))
        .where(
            or_(*(rows.c[one.columns[0].name] == bindparam("record_id", type_=Id) for one in source.links)),
            rights.criterion(info, person, table=rows),  # type: ignore[arg-type]
        )
    )  # fmt: skip
    if len(source.cases) > 1:
        query = query.where(dated.is_(None) if undated else dated.is_not(None))
    if places is not None:
        mark_at = bindparam("mark_at", type_=at.type)
        same = and_(at == mark_at, rows.c.id < bindparam("mark_id", type_=Id))
        query = query.where(or_(at < mark_at, same) if places == "same" else at < mark_at)
    return query


def _other_links(row: Any, type_key: str, record_id: int) -> list[tuple[TypeInfo, TypeInfo, int]]:
    info = catalogue().get(row.type_key)
    source = Source(info, ())
    found = []
    for one, key in zip(source.others, (row.o0, row.o1, row.o2), strict=False):
        target = catalogue().find(one.field.to)
        if key is not None and target is not None and (one.field.to, key) != (type_key, record_id):
            found.append((info, target, key))
    return found[:1]


def _record_item(row: Any, type_key: str, record_id: int, names: dict[tuple[str, int], str]) -> TimelineItem:
    info = catalogue().get(row.type_key)
    kind = Source(info, ()).kind
    option = options_of(kind).get(row.kind) if kind is not None else None
    title, body = option.label if option else str(info.type.label), row.body or ""
    name = row.name or ""
    if body and not _starts_with(body, name):
        title = f"{title} · {name}" if name else title
    on = None
    for _info, target, key in _other_links(row, type_key, record_id):
        label = names.get((target.key, key))
        if label:
            on = Link(label, path_of(target.key, key))
    return TimelineItem(
        key=f"r{row.id}",
        title=title,
        at=forms.moment_text(row.at),
        at_text=formats.moment_text(row.at),
        ago=formats.ago_text(row.at),
        who=Person.of(row.author, row.author_id or "") if row.author else None,
        icon=KIND_ICONS.get(row.kind or "", info.type.icon),
        hue=(option.hue if option and option.hue else info.type.hue),
        body=_lines(body or name),
        href=path_of(info.key, row.id),
        on=on,
    )


def _starts_with(body: str, name: str) -> bool:
    return " ".join(body.split()).startswith(name.rstrip("…"))


def _lines(text: str) -> Markup:
    return Markup("<br>").join(escape(without_marks(text)).splitlines())


def entry_item(entry: HistoryEntry) -> TimelineItem:
    """A journal entry on a timeline, with its undo while it counts."""
    words = {"created": _("Created"), "changed": _("Changed"), "deleted": _("Deleted"), "restored": _("Restored")}
    title = words.get(entry.action, entry.action)
    changes = () if entry.action == "created" else changes_of(entry)
    actions: tuple[Action, ...] = ()
    if not entry.undone and entry.action != "created" and moment_now() is None:
        actions = (Action(_("Undo"), f"/units/{entry.unit}/undo", "arrow-back-up", method="post"),)
    return TimelineItem(
        key=f"e{entry.id}",
        title=_("%(what)s, undone", what=title) if entry.undone else title,
        at=forms.moment_text(entry.at),
        at_text=formats.moment_text(entry.at),
        ago=formats.ago_text(entry.at),
        who=Person.of(entry.actor or _("Kumiko"), entry.actor_id or 0),
        icon=ACTION_ICONS.get(entry.action, "circle"),
        body=escape(entry.reason),
        href=f"/units/{entry.unit}",
        changes=changes,
        actions=actions if not principal().read_only else (),
    )


def changes_of(entry: HistoryEntry, *, where: Link | None = None, undo: bool = False) -> tuple[Change, ...]:
    """The changed fields of an entry in the reader's words. `undo`: each with a way to put it back alone."""
    info = catalogue().find(entry.type_key)
    undo = undo and not entry.undone and entry.action != "created" and entry.via != "undo"
    found = []
    for change in entry.changes:
        one = info.find(forms.split_key(change.name)[0]) if info is not None else None
        found.append(
            Change(
                label=change.label,
                before=journal_text(one, change.before, change.before_text),
                after=journal_text(one, change.after, change.after_text),
                where=where.label if where else "",
                href=where.href if where else "",
                note=_("undone") if change.undone and not entry.undone else "",
                undo=(f"/units/{entry.unit}/undo", (("entry", str(entry.id)), ("field", change.name)))
                if undo
                and not change.undone
                and info is not None
                and one is not None
                and one.name in info.writable(principal())
                else None,
            )
        )
    return tuple(found)
