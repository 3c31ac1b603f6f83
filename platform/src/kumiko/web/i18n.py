"""The reader's language and zone, and the catalogues of the plugins. The only module that knows of Flask-Babel.

Catalogues are read from `translations/LANGUAGE/LC_MESSAGES/messages.mo` of each plugin, or from `.po` beside it: no
build step stands between a translator and the screen. The core's catalogue wins over those of plugins.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, has_request_context, request
from flask_babel import Babel

from kumiko.host import i18n as host_i18n
from kumiko.host import settings
from kumiko.host.context import Context, find_current

LANGUAGE_COOKIE = "km_lang"
CAPITAL_NOUNS = ("de", "lb")
_ENGLISH = Locale.parse("en")
_KEY = ("web", "reader")
_lock = threading.Lock()
_loaded: dict[tuple[str, tuple[Path, ...]], NullTranslations] = {}


class Reader:
    """How one person reads: locale, zone and the catalogue of their language."""

    __slots__ = ("catalogue", "locale", "tag", "zone", "zone_name")

    def __init__(self, locale: Locale, zone_name: str, catalogue: NullTranslations) -> None:
        self.locale = locale
        self.tag = str(locale).replace("_", "-")
        self.zone_name = zone_name
        self.zone = _zone(zone_name)
        self.catalogue = catalogue


def reader() -> Reader:
    """The reader of the current act: the user's own settings, then cookie, browser, company."""
    context = find_current()
    if context is None:
        return _STRANGER
    found = context.cache.get(_KEY)
    if found is None:
        found = context.cache[_KEY] = _reader_of(context)
    return found


@contextmanager
def reading_as(language: str) -> Iterator[None]:
    """Write for somebody who reads `language` (a customer), in the zone of whoever acts; "" changes nothing."""
    context = find_current()
    if context is None or not language:
        yield
        return
    own = reader()
    folders = () if context.generation is None else tuple(context.generation.state.get("translations", ()))
    context.cache[_KEY] = Reader(_locale(language), own.zone_name, _catalogue(language, folders))
    try:
        yield
    finally:
        context.cache[_KEY] = own


def _reader_of(context: Context) -> Reader:
    folders: Sequence[Path] = () if context.generation is None else context.generation.state.get("translations", ())
    person = context.principal
    language = person.language if person is not None else ""
    if not language and has_request_context():
        offered = languages(tuple(folders))
        language = request.cookies.get(LANGUAGE_COOKIE, "")
        if language not in offered:
            language = request.accept_languages.best_match(offered) or ""
    zone_name = person.zone if person is not None else ""
    if context.principal is not None or has_request_context():
        language = language or str(settings.get("host.language", "en"))
        zone_name = zone_name or str(settings.get("host.zone", "UTC"))
    return Reader(_locale(language or "en"), zone_name or "UTC", _catalogue(language or "en", tuple(folders)))


@lru_cache(maxsize=200)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return _ENGLISH


@lru_cache(maxsize=700)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


@lru_cache(maxsize=8)
def languages(folders: tuple[Path, ...]) -> list[str]:
    """Codes of the languages that some plugin is translated into; English first."""
    found = {path.name for folder in folders for path in folder.iterdir() if _file(folder, path.name) is not None}
    return ["en", *sorted(found - {"en"})]


def language_name(code: str) -> str:
    """The language's name in itself: "de" -> "Deutsch"."""
    name = _locale(code).get_display_name() or code
    return name[:1].upper() + name[1:]


def _file(folder: Path, language: str) -> Path | None:
    base = folder / language / "LC_MESSAGES"
    return next((path for name in ("messages.mo", "messages.po") if (path := base / name).is_file()), None)


def _catalogue(language: str, folders: tuple[Path, ...]) -> NullTranslations:
    key = (language.replace("-", "_"), folders)
    with _lock:
        if key not in _loaded:
            _loaded[key] = _load(key[0], folders)
        return _loaded[key]


def _load(language: str, folders: tuple[Path, ...]) -> NullTranslations:
    merged: Translations | None = None
    names = dict.fromkeys((language, language.partition("_")[0]))
    for folder in folders:
        path = next((found for name in names if (found := _file(folder, name)) is not None), None)
        if path is None:
            continue
        one = _read(path, language)
        merged = one if merged is None else merged.merge(one)
    return merged or NullTranslations()


def _read(path: Path, language: str) -> Translations:
    if path.suffix == ".mo":
        with path.open("rb") as stream:
            return Translations(stream)
    with path.open("rb") as stream:
        catalogue = read_po(stream, locale=language)
    made = io.BytesIO()
    write_mo(made, catalogue)
    made.seek(0)
    return Translations(made)


def gettext(message: str) -> str:
    """The message in the reader's language."""
    return reader().catalogue.gettext(message) if message else ""


def words_of(folder: Path) -> Callable[[str], str]:
    """Gives labels in the reader's language by the catalogue in `folder`, of a plugin that nobody has imported."""
    found = _catalogue(str(reader().locale), (folder,)) if folder.is_dir() else NullTranslations()
    return lambda text: found.gettext(text) if text else ""


def ngettext(singular: str, plural: str, count: int, **variables: Any) -> str:
    """The form of a sentence that fits `count`, which fills `%(num)s`."""
    text = reader().catalogue.ngettext(singular, plural, count)
    return text % {"num": count, **variables}


def noun(label: str) -> str:
    """A label inside a sentence: small, except where nouns keep their capital."""
    return label if reader().locale.language in CAPITAL_NOUNS else label.lower()


def _ngettext(singular: str, plural: str, count: int) -> str:
    return reader().catalogue.ngettext(singular, plural, count)


def install(app: Flask, plugins: Mapping[str, Any], state: dict[str, Any]) -> None:
    """Let the application's templates and every `_()` of the house speak the reader's language."""
    own = [one.translations for one in plugins.values() if one.translations is not None and one.name == "web"]
    others = [one.translations for one in plugins.values() if one.translations is not None and one.name != "web"]
    state["translations"] = (*others, *own)
    state["languages"] = {code: language_name(code) for code in languages(state["translations"])}
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    host_i18n.use_translator(gettext, noun)
    # For code of vendors that asks flask_babel; our own pages do without its look-ups per call.
    Babel(
        app,
        configure_jinja=False,
        locale_selector=lambda: str(reader().locale),
        timezone_selector=lambda: reader().zone_name,
    )


_STRANGER = Reader(_ENGLISH, "UTC", NullTranslations())
