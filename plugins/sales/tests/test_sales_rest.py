"""REST over deals in stages: refusals are sentences, and random requests made from the description never break it."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from sales_web import Web, build_web
from werkzeug.test import Client

from kumiko.access import accounts
from kumiko_testing.openapi import CHECKS

EXAMPLES = 8


class Program:
    """Somebody's token, and what it asks."""

    def __init__(self, web, email):
        with web.acting():
            token = accounts.make_token(accounts.get_user_id(email))
        self.client = Client(web.host)
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method, path, body=None, **headers):
        """(status, JSON) of a request below /api/v1."""
        answer = self.client.open(
            f"/api/v1{path}", method=method, base_url="http://crm.local", json=body,
            headers={**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )  # fmt: skip
        return answer.status_code, json.loads(answer.data or b"null")


@pytest.fixture
def web(clone_database, tmp_path):
    made = Web(clone_database("sales web", build_web), tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def root(web):
    return Program(web, "root@example.com")


def stage_ids(root):
    return {one["name"]: one["id"] for one in root.ask("GET", "/stages?limit=50&fields=name")[1]["data"]}


def test_a_deal_is_moved_gated_and_refused_with_sentences(root):
    stages = stage_ids(root)
    _status, deal = root.ask("POST", "/deals", {"name": "Pilot"})
    path = f"/deals/{deal['id']}"
    assert root.ask("PATCH", f"/stages/{stages['Proposal']}", {"needs_fields": ["amount"]}, If_Match="*")[0] == 200

    status, said = root.ask("POST", f"{path}/move", {"stage": stages["Proposal"]})
    assert (status, said["errors"]) == (422, {"amount": ["“Proposal” needs Amount: fill it in."]})
    status, said = root.ask("PATCH", path, {"stage": stages["Proposal"]}, If_Match='"1"')
    assert (status, list(said["errors"])) == (422, ["amount"])
    status, said = root.ask("POST", "/deals/bulk", {"ids": [deal["id"]], "set": {"stage": stages["Proposal"]}})
    assert (status, said["changed"]) == (200, 0)
    status, said = root.ask(
        "PATCH", path, {"stage": stages["Proposal"], "amount": {"value": "5.00", "currency": "EUR"}}, If_Match='"1"'
    )
    assert (status, said["stage"]["name"], said["probability"], said["version"]) == (200, "Proposal", 50, 2)
    assert root.ask("PATCH", path, {"stage": stages["Won"]}, If_Match='"1"')[0] == 412
    assert root.ask("POST", f"{path}/move", {"stage": stages["Proposal"]})[0] == 409
    status, said = root.ask("POST", f"{path}/move", {"stage": stages["Lost"]})
    assert (status, list(said["errors"])) == (422, ["lost_reason"])
    assert root.ask("POST", f"{path}/move", {"stage": 999999})[0] == 422
    status, said = root.ask("POST", f"{path}/move", {"stage": stages["Won"]})
    assert (status, said["outcome"], said["stage"]["name"]) == (200, "won", "Won")


def test_a_stage_that_is_needed_stays_and_a_used_one_says_by_what(root):
    stages = stage_ids(root)
    root.ask("POST", "/deals", {"name": "Pilot", "stage": stages["Proposal"]})
    root.ask("POST", "/views", {"collection": "deals", "name": "Mine",
                                "filter": {"f": "stage", "op": "eq", "v": stages["Proposal"]}})  # fmt: skip
    status, said = root.ask("DELETE", f"/stages/{stages['Proposal']}", If_Match="*")
    assert (status, "1 deals" in said["detail"]) == (409, True)
    assert root.ask("DELETE", f"/stages/{stages['Won']}", If_Match="*")[0] == 409
    status, said = root.ask("POST", f"/stages/{stages['Proposal']}/merge", {"into": stages["Negotiation"]})
    assert status in (200, 204), said
    _status, said = root.ask("GET", f"/deals?stage={stages['Negotiation']}&fields=name")
    assert [one["name"] for one in said["data"]] == ["Pilot"]


@pytest.mark.slow
@pytest.mark.parametrize("group", ["deals", "pipelines", "stages", "stage-approvals"])
def test_random_requests_are_answered_as_documented(root, group):
    stages = stage_ids(root)
    deals = [root.ask("POST", "/deals", {"name": f"Deal {number}"})[1]["id"] for number in range(4)]
    pipelines = [one["id"] for one in root.ask("GET", "/pipelines?fields=name")[1]["data"]]
    known = {"deals": deals, "pipelines": pipelines, "stages": list(stages.values())}.get(group, [1])
    document = root.ask("GET", "/openapi.json")[1]
    kept = {path: item for path, item in document["paths"].items() if path.split("/")[1] == group}
    for item in kept.values():
        for parameter in item.get("parameters", ()):
            if parameter["name"] == "id":
                parameter["schema"] = {"enum": [*known, 999_999]}
    schema = schemathesis.openapi.from_dict({**document, "paths": kept})
    schema.app = root.client.application
    asked = 0
    for result in schema.get_all_operations():

        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=result.ok().as_strategy())
        def ask(case):
            nonlocal asked
            asked += 1
            answer = case.call(base_url="http://crm.local/api/v1", headers=root.headers)
            case.validate_response(answer, checks=CHECKS)

        ask()
    assert asked >= len(kept)
