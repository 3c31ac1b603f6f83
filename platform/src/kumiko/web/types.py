"""From the words of an address to record types and records, with the answers that wrong ones deserve."""

from __future__ import annotations

from kumiko.host.context import current, principal
from kumiko.host.errors import NotFound
from kumiko.host.i18n import gettext as _
from kumiko.records import rights, service
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.views import RecordView


def type_of(collection: str) -> TypeInfo:
    """The record type of a collection that the person may read; NotFound, or the kind one of a module that is off."""
    info = catalogue().by_collection.get(collection)
    if info is None:
        generation = current().generation
        raise NotFound(_("There is nothing at this address.")) if generation is None else generation.missing(collection)
    if rights.level(info, principal(), "read") == "none":
        raise NotFound(_("There is nothing at this address, or you may not know of it."))
    return info


def record_of(collection: str, record_id: int) -> tuple[TypeInfo, RecordView]:
    """A record that the person may see, live or in the bin."""
    info = type_of(collection)
    try:
        return info, service.get(info.key, record_id)
    except NotFound:
        return info, service.get(info.key, record_id, deleted=True)


def path_of(type_key: str, record_id: int) -> str:
    """Address of a record's card; "" while its module is off."""
    info = catalogue().find(type_key)
    if info is None:
        return ""
    from kumiko.web.as_of import suffix  # local: cycle

    return f"/{info.collection}/{record_id}{suffix()}"


def landing(info: TypeInfo, record_id: int) -> str:
    """Where somebody who just made a record by hand goes on."""
    return (info.type.lands_on or f"/{info.collection}/{{id}}").replace("{id}", str(record_id))


def may_create(info: TypeInfo) -> bool:
    """Whether the person may make a record of the type by hand."""
    return _may(info, "create") and info.type.creatable


def may_edit(info: TypeInfo) -> bool:
    """Whether the person may change some records of the type."""
    return _may(info, "edit")


def _may(info: TypeInfo, action: str) -> bool:
    return rights.level(info, principal(), action) != "none"
