"""What every page uses: people, links, buttons, fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

HUES = ("gray", "red", "orange", "amber", "lime", "green", "teal", "cyan", "blue", "indigo", "violet", "pink")
NO_HTML = Markup("")
_HASHED_HUES = HUES[1:]


def hue_of(key: str | int) -> str:
    """Steady hue for a person or a thing without one of its own."""
    text = str(key)
    return _HASHED_HUES[sum(ord(letter) * (place + 1) for place, letter in enumerate(text)) % len(_HASHED_HUES)]


def initials_of(name: str) -> str:
    """One or two letters for an avatar: first of the first and of the last word."""
    words = [word for word in name.split() if word[:1].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@dataclass(frozen=True, slots=True)
class Person:
    """A user or person as a chip: avatar and name."""

    name: str
    initials: str = ""
    hue: str = "gray"
    href: str = ""

    @classmethod
    def of(cls, name: str, key: str | int = "", href: str = "") -> Person:
        """Chip with initials and hue made from the name and the key."""
        return cls(name=name, initials=initials_of(name), hue=hue_of(key or name), href=href)


@dataclass(frozen=True, slots=True)
class Link:
    """Anything with a label to follow; used for crumbs and plain lists."""

    label: str
    href: str = ""
    icon: str = ""
    count: str = ""
    active: bool = False
    keys: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """A button. `method` post submits with the CSRF token; `dialog` loads `href` into the page's dialog first."""

    label: str
    href: str = ""
    icon: str = ""
    method: Literal["get", "post"] = "get"
    primary: bool = False
    danger: bool = False
    dialog: bool = False
    confirm: str = ""  # question asked before; only where there is no undo
    keys: str = ""
    disabled: str = ""  # the reason why it cannot be used now


@dataclass(frozen=True, slots=True)
class Empty:
    """What a place says while it holds nothing: what it is, one sentence, one action."""

    title: str
    text: str = ""
    icon: str = "inbox"
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a field or filter."""

    key: str
    label: str
    hue: str = ""
    chosen: bool = False


FieldKind = Literal[
    "text", "longtext", "integer", "number", "money", "percent", "boolean", "date", "moment", "choice",
    "multichoice", "link", "tags", "list", "email", "phone", "url", "json", "password", "file", "user", "team",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldView:
    """One input. Values are strings as typed, so a refused form shows exactly what was sent."""

    name: str
    label: str
    kind: FieldKind = "text"
    value: str = ""
    text: str = ""  # link, user, team: the name of the chosen record; other kinds: the formatted value beside it
    help: str = ""
    errors: tuple[str, ...] = ()
    required: bool = False
    readonly: bool = False
    wide: bool = False
    autofocus: bool = False
    placeholder: str = ""
    autocomplete: str = "off"
    max_length: int = 0
    minimum: str = ""
    maximum: str = ""
    options: tuple[Option, ...] = ()  # choice, multichoice, money (currencies)
    unit: str = ""  # money: chosen currency; number: suffix; moment: zone
    find_href: str = ""  # link, user, team, tags: server search, answers picker_options.html
    create_href: str = ""  # link: short create form
    chosen: tuple[Option, ...] = ()  # tags
    items: tuple[FieldView, ...] = ()  # list: the fields of a blank row, names with `__n__` for the number
    rows: tuple[tuple[FieldView, ...], ...] = ()  # list: filled rows; an unremoved row may hold its id as hidden field
    accept: str = ""  # file
    icon: str = ""


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields under a heading; the first group may have none."""

    title: str
    fields: tuple[FieldView, ...]
    help: str = ""
