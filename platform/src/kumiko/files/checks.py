"""Names and kinds of files: what is taken, under which name, and what it claims to be."""

from __future__ import annotations

import mimetypes
import re
import unicodedata

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _

LONGEST_NAME = 200
OTHER = "application/octet-stream"
#: Programs: whoever opens one from a customer's card runs it.
PROGRAMS = frozenset(
    (
        "app", "bat", "cmd", "com", "cpl", "dll", "exe", "gadget", "hta", "inf", "jar", "js", "jse", "lnk", "msc",
        "msi", "msp", "ps1", "ps1xml", "psc1", "reg", "scf", "scr", "sct", "sys", "vb", "vbe", "vbs", "ws", "wsc",
        "wsf", "wsh",
    )
)  # fmt: skip
#: First bytes that must be there (anyone of them) when a name or a client says so.
_BEGINS: dict[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
    "application/zip": (b"PK\x03\x04", b"PK\x05\x06"),
}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_PROGRAM_BEGINS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")


def safe_name(name: str) -> str:
    """A name to keep a file under: its last part, without signs that steer terminals and file systems.

    Invalid, with a sentence, when nothing is left of it or it is too long.
    """
    plain = unicodedata.normalize("NFC", name)
    if "\x00" in plain:
        raise _wrong("name", _("the name of a file cannot hold a NUL character"))
    plain = re.split(r"[/\\]", plain)[-1]
    plain = "".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in plain)
    plain = " ".join(plain.split()).strip(". ")
    if not plain:
        raise _wrong("name", _("a file needs a name, such as offer.pdf"))
    if len(plain) > LONGEST_NAME:
        raise _wrong(
            "name", _("at most %(most)d characters fit here, found %(found)d", most=LONGEST_NAME, found=len(plain))
        )
    return plain


def media_type_of(name: str, said: str, head: bytes) -> str:
    """What the file is, by its name, else by what the client said; Invalid for programs and for what is something else
    than its name says."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending in PROGRAMS or head.startswith(_PROGRAM_BEGINS):
        raise _wrong("file", _("“%(name)s” is a program; programs are not kept here. Send it packed (zip).", name=name))
    said = said.partition(";")[0].strip().lower()
    if not re.fullmatch(r"[a-z0-9.+-]+/[a-z0-9.+-]+", said) or len(said) > 100:
        said = ""
    found = mimetypes.guess_type(name)[0] or said or OTHER
    begins = _BEGINS["application/zip"] if found.startswith(_OFFICE) else _BEGINS.get(found)
    if begins is not None and not head.startswith(begins):
        raise _wrong(
            "file",
            _("“%(name)s” should be %(type)s by its name, but its content is something else. Give it its right name.",
              name=name, type=found),
        )  # fmt: skip
    return found


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, {field: [sentence]})
