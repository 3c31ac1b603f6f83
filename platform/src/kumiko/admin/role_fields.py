"""Rights to single fields of a role: as usual, only read, hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from kumiko.access import same_fields
from kumiko.access.defaults import RIGHT_TO_WRITE
from kumiko.access.models import ROLE
from kumiko.host.context import acting_as, narrowed, principal
from kumiko.host.errors import Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import queries, service
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.web.values import label_of, value_text
from kumiko.web.viewmodels import FieldGroup, FieldView, FormView, Link, Option

#: Titles of records stand in every link and list; hiding them would leave records nobody can tell apart.
ALWAYS_SHOWN = frozenset({"name"})


def links(role_id: int) -> tuple[Link, ...]:
    """One link per record type whose fields can be limited, with the number of limits set."""
    limits = service.get(ROLE, role_id).get("fields") or {}
    return tuple(
        Link(str(info.type.label_plural), f"/admin/roles/{role_id}/fields/{info.collection}", info.type.icon,
             count=str(len(limits.get(info.key, {})) or ""))
        for info in _types()
    )  # fmt: skip


def _types() -> Iterator[TypeInfo]:
    return (
        info
        for info in catalogue().types.values()
        if info.key not in RIGHT_TO_WRITE and not info.type.dictionary and info.type.menu
    )


def _type(collection: str) -> TypeInfo:
    found = next((info for info in _types() if info.collection == collection), None)
    if found is None:
        raise NotFound(_("Fields of %(what)s cannot be limited.", what=collection[:80]))
    return found


def _fields(info: TypeInfo) -> Iterator[FieldInfo]:
    return (one for one in info.fields.values() if one.name not in ALWAYS_SHOWN)


def form_of(role_id: int, collection: str, sent: MultiDict[str, str] | None = None) -> FormView:
    """A choice per field of a type; `sent`: as somebody chose just now."""
    role, info = service.get(ROLE, role_id), _type(collection)
    limits = (role.get("fields") or {}).get(info.key, {}) if sent is None else _chosen(info, sent)
    words = {"": _("as usual"), "read": _("only read"), "hidden": _("hidden")}
    fields = tuple(
        FieldView(
            f"field:{one.name}",
            label_of(one),
            kind="choice",
            value=limits.get(one.name, ""),
            required=True,
            options=tuple(Option(key, word) for key, word in words.items() if key != "read" or one.field.writable),
        )
        for one in _fields(info)
    )
    return FormView(
        title=_("Fields of %(what)s", what=inside(info.type.label_plural)),
        action=f"/admin/roles/{role_id}/fields/{collection}",
        groups=(FieldGroup("", fields),),
        submit=_("Save"),
        again=_("Show what the card looks like"),
        cancel_href=f"/admin/roles/{role_id}",
        crumbs=(Link(_("Roles"), "/admin/roles"), Link(role.title, f"/admin/roles/{role_id}")),
        intro=_(
            "A hidden field is not there: not on screens, in search, filters, exports or the API. Fields that say "
            "the same, such as an e-mail and the list of e-mails, are limited together."
        ),
        hidden=(("_version", str(role.version)),),
    )


def save(role_id: int, collection: str, sent: MultiDict[str, str]) -> None:
    """Store what was chosen; Invalid for anything but the three words."""
    role, info = service.get(ROLE, role_id), _type(collection)
    chosen = _chosen(info, sent)
    limits = {key: dict(rights) for key, rights in (role.get("fields") or {}).items() if key != info.key}
    if chosen:
        limits[info.key] = chosen
    version = sent.get("_version", "")
    service.update(
        ROLE, role_id, {"fields": limits}, if_match=int(version) if version.isdecimal() and len(version) < 19 else None
    )


@dataclass(frozen=True)
class CardLine:
    """A field of a card as people of a role see it. `state`: "", "read" or "hidden"; `text` is "" when it is hidden."""

    label: str
    text: str
    state: str


@dataclass(frozen=True)
class CardPreview:
    """The newest record of a type as people of a role would see it."""

    title: str
    href: str
    lines: tuple[CardLine, ...]
    hidden: int


def preview(collection: str, sent: MultiDict[str, str]) -> CardPreview | None:
    """The newest card with these limits, read as somebody who has them; None when there is no record of the type."""
    info = _type(collection)
    chosen = _chosen(info, sent)
    rows = queries.list_page(info, names=("name",), sort="-created_at", limit=1).rows
    if not rows:
        return None
    person = principal()
    whole = same_fields.together(same_fields.groups_of(info.type), chosen)
    barred = {word: frozenset(name for name, one in whole.items() if one == word) for word in ("hidden", "read")}
    limited = narrowed(
        person,
        hidden={**person.hidden, info.key: barred["hidden"]},
        read_only_fields={**person.read_only_fields, info.key: barred["read"]},
    )
    with acting_as(limited):
        record = service.get(info.key, rows[0][0])
        readable, writable = info.readable(limited), info.writable(limited)
        lines = []
        for one in info.fields.values():
            shown = one.name in readable
            state = "hidden" if not shown else "read" if one.field.writable and one.name not in writable else ""
            lines.append(CardLine(label_of(one), value_text(one, record.get(one.name)) if shown else "", state))
        title = record.title
    return CardPreview(title, f"/{collection}/{record.id}", tuple(lines), len(barred["hidden"]))


def _chosen(info: TypeInfo, sent: MultiDict[str, str]) -> dict[str, Any]:
    """Field -> the chosen word, without those as usual; Invalid for anything but the three words."""
    chosen: dict[str, Any] = {}
    for one in _fields(info):
        word = sent.get(f"field:{one.name}", "")
        if word not in ("", "read", "hidden"):
            raise Invalid(_("There is no right %(word)r to a field.", word=word[:40]))
        if word:
            chosen[one.name] = word
    return chosen
