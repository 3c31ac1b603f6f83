"""Contexts for tests of records: a database with the core's tables and the sample plugin, and people with roles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kumiko import core as core_plugins
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, Context, Principal, Via, use
from kumiko.host.database import Database, engine_for_migration, normalise_url
from kumiko.host.generation import Generation, build
from kumiko.host.revision import Numbers
from kumiko.operate import migrate

CORE = ("kumiko.jobs", "kumiko.records", "kumiko.access", "kumiko_testing.sample")
#: The core as every installation has it.
WHOLE = core_plugins.CORE

ALL = dict.fromkeys(("read", "create", "edit", "delete", "export", "bulk", "assign"), "all")
OWN = dict.fromkeys(("read", "create", "edit", "delete", "bulk", "assign"), "own") | {"export": "none"}
TEAM = dict.fromkeys(("read", "create", "edit", "delete", "bulk", "assign"), "team") | {"export": "none"}


def person(user_id: int, name: str = "", *, level: dict[str, str] | None = None, **more: object) -> Principal:
    """A principal with one set of grants for every type."""
    return Principal(user_id=user_id, name=name or f"user {user_id}", grants={"*": level or ALL}, **more)  # type: ignore[arg-type]


@dataclass
class House:
    """A database with tables, and the generation built on it."""

    database: Database
    generation: Generation
    _contexts: list[Context] = field(default_factory=list)

    @contextmanager
    def acting(self, who: Principal = SYSTEM, via: Via = "web") -> Iterator[Context]:
        """A context of `who`."""
        with use(Context(self.database, generation=self.generation, principal=who, via=via)) as context:
            yield context


def prepare_database(url: str, core: Sequence[str] = CORE, plugins: Sequence[str] = ()) -> None:
    """Migrate the tables of the core and of `plugins`; make those of the sample plugin, which has no history."""
    for history in migrate.histories(plugins, core=core):
        if history.has_scripts:
            migrate.upgrade(url, history)
    if "kumiko_testing.sample" in core:
        from kumiko_testing.sample.models import Base  # local: optional

        engine = engine_for_migration(normalise_url(url))
        Base.metadata.create_all(engine)
        engine.dispose()


def open_house(url: str, home: Path, core: Sequence[str] = CORE, plugins: Sequence[str] = ()) -> House:
    """A house on a prepared database, with `plugins` switched on."""
    database = Database.open(url)
    config = Config(home=home, database_url=url, secret_key="test")
    return House(database, build(config, database, Numbers(), core=core, enabled=plugins))
