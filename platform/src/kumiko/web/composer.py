"""Writing something down on a card: a note, a call, a meeting, whatever types hang on timelines, and what modules add.

A module adds a way as a panel of the slot `record.<type key>.composer`: its template stands below the text while the
way is chosen, and its `load(record)` gives, beside the template's variables, `write(text, form)`, which does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request

from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound, Veto
from kumiko.host.i18n import gettext as _
from kumiko.notify.mentions import mentioned_users
from kumiko.records import service
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.views import RecordView
from kumiko.web import panels
from kumiko.web.answers import done, page
from kumiko.web.forms import names_in, values_from
from kumiko.web.inputs import input_of, typed_input
from kumiko.web.timeline import KIND_ICONS, Source, sources_of
from kumiko.web.types import may_create, record_of
from kumiko.web.values import options_of
from kumiko.web.viewmodels import Composer, ComposerKind, FieldView, Toast

TITLE_LENGTH = 80


@dataclass(frozen=True)
class Written:
    """What was sent and refused: kind, text, sentence, and sentences per field."""

    kind: str
    body: str
    sentence: str
    errors: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Way:
    """One kind of entry: a type, the value of its kind field, and the fields that are asked for besides the text."""

    source: Source
    choice: str
    label: str

    @property
    def key(self) -> str:
        return f"{self.source.info.key}:{self.choice}" if self.choice else self.source.info.key

    @property
    def text_field(self) -> str:
        body = self.source.body
        return body.name if body is not None else "name"

    @property
    def fields(self) -> list[FieldInfo]:
        info = self.source.info
        left_out = {self.text_field, "name", info.type.timeline_kind, *info.type.timeline_links}
        names = [name for name in info.type.quick_fields if name not in left_out]
        return [info.fields[name] for name in names if name in info.fields]


def ways_of(info: TypeInfo) -> list[Way]:
    """What the person may write down on a card of this type."""
    found: list[Way] = []
    for source in sources_of(info):
        if not may_create(source.info) or all(one.kind == "record" for one in source.links):
            continue  # what hangs on records of any type (a task) is planned, not written down
        kind = source.kind
        if kind is None:
            found.append(Way(source, "", str(source.info.type.label)))
        elif kind.field.by_hand:  # else actions set it, and nobody writes it down
            found += [Way(source, option.key, option.label) for option in options_of(kind).values()]
    return found


def composer_of(info: TypeInfo, record: RecordView, written: Written | None = None) -> Composer | None:
    """The composer of a card; None when there is nothing that the person may write."""
    ways, added = ways_of(info), _added_kinds(info, record)
    keys = [*(way.key for way in ways), *(kind.key for kind in added)]
    if not keys:
        return None
    chosen = written.kind if written is not None and written.kind in keys else keys[0]
    return Composer(
        action=f"/{info.collection}/{record.id}/timeline",
        kinds=(*(_kind(way, written if way.key == chosen else None) for way in ways), *added),
        chosen=chosen,
        body=FieldView(
            "body", _("What happened?"), "longtext", value=written.body if written else "",
            placeholder=_("Write it down; @ mentions a colleague"),
        ),
        submit=_("Save"),
        mention_href="/pick/users" if catalogue().by_collection.get("users") is not None else "",
        error=written.sentence if written else "",
    )  # fmt: skip


def _kind(way: Way, written: Written | None) -> ComposerKind:
    info = way.source.info
    if written is None:
        fields = [input_of(info, one, _default(one), name=f"{way.key}.{one.name}") for one in way.fields]
    else:
        names = names_in(info, way.fields, request.form)
        fields = [
            typed_input(
                info,
                one,
                request.form,
                name=f"{way.key}.{one.name}",
                errors=written.errors.get(one.name, ()),
                names=names,
            )
            for one in way.fields
        ]
    return ComposerKind(way.key, way.label, KIND_ICONS.get(way.choice, info.type.icon), fields=tuple(fields))


def _added_kinds(info: TypeInfo, record: RecordView) -> list[ComposerKind]:
    """The ways that modules add; one that failed stays away."""
    found = []
    for one in panels.panels_of(_slot(info)):
        drawn = panels.draw(one, record, f"/{info.collection}/{record.id}", now=True)
        if drawn is not None and not drawn.failed:
            icon = KIND_ICONS.get(one.item.key.partition("_")[0], "pencil")
            found.append(
                ComposerKind(
                    _key(one), drawn.title, icon, _("Write to the customer"), html=drawn.html, submit=_("Send")
                )
            )
    return found


def _slot(info: TypeInfo) -> str:
    return f"record.{info.key}.composer"


def _key(one: Any) -> str:
    return f"{one.plugin}:{one.item.key}"


def _added_write(info: TypeInfo, record: RecordView, key: str) -> Callable[[str, Any], None] | None:
    """What does it for a way that a module added; None when there is no such way for this record."""
    for one in panels.panels_of(_slot(info)):
        if _key(one) == key:
            found = (one.item.load(record) or {}).get("write")
            return found if callable(found) else None
    return None


def _default(one: FieldInfo) -> Any:
    default = one.field.default
    return default() if callable(default) else default


def write(collection: str, record_id: int) -> Response:
    """POST /COLLECTION/ID/timeline: make the record that was written down, or show the card with it again."""
    from kumiko.web.cards import card_view  # local: cycle

    info, record = record_of(collection, record_id)
    kind, body = request.form.get("kind", ""), request.form.get("body", "").replace("\r\n", "\n").strip()
    way = next((one for one in ways_of(info) if one.key == kind), None)
    added = _added_write(info, record, kind) if way is None else None
    if way is None and added is None:
        raise NotFound(_("Nothing of that kind can be written down here."))
    known = {one.name for one in way.fields} if way is not None else set()
    try:
        if not body:
            sentence = _("Write something first.")
            raise Invalid(sentence, {"": [sentence]})
        if way is not None:
            service.create(way.source.info.key, _values(way, record, body))
        elif added is not None:
            added(body, request.form)
            return done(f"/{collection}/{record_id}", Toast(_("Sent")))
    except (Invalid, Conflict, Veto, Forbidden) as fault:
        errors = dict(getattr(fault, "errors", {}) or {})
        loose = [line for name, lines in errors.items() if name not in known for line in lines]
        written = Written(kind, body, " ".join(loose) or fault.message, errors)
        return page("kumiko/card.html", 422, v=card_view(info, record, written))
    if request.headers.get("HX-Request"):
        return page("kumiko/card.html", v=card_view(info, record))
    return done(f"/{collection}/{record_id}", Toast(_("Saved")))


def _values(way: Way, record: RecordView, body: str) -> dict[str, Any]:
    info = way.source.info
    start = f"{way.key}."
    form = request.form.__class__(
        [(name.removeprefix(start), value) for name, value in request.form.items(multi=True) if name.startswith(start)]
    )
    values = {name: value for name, value in values_from(way.fields, form).items() if value is not None}
    values[way.text_field] = _with_mentions(body, request.form.getlist("mentions"))
    if way.text_field != "name" and "name" in info.fields and info.fields["name"].field.required:
        first = body.splitlines()[0].strip()
        values["name"] = first if len(first) <= TITLE_LENGTH else first[: TITLE_LENGTH - 1].rstrip() + "…"
    if way.choice:
        values[info.type.timeline_kind] = way.choice
    values[way.source.links[0].name] = record.id
    return values


def _with_mentions(body: str, ids: list[str]) -> str:
    """The text; a colleague whose name alone would be ambiguous is named by id."""
    wanted = [int(one) for one in dict.fromkeys(ids) if one.isdecimal() and len(one) < 19]
    missing = [one for one in wanted if one not in mentioned_users(body)] if wanted else []
    for user_id in missing[:20]:
        user = service.find("access.user", user_id)
        if user is not None and f"@{user.title}" in body:
            body = body.replace(f"@{user.title}", f"@[{user.title}](user:{user_id})", 1)
    return body
