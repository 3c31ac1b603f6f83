"""Every combination of the modules runs: each is switched off and on while all others stay, and every page answers.

Each combination differs from the one before by a single switch, as a business meets them.
"""

import itertools
import tempfile
from pathlib import Path

import pytest
from werkzeug.test import Client

import kumiko
from kumiko.access import accounts, setup
from kumiko.core import CORE
from kumiko.host import manifest, settings
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.wsgi import Host
from kumiko.operate import lifecycle
from kumiko.records import service
from kumiko_testing.records import open_house, prepare_database

ROOT = Path(__file__).resolve().parents[2]
MODULES = tuple(sorted(path.name for path in (ROOT / "plugins").iterdir() if (path / "pyproject.toml").exists()))


def with_people(url):
    """All tables of all modules, none switched on; an administrator, a seller and one customer."""
    prepare_database(url, CORE, MODULES)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE, ())
        with house.acting(SYSTEM, via="cli"):
            setup.make_roles()
            for name, role in (("root", "administrator"), ("sam", "seller")):
                accounts.add_user(name.title(), f"{name}@example.com", roles=[role])
            settings.put({"admin.welcomed": True})
            service.create("parties.organization", {"name": "Acme", "owner": accounts.get_user_id("sam@example.com")})
        house.database.close()


def by_single_switches(modules):
    """The sets of a Gray code over `modules`, each with the module that was switched; the first is the empty one."""
    for number in range(2 ** len(modules)):
        code = number ^ (number >> 1)
        last = (number - 1) ^ ((number - 1) >> 1) if number else 0
        switched = (code ^ last).bit_length() - 1
        yield {name for place, name in enumerate(modules) if code >> place & 1}, modules[switched] if number else ""


class House:
    def __init__(self, url, home):
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
        self.host = Host(config, database=self.database, core=CORE)
        self.client = Client(self.host)
        with self.acting():
            self.tokens = {
                name: accounts.make_token(accounts.get_user_id(f"{name}@example.com")) for name in ("root", "sam")
            }
            self.customer = min(kumiko.all_ids(kumiko.catalogue().get("parties.organization")))

    def acting(self):
        return use(self.host.context(principal=SYSTEM, via="cli"))

    def switch(self, name, on):
        with self.acting():
            if on:
                lifecycle.enable([name], probing=False)
            else:
                lifecycle.disable(name)
        self.host._next_look_s = 0.0
        self.host.follow()

    def ask(self, address, who="root"):
        answer = self.client.get(address, headers={"Authorization": f"Bearer {self.tokens[who]}"})
        return answer.status_code, answer.headers.get("Location") or answer.get_data(as_text=True)

    def strange(self, on):
        """Whatever answers otherwise than it should while exactly the modules `on` are switched on."""
        generation = self.host.generation
        failed = {name: one.reason for name, one in generation.failed.items()}
        yield from failed.items()
        if {name for name, one in generation.plugins.items() if not one.manifest.core} != on:
            yield "running", sorted(generation.plugins)
        card = f"/organizations/{self.customer}"
        pages = ["/search?q=acme", "/admin/plugins", "/api/v1/openapi.json"]
        pages += [f"/{one.item.collection}" for one in generation.records if one.item.menu]
        pages += [one.item.href for one in generation.menu if one.item.href]
        questions = [
            *((page, "root") for page in dict.fromkeys(pages)),
            *itertools.product(("/", card), ("root", "sam")),
        ]
        for page, who in questions:
            status, text = self.ask(page, who)
            if status == 303:
                status, text = self.ask(text, who)
            if status != 200:
                yield page, who, status
        for name in set(MODULES) - on:
            for collection in manifest.scan(CORE).get(name).collections:
                status, text = self.ask(f"/api/v1/{collection}")
                if status != 404 or "module-off" not in text:
                    yield collection, status


@pytest.fixture
def everything(clone_database, tmp_path):
    made = House(clone_database("every module, none on", with_people), tmp_path)
    yield made
    made.database.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_every_subset_of_the_modules_boots_and_answers(everything):
    found = {}
    for on, switched in by_single_switches(MODULES):
        if switched:
            everything.switch(switched, switched in on)
        strange = list(everything.strange(on))
        if strange:
            found[tuple(sorted(on))] = strange
    assert found == {}


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_each_module_alone_and_all_together_run_on_postgresql(everything):
    found = {}
    for on in ({name} for name in MODULES):
        (name,) = on
        everything.switch(name, True)
        found[name] = list(everything.strange(on))
        everything.switch(name, False)
    for name in MODULES:
        everything.switch(name, True)
    found["all"] = list(everything.strange(set(MODULES)))
    assert found == {name: [] for name in (*MODULES, "all")}
