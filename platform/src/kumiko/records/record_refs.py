"""A soft reference to a record of any type, as fields of kind `record` hold it (design 2: `(type key, id)`)."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from kumiko.records.catalogue import Catalogue, TypeInfo
from kumiko.records.hanging import hangs_on_any

_TEXT = re.compile(r"\s*([a-z][a-z0-9_.-]{0,79}):([1-9][0-9]{0,17})\s*")


class RecordRef(NamedTuple):
    """Which record: the key of its type and its id. As text, in journals and files: `deals.deal:17`."""

    type_key: str
    id: int

    @property
    def text(self) -> str:
        return f"{self.type_key}:{self.id}"


def ref_of(text: Any) -> RecordRef | None:
    """The reference that a text stands for; None when it is none."""
    found = _TEXT.fullmatch(text) if isinstance(text, str) else None
    return RecordRef(found[1], int(found[2])) if found else None


def is_referable(info: TypeInfo) -> bool:
    """Whether fields of kind `record` may name records of this type: values of lists, users, files are none."""
    return not (info.type.public or info.type.dictionary or hangs_on_any(info.type))


def referable(known: Catalogue) -> list[TypeInfo]:
    """The types whose records fields of kind `record` may name, in the order of the catalogue."""
    return [info for info in known.types.values() if is_referable(info)]
