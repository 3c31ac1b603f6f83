"""The core plugin `exits`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.exits import exporting
from kumiko.exits.exporting import ROWS_PER_DAY
from kumiko.exits.models import Base
from kumiko.host.declarations import Choice, Field, JobType, SettingsSection
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_settings() -> Any:
    fields = (
        Field(name="rows_per_day", kind="integer", label=_l("Records that one user may export a day"),
              default=ROWS_PER_DAY, minimum=0, help=_l("0: no limit. Administrators have none.")),
        Field(name="rows_per_role", kind="longtext", label=_l("Other limits for single roles"), default="",
              validate=exporting.check_role_limits, help=_l("A line each: role = number, such as seller = 500. Who has "
                                                           "several roles has the largest; 0: no limit.")),
        Field(name="above", kind="choice", label=_l("Above that"), default="ask", required=True,
              choices=(Choice(key="ask", label=_l("ask their head")), Choice(key="refuse", label=_l("refuse")))),
        Field(name="mark", kind="boolean", label=_l("Mark exported files invisibly"), default=True,
              help=_l("The mark says who took a file out, and when. An import takes it away.")),
        Field(name="cards", kind="integer", label=_l("Records opened that raise an alarm"), default=300, minimum=0,
              help=_l("0: no alarm. Whoever opens more is slowed, and their head is told.")),
        Field(name="minutes", kind="integer", label=_l("within so many minutes"), default=10, minimum=1, maximum=1440),
        Field(name="pause_s", kind="integer", label=_l("Seconds between two records while slowed"), default=5,
              minimum=1, maximum=600),
        Field(name="keep_days", kind="integer", label=_l("Days that the logs are kept"), default=400, minimum=1,
              maximum=4000),
    )  # fmt: skip
    return SettingsSection(title=_l("Exports and reading"), fields=fields)


@hookimpl
def declare_jobs() -> Any:
    from kumiko.exits import reading  # local: workers alone need it

    return [
        JobType(name="exits.forget_old", run=reading.forget_old, label=_l("Forget old lines of the logs"),
                cron="27 3 * * *"),
    ]  # fmt: skip


@hookimpl
def declare_commands() -> Any:
    from kumiko.exits.commands import mark  # local: only the command line needs click

    return [mark]


@hookimpl
def assemble(generation: Any) -> None:
    generation.state["exits"] = True
