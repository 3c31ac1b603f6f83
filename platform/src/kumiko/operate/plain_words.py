"""What a plugin adds, as sentences for people who decide whether to switch it on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from kumiko.host.i18n import gettext as _
from kumiko.operate.report import Addition

Words = Callable[[str], str]


def _same(text: str) -> str:
    return text


@dataclass(frozen=True)
class Speech:
    """How names are said: labels of the plugin in the reader's language, types and roles as the house calls them."""

    label: Words = _same
    type_name: Words = _same
    role: Words = _same
    known: frozenset[str] = field(default_factory=frozenset)  # keys of the types that exist


@dataclass(frozen=True)
class Group:
    """One heading and its lines."""

    title: str
    lines: tuple[str, ...]


def groups(brings: Iterable[Addition], speech: Speech = Speech()) -> list[Group]:
    """Headings in the order in which they matter to an administrator; empty ones are left out."""
    by_kind: dict[str, list[Addition]] = {}
    for one in brings:
        by_kind.setdefault(one.kind, []).append(one)

    def lines(kind: str, say: Callable[[Addition, Speech], str]) -> Iterator[str]:
        return (say(one, speech) for one in by_kind.get(kind, ()))

    found = (
        (_("Records"), lines("record", _record)),
        (_("Entries of the menu"), (*_menu_of_records(by_kind, speech), *lines("menu", _at))),
        (_("Pages"), lines("page", lambda one, _speech: _address(one.name))),
        (_("Panels on other pages"), lines("panel", _panel)),
        (_("Fields on other records"), _fields(by_kind.get("field", ()), speech)),
        (_("Buttons on records"), _actions(by_kind.get("action", ()), speech)),
        (_("Commands of the palette"), lines("command", _at)),
        (_("Rights"), lines("permission", _permission)),
        (_("Parts that can be switched off"), lines("feature", _feature)),
        (_("Settings"), lines("settings", lambda one, speech: speech.label(one.name))),
        (_("Background work"), (*lines("job", _job), *_listens(by_kind.get("subscription", ()), speech))),
        (_("Tables"), _tables(by_kind.get("table", ()))),
    )
    return [Group(title, tuple(said)) for title, what in found if (said := list(dict.fromkeys(what)))]


def _record(one: Addition, speech: Speech) -> str:
    said = _("%(what)s at %(address)s", what=speech.label(one.name), address=one.details["address"])
    return said + (_(", with a board") if one.details.get("board") else "")


def _menu_of_records(by_kind: dict[str, list[Addition]], speech: Speech) -> Iterator[str]:
    written = {one.details["address"] for one in by_kind.get("menu", ())}
    for one in by_kind.get("record", ()):
        if one.details.get("menu") and one.details["address"] not in written:
            yield _at(one, speech)


def _at(one: Addition, speech: Speech) -> str:
    address = one.details.get("address")
    label = speech.label(one.name)
    return _("%(what)s, which opens %(address)s", what=label, address=address) if address else label


def _address(rule: str) -> str:
    """ "/visits/<int:id>/map" as "/visits/…/map"."""
    return re.sub(r"<[^>]*>", "…", rule)


def _panel(one: Addition, speech: Speech) -> str:
    slot = str(one.details["slot"])
    where = {"start.widgets": _("the start page"), "settings.sections": _("the settings")}.get(slot, "")
    if not where and slot.startswith("record."):
        where = _type(slot.removeprefix("record.").rpartition(".")[0], speech)
    return _("%(what)s on: %(where)s", what=speech.label(one.name), where=where or slot)


def _type(key: str, speech: Speech) -> str:
    name = speech.type_name(key)
    if speech.known and key not in speech.known:
        return _("%(what)s (when that module is on)", what=name)
    return name


def _fields(found: Iterable[Addition], speech: Speech) -> Iterator[str]:
    for key, names in _by_type(found, speech):
        yield _("%(where)s: %(names)s", where=_type(key, speech), names=", ".join(names))


_actions = _fields


def _by_type(found: Iterable[Addition], speech: Speech) -> Iterator[tuple[str, list[str]]]:
    grouped: dict[str, list[str]] = {}
    for one in found:
        grouped.setdefault(str(one.details["type"]), []).append(speech.label(one.name))
    yield from grouped.items()


def _permission(one: Addition, speech: Speech) -> str:
    roles = [speech.role(role) for role in one.details["roles"]]
    what = speech.label(one.name)
    if not roles:
        return _("%(what)s: no role has it at first", what=what)
    return _("%(what)s: given to %(roles)s", what=what, roles=", ".join(roles))


def _feature(one: Addition, speech: Speech) -> str:
    what = speech.label(one.name)
    return what if one.details["by_role"] else _("%(what)s (for everybody only)", what=what)


def _job(one: Addition, speech: Speech) -> str:
    return _("%(what)s: %(when)s", what=speech.label(one.name), when=often(str(one.details["cron"])))


def often(cron: str) -> str:
    """How often a job runs: "7 5 * * *" as "every day at 05:07 (UTC)"."""
    if not cron:
        return _("when there is something to do")
    minute, hour, day, month, weekday = (*cron.split(), "", "", "", "")[:5]
    rest = (day, month, weekday) == ("*", "*", "*")
    if rest and minute.startswith("*/") and hour == "*":
        return _("every %(count)s minutes", count=minute[2:])
    if rest and minute.isdigit() and hour == "*":
        return _("every hour")
    if rest and minute == hour == "*":
        return _("every minute")
    if minute.isdigit() and hour.isdigit():
        at = f"{int(hour):02d}:{int(minute):02d}"
        if rest:
            return _("every day at %(at)s (UTC)", at=at)
        if (day, month) == ("*", "*") and weekday.isdigit():
            return _("every week at %(at)s (UTC)", at=at)
        if (month, weekday) == ("*", "*") and day.isdigit():
            return _("every month at %(at)s (UTC)", at=at)
    return _("by the plan %(cron)s (UTC)", cron=cron)


def _listens(found: Iterable[Addition], speech: Speech) -> Iterator[str]:
    words = {
        "record.created/1": _("when these are made: %(what)s"),
        "record.changed/1": _("when these are changed: %(what)s"),
        "record.deleted/1": _("when these are deleted: %(what)s"),
    }
    for one in found:
        event, types = str(one.details["event"]), [_type(key, speech) for key in one.details["types"]]
        if event in words:
            yield words[event] % {"what": ", ".join(types) or _("any records")}
        else:
            yield _("when this happens: %(what)s", what=event)


def _tables(found: Iterable[Addition]) -> Iterator[str]:
    names = [one.name for one in found]
    if names:
        yield _("%(count)d in the database: %(names)s", count=len(names), names=", ".join(names))
