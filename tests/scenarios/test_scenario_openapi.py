"""The whole API, with all modules on and demo data inside: each address is documented, each random request is answered
as documented. The soak asks for much longer than the ordinary run."""

import collections
import os
import re
import tempfile
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import validate
from werkzeug.test import Client

from kumiko.access import accounts, setup
from kumiko.core import CORE
from kumiko.host import settings as house_settings
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.wsgi import Host
from kumiko.operate import lifecycle
from kumiko.records import demo
from kumiko_testing.openapi import CHECKS
from kumiko_testing.records import prepare_database

ROOT = Path(__file__).resolve().parents[2]
MODULES = tuple(sorted(path.name for path in (ROOT / "plugins").iterdir() if (path / "pyproject.toml").exists()))
BASE = "/api/v1"
#: Switching modules builds whole generations: no matter of random input.
ELSEWHERE = re.compile(r"/plugins/\{name\}/(enable|disable|replace)|/plugins/\{name\}/features/")


def with_demo(url):
    """All modules on, with their sample data, and an administrator."""
    prepare_database(url, CORE, MODULES)
    with tempfile.TemporaryDirectory() as home:
        made = House(url, Path(home))
        with made.acting():
            setup.make_roles()
            accounts.add_user("Root", "root@example.com", roles=["administrator"])
            house_settings.put({"admin.welcomed": True})
            lifecycle.enable(list(MODULES), probing=False)
        made.host._next_look_s = 0.0
        made.host.follow()
        with made.acting():
            demo.make()
            assert demo.present()
        made.database.close()


class House:
    def __init__(self, url, home):
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
        self.host = Host(config, database=self.database, core=CORE)
        self.client = Client(self.host)
        self.headers = {}

    def acting(self):
        return use(self.host.context(principal=SYSTEM, via="cli"))

    def sign_in(self):
        with self.acting():
            token = accounts.make_token(accounts.get_user_id("root@example.com"))
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path):
        answer = self.client.get(f"{BASE}{path}", headers=self.headers, base_url="http://crm.local")
        assert answer.status_code == 200, (path, answer.text)
        return answer.json

    def ids(self, collection):
        return [row["id"] for row in self.get(f"/{collection}")["data"]][:5]


@pytest.fixture
def whole(clone_database, tmp_path):
    made = House(clone_database("whole house with demo", with_demo), tmp_path)
    made.sign_in()
    yield made
    made.database.close()


def test_every_address_of_the_api_is_documented_and_the_document_is_valid(whole):
    document = whole.get("/openapi.json")
    validate(document)
    told = {(method.upper(), _shape(path)) for path, item in document["paths"].items() for method in item}
    generic = {
        "/{}",
        "/{}/bulk",
        "/{}/{}",
        "/{}/{}/restore",
        "/{}/{}/history",
        "/{}/{}/rights",
        "/{}/{}/{}",
        "/openapi.json",
    }
    there = {
        (method, _shape(re.sub(r"<(?:[^:<>]*:)?(\w+)>", r"{\1}", rule.rule.removeprefix(BASE))))
        for rule in whole.host.generation.app.url_map.iter_rules()
        if rule.rule.startswith(f"{BASE}/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert sorted(one for one in there - told if one[1] not in generic) == []


def test_random_requests_to_the_whole_api_are_answered_as_documented(whole):
    assert ask_everything(whole, examples=1) > 400


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_many_random_requests_to_the_whole_api_are_answered_as_documented(whole):
    assert ask_everything(whole, examples=int(os.environ.get("KUMIKO_FUZZ_EXAMPLES", "60"))) > 20_000


def ask_everything(whole, *, examples):
    """Random requests to every operation; the number of requests. What is wrong is told together, at the end."""
    document = whole.get("/openapi.json")
    known = {}
    for path, item in document["paths"].items():
        collection = path.split("/")[1]
        for parameter in item.get("parameters", ()):
            if parameter["name"] == "id" and "{id}" in path:
                if collection not in known:
                    known[collection] = whole.ids(collection) if f"/{collection}" in document["paths"] else []
                parameter["schema"] = {"enum": [*known[collection], 999_999]}  # mostly such that are there
    schema = schemathesis.openapi.from_dict(document)
    schema.app = whole.host
    asked, wrong = collections.Counter(), []
    for result in schema.get_all_operations():
        operation = result.ok()
        if ELSEWHERE.search(operation.path):
            continue

        @settings(
            max_examples=examples, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case):
            answer = case.call(base_url=f"http://crm.local{BASE}", headers=whole.headers)
            asked[answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)

        try:
            ask()
        except Exception as error:
            wrong.append(f"{operation.method.upper()} {operation.path}: {str(error)[:1500]}")
    print(dict(asked))
    assert wrong == [], "\n\n".join(wrong)
    return asked.total()


def _shape(path):
    return re.sub(r"\{\w+\}", "{}", path)
