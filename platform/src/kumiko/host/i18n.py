"""Translation of sentences that people read, wherever code runs: in a request, a job or on the command line.

The web core sets `translate` to look up the reader's language; without it the English text is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_translate: Callable[[str], str] | None = None
_noun: Callable[[str], str] = str.lower


def use_translator(translator: Callable[[str], str], noun: Callable[[str], str] = str.lower) -> None:
    """Called once by the web core: message -> its translation into the current reader's language.

    `noun`: label -> the same as that language writes it inside a sentence.
    """
    global _translate, _noun
    _translate, _noun = translator, noun


def gettext(message: str, **variables: Any) -> str:
    """The message in the reader's language, with `%(name)s` places filled."""
    text = _translate(message) if _translate is not None else message
    return text % variables if variables else text


def inside(label: Any) -> str:
    """A label as it stands inside a sentence: "Deals" -> "deals", in German "Deals"."""
    return _noun(str(label))


class Lazy:
    """A text that is translated when it is shown; for labels declared at import."""

    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message

    def __str__(self) -> str:
        return gettext(self.message)

    def __html__(self) -> str:
        from markupsafe import escape  # local: slow import

        return str(escape(str(self)))

    def __repr__(self) -> str:
        return f"Lazy({self.message!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lazy) and other.message == self.message

    def __hash__(self) -> int:
        return hash(self.message)


def lazy_gettext(message: str) -> Lazy:
    """A label that is translated each time it is shown."""
    return Lazy(message)
