"""A scratch installation for one plugin: the core, the modules it needs, an administrator and a seller with tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from werkzeug.test import Client

from kumiko.core import CORE
from kumiko.host import guard, manifest
from kumiko.host.base import table_of
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, Context, Via, use
from kumiko.host.database import Database
from kumiko.host.errors import KumikoError
from kumiko.host.generation import Generation
from kumiko.host.manifest import Installed, Manifest
from kumiko.host.models import Failure
from kumiko.host.wsgi import Host
from kumiko.operate import lifecycle, migrate
from kumiko.records.catalogue import TypeInfo

ADMINISTRATOR, SELLER, OWNER = "administrator", "seller", "owner"
#: (name, role): the seller walks; what is planted belongs to the owner of another team.
PEOPLE = ((ADMINISTRATOR, "administrator"), (SELLER, "seller"), (OWNER, "seller"))


def neighbours(one: Manifest, installed: Installed) -> list[Manifest]:
    """The installed modules that a plugin needs or wants, the deepest first; none that offers what it offers itself."""
    found: dict[str, Manifest] = {}

    def visit(asking: Manifest, wanted: Sequence[str]) -> None:
        for capability in wanted:
            offering = [other for other in installed.manifests.values() if capability in other.provides]
            if any(other.core for other in offering):
                continue
            for other in offering:
                if other.name == one.name or other.name in found or set(other.provides) & set(one.provides):
                    continue
                visit(other, other.requires)
                found[other.name] = other
                break

    visit(one, (*one.requires, *one.wants))
    return list(found.values())


def make_tables(url: str, one: Manifest, core: Sequence[str] = CORE) -> None:
    """Tables of the host, the core and the plugin's neighbours, and people: all but the plugin's own."""
    installed = manifest.scan(core)
    for history in migrate.histories([other.name for other in neighbours(one, installed)], core=core):
        migrate.upgrade(url, history)
    if "kumiko.access" not in core:
        return
    from kumiko.access import accounts, setup  # local: not on a bare host
    from kumiko.records import service

    house = TrialHouse(url, Path("."), one, core)
    with house.acting(via="cli"):
        setup.make_roles()
        here = service.create("access.team", {"name": "Here"}).id
        there = service.create("access.team", {"name": "There"}).id
        for name, role in PEOPLE:
            accounts.add_user(
                name.title(), f"{name}@example.com", roles=[role], team_id=there if name == OWNER else here
            )
    house.close()


class TrialHouse:
    """One process on a scratch installation. `plugin` is the one on trial."""

    def __init__(self, url: str, home: Path, one: Manifest, core: Sequence[str] = CORE) -> None:
        self.url, self.plugin, self.core = url, one, tuple(core)
        guard._noted.clear()  # what earlier work of this process left unwritten is not this plugin's
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
        self.host = Host(config, database=self.database, core=self.core)
        self.client = Client(self.host)
        self._tokens: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()

    def close(self) -> None:
        self.database.close()

    @property
    def generation(self) -> Generation:
        return self.host.generation

    def has(self, *core: str) -> bool:
        """Whether these core plugins are part of this house."""
        return all(name in self.generation.plugins for name in core)

    # -- people ----------------------------------------------------------------------------------------------------

    @contextmanager
    def acting(self, name: str = "", via: Via = "web") -> Iterator[Context]:
        """A context of a person of `PEOPLE`, or of the system."""
        with use(self.host.context(principal=SYSTEM, via=via)) as context:
            if name:
                from kumiko.access import principals  # local: not on a bare host

                context.as_principal(principals.principal_for_email(f"{name}@example.com"))
            yield context

    def user_id(self, name: str) -> int:
        from kumiko.access import accounts  # local: not on a bare host

        with self.acting():
            return accounts.get_user_id(f"{name}@example.com")

    def team_id(self, name: str) -> int | None:
        from kumiko.access import accounts  # local: not on a bare host

        with self.acting():
            return accounts.find_team_id(name)

    def ask(self, name: str, method: str, address: str, body: Mapping[str, Any] | None = None) -> tuple[int, str]:
        """Status and text that a person gets."""
        if name not in self._tokens:
            from kumiko.access import accounts  # local: not on a bare host

            user_id = self.user_id(name)
            with self.acting():
                self._tokens[name] = accounts.make_token(user_id)
        headers = {"Authorization": f"Bearer {self._tokens[name]}", "If-Match": "*"}
        data = None if body is None else json.dumps(body)
        kind = "application/json" if data else None
        answer = self.client.open(address, method=method, headers=headers, data=data, content_type=kind)
        text = answer.get_data(as_text=True)
        answer.close()
        return answer.status_code, text

    # -- the plugin ------------------------------------------------------------------------------------------------

    def switch_on(self) -> Iterator[str]:
        """Switch on the neighbours, then the plugin; a sentence for what does not work. Its tables are made by it."""
        for other in neighbours(self.plugin, self.generation.installed):
            try:
                self._enable(other.name)
            except KumikoError as refusal:
                if any(capability in self.plugin.requires for capability in other.provides):
                    yield f"{self.plugin.name}: {other.name}, which it needs, cannot be switched on: {refusal.message}"
                    return
        self._enable(self.plugin.name)
        failed = self.generation.failed.get(self.plugin.name)
        if failed is not None:
            yield f"{self.plugin.name}: it does not run once it is switched on: {failed.reason}"
        yield from self.failures("being switched on")

    def _enable(self, name: str) -> None:
        with self.acting(via="cli"):
            lifecycle.enable([name], probing=False)
        self.host.follow(at_once=True)

    def types(self, *, extended: bool = False) -> list[TypeInfo]:
        """The plugin's record types, with `extended` also those it adds fields, actions or panels to."""
        if not self.has("records"):
            return []
        name, every = self.plugin.name, self.generation.state["records"].types.values()
        slots = {slot.removeprefix("record.").rpartition(".")[0] for slot, panels in self.generation.panels.items()
                 if any(one.plugin == name for one in panels)}  # fmt: skip
        return [
            info
            for info in every
            if info.plugin == name
            or (extended and (info.key in slots or name in info.action_plugins.values()))
            or (extended and any(side.plugin == name for side in info.extensions))
        ]

    def failures(self, doing: str) -> Iterator[str]:
        """A sentence for each failure of the plugin that was recorded since the last call."""
        guard.flush(self.database)
        table = table_of(Failure)
        with self.database.reader.connect() as connection:
            found = connection.execute(
                sa.select(table.c.phase, table.c.message).where(table.c.plugin == self.plugin.name).order_by(table.c.id)
            ).all()
        for phase, message in found:
            if (phase, message) not in self._told:
                self._told.add((phase, message))
                yield f"{self.plugin.name}: while {doing}, its {phase} failed: {message}"
