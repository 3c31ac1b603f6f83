"""Records of a vCard file (2.1, 3.0, 4.0): one row per person, under the names of our fields."""

from __future__ import annotations

import quopri
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from kumiko.imports.cells import Cell
from kumiko.imports.tables.faults import TableError
from kumiko.imports.tables.table import Record

#: Titles of the table; the first of each is filled first.
TITLES = (
    "uid", "name", "first_name", "middle_name", "last_name", "salutation", "email", "email 2", "email 3", "phone",
    "phone 2", "phone 3", "organization", "department", "job_title", "birthday", "street", "city", "region",
    "postal_code", "country", "website", "description", "tags",
)  # fmt: skip

_MAX_LINE_CHARS = 4_000_000
_PROPERTY = re.compile(r"(?:[\w-]+\.)?([\w-]+)((?:;[^:\";]*(?:\"[^\"]*\")?[^:\";]*)*):(.*)", re.DOTALL)
_PARTS = re.compile(r"(?<!\\);")
_ESCAPED = re.compile(r"\\([nN,;:\\])")
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_ENCODINGS = ("utf-8-sig", "cp1252")


class CardSource:
    """Cards as rows; unknown properties (photos, keys) are left out, and said to be."""

    def __init__(self, opener: Callable[[], BinaryIO], *, filename: str, encoding: str | None = None) -> None:
        self._opener = opener
        self._filename = filename
        self._encoding = encoding or self._find_encoding()
        self.notes: list[str] = [f"vCards, read as {self._encoding.removesuffix('-sig').upper()}."]
        self.reading = {"encoding": self._encoding}
        ignored: set[str] = set()
        count = sum(1 for _card in self._cards(ignored))
        if not count:
            raise TableError(f"{filename} holds no vCard: a line BEGIN:VCARD is wanted. Export the contacts again.")
        if ignored:
            self.notes.append(f"Left out of the cards: {', '.join(sorted(ignored)[:12])}.")

    def records(self) -> Iterator[Record]:
        """The titles as row 1, then one row per card."""
        yield 1, list(TITLES)
        for number, card in enumerate(self._cards(set()), start=2):
            yield number, [card.get(title) for title in TITLES]

    def _find_encoding(self) -> str:
        with self._opener() as stream:
            start = stream.read(4)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        for encoding in _ENCODINGS:
            try:
                with self._opener() as stream:
                    for line in stream:
                        line.decode(encoding)
            except UnicodeDecodeError:
                continue
            return encoding
        return "latin-1"

    def _lines(self) -> Iterator[str]:
        """Unfolded lines: one that starts with a blank goes on with the former one, as does a quoted-printable one."""
        kept = ""
        with self._opener() as stream:
            text = stream.read() if self._encoding == "utf-16" else None
            raw = text.decode("utf-16").encode("utf-8").splitlines(keepends=True) if text is not None else stream
            encoding = "utf-8" if text is not None else self._encoding
            for piece in raw:
                try:
                    line = piece.decode(encoding).rstrip("\r\n")
                except UnicodeError as fault:
                    raise TableError(f"{self._filename} is not text in the encoding {self._encoding}.") from fault
                if line[:1] in (" ", "\t") and kept:
                    kept += line[1:]
                elif kept.endswith("=") and "QUOTED-PRINTABLE" in kept.partition(":")[0].upper():
                    kept = kept[:-1] + line
                else:
                    yield kept
                    kept = line
                if len(kept) > _MAX_LINE_CHARS:
                    raise TableError(f"{self._filename}: a property is longer than {_MAX_LINE_CHARS:,} characters.")
        yield kept

    def _cards(self, ignored: set[str]) -> Iterator[dict[str, Cell]]:
        card: dict[str, Cell] | None = None
        for line in self._lines():
            found = _PROPERTY.fullmatch(line)
            if found is None:
                continue
            name, parameters, value = found[1].upper(), found[2].upper(), found[3]
            if "QUOTED-PRINTABLE" in parameters:
                value = _unquoted(value, parameters)
            if name == "BEGIN" and value.strip().upper() == "VCARD":
                card = {}
            elif name == "END" and card is not None:
                yield _finished(card)
                card = None
            elif card is not None and not _put(card, name, parameters, value):
                ignored.add(name)


def _unquoted(value: str, parameters: str) -> str:
    charset = re.search(r"CHARSET=\"?([\w-]+)", parameters)
    try:
        return quopri.decodestring(value.encode("utf-8")).decode(charset[1] if charset else "utf-8", errors="replace")
    except LookupError:
        return quopri.decodestring(value.encode("utf-8")).decode("utf-8", errors="replace")


def _put(card: dict[str, Cell], name: str, parameters: str, value: str) -> bool:
    """Put one property into the row; False when it has no place there."""
    parts = [_text(part) for part in _PARTS.split(value)]
    if name == "N":
        for title, part in zip(("last_name", "first_name", "middle_name", "salutation"), parts, strict=False):
            card[title] = part or None
    elif name == "ORG":
        card["organization"] = parts[0] or None
        card["department"] = ", ".join(part for part in parts[1:] if part) or None
    elif name == "ADR":
        if "city" not in card:
            padded = [*parts, *[""] * 7]
            for title, place in (("street", 2), ("city", 3), ("region", 4), ("postal_code", 5), ("country", 6)):
                card[title] = padded[place] or None
    elif name in ("EMAIL", "TEL"):
        text = _text(value).removeprefix("mailto:").removeprefix("tel:").strip()
        title = "email" if name == "EMAIL" else "phone"
        _add(card, title, text, first="PREF" in parameters)
    elif name == "BDAY":
        day = _DAY.search(value)
        card["birthday"] = f"{day[1]}-{day[2]}-{day[3]}" if day else None
    elif name == "CATEGORIES":
        card["tags"] = "; ".join(part.strip() for part in re.split(r"(?<!\\),", value) if part.strip()) or None
    elif name in _PLAIN:
        card.setdefault(_PLAIN[name], _text(value) or None)
    else:
        return name in ("VERSION", "PRODID", "REV")
    return True


_PLAIN = {"FN": "name", "TITLE": "job_title", "NOTE": "description", "URL": "website", "UID": "uid"}


def _add(card: dict[str, Cell], title: str, text: str, *, first: bool) -> None:
    places = [title, f"{title} 2", f"{title} 3"]
    known = [card[place] for place in places if card.get(place)]
    if text and text not in known:
        known = [text, *known] if first else [*known, text]
    card |= dict(zip(places, known, strict=False))


def _finished(card: dict[str, Cell]) -> dict[str, Cell]:
    if card.get("first_name") or card.get("last_name"):
        card.pop("name", None)  # written from its parts
    return card


def _text(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()
