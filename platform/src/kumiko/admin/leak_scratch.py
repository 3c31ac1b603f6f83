"""`python -m kumiko.admin.leak_scratch`: the leak test on a scratch installation, in a process of its own.

It takes, as one line of JSON on its standard input, which plugins run and which roles there are, with their rules; it
makes an empty installation of the same plugins and roles in a temporary folder, plants foreign records, and asks every
address that the plugins registered as somebody of each role. Nothing of the real data is opened, so nothing of it can
be changed and nothing can be left in it. Lines of JSON on its standard output say how far it is, and the outcome.

The process ends when its input does: whoever started it is gone then.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from werkzeug.test import Client

from kumiko.access import accounts, principals, setup
from kumiko.access.models import ROLE, TEAM
from kumiko.admin import leak_plant, leak_sent, leak_walk
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, Context, use
from kumiko.host.database import Database
from kumiko.host.wsgi import Host
from kumiko.operate import lifecycle, migrate
from kumiko.records import queries, service
from kumiko.records.catalogue import catalogue

WALKER, OWNER, HERE, THERE = "walker@example.com", "owner@example.com", "Here", "There"
Tell = Callable[[Mapping[str, Any]], None]


def main() -> None:
    """Read the order, work, say what came of it."""
    order = json.loads(sys.stdin.readline())
    folder = Path(tempfile.mkdtemp(prefix="kumiko-leaks-"))

    def watch() -> None:
        sys.stdin.read()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a plugin prints is no line of ours

    def tell(said: Mapping[str, Any]) -> None:
        out.write(json.dumps(said) + "\n")
        out.flush()

    try:
        tell({"outcome": prove(order, folder, tell)})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)  # a thread that a plugin started must not keep this process


def prove(order: Mapping[str, Any], folder: Path, tell: Tell) -> dict[str, Any]:
    """The outcome: per role its probes and leaks, per exit how often it was asked by whom."""
    core, plugins, roles = tuple(order["core"]), list(order["plugins"]), list(order["roles"])
    ground = folder / "ground.db"
    _make(f"sqlite:///{ground}", folder, core, plugins, roles)
    exits: dict[str, dict[str, Any]] = {}
    found: list[dict[str, Any]] = []
    for number, role in enumerate(roles):
        tell({"step": number, "of": len(roles), "role": role["name"]})
        copy = folder / f"role-{number}.db"
        shutil.copyfile(ground, copy)
        scratch = Scratch(f"sqlite:///{copy}", folder, core)
        found.append(scratch.walk(role, exits, lambda count: tell({"probes": count})))
        scratch.database.close()
        copy.unlink()
    return {"roles": found, "exits": [exits[rule] for rule in sorted(exits)]}


class Scratch:
    """One process on a scratch installation."""

    def __init__(self, url: str, home: Path, core: Sequence[str]) -> None:
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
        self.host = Host(config, database=self.database, core=core)
        self.client = Client(self.host)

    @contextmanager
    def acting(self) -> Iterator[Context]:
        """A context of the system."""
        with use(self.host.context(principal=SYSTEM, via="cli")) as context:
            yield context

    def walk(
        self, role: Mapping[str, Any], exits: dict[str, dict[str, Any]], tell: Callable[[int], None]
    ) -> dict[str, Any]:
        """Plant what somebody of the role must not find, and ask for it everywhere."""
        refused: dict[str, str] = {}
        with self.acting():
            team = accounts.find_team_id(HERE)
            walker = accounts.add_user("Walker", WALKER, roles=[role["key"]], team_id=team)
            token = accounts.make_token(walker)
            person = principals.principal_for_email(WALKER)
            assert person is not None
            leak_sent.arrange(person)
            planted = leak_plant.plant(
                owner_id=accounts.get_user_id(OWNER),
                team_id=accounts.find_team_id(THERE),
                refused=lambda key, error: refused.__setitem__(key, str(error)[:300]),
                read_by=person,
                force=True,
            )
            labels = {info.collection: str(info.type.label_plural) for info in catalogue().types.values()}
        probes, leaks = [0], []

        def noted(rule: Any, leak: leak_walk.Leak | None) -> None:
            note(rule.endpoint.partition(".")[0], rule.rule, leak)

        def note(of: str, name: str, leak: leak_walk.Leak | None) -> None:
            probes[0] += 1
            line = exits.setdefault(name, {"exit": name, "of": of, "probes": {}, "leaks": {}})
            line["probes"][role["key"]] = line["probes"].get(role["key"], 0) + 1
            if leak is not None:
                line["leaks"][role["key"]] = line["leaks"].get(role["key"], 0) + 1
                leaks.append({"exit": leak.exit, "method": leak.method, "address": leak.address,
                              "status": leak.status, "found": leak.found})  # fmt: skip
            if probes[0] % 50 == 0:
                tell(probes[0])

        rules = list(self.host.generation.app.url_map.iter_rules())
        with leak_walk.errors_drawn_once(self.host.generation):
            leak_walk.walk(rules, planted, lambda *asked: self._ask(token, *asked), thorough=False, noted=noted)
        leak_sent.walk(self.host, self.acting, person, planted, note)
        return {
            "key": role["key"], "name": role["name"], "probes": probes[0], "leaks": leaks[:100],
            "leak_count": len(leaks), "planted": [labels.get(one, one) for one in planted.ids], "refused": refused,
        }  # fmt: skip

    def _ask(self, token: str, method: str, address: str, body: Mapping[str, Any] | None) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}", "If-Match": "*"}
        data = None if body is None else json.dumps(body)
        kind = "application/json" if data else None
        answer = self.client.open(address, method=method, headers=headers, data=data, content_type=kind)
        text = answer.get_data(as_text=True)
        answer.close()
        return answer.status_code, text


def _make(
    url: str, home: Path, core: Sequence[str], plugins: Sequence[str], roles: Sequence[Mapping[str, Any]]
) -> None:
    """Tables, the roles as they are, two teams, the owner of what will be planted; all modules switched on."""
    for history in migrate.histories(plugins, core=core):
        if history.has_scripts:
            migrate.upgrade(url, history)
    scratch = Scratch(url, home, core)
    _make_bare_tables(scratch)
    with scratch.acting():
        setup.make_roles()
        known = {row.get("key"): row for row in _all_roles()}
        for role in roles:
            values = {name: role[name] for name in ("grants", "fields", "permissions")}
            there = known.get(role["key"])
            if there is None:
                service.create(ROLE, {"name": role["name"], "key": role["key"], "kind": role["kind"]})
                there = next(one for one in _all_roles() if one.get("key") == role["key"])
            _update_role(there.id, values)
        for name in (HERE, THERE):
            service.create(TEAM, {"name": name})
        accounts.add_user("Owner", OWNER, roles=["seller"], team_id=accounts.find_team_id(THERE))
    if plugins:
        with scratch.acting():
            lifecycle.enable(list(plugins), probing=False)
        scratch.host.follow(at_once=True)
    scratch.database.close()


def _all_roles() -> list[Any]:
    info = catalogue().get(ROLE)
    return [service.get(ROLE, record_id) for record_id in queries.all_ids(info)]


def _update_role(role_id: int, values: Mapping[str, Any]) -> None:
    """Rules of modules that are not on yet are checked when they are used: here they come in as they are."""
    from sqlalchemy import update  # local: one statement past the service, on a scratch installation

    from kumiko.access.models import Role, table
    from kumiko.host.context import transaction
    from kumiko.host.scoping import trusted

    with transaction():
        trusted(update(table(Role)).where(table(Role).c.id == role_id).values(dict(values)))


def _make_bare_tables(scratch: Scratch) -> None:
    """Plugins without migrations (those of tests) get their tables as they declare them."""
    for loaded in scratch.host.generation.plugins.values():
        if loaded.base is not None:
            loaded.base.metadata.create_all(scratch.database.engine, checkfirst=True)


if __name__ == "__main__":
    main()
