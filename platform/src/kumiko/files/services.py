"""Attaching files to records, reading them, listing them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import IO

from sqlalchemy import bindparam, select

from kumiko.files.checks import media_type_of, safe_name
from kumiko.files.models import FILE, KIND_LENGTH, File
from kumiko.files.store import Stored, store
from kumiko.host import settings
from kumiko.host.context import principal
from kumiko.host.errors import Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.records import rights, service
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.hanging import hangs_on_any
from kumiko.records.inputs import draft_of_new, prepare
from kumiko.records.links import names_of
from kumiko.records.units import unit
from kumiko.records.views import RecordView
from kumiko.records.writer import write

ATTACHMENT, DOCUMENT, MAIL = "attachment", "document", "mail"
USER = "access.user"
MIB = 1024 * 1024
DEFAULT_MAX_MB = 25
MOST_LISTED = 200


@dataclass(frozen=True)
class FileContent:
    """A file with its bytes."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class FileInfo:
    """A file as lists show it. `made_by`: name of the user, "" for the system."""

    id: int
    name: str
    media_type: str
    size_bytes: int
    kind: str
    made_at: datetime
    made_by: str


def max_file_bytes() -> int:
    """How large one file may be; a setting of the installation."""
    return int(settings.section("files").get("max_mb") or DEFAULT_MAX_MB) * MIB


def attach_file(
    type_key: str, record_id: int, name: str, content: bytes, *, media_type: str = "", kind: str = ATTACHMENT
) -> int:
    """Keep a file with a record, in the open unit or in one of its own; gives its id.

    Needs the right to change the record. The bytes are on disk before the unit commits; those of a unit that is rolled
    back are swept later. Invalid with a sentence for an empty or too large file, a program, a name that is none.
    """
    return attach_stored(type_key, record_id, name, keep(BytesIO(content)), media_type=media_type, kind=kind)


def keep(stream: IO[bytes]) -> Stored:
    """Put bytes into the store, piece by piece, before any transaction; Invalid for none and for too many."""
    most = max_file_bytes()
    found = store().put(stream, _size_check(most))
    if not found.size_bytes:
        raise _wrong(_("The file is empty; choose another one."))
    return found


def attach_stored(
    type_key: str, record_id: int, name: str, stored: Stored, *, media_type: str = "", kind: str = ATTACHMENT
) -> int:
    """`attach_file` for bytes that were put into the store by `keep`."""
    target = catalogue().get(type_key)
    require_files(target)
    plain = safe_name(name)
    if not kind or len(kind) > KIND_LENGTH:
        raise Invalid(_("the kind of a file is a word of at most %(most)d letters", most=KIND_LENGTH))
    info = catalogue().get(FILE)
    rights.require("create", info)
    require_edit(target, record_id)
    with unit() as opened:
        draft = draft_of_new(info, {"name": plain})
        draft.values |= {
            "kind": kind,
            "media_type": media_type_of(plain, media_type, stored.head),
            "size_bytes": stored.size_bytes,
            "sha256": stored.sha256,
            "record_type": target.key,
            "record_id": record_id,
        }
        prepare([draft])
        write(opened, [draft])
        if draft.record_id is None:
            raise RuntimeError("a new file was not written")
        return draft.record_id


def get_file(file_id: int) -> RecordView:
    """The record of a file that the person may read."""
    return service.get(FILE, file_id)


def read_file(file_id: int) -> FileContent:
    """A file with its bytes; NotFound when the person may not read the record that it belongs to."""
    record = get_file(file_id)
    with open_file(record) as stream:
        return FileContent(str(record.get("name")), str(record.get("media_type")), stream.read())


def open_file(record: RecordView) -> IO[bytes]:
    """The bytes of a file; NotFound, with a sentence, when the store has lost them."""
    try:
        return store().open(str(record.get("sha256")))
    except OSError:
        raise NotFound(
            _("The content of “%(name)s” is not in the folder of files; restore it from a backup.", name=record.title)
        ) from None


def files_of(type_key: str, record_id: int) -> list[FileInfo]:
    """Files of a record that the person may read, newest first, at most 200."""
    info = catalogue().get(FILE)
    table = info.table
    query = (
        select(File.id, File.name, File.media_type, File.size_bytes, File.kind, File.created_at, File.created_by_id)
        .where(table.c.record_type == bindparam("on_type"), table.c.record_id == bindparam("on_id"))
        .order_by(table.c.id.desc())
        .limit(MOST_LISTED)
    )
    limit = rights.criterion(info, principal())
    if limit is not None:
        query = query.where(limit)
    rows = trusted(query, {"on_type": type_key, "on_id": record_id}).all()
    users = catalogue().get(USER)
    names = names_of([(info, users, row.created_by_id) for row in rows if row.created_by_id is not None])
    return [
        FileInfo(
            id=row.id, name=row.name, media_type=row.media_type, size_bytes=row.size_bytes, kind=row.kind,
            made_at=row.created_at, made_by=names.get((USER, row.created_by_id), ""),
        )
        for row in rows
    ]  # fmt: skip


def record_of_file(record: RecordView) -> RecordView | None:
    """The record that a file belongs to; None when the person may not see it, or its module is off."""
    type_key, record_id = str(record.get("record_type")), record.get("record_id")
    if catalogue().find(type_key) is None or not isinstance(record_id, int):
        return None
    return service.find(type_key, record_id)


def keeps_files(info: TypeInfo) -> bool:
    """Whether records of the type have files: lists of values and files themselves have none."""
    return not info.type.public and hangs_on_any(info.type) is None


def require_files(info: TypeInfo) -> None:
    if not keeps_files(info):
        raise Invalid(_("%(what)s have no files.", what=str(info.type.label_plural)))


def require_edit(info: TypeInfo, record_id: int) -> None:
    """NotFound or Forbidden unless the person may change the record."""
    if may_edit(info, record_id):
        return
    service.get(info.key, record_id)
    raise Forbidden(_("You may see this %(what)s, but not add files to it.", what=inside(info.type.label)))


def may_edit(info: TypeInfo, record_id: int) -> bool:
    """Whether the person may change a record, and so its files."""
    query = select(info.table.c.id).where(info.table.c.id == bindparam("id"))
    limit = rights.criterion(info, principal(), "edit")
    if limit is not None:
        query = query.where(limit)
    return trusted(query, {"id": record_id}).first() is not None


def _size_check(most: int) -> Callable[[int], None]:
    def check(size: int) -> None:
        if size > most:
            raise too_large(most)

    return check


def too_large(most: int) -> Invalid:
    return _wrong(
        _("The file is too large: at most %(most)d MB fit here. Make it smaller, or send a link.", most=most // MIB)
    )


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, {"file": [sentence]})
