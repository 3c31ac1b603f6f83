"""Names that every template may use: `asset`, `shell`, and the filters of the kit."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask
from markupsafe import Markup

from kumiko.web import formats
from kumiko.web.assets import asset
from kumiko.web.i18n import reader
from kumiko.web.shell import Shell
from kumiko.web.viewmodels import hue_of, initials_of
from kumiko_assets import icon_names

UNKNOWN_ICON = "puzzle"  # drawn for a name that the sprite does not have, rather than nothing


def icon(name: str, cls: str = "") -> Markup:
    """An icon of the sprite, hidden from screen readers. A function and no macro: a page draws some sixty of them."""
    return _icon(asset("assets", "icons.svg"), name, cls)


@lru_cache(maxsize=2000)
def _icon(sprite: str, name: str, cls: str) -> Markup:
    drawn = Markup('<svg class="km-icon{}" aria-hidden="true"><use href="{}#{}"/></svg>')
    known = icon_names()
    return drawn.format(f" {cls}" if cls else "", sprite, name if name in known else UNKNOWN_ICON)


def install(app: Flask) -> None:
    """Put the globals and filters into the application's templates."""
    env = app.jinja_env
    env.globals.update(asset=asset, draw_icon=icon, shell=Shell(), hue_of=hue_of, reader=reader)
    env.filters.update(
        money=formats.money_text,
        number=formats.number_text,
        filesize=formats.size_text,
        date=formats.date_filter,
        ago=formats.ago_text,
        initials=initials_of,
    )
