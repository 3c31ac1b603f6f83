"""What a text sees of the values: parts by name, lists to walk, and nothings that know their name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records.money import Money
from kumiko.records.views import LinkValue
from kumiko.web import formats


class Nothing:
    """A value that this record does not have. It is drawn as "" and named in the list of what is missing."""

    __slots__ = ("inner", "path")

    def __init__(self, path: str, inner: Mapping[str, Any] | None = None) -> None:
        self.path = path
        self.inner = inner  # names below it; None: any name

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __eq__(self, other: object) -> bool:
        return other is None or other == "" or isinstance(other, Nothing)

    __hash__ = None  # type: ignore[assignment]


class Empty(Mapping[str, Any]):
    """For makers of values: a link or group that is not set; `names` says what would be below it."""

    def __init__(self, names: Mapping[str, Any] | None = None) -> None:
        self.names = names

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Shown:
    """For makers of values: a value that is drawn in words of its own (a choice by its label, yes or no)."""

    __slots__ = ("text", "value")

    def __init__(self, value: Any, text: str) -> None:
        self.value, self.text = value, text

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        plain = other.value if isinstance(other, Shown) else other
        return bool(plain == self.value or plain == self.text)

    def __hash__(self) -> int:
        return hash(self.value)


class Part:
    """A mapping under its name in the text."""

    __slots__ = ("path", "values")

    def __init__(self, values: Mapping[str, Any], path: str) -> None:
        self.values, self.path = values, path

    def child(self, name: str) -> Any:
        """The value of a name below; Invalid, with the nearest name, when there is none."""
        path = f"{self.path}.{name}" if self.path else name
        if name not in self.values:
            raise unknown(path, name, self.values)
        return seen(self.values[name], path)


class Parts:
    """A list under its name in the text; its entries carry the name of the list."""

    __slots__ = ("items", "path")

    def __init__(self, items: Sequence[Any], path: str) -> None:
        self.items, self.path = items, path

    def __iter__(self) -> Iterator[Any]:
        return (seen(one, self.path) for one in self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, wanted: object) -> bool:
        return any(text_of(one) == wanted or one == wanted for one in self)


def seen(value: Any, path: str) -> Any:
    """A value as the text sees it."""
    if value is None or value == "":
        return Nothing(path)
    if isinstance(value, Empty):
        return Nothing(path, value.names)
    if isinstance(value, Mapping):
        return Part(value, path)
    if isinstance(value, list | tuple):
        return Parts(value, path) if value else Nothing(path)
    return value


def unknown(path: str, name: str, names: Iterable[str], line: int | None = None) -> Invalid:
    """The refusal of a name that nobody answers to."""
    fault = Invalid(unknown_sentence(path, name, names, line))
    fault.text_name = name  # type: ignore[attr-defined] # for the line, which is not known here
    return fault


def unknown_sentence(path: str, name: str, names: Iterable[str], line: int | None = None) -> str:
    near = difflib.get_close_matches(name, [str(one) for one in names], 1, 0.5)
    where = "" if line is None else _("Line %(line)d: ", line=line)
    if near:
        better = f"{path[: len(path) - len(name)]}{near[0]}"
        return where + _("there is no value “%(name)s”; did you mean “%(near)s”?", name=path[:80], near=better)
    return where + _("there is no value “%(name)s” here.", name=path[:80])


def text_of(value: Any) -> str:
    """A value as people read it, in the reader's language; Invalid when it is none that can be written."""
    if isinstance(value, str):
        return value
    if isinstance(value, Shown):
        return value.text
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Money):
        return formats.money_text(value.minor, value.currency)
    if isinstance(value, datetime):
        return formats.short_moment_text(value)
    if isinstance(value, date):
        return formats.day_text(value)
    if isinstance(value, int | float | Decimal):
        return formats.number_text(value)
    if isinstance(value, LinkValue):
        return value.name
    if value is None or isinstance(value, Nothing):
        return ""
    if isinstance(value, Part):
        if "name" in value.values:
            return text_of(value.child("name"))
        if "id" in value.values:
            return text_of(value.child("id"))
        raise Invalid(_("“%(name)s” is a group; write one of its values, such as “%(name)s.%(first)s”.",
                        name=value.path, first=next(iter(value.values), "name")))  # fmt: skip
    if isinstance(value, Parts):
        return ", ".join(text_of(one) for one in value)
    raise Invalid(_("a value of the kind %(kind)s cannot be written into a text", kind=type(value).__name__))
