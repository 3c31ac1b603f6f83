"""Names that every template may use: `asset`, `shell`, and the filters of the kit."""

from __future__ import annotations

from flask import Flask

from kumiko.web import formats
from kumiko.web.assets import asset
from kumiko.web.i18n import reader
from kumiko.web.shell import Shell
from kumiko.web.viewmodels import hue_of, initials_of


def install(app: Flask) -> None:
    """Put the globals and filters into the application's templates."""
    env = app.jinja_env
    env.globals.update(asset=asset, shell=Shell(), hue_of=hue_of, reader=reader)
    env.filters.update(
        money=formats.money_text,
        number=formats.number_text,
        date=formats.date_filter,
        ago=formats.ago_text,
        initials=initials_of,
    )
