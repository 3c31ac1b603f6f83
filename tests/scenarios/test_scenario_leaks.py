"""The leak walk over everything that a full house registers, for each role, and with a plugin that leaks on purpose."""

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert
from werkzeug.test import Client

from kumiko.access import accounts, principals, setup
from kumiko.core import CORE
from kumiko.host.columns import utc_now
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, transaction, use
from kumiko.host.database import Database
from kumiko.host.models import PluginState
from kumiko.host.scoping import trusted
from kumiko.host.wsgi import Host
from kumiko.records import service
from kumiko_deals.setup import make_lists
from kumiko_sales.setup import make_pipeline
from kumiko_testing import leaks
from kumiko_testing.records import open_house, prepare_database

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = tuple(sorted(path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml")))
FULL = (*CORE, "kumiko_testing.sample")
LEAKY = (*FULL, "kumiko_testing.leaky")
#: A head's conditions hold a seller's; both engines and both roles take minutes together.
WALKS = (
    ("sqlite", "head"),
    pytest.param("sqlite", "seller", marks=pytest.mark.soak),
    pytest.param("postgresql", "seller", marks=pytest.mark.soak),
)
SENT = {f"job:{name}" for name in ("analytics.send_report", "duplicates.keep_current", "integrations.call",
                                   "mailing.send", "notify.mail")}  # fmt: skip
THOROUGH = "seller"  # on SQLite; the other walks leave out what was refused already and ids below other collections


def build(url: str) -> None:
    """All tables; two teams with a seller each, and a head of the first team."""
    prepare_database(url, FULL, PLUGINS)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), FULL, PLUGINS)
        with house.acting(SYSTEM, via="cli"):
            setup.make_roles()
            north = service.create("access.team", {"name": "North"}).id
            south = service.create("access.team", {"name": "South"}).id
            for name, role, team in (("sam", "seller", north), ("hedy", "head", north), ("olga", "seller", south)):
                user_id = accounts.add_user(name.title(), f"{name}@example.com", roles=[role])
                service.update("access.user", user_id, {"team": team})
            make_lists()
            make_pipeline()
            with transaction():
                row = {"state": "enabled", "version": "0", "failed_phase": "", "failed_reason": "", "traceback": ""}
                rows = [{**row, "name": plugin, "changed_at": utc_now()} for plugin in PLUGINS]
                trusted(insert(PluginState), rows)
        house.database.close()


class Walker:
    """A process with the full house, and one person's way to ask it."""

    def __init__(self, url: str, home: Path, core: tuple[str, ...]) -> None:
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
        self.host = Host(config, database=self.database, core=core)
        self.client = Client(self.host)
        self.asked: list[str] = []

    @contextmanager
    def acting(self, email: str = ""):
        with use(self.host.context(principal=SYSTEM, via="web")) as context:
            if email:
                context.as_principal(principals.principal_for_email(email))
            yield context

    def asking_as(self, email: str):
        with self.acting():
            token = accounts.make_token(accounts.get_user_id(email))

        def ask(method, address, body):
            self.asked.append(address)
            headers = {"Authorization": f"Bearer {token}", "If-Match": "*"}
            data = None if body is None else json.dumps(body)
            answer = self.client.open(
                address, method=method, headers=headers, data=data, content_type="application/json" if data else None
            )
            text = answer.get_data(as_text=True)
            answer.close()
            return answer.status_code, text

        return ask

    def told(self, email: str, planted: leaks.Planted) -> tuple[dict[str, int], list[leaks.Leak]]:
        """What reaches somebody by itself: texts per way, and what leaks of them."""
        counts: dict[str, int] = {}
        with self.acting():
            person = principals.principal_for_email(email)

        def noted(_plugin, name, _leak):
            counts[name] = counts.get(name, 0) + 1

        return counts, leaks.leak_sent.walk(self.host, self.acting, person, planted, noted)

    def planted_for_olga(self, walker: str = "") -> leaks.Planted:
        with self.acting():
            leaks.leak_sent.arrange(principals.principal_for_email(walker or "olga@example.com"))
            return leaks.plant(
                owner_id=accounts.get_user_id("olga@example.com"),
                team_id=accounts.find_team_id("South"),
                read_by=principals.principal_for_email(walker) if walker else None,
            )


@pytest.fixture
def walker(clone_database, tmp_path):
    made = Walker(clone_database("leak house", build), tmp_path, FULL)
    yield made
    made.database.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("database_kind", "role"), WALKS, indirect=["database_kind"])
def test_no_exit_gives_a_foreign_record_away(walker, role):
    email = {"seller": "sam@example.com", "head": "hedy@example.com"}[role]
    planted, ask = walker.planted_for_olga(email), walker.asking_as(email)
    rules = list(walker.host.generation.app.url_map.iter_rules())

    with leaks.errors_drawn_once(walker.host.generation):
        found = leaks.walk(rules, planted, ask, thorough=role == THOROUGH and walker.database.is_sqlite)

    counts, told = walker.told(email, planted)
    assert [f"{leak.method} {leak.exit} {leak.address} -> {leak.status}: {leak.found}" for leak in found + told] == []
    assert set(counts) >= SENT
    assert counts["job:analytics.send_report"] > 50
    assert len(planted.ids) >= 4
    assert len(walker.asked) > 500
    for collection in planted.ids:  # the walk did knock at each planted record's own door
        assert f"/api/v1/{collection}/{planted.ids[collection]}" in walker.asked
    assert {"/things/board/row?scope=all&open=open&by=owner&_owner=others", "/things/board/since"} <= set(walker.asked)


def test_the_owner_himself_meets_the_planted_texts(walker):
    """Guards the walk against blindness: what nobody may find, its owner finds by the same questions."""
    planted = walker.planted_for_olga()
    ask = walker.asking_as("olga@example.com")
    for collection in ("persons", "organizations", "deals", "interactions", "things", "remarks"):
        record_id = planted.ids[collection]
        status, text = ask("GET", f"/api/v1/{collection}/{record_id}", None)
        assert status == 200
        assert leaks.WORD in text
    for address in ("board", "board/lane?_lane=open", "board/row?by=owner&_owner=others&_lane=open"):
        status, text = ask("GET", f"/things/{address}", None)
        assert (address, status) == (address, 200)
    assert leaks.WORD in ask("GET", "/things/board", None)[1]
    assert {leak.exit for leak in walker.told("olga@example.com", planted)[1]} >= SENT


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.timeout(600)
def test_the_walk_bites_on_a_plugin_that_leaks(clone_database, tmp_path):
    made = Walker(clone_database("leak house", build), tmp_path, LEAKY)
    planted = made.planted_for_olga()
    ask = made.asking_as("sam@example.com")
    rules = [rule for rule in made.host.generation.app.url_map.iter_rules() if "leaky" in rule.rule]

    found = leaks.walk(rules, planted, ask)
    made.database.close()

    assert {leak.address.partition("?")[0] for leak in found} >= {"/leaky/names", "/leaky/largest"}
