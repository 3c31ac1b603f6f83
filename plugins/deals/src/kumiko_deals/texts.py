"""Texts from outside, made fit for the database and the screen: no control characters, scripts, or endless length."""

from __future__ import annotations

import hashlib
import html as html_entities
import re
from collections.abc import Mapping
from typing import Any

LONGEST = 100_000
TITLE = 120
#: What a message may look like; everything else is taken out.
_TAGS = {
    "a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "li", "ol", "p", "pre", "s",
    "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_BREAK = re.compile(r"(?i)<(?:br|/p|/div|/tr|/li|/h[1-6])[^>]*>")
_QUOTED = re.compile(r"(?m)^>.*$|^-- ?$[\s\S]*")


def plain(text: Any, longest: int = LONGEST) -> str:
    """One text without characters that a database or a screen stumbles over, shortened."""
    found = _CONTROL.sub("", str(text or "")).replace("\r\n", "\n").replace("\r", "\n").strip()
    return found if len(found) <= longest else f"{found[: longest - 1]}…"


def line(text: Any, longest: int = 300) -> str:
    """The same in one line."""
    return plain(" ".join(plain(text, longest * 4).split()), longest)


def jsonable(value: Any, depth: int = 0) -> Any:
    """A raw item as JSON can hold it: as it came, but for what no database takes."""
    if isinstance(value, str):
        return _CONTROL.sub("�", value)
    if isinstance(value, Mapping) and depth < 20:
        return {str(jsonable(str(key))): jsonable(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple) and depth < 20:
        return [jsonable(one, depth + 1) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        return _CONTROL.sub("�", value.decode("utf-8", "replace"))
    return _CONTROL.sub("�", str(value))


def clean_html(html: str) -> str:
    """HTML that may be shown: no scripts, styles, pictures, forms; links open apart."""
    import nh3  # local: only processes that take messages in need it

    if not html.strip():
        return ""
    return nh3.clean(
        _CONTROL.sub("", html[: LONGEST * 4]),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
    )[: LONGEST * 2]


def text_of(html: str) -> str:
    """The words of an HTML message."""
    import nh3  # local: as above

    stripped = nh3.clean(_BREAK.sub("\n", html[: LONGEST * 4]), tags=set())
    return plain(re.sub(r"\n{3,}", "\n\n", html_entities.unescape(stripped)))


def title_of(*candidates: str) -> str:
    """The first line that says something, shortened to whole words."""
    for one in candidates:
        words = next((" ".join(each.split()) for each in one.splitlines() if each.strip()), "")
        if words:
            short = words if len(words) <= TITLE else words[:TITLE].rsplit(" ", 1)[0][: TITLE - 1] + "…"
            return plain(short, TITLE)
    return ""


def fingerprint(sender: str, text: str) -> str | None:
    """Equal for the same words of the same sender; None when there is nothing to compare."""
    words = " ".join(_QUOTED.sub("", text).casefold().split())
    if not sender or not words:
        return None
    return hashlib.sha256(f"{sender.casefold()}\n{words}".encode("utf-8", "replace")).hexdigest()
