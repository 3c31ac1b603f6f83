"""The files of a record, on its card; and on the card of a file, the record it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko.files.services import MIB, files_of, keeps_files, max_file_bytes, may_edit, record_of_file
from kumiko.records.views import RecordView

_ICONS = (("image/", "photo"), ("message/rfc822", "mail"), ("text/", "file-text"), ("application/pdf", "file-text"))


def files_panel(record: RecordView) -> Mapping[str, Any] | None:
    """Variables of files/panel.html."""
    if not keeps_files(record.type):
        return None
    editable = not record.deleted and may_edit(record.type, record.id)
    files = files_of(record.type.key, record.id)
    return {
        "record": record, "files": files, "icons": {one.id: icon_of(one.media_type) for one in files},
        "editable": editable, "most_mb": max_file_bytes() // MIB,
    }  # fmt: skip


def belongs_panel(record: RecordView) -> Mapping[str, Any] | None:
    """Variables of files/belongs.html."""
    return {"file": record, "target": record_of_file(record)}


def icon_of(media_type: str) -> str:
    return next((icon for begin, icon in _ICONS if media_type.startswith(begin)), "paperclip")
