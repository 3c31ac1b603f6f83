"""The fields of a card: grouped, drawn, each with its editor."""

from __future__ import annotations

from collections.abc import Iterable

from kumiko.fields.layouts import Layout
from kumiko.fields.loading import layout_for
from kumiko.host.context import current, principal
from kumiko.host.i18n import gettext as _
from kumiko.records import field_rules
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.views import RecordView
from kumiko.web.i18n import gettext
from kumiko.web.values import label_of, value_html
from kumiko.web.viewmodels import Property, PropertyGroup

STAMPS = ("created_at", "created_by", "updated_at", "updated_by")
SYSTEM = ("external_ids", *STAMPS)
BELONGING = ("owner", "team", "co_owners", "tags")
WIDE = ("longtext", "list", "json")


def grouped_fields(info: TypeInfo) -> list[tuple[str, list[FieldInfo], bool]]:
    """(title, fields, closed): the type's own groups, the rest, those of other modules, belonging, system."""
    readable = info.readable(principal())
    placed: set[str] = set()
    groups: list[tuple[str, list[FieldInfo], bool]] = []

    def add(title: str, names: Iterable[str], *, closed: bool = False) -> None:
        fields = [readable[name] for name in dict.fromkeys(names) if name in readable and name not in placed]
        placed.update(one.name for one in fields)
        same = next((held for said, held, _closed in groups if said == title), None)
        if fields and same is not None:
            same.extend(fields)
        elif fields:
            groups.append((title, fields, closed))

    for title, names in info.type.card_groups:
        add(gettext(title) if isinstance(title, str) else str(title), names)
    placed.add("name")
    own = [one.name for one in info.fields.values() if one.plugin == info.plugin and not _is_kept(one)]
    add(_("More") if groups else "", own)
    rest = groups[-1][0] if groups else ""
    for name in info.custom_fields:
        add(info.sections.get(name) or rest, [name])
    for side in info.extensions:
        add(_module_title(side.plugin), [one.name for one in side.extension.fields])
    add(_("Belongs to"), BELONGING)
    add(_("System"), [*SYSTEM, *(name for name, one in info.fields.items() if _is_kept(one))], closed=True)
    arranged = layout_of(info)
    return groups if arranged is None else arranged.placed(info, groups)


def layout_of(info: TypeInfo) -> Layout | None:
    """How the page is arranged for this person's role; None when nobody arranged it."""
    return layout_for(info, principal().roles)


def _is_kept(one: FieldInfo) -> bool:
    """Whether a field is what the system keeps for itself: nobody sets it, and no history shows it."""
    field = one.field
    return one.name in SYSTEM or not ((field.writable and field.by_hand) or field.history)


def _module_title(plugin: str) -> str:
    generation = current().generation
    loaded = None if generation is None else generation.plugins.get(plugin)
    return loaded.manifest.title if loaded is not None else plugin


def property_groups(record: RecordView, *, editable: bool, short: bool = False) -> tuple[PropertyGroup, ...]:
    """The groups of a card; `short` leaves out what is empty and what the system keeps."""
    found = []
    for title, fields, closed in grouped_fields(record.type):
        if short and closed:
            continue
        shown = [property_of(record, one, editable=editable) for one in fields if is_shown(record, one)]
        if short:
            shown = [one for one in shown if one.html]
        if shown:
            found.append(PropertyGroup(title, tuple(shown), closed))
    return tuple(found)


def is_shown(record: RecordView, one: FieldInfo) -> bool:
    """Whether the field's rule shows it for this record."""
    return field_rules.is_shown(record.type, one.name, record.get)


def property_of(record: RecordView, one: FieldInfo, *, editable: bool) -> Property:
    """One field of a card."""
    can = (
        editable and not record.deleted and one.name in record.type.by_hand(principal()) and one.kind != "external_ids"
        and not field_rules.is_locked(record.type, one.name, record.get)
    )  # fmt: skip
    arranged = layout_of(record.type)
    help_text = one.field.help
    return Property(
        name=one.name,
        label=label_of(one),
        html=value_html(one, record.get(one.name)),
        edit_href=f"/{record.type.collection}/{record.id}/cell/{one.name}?place=card" if can else "",
        wide=one.kind in WIDE or (arranged is not None and one.name in arranged.wide(record.type)),
        help=gettext(help_text) if isinstance(help_text, str) else str(help_text),
    )
