"""The frame around every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kumiko.web.viewmodels.kit import Action, Link, Person


@dataclass(frozen=True, slots=True)
class MenuSection:
    """A headed part of the sidebar."""

    title: str
    items: tuple[Link, ...]
    open: bool = True  # a section without a title is never folded


@dataclass(frozen=True, slots=True)
class Banner:
    """A strip above the page: view as seller, sample data, maintenance."""

    text: str
    action: Action | None = None
    tone: Literal["info", "warn"] = "info"


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message at the bottom; `undo` is the path to post to, `href` leads to details."""

    msg: str
    undo: str = ""
    href: str = ""
    tone: Literal["ok", "warn", "error"] = "ok"


@dataclass(frozen=True, slots=True)
class ShellView:
    """The frame around every page of a signed-in person; template global `shell`."""

    company: str
    user: Person
    sections: tuple[MenuSection, ...]
    foot: tuple[Link, ...] = ()  # below the menu: settings, plugins
    account: tuple[Action, ...] = ()  # menu of the user's name: profile, view as, sign out
    create: tuple[Link, ...] = ()  # what `c` and the plus offer
    phone_tabs: tuple[Link, ...] = ()  # at most four
    lang: str = "en"
    dir: Literal["ltr", "rtl"] = "ltr"
    theme: Literal["", "light", "dark"] = ""  # "" follows the system
    density: Literal["", "compact"] = ""
    shortcuts: bool = True
    live: str = ""  # epoch and catalogue number: a change makes the page offer a reload
    banners: tuple[Banner, ...] = ()
    toasts: tuple[Toast, ...] = ()
    css: tuple[str, ...] = ()  # sheet URLs of plugins, each already wrapped in layer(plugins)
    modules: tuple[str, ...] = ()  # module URLs of plugins
    import_map: str = ""  # JSON of the import map
    title: str = "Kumiko"
