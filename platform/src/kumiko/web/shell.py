"""The frame around every page: menu, account, banners, what `c` creates, for the person who is asking."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from flask import g, has_request_context, request

from kumiko import features
from kumiko.access import gate
from kumiko.host import settings
from kumiko.host.context import Principal, current
from kumiko.host.i18n import gettext as _
from kumiko.records import rights
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.web import toasts
from kumiko.web.assets import folders
from kumiko.web.i18n import reader
from kumiko.web.viewmodels import Action, Banner, Link, MenuSection, Person, ShellView

THEME_COOKIE = "km_theme"
MENU_COOKIE = "km_menu"  # first addresses of the sections that the person unfolded, with "~" between them
#: Entries from here on set the system up: they come last, and only those see them who may change something there.
SETUP_ORDER = 700


class Shell:
    """Template global `shell`: made when a page first looks at it, so that fragments never pay for it."""

    def __bool__(self) -> bool:
        return has_request_context() and current().principal is not None

    def __getattr__(self, name: str) -> Any:
        return getattr(shell(), name)


def shell() -> ShellView:
    """The frame of this request."""
    found: ShellView | None = g.get("km_shell")
    if found is None:
        found = g.km_shell = _made()
    return found


def _made() -> ShellView:
    person = current().principal
    assert person is not None  # `Shell.__bool__` is asked first
    generation = current().generation
    assert generation is not None
    known, at = folders(), reader()
    signed_in = gate.signed_in()
    liking = signed_in.preferences if signed_in is not None else None
    sections = menu(person)
    flat = [item for section in sections for item in section.items]
    theme = liking.theme if liking is not None and liking.theme else request.cookies.get(THEME_COOKIE, "")
    return ShellView(
        company=str(settings.get("host.company") or "Kumiko"),
        user=Person.of(person.name, person.user_id or 0),
        sections=sections,
        foot=_foot(person),
        account=_account(person),
        create=creatable(),
        phone_tabs=tuple(flat[:4]),
        lang=at.tag,
        dir="rtl" if at.locale.text_direction == "rtl" else "ltr",
        theme=theme if theme in ("light", "dark") else "",  # type: ignore[arg-type]
        shortcuts=not (liking is not None and liking.shortcuts_off),
        live=live_mark(),
        banners=_banners(person),
        toasts=toasts.waiting(),
        css=(known.layer_url,) if known.layer_url else (),
        modules=known.modules,
        import_map=known.import_map,
        title="Kumiko",
    )


def live_mark() -> str:
    """Changes when modules are switched or settings change: then a page offers to load itself again."""
    generation = current().generation
    return "" if generation is None else f"{generation.epoch}.{generation.catalogue_n}"


def menu(person: Principal) -> tuple[MenuSection, ...]:
    """The main menu: record types that the person may read, and what plugins add."""
    generation = current().generation
    assert generation is not None
    entries: list[tuple[int, str, str, str, str, str, str]] = []  # order, key, section, label, href, icon, keys
    placed: set[str] = set()
    types = catalogue()
    for owned in generation.menu:
        item = owned.item
        if not features.usable(item):
            continue
        if item.collection:
            info = types.by_collection.get(item.collection)
            if info is None or rights.level(info, person, "read") == "none":
                continue
            placed.add(item.collection)
            if item.order >= SETUP_ORDER and not _may_change(info, person):
                continue
        href = item.href or f"/{item.collection}"
        entries.append((item.order, item.key, str(item.section), str(item.label), href, item.icon, item.keys))
    for info in types.types.values():
        declared = info.type
        if declared.menu and info.collection not in placed and rights.level(info, person, "read") != "none":
            label, href, section = str(declared.label_plural), f"/{info.collection}", ""
            if declared.order >= SETUP_ORDER:
                if not _may_change(info, person):
                    continue
                section = _("Set-up")
            entries.append((declared.order, info.key, section, label, href, declared.icon, ""))
    entries.sort(key=lambda one: (one[0], one[1]))
    # of /visits and /visits/week one
    here = max((one[4] for one in entries if _is_at(one[4])), key=lambda href: len(href.partition("?")[0]), default="")
    sections: dict[str, list[Link]] = {"": [_link(_("Home"), "/", "home", "h")]}
    taken = {"h", *(keys for *_rest, keys in entries if keys)}
    for _order, _key, section, label, href, icon, keys in entries:
        letter = keys or next((sign for sign in href if sign.isalpha() and sign not in taken), "")
        taken.add(letter)
        sections.setdefault(section, []).append(Link(label, href, icon, active=href == here, keys=letter))
    opened = unquote(request.cookies.get(MENU_COOKIE, "")).split("~") if has_request_context() else []
    return tuple(
        MenuSection(title, tuple(items), not title or items[0].href in opened or any(one.active for one in items))
        for title, items in sections.items()
    )


def _may_change(info: TypeInfo, person: Principal) -> bool:
    return any(rights.level(info, person, action) != "none" for action in ("create", "edit"))


def _link(label: str, href: str, icon: str, keys: str = "") -> Link:
    return Link(label, href, icon, active=_is_at(href), keys=keys)


def _is_at(href: str) -> bool:
    """Whether the page that is drawn is this one, or below it."""
    path, href = (request.path if has_request_context() else ""), href.partition("?")[0]
    return path == href or (href != "/" and path.startswith(href + "/"))


def _foot(person: Principal) -> tuple[Link, ...]:
    links = [_link(_("Notices"), "/notices", "bell")] if _has_rule("/notices") else []
    if person.may("import.run") and _has_rule("/import"):
        links.append(_link(_("Import"), "/import", "file-import"))
    if any(person.may(one) for one in ("plugins.switch", "users.edit", "audit.read")) and _has_rule("/admin"):
        links.append(_link(_("Administration"), "/admin", "settings"))
    return tuple(links)


def _has_rule(path: str) -> bool:
    """Whether some plugin answers exactly this address; asked of a set made once per generation."""
    generation = current().generation
    assert generation is not None
    rules: frozenset[str] | None = generation.state.get("rules")
    if rules is None:
        rules = frozenset(rule.rule.rstrip("/") or "/" for rule in generation.app.url_map.iter_rules())
        generation.state["rules"] = rules
    return path in rules


def _account(person: Principal) -> tuple[Action, ...]:
    found: list[Action] = []
    if _has_rule("/profile"):
        found.append(Action(_("Profile"), "/profile", "user"))
    if _has_rule("/journal"):
        found.append(Action(_("Journal"), "/journal", "history"))
    if person.viewed_by_id is not None:
        found.append(Action(_("Stop looking as %(name)s", name=person.name), "/view-as/stop", "eye-off", method="post"))
    found.append(Action(_("Sign out"), "/sign-out", "logout", method="post"))
    return tuple(found)


def creatable() -> tuple[Link, ...]:
    """Record types that the person may make by hand from anywhere."""
    person = current().principal
    if person is None or person.read_only:
        return ()
    return tuple(
        Link(str(info.type.label), f"/{info.collection}/new", info.type.icon)
        for info in catalogue().types.values()
        if info.type.menu and info.type.creatable and rights.level(info, person, "create") != "none"
    )


def _banners(person: Principal) -> tuple[Banner, ...]:
    generation = current().generation
    found: list[Banner] = []
    if person.viewed_by_id is not None:
        text = _("You see Kumiko as %(name)s does. Nothing can be changed.", name=person.name)
        found.append(Banner(text, Action(_("Stop"), "/view-as/stop", method="post"), tone="warn"))
    for ask in () if generation is None else generation.state.get("banners", ()):
        found += ask()
    return tuple(found)
