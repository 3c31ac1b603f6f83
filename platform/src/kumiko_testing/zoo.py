"""Tiny plugins made by a test, and a bare host to put them into. Vendors may test with them too.

    def test_it(zoo, bare):
        zoo.add("boom", "raise RuntimeError('at import')")
        host = bare.host()
        bare.switch_on(host, "boom")

A plugin written by `Zoo.add` looks like an installed one: a package with plugin.toml, and metadata with an entry point.
"""

from __future__ import annotations

import importlib
import os
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import Client

from kumiko.host import guard, loader, revision
from kumiko.host.base import table_of
from kumiko.host.columns import utc_now
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, Context, Principal, use
from kumiko.host.database import Database
from kumiko.host.models import Failure, PluginState
from kumiko.host.wsgi import Host
from kumiko.operate import migrate


class Zoo:
    """A folder on `sys.path` that holds the test's plugins. Use the fixture `zoo`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages: list[str] = []
        self.sources: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)
        sys.path.insert(0, str(folder))

    def add(
        self,
        name: str,
        plugin: str = "",
        *,
        toml: str = "",
        version: str = "1.0",
        files: Mapping[str, str] | None = None,
        host_api: str = "1",
    ) -> str:
        """Write the plugin `name` (package `zoo_NAME`). `plugin` is the text of plugin.py, `toml` is added to
        plugin.toml, `files` maps further paths inside the package to texts. Returns the package's name."""
        package = f"zoo_{name}"
        folder = self.folder / package
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text('"""A plugin of the zoo."""\n')
        (folder / "plugin.toml").write_text(f'host_api = "{host_api}"\ntitle = "{name.title()}"\n{dedent(toml)}')
        (folder / "plugin.py").write_text("from kumiko import hookimpl\n" + dedent(plugin))
        for path, text in (files or {}).items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(dedent(text))
        self._write_metadata(name, package, version)
        self.packages.append(package)
        importlib.invalidate_caches()
        return package

    def install(self, name: str, package: str) -> None:
        """Make a package that is there already look like an installed plugin."""
        self._write_metadata(name, package, "1.0")
        importlib.invalidate_caches()

    def install_project(self, project: Path) -> str:
        """Make a vendor's project folder (pyproject.toml, src/) look installed; gives the plugin's name.

        For processes of their own put `python_path` into PYTHONPATH.
        """
        said = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
        ((name, module),) = said["project"]["entry-points"]["kumiko.plugins"].items()
        source = str(project / "src")
        if source not in self.sources:
            self.sources.append(source)
            sys.path.insert(0, source)
        package = module.partition(".")[0]
        self.packages.append(package)
        self._write_metadata(name, package, said["project"]["version"])
        importlib.invalidate_caches()
        return str(name)

    @property
    def python_path(self) -> str:
        """What other processes need in PYTHONPATH to find the zoo's plugins."""
        return os.pathsep.join([str(self.folder), *self.sources])

    def _write_metadata(self, name: str, package: str, version: str) -> None:
        for old in self.folder.glob(f"{package}-*.dist-info"):
            for file in old.iterdir():
                file.unlink()
            old.rmdir()
        info = self.folder / f"{package}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[kumiko.plugins]\n{name} = {package}.plugin\n")

    def forget_modules(self) -> None:
        """Make Python forget what it imported of the zoo, as a new process would."""
        for module in [one for one in sys.modules if one.partition(".")[0] in self.packages]:
            del sys.modules[module]
        for package in self.packages:
            for name in (package.removeprefix("zoo_"), package.removeprefix("kumiko_").replace("_", "-")):
                loader._imported.pop(name, None)

    def close(self) -> None:
        self.forget_modules()
        for path in (str(self.folder), *self.sources):
            sys.path.remove(path)
        importlib.invalidate_caches()


@dataclass
class Bare:
    """An installation of the host alone, on a fresh database. Use the fixture `bare`."""

    url: str
    home: Path
    hosts: list[Host] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return Database.open(self.url)

    @property
    def config(self) -> Config:
        return Config(home=self.home, database_url=self.url, secret_key="only for tests " * 3)

    def host(self, core: tuple[str, ...] = (), **settings: Any) -> Host:
        """A process's host; core plugins only when asked for (their tables are the caller's affair)."""
        config = Config(
            home=self.home, database_url=self.url, secret_key="only for tests " * 3, **{"threads": 1, **settings}
        )
        made = Host(config, core=core)
        self.hosts.append(made)
        return made

    @contextmanager
    def acting(self, host: Host, who: Principal | None = SYSTEM) -> Iterator[Context]:
        """A context on the host's current generation."""
        with use(Context(self.database, generation=host.follow(), principal=who, via="cli")) as context:
            yield context

    def switch_on(self, host: Host, *names: str) -> None:
        """Write that plugins are enabled, without check and migration, and let `host` follow."""
        table = table_of(PluginState)
        with self.database.engine.begin() as connection:
            for name in names:
                connection.execute(sa.delete(table).where(table.c.name == name))
                connection.execute(sa.insert(table).values(name=name, state="enabled", changed_at=utc_now()))
            revision.bump("epoch", connection)
        self.follow(host)

    def switch_off(self, host: Host, *names: str) -> None:
        """Write that plugins are disabled and let `host` follow."""
        table = table_of(PluginState)
        with self.database.engine.begin() as connection:
            connection.execute(sa.update(table).where(table.c.name.in_(names)).values(state="disabled"))
            revision.bump("epoch", connection)
        self.follow(host)

    def follow(self, host: Host) -> None:
        """Let `host` look at the revision now."""
        host._next_look_s = 0.0
        host.follow()

    def client(self, host: Host) -> Client:
        return Client(host)

    def failures(self) -> list[tuple[str, str, str, int]]:
        """Recorded failures: plugin, phase, message, count."""
        table = table_of(Failure)
        with self.database.reader.connect() as connection:
            columns = (table.c.plugin, table.c.phase, table.c.message, table.c.count)
            return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(table.c.id))]

    def state(self, name: str) -> str:
        """What the database says of a plugin, "" when nothing."""
        table = table_of(PluginState)
        with self.database.reader.connect() as connection:
            return str(connection.execute(sa.select(table.c.state).where(table.c.name == name)).scalar() or "")

    def tables(self) -> set[str]:
        """Names of all tables."""
        with self.database.reader.connect() as connection:
            return set(sa.inspect(connection).get_table_names())


def make_host_tables(url: str) -> None:
    """The tables of the host alone."""
    migrate.upgrade(url, migrate.host_history())


@pytest.fixture
def zoo(tmp_path: Path) -> Iterator[Zoo]:
    """An empty zoo; its plugins are gone after the test."""
    made = Zoo(tmp_path / "zoo")
    yield made
    made.close()


@pytest.fixture
def bare(clone_database: Callable[..., str], tmp_path: Path) -> Iterator[Bare]:
    """A bare installation on SQLite, then on PostgreSQL."""
    guard._noted.clear()  # what an earlier test of this process left unwritten
    made = Bare(clone_database("bare host", make_host_tables), tmp_path)
    yield made
    made.database.close()
