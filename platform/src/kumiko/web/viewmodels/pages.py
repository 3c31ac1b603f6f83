"""Sign-in, first run and the start page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kumiko.web.viewmodels.kit import Action, FieldView
from kumiko.web.viewmodels.records import PanelView, Timeline


@dataclass(frozen=True, slots=True)
class SignInView:
    """Sign-in page."""

    company: str
    action: str
    email: str = ""
    error: str = ""
    notice: str = ""
    next: str = ""
    wait: str = ""  # throttled: "Try again in 30 seconds"
    forgot_href: str = ""
    methods: tuple[Action, ...] = ()  # other ways of signing in
    code: bool = False  # ask for the second factor instead
    half: str = ""  # what the code completes
    cancel_href: str = ""


@dataclass(frozen=True, slots=True)
class ForgotView:
    """Asking for a link to set a new password. `sent`: the address that was given, once it was."""

    company: str
    action: str
    email: str = ""
    error: str = ""
    sent: str = ""
    by_hand: bool = False  # no mail leaves this installation: an administrator hands the link over


@dataclass(frozen=True, slots=True)
class SetPasswordView:
    """First password or reset through a one-time link."""

    company: str
    action: str
    email: str
    name: str = ""
    errors: tuple[str, ...] = ()
    minimum: int = 10
    first: bool = True
    skip_href: str = ""


@dataclass(frozen=True, slots=True)
class ModuleChoice:
    """A module offered at the start."""

    name: str
    title: str
    text: str
    icon: str
    hue: str = "blue"
    chosen: bool = True
    needs: str = ""


@dataclass(frozen=True, slots=True)
class WelcomeView:
    """First run: company, modules, data."""

    action: str
    company: FieldView
    currency: FieldView
    zone: FieldView
    language: FieldView
    modules: tuple[ModuleChoice, ...]
    data: Literal["demo", "empty"] = "demo"
    demo_text: str = ""
    summary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tick:
    """One of the first five things to do."""

    key: str
    title: str
    text: str
    action: Action
    icon: str = "circle"
    done: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with a name."""

    label: str
    value: str
    hint: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class StartView:
    """Start page of a person."""

    greeting: str
    today: str = ""
    ticks: tuple[Tick, ...] = ()
    ticks_done: str = ""  # "2 of 5 done"
    ticks_first: bool = True  # False: below the panels
    hide_ticks: Action | None = None
    figures: tuple[Figure, ...] = ()
    panels: tuple[PanelView, ...] = ()
    actions: tuple[Action, ...] = ()
    timeline: Timeline | None = None
