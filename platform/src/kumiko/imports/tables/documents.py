"""Records of a JSON file as an export writes it: an array of REST records, or one object per line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

import orjson

from kumiko.imports.cells import Cell
from kumiko.imports.tables.faults import TableError
from kumiko.imports.tables.table import Record

#: A document that does not hold one record per line is read as a whole, up to this size.
MAX_WHOLE_BYTES = 64 << 20
MAX_COLUMNS = 500


class JsonSource:
    """REST records as rows: a link becomes its name and `FIELD.id`, an amount its value and `FIELD.currency`."""

    def __init__(self, opener: Callable[[], BinaryIO], *, filename: str, encoding: str | None = None) -> None:
        self._opener = opener
        self._filename = filename
        self.notes: list[str] = []
        self.reading: dict[str, str] = {}
        if encoding is not None and encoding.lower().replace("-", "") not in ("utf8", "utf8sig"):
            raise TableError(f"{filename}: JSON is written in UTF-8; {encoding} was asked for. Leave the encoding out.")
        self._by_line = self._is_by_line()
        self._titles = self._find_titles()

    def records(self) -> Iterator[Record]:
        """The titles as row 1, then one row per record."""
        yield 1, list(self._titles)
        for number, record in enumerate(self._objects(), start=2):
            flat = flattened(record)
            yield number, [flat.get(title) for title in self._titles]

    def _find_titles(self) -> list[str]:
        titles: dict[str, None] = {}
        for record in self._objects():
            for title in flattened(record):
                titles.setdefault(title)
            if len(titles) > MAX_COLUMNS:
                raise TableError(f"{self._filename} has records with more than {MAX_COLUMNS} different fields.")
        return list(titles)

    def _is_by_line(self) -> bool:
        """Whether every line holds one record, so that the file need not be held at once."""
        with self._opener() as stream:
            for number, line in enumerate(stream):
                text = _bare(line)
                if text and not (text.startswith(b"{") and text.endswith(b"}")):
                    return False
                if number > 20:
                    break
        return True

    def _objects(self) -> Iterator[Mapping[str, Any]]:
        if self._by_line:
            with self._opener() as stream:
                for number, line in enumerate(stream, start=1):
                    text = _bare(line)
                    if text:
                        yield self._object(self._parsed(text, f"line {number:,}"))
            return
        with self._opener() as stream:
            data = stream.read(MAX_WHOLE_BYTES + 1)
        if len(data) > MAX_WHOLE_BYTES:
            raise TableError(
                f"{self._filename} is larger than {MAX_WHOLE_BYTES >> 20} MB and does not hold one record per line. "
                "Write each record in a line of its own, as an export does."
            )
        found = self._parsed(data.removeprefix(b"\xef\xbb\xbf"), "the file")
        if isinstance(found, dict) and isinstance(found.get("data"), list):
            found = found["data"]
        if not isinstance(found, list):
            raise TableError(f"{self._filename} holds no list of records. An array of objects is wanted.")
        for one in found:
            yield self._object(one)

    def _parsed(self, text: bytes, what: str) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as fault:
            raise TableError(f"{self._filename}: {what} is no JSON ({fault}). Export it again.") from None

    def _object(self, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise TableError(f"{self._filename} holds {str(value)[:40]!r} where a record (a JSON object) is wanted.")
        return value


def _bare(line: bytes) -> bytes:
    text = line.strip().removeprefix(b"\xef\xbb\xbf")
    if text in (b"[", b"]", b","):
        return b""
    return text.rstrip(b",").strip()


def flattened(record: Mapping[str, Any]) -> dict[str, Cell]:
    """One REST record as cells by title, as the other formats of an export write it."""
    found: dict[str, Cell] = {}
    for name, value in record.items():
        if name in ("type", "version"):
            continue
        if name == "custom" and isinstance(value, dict):
            found |= {f"custom.{part}": cell for part, cell in flattened(value).items()}
        elif name == "external_ids":
            continue
        elif isinstance(value, dict) and set(value) == {"value", "currency"}:
            found[name], found[f"{name}.currency"] = _cell(value["value"]), _cell(value["currency"])
        elif isinstance(value, dict) and "id" in value and "name" in value:
            if "type" in value:  # a record of any type is named by type and id
                found[name] = f"{value['type']}:{value['id']}"
            else:
                found[name], found[f"{name}.id"] = _cell(value["name"]), _cell(value["id"])
        elif isinstance(value, dict) and value.get("hidden") is True:
            found[name] = None
        else:
            found[name] = _cell(value)
    return found


def _cell(value: Any) -> Cell:
    if value is None or value == [] or value == "":
        return None
    if isinstance(value, list):
        if all(isinstance(one, str) for one in value):
            return "; ".join(value)
        if all(isinstance(one, dict) and set(one) <= {"id", "name", "hidden"} for one in value):
            return "; ".join(str(one["name"]) for one in value if "name" in one)
    if isinstance(value, list | dict):
        return orjson.dumps(value).decode()
    if isinstance(value, str | int | float | bool):
        return value
    return str(value)
