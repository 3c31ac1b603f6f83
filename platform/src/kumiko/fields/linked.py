"""On the card: records that name this one in a link field that an administrator made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from kumiko.host import context
from kumiko.records import queries
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.views import RecordView

SHOWN = 5
MOST_FIELDS = 12


@dataclass(frozen=True, kw_only=True)
class Linked:
    """Records of one type by one of its link fields, the newest first. `more`: there are further ones."""

    what: str
    field: str
    icon: str
    path: str
    rows: tuple[tuple[int, str], ...]
    more: bool
    all_href: str


def load(record: RecordView) -> Mapping[str, Any] | None:
    """Variables of fields/linked.html; None when nothing names the record that the person may see."""
    found = [made for linking, one in _fields(record.type) if (made := _linked(linking, one, record.id)) is not None]
    return {"linked": found} if found else None


def _fields(info: TypeInfo) -> list[tuple[TypeInfo, FieldInfo]]:
    person = context.principal()
    named = catalogue().links_to.get(info.key, ())
    return [
        (linking, one)
        for linking, one, item in named
        if item is None and one.custom is not None and one.field.filterable and one.name in linking.readable(person)
        and person.level(linking.key, "read") != "none"
    ][:MOST_FIELDS]  # fmt: skip


def _linked(linking: TypeInfo, one: FieldInfo, record_id: int) -> Linked | None:
    node = {"f": one.name, "op": "eq", "v": record_id}
    page = queries.list_page(linking, names=("name",), node=node, sort="-id", limit=SHOWN + 1)
    rows = tuple((row[0], str(row[2] or row[0])) for row in page.rows)
    if not rows:
        return None
    return Linked(
        what=str(linking.type.label_plural), field=str(one.field.label), icon=linking.type.icon,
        path=f"/{linking.collection}", rows=rows[:SHOWN], more=len(rows) > SHOWN,
        all_href=f"/{linking.collection}?filter={quote(orjson.dumps(node).decode())}",
    )  # fmt: skip
