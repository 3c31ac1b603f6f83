"""The builder and its neighbours over HTTP: what a person does there, and what is refused with a sentence."""

import io
import json
import re

import processes_lab
import pytest
from sqlalchemy import insert
from werkzeug.test import Client

from kumiko import create
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.models import PluginState
from kumiko.host.wsgi import Host


def build_web(url):
    processes_lab.build(url)
    database = Database.open(url)
    with database.engine.begin() as connection:
        for name in processes_lab.MODULES:
            connection.execute(insert(PluginState).values(name=name, state="enabled"))
    database.close()


class Browser:
    """A signed-in head of sales."""

    def __init__(self, host, email):
        self.client, self.token = Client(host), ""
        self.token = self.token_in(self.get("/sign-in"))
        answer = self.post("/sign-in", email=email, password=processes_lab.PASSWORD)
        assert answer.status_code == 303, answer.text[:300]
        self.token = self.token_in(self.get("/deals"))

    def token_in(self, answer):
        return re.search(r'name="(?:_csrf|csrf)" (?:value|content)="([^"]+)"', answer.text)[1]

    def get(self, path):
        return self.client.get(path, base_url="http://crm.local")

    def post(self, path, **data):
        return self.client.post(path, data={**data, "_csrf": self.token}, base_url="http://crm.local")


@pytest.fixture
def host(clone_database, tmp_path):
    url = clone_database("processes_web", build_web)
    database = Database.open(url)
    config = Config(home=tmp_path, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
    yield Host(config, database=database)
    database.close()


def words(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_a_head_builds_tests_publishes_and_shares_a_process(host):
    head = Browser(host, "hanna@example.com")
    assert "Or with a recipe" in words(head.get("/processes/new"))
    made = head.post("/processes/new", name="Follow up", about="deals.deal", on="changed")
    path = made.headers["Location"].partition("?")[0]
    head.post(f"{path}/save", key="trigger", on="changed", field="next_step", to="call", hours="true")
    head.post(f"{path}/add", what="notify", inside="", number="0")
    refused = head.post(f"{path}/publish")
    assert (refused.status_code, "Text is needed" in words(refused)) == (422, True)
    head.post(f"{path}/save", key="s1", to="owner", **{"v-text": "Call {{ nme }}"})
    assert "did you mean “name”" in words(head.get(path))
    head.post(f"{path}/save", key="s1", to="owner", **{"v-text": "Call {{ name }}"})
    head.post(f"{path}/add", what="branch", inside="", number="1")
    with use(host.context(principal=SYSTEM)):
        team = str(create("access.team", {"name": "North"}).id)
    either = {"n.w": "or", "n.0.w": "and", "n.0.0.f": "outcome", "n.0.0.op": "eq", "n.0.0.v": "open",
              "n.0.1.f": "amount", "n.0.1.op": "gte", "n.0.1.v": "9000", "n.1.f": "owner.team", "n.1.op": "eq",
              "n.1.v": team}  # fmt: skip
    more = head.post(f"{path}/draw", key="s3", _do="add:n.0", **either)
    assert (more.status_code, 'name="n.0.2.f"' in more.text) == (200, True)
    half = head.post(f"{path}/save", key="s3", **(either | {"n.0.1.v": ""}))
    assert (half.status_code, "lacks its value" in words(half)) == (422, True)
    assert head.post(f"{path}/save", key="s3", **either).status_code == 303
    head.post(f"{path}/add", what="set", inside="s3", number="0")
    head.post(f"{path}/save", key="s5", _fields="campaign", **{"v-campaign": "large"})
    drawn = head.post(f"{path}/draw", key="s5", _fields="campaign", _add="competitor")
    assert (drawn.status_code, 'name="v-competitor"' in drawn.text) == (200, True)
    published = head.post(f"{path}/publish")
    assert (published.status_code, "Published" in words(head.get(path))) == (303, True)
    page = words(head.get(f"{path}?step=s3"))
    assert "Deal: Next step changes to call" in page
    assert "(Outcome is Open and Amount at least 9,000) or Owner: Team is North" in page
    deal = head.client.post("/deals/new", data={"name": "Roof", "_csrf": head.token}, base_url="http://crm.local")
    deal_id = deal.headers["Location"].rpartition("/")[2].partition("?")[0]
    tried = words(head.post(f"{path}/test", record=deal_id))
    assert "Call Roof" in tried
    assert "takes path 2" in tried
    file = head.get(path.replace("/build", "/export"))
    assert (json.loads(file.data)["kind"], json.loads(file.data)["about"]) == ("kumiko-process", "deals.deal")
    for data, said in ((file.data, None), (b"{", "This is no file of a process"), (b"[]", "it lacks")):
        sent = {"file": (io.BytesIO(data), "x.json"), "_csrf": head.token}
        answer = head.client.post("/processes/from-file", data=sent, base_url="http://crm.local")
        assert (answer.status_code, said is None or said in words(answer)) == (303 if said is None else 422, True)
    started = head.post("/processes/start", type="deals.deal", id=deal_id, process=path.split("/")[2])
    assert started.status_code == 303
    for odd in ({"key": "nope"}, {"key": "s1", "to": "user"}, {"key": "trigger", "on": "x" * 500}, {}):
        assert head.post(f"{path}/save", **odd).status_code in (303, 422)
    for what in ("", "action:nobody.does", "verb:nothing", "nonsense", "branch"):
        assert head.post(f"{path}/add", what=what, inside="zz", number="-1").status_code in (303, 422)


def test_a_seller_reads_runs_of_own_records_and_no_process(host):
    seller = Browser(host, "sam@example.com")
    assert (seller.get("/processes/new").status_code, seller.get("/runs").status_code) == (403, 200)
