"""What a file is about, when nobody said so: by the program it is from, else by the titles that are known here."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.imports.origins import PERSONS, find_origin
from kumiko.imports.suggest import suggest
from kumiko.imports.tables import open_table
from kumiko.records import rights
from kumiko.records.catalogue import catalogue

#: Fewer matched columns than this say nothing.
FEWEST = 2
_LOOKED_AT_BYTES = 1 << 18


def collection_of(file_name: str, stream: IO[bytes]) -> str:
    """The collection that a file belongs to; Invalid when it does not say. The stream is left at its start."""
    suffix = Path(file_name).suffix.lower()
    if suffix in (".vcf", ".vcard"):
        return PERSONS
    data = stream.read() if suffix not in (".csv", ".tsv", ".txt") else stream.read(_LOOKED_AT_BYTES)
    stream.seek(0)
    if suffix in (".csv", ".tsv", ".txt") and len(data) == _LOOKED_AT_BYTES:
        data = data[: data.rfind(b"\n") + 1]
    columns = open_table(data, filename=file_name).columns
    origin = find_origin(columns)
    known = {info.collection: info for info in catalogue().types.values()
             if info.type.importable and rights.may("create", info.key)}  # fmt: skip
    if origin is not None and origin.collection_of(columns) in known:
        return origin.collection_of(columns)
    scores = {name: len(suggest(info, columns).maps) for name, info in known.items()}
    best = max(scores, key=lambda name: scores[name], default="")
    if not best or scores[best] < FEWEST:
        raise Invalid(_("Some values are not accepted."),
                      {"collection": [_("the titles do not say what the rows are; choose it")]})  # fmt: skip
    return best
