"""Administration: plugins, users, teams, roles, a person's own settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from kumiko.web.viewmodels.kit import Action, Empty, FieldView, Link, Person
from kumiko.web.viewmodels.records import FormView


@dataclass(frozen=True, slots=True)
class PluginRow:
    """A plugin in the administration. `problem` is a sentence, `fix` the button that helps."""

    name: str
    title: str
    version: str
    text: str
    icon: str = "puzzle"
    hue: str = "blue"
    vendor: str = ""
    on: bool = False
    core: bool = False
    state: str = ""  # "on", "off", "failed", "needs migration" in words
    tone: Literal["", "ok", "warn", "error"] = ""
    toggle_href: str = ""
    locked: str = ""  # why it cannot be switched
    needs: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()  # "2 record types", "Deals in the menu"
    problem: str = ""
    detail: str = ""
    fix: tuple[Action, ...] = ()
    settings_href: str = ""
    docs_href: str = ""
    adds_href: str = ""  # what it will add, while it is off
    busy: str = ""  # what is being done with it, as a sentence
    href: str = ""  # its own page
    menu: tuple[Action, ...] = ()  # rare acts: deleting the data of one that is off


@dataclass(frozen=True, slots=True)
class AddsView:
    """What a module adds, in words; `action` switches it on, `instead` lets it take over from one that is on."""

    title: str
    text: str
    groups: tuple[Any, ...] = ()  # kumiko.operate.plain_words.Group
    problems: tuple[str, ...] = ()
    action: str = ""
    instead: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class PluginsView:
    """The plugin page."""

    plugins: tuple[PluginRow, ...]
    core: tuple[PluginRow, ...] = ()
    tabs: tuple[Link, ...] = ()
    actions: tuple[Action, ...] = ()
    impact: ImpactView | None = None


@dataclass(frozen=True, slots=True)
class ImpactView:
    """What happens when a plugin is switched off (or purged): shown in the dialog before it is done."""

    title: str
    text: str
    action: str
    submit: str  # "" when there is nothing to confirm
    lines: tuple[str, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    danger: bool = False
    typed: str = ""  # the word to type when it cannot be undone


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user in the administration."""

    person: Person
    email: str
    roles: str
    team: str
    state: str
    tone: Literal["", "ok", "warn", "error"] = ""
    seen: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class UsersView:
    """All users."""

    rows: tuple[UserRow, ...]
    q: str = ""
    action: str = "/admin/users"
    tabs: tuple[Link, ...] = ()
    actions: tuple[Action, ...] = ()
    count: str = ""
    more_href: str = ""
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class UserView:
    """One user: the form, ways in, sessions, tokens. `secret` is shown once (link or token)."""

    person: Person
    form: FormView
    crumbs: tuple[Link, ...]
    state: str = ""
    tone: Literal["", "ok", "warn", "error"] = ""
    secret_label: str = ""
    secret: str = ""
    actions: tuple[Action, ...] = ()
    sessions: tuple[tuple[str, str, Action], ...] = ()  # device, when, sign out
    tokens: tuple[tuple[str, str, Action], ...] = ()
    tabs: tuple[Link, ...] = ()
    menu: tuple[Action, ...] = ()
    factor: str = ""  # the second factor in a sentence
    factor_act: Action | None = None


@dataclass(frozen=True, slots=True)
class TeamNode:
    """A team and what hangs below it, drawn as a tree by `depth` (0 = top, at most 8 drawn)."""

    name: str
    href: str
    depth: int
    head: Person | None = None
    members: tuple[Person, ...] = ()
    count: str = ""


@dataclass(frozen=True, slots=True)
class TeamsView:
    """The tree of teams."""

    nodes: tuple[TeamNode, ...]
    actions: tuple[Action, ...] = ()
    tabs: tuple[Link, ...] = ()
    empty: Empty | None = None


@dataclass(frozen=True, slots=True)
class RoleRow:
    """Levels of one record type: one FieldView (choice) per action, in the order of RolesView.actions."""

    label: str
    icon: str
    cells: tuple[FieldView | None, ...]


@dataclass(frozen=True, slots=True)
class RolesView:
    """Matrix record type x action of one role."""

    roles: tuple[Link, ...]
    role: str
    text: str
    action: str
    columns: tuple[str, ...]
    rows: tuple[RoleRow, ...]
    permissions: tuple[FieldView, ...] = ()
    locked: str = ""  # the administrator role cannot be reduced
    actions: tuple[Action, ...] = ()
    tabs: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A person's own settings."""

    person: Person
    form: FormView
    password: FormView | None = None
    sessions: tuple[tuple[str, str, Action], ...] = ()
    tokens: tuple[tuple[str, str, Action], ...] = ()
    token_form: FormView | None = None
    secret_label: str = ""
    secret: str = ""
    factor: str = ""  # the second factor in a sentence
    factor_act: Action | None = None
    end_all: Action | None = None  # signs out of all other browsers
    notices: FormView | None = None
