"""Raises the `access` number with every statement that writes users, teams or roles, whoever sends it.

The record service, an undo, a restore and a migration script all end in such a statement; so no way of writing can
forget to tell the other processes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Delete, Insert, Update, event
from sqlalchemy.engine import Engine

from kumiko.access.models import Role, Team, User, table
from kumiko.host import revision

_WATCHED = frozenset({table(User), table(Team), table(Role)})


def _after_execute(connection: Connection, clause: Any, *_: Any) -> None:
    if isinstance(clause, Insert | Update | Delete) and clause.table in _WATCHED:
        revision.bump("access", connection)


event.listen(Engine, "after_execute", _after_execute)
