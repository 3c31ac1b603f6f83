"""Files of the installation that may hold a person: attachments by their names in the store, and everything else."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from kumiko.privacy.terms import Terms
from kumiko.privacy.walking import in_bytes

_LARGEST = 200 * 1024 * 1024  # of one file, or one member of an archive, that is read as a whole
#: not searched: the database itself, keys, and backups (persons who were erased are erased again when one is restored)
_OWN = re.compile(r"(secret_key|kumiko\.toml|erased\.json|restoring\.json|\.?kumiko.*\.db.*|.*\.db(-wal|-shm)?)$")
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


def stored(home: Path) -> Iterator[Path]:
    """The bytes of attachments, named by their checksum, in the folder and beside backups."""
    for root in (home / "files", home / "backups" / "files"):
        for path in sorted(root.glob("*/*")):
            if path.is_file() and not path.name.startswith("."):
                yield path


def others(home: Path) -> Iterator[Path]:
    """Every other file of the installation: mails in the folder, files of imports, exports, archives."""
    for path in sorted(home.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        inside = path.relative_to(home)
        if inside.parts[0] in ("files", "backups", "packages") or _OWN.fullmatch(path.name):
            continue
        yield path


def holds(terms: Terms, path: Path) -> bool:
    """Whether a file holds a term: as text, in a mail, in a PDF's text, or in a workbook, document or archive."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as zipped:
                for member in zipped.infolist():
                    if terms.within(member.filename):
                        return True
                    if member.file_size <= _LARGEST and _in_content(terms, zipped.read(member)):
                        return True
            return terms.within(path.name)
        if path.stat().st_size > _LARGEST:
            return _in_large(terms, path)
        return terms.within(path.name) or _in_content(terms, path.read_bytes())
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error):
        return False


def _in_content(terms: Terms, content: bytes) -> bool:
    if in_bytes(terms, content):
        return True
    if content.startswith(b"%PDF"):
        return any(in_bytes(terms, text) for text in _texts_of_pdf(content))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return terms.within(content.decode("utf-16", "replace"))
    if content[:1] == b"<" or b"</" in content[:2000]:  # words of a document are often cut by marks
        return terms.within(re.sub(r"<[^>]+>", "", content.decode("utf-8", "replace")))
    return False


def _texts_of_pdf(content: bytes) -> Iterator[bytes]:
    """What can be read of a PDF without drawing it: its streams, opened, and the strings in them put together."""
    for found in _STREAM.finditer(content):
        try:
            text = zlib.decompress(found.group(1))
        except zlib.error:
            text = found.group(1)
        yield text
        yield b" ".join(re.findall(rb"\(((?:[^()\\]|\\.)*)\)", text))


def _in_large(terms: Terms, path: Path) -> bool:
    """In pieces that overlap, so that no term is cut."""
    rest = ""
    with path.open("rb") as stream:
        while piece := stream.read(8 * 1024 * 1024):
            text = rest + piece.decode("utf-8", "replace")
            if terms.within(text):
                return True
            rest = text[-500:]
    return False
