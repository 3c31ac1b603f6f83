"""Record types whose records hang on a record of ANY type (files, notes): they have its rights and none of their own.

A link field names one type, so `RecordType.parents` cannot say this. Such a type keeps the key of the other record's
type and its id in two fields of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from kumiko.host.declarations import RecordType


@dataclass(frozen=True, kw_only=True)
class HangingRecordType(RecordType):
    """A record is readable for whoever wrote it, and for those to whom the record it hangs on is their own (design 2);
    changing it needs the right to change that record. A role may be kept from the type, never be given more of it.
    """

    on_type: str = "record_type"
    on_id: str = "record_id"
    searched: bool = True  # whether the search over all types finds them


def hangs_on_any(one: RecordType) -> tuple[str, str] | None:
    """Columns with the type key and the id of the record that records of this type hang on; None for other types."""
    return (one.on_type, one.on_id) if isinstance(one, HangingRecordType) else None
