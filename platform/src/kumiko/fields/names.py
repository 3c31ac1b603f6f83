"""Names that the parts of this plugin share."""

from __future__ import annotations

from kumiko.access.models import ROLE
from kumiko.records.catalogue import TypeInfo, catalogue

FIELD, RULE, LAYOUT = "fields.custom_field", "fields.rule", "fields.layout"
INDEX_JOB = "fields.indexes"
CONVERT_JOB = "fields.convert"
CONDITIONS = ("shown_when", "required_when", "locked_when")


def takes_fields(info: TypeInfo) -> bool:
    """Whether records of the type may have custom fields; what describes fields and rights may not."""
    return info.key not in (FIELD, RULE, LAYOUT, ROLE) and "custom" in info.table.c


def type_named(word: str, *, any_type: bool = False) -> TypeInfo | None:
    """The type of a collection or key; None when there is none that takes custom fields (`any_type`: none at all)."""
    found = catalogue().find(word) or catalogue().by_collection.get(word)
    return found if found is None or any_type or takes_fields(found) else None
