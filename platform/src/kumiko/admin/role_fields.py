"""Rights to single fields of a role: as usual, only read, hidden."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from werkzeug.datastructures import MultiDict

from kumiko.access.defaults import RIGHT_TO_WRITE
from kumiko.access.models import ROLE
from kumiko.host.errors import Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import service
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.web.values import label_of
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


def form_of(role_id: int, collection: str) -> FormView:
    """A choice per field of a type."""
    role, info = service.get(ROLE, role_id), _type(collection)
    limits = (role.get("fields") or {}).get(info.key, {})
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
        cancel_href=f"/admin/roles/{role_id}",
        crumbs=(Link(_("Roles"), "/admin/roles"), Link(role.title, f"/admin/roles/{role_id}")),
        intro=_("A hidden field is not there: not on screens, in search, filters, exports or the API."),
        hidden=(("_version", str(role.version)),),
    )


def save(role_id: int, collection: str, sent: MultiDict[str, str]) -> None:
    """Store what was chosen; Invalid for anything but the three words."""
    role, info = service.get(ROLE, role_id), _type(collection)
    chosen: dict[str, Any] = {}
    for one in _fields(info):
        word = sent.get(f"field:{one.name}", "")
        if word not in ("", "read", "hidden"):
            raise Invalid(_("There is no right %(word)r to a field.", word=word[:40]))
        if word:
            chosen[one.name] = word
    limits = {key: dict(rights) for key, rights in (role.get("fields") or {}).items() if key != info.key}
    if chosen:
        limits[info.key] = chosen
    version = sent.get("_version", "")
    service.update(
        ROLE, role_id, {"fields": limits}, if_match=int(version) if version.isdecimal() and len(version) < 19 else None
    )
