"""How much time modules take: every process counts in memory, and adds it to one table with its sign of life."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from kumiko import spending
from kumiko.admin.models import TimeSpent
from kumiko.host.base import table_of
from kumiko.host.columns import utc_now
from kumiko.host.database import Database
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.spending import Spent

log = logging.getLogger("kumiko.admin")
SHOWN = timedelta(hours=24)
_KEPT = timedelta(hours=48)
_table = table_of(TimeSpent)


@dataclass(frozen=True, kw_only=True)
class TimeLine:
    """What one kind of a module's code took in the last 24 hours."""

    label: str
    count: int
    total_s: float
    mean_ms: float
    slowest_ms: float


def keep(database: Database) -> None:
    """Add what this process counted to the table; a few short statements, none when nothing was counted."""
    taken = spending.take()
    if not taken:
        return
    hour = utc_now().replace(minute=0, second=0, microsecond=0)
    try:
        with database.engine.begin() as connection:
            for (plugin, kind), spent in sorted(taken.items()):
                _add(connection, {"hour": hour, "plugin": plugin, "kind": kind}, spent)
            connection.execute(sa.delete(_table).where(_table.c.hour < hour - _KEPT))
    except sa.exc.SQLAlchemyError as fault:  # another process made the same line, or the database is busy: next time
        log.info("the time of modules is kept for later: %s", fault)
        for (plugin, kind), spent in taken.items():
            spending.give_back(plugin, kind, spent)


def _add(connection: sa.Connection, key: dict[str, object], spent: Spent) -> None:
    slowest = sa.case((_table.c.slowest_s > spent.slowest_s, _table.c.slowest_s), else_=spent.slowest_s)
    same = sa.and_(*(_table.c[name] == value for name, value in key.items()))
    done = connection.execute(
        sa.update(_table).where(same).values(
            count=_table.c.count + spent.runs, total_s=_table.c.total_s + spent.total_s, slowest_s=slowest
        )
    )  # fmt: skip
    if done.rowcount == 0:
        connection.execute(
            sa.insert(_table).values(**key, count=spent.runs, total_s=spent.total_s, slowest_s=spent.slowest_s)
        )


def lines_of(plugin: str) -> list[TimeLine]:
    """What a module took in the last 24 hours, the most first."""
    total = sa.func.sum(_table.c.total_s)
    query = (
        sa.select(_table.c.kind, sa.func.sum(_table.c.count), total, sa.func.max(_table.c.slowest_s))
        .where(_table.c.plugin == plugin, _table.c.hour > utc_now() - SHOWN)
        .group_by(_table.c.kind)
        .order_by(total.desc())
    )
    return [
        TimeLine(label=_label(kind), count=count, total_s=total_s, mean_ms=total_s / count * 1000,
                 slowest_ms=slowest_s * 1000)
        for kind, count, total_s, slowest_s in trusted(query)
    ]  # fmt: skip


def _label(kind: str) -> str:
    words = {"route": _("Its own pages"), "panel": _("Panels on other pages"), "handler": _("Reactions to changes"),
             "job": _("Background work"), "check_health": _("Check of health")}  # fmt: skip
    return words.get(kind, kind)
