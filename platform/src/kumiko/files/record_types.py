"""The record type of files."""

from __future__ import annotations

from kumiko.files.checks import safe_name
from kumiko.files.models import FILE, File
from kumiko.host.declarations import Field, RecordType
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.records.drafts import Draft
from kumiko.records.hanging import HangingRecordType


def file() -> RecordType:
    return HangingRecordType(
        key=FILE,
        collection="files",
        label=_l("File"),
        label_plural=_l("Files"),
        icon="paperclip",
        model=File,
        fields=(
            Field(name="name", kind="text", label=_l("File name"), required=True, searchable=True, max_length=200),
            Field(name="kind", kind="text", label=_l("Kind of file"), writable=False),
            Field(name="media_type", kind="text", label=_l("Media type"), writable=False),
            Field(name="size_bytes", kind="integer", label=_l("Size in bytes"), writable=False),
            Field(name="sha256", kind="text", label=_l("Checksum (SHA-256)"), writable=False, history=False),
            Field(name="record_type", kind="text", label=_l("Belongs to: type"), writable=False, history=False),
            Field(name="record_id", kind="integer", label=_l("Belongs to: id"), writable=False, history=False),
        ),
        list_columns=("name", "kind", "media_type", "size_bytes", "created_by", "created_at"),
        card_groups=((_l("File"), ("name", "kind", "media_type", "size_bytes", "created_by", "created_at")),),
        prepare=_prepare,
        importable=False,
        creatable=False,
        timeline=False,
        menu=False,
        subtitle="media_type",
    )


def _prepare(draft: Draft) -> None:
    if draft.values.get("name"):
        draft.set("name", safe_name(str(draft.values["name"])))
