"""A house with the REST API and the sample plugin, people with tokens, and programs that call it."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from kumiko.access import accounts, setup
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.wsgi import Host
from kumiko.jobs.worker import Worker
from kumiko_testing.records import open_house, prepare_database

CORE = ("kumiko.jobs", "kumiko.records", "kumiko.access", "kumiko.rest", "kumiko_testing.sample")
PEOPLE = (("Root", "administrator"), ("Ann", "seller"), ("Ben", "seller"), ("Eve", "analyst"))
BASE = "/api/v1"


def build(url: str) -> None:
    """Tables, roles and people."""
    prepare_database(url, CORE)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE)
        with house.acting(via="cli"):
            setup.make_roles()
            for name, role in PEOPLE:
                accounts.add_user(name, f"{name.lower()}@example.com", roles=[role])
        house.database.close()


class Api:
    """One web process, and its users as programs with tokens."""

    def __init__(self, url: str, home: Path, **config: Any) -> None:
        self.database = Database.open(url)
        settings = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local", **config)
        self.host = Host(settings, database=self.database, core=CORE)

    def program(self, name: str = "root", *, read_only: bool = False) -> Program:
        return Program(self.host, self.token(name, read_only=read_only))

    def stranger(self) -> Program:
        return Program(self.host, "")

    def token(self, name: str, *, read_only: bool = False) -> str:
        with use(self.host.context(principal=SYSTEM, via="cli")):
            return accounts.make_token(self.user_id(name), read_only=read_only)

    def user_id(self, name: str) -> int:
        with use(self.host.context(principal=SYSTEM, via="cli")):
            return accounts.get_user_id(f"{name}@example.com")

    def work(self) -> None:
        """Run all jobs that are due."""
        worker = Worker(self.host, threading.Event())
        while worker.run_once():
            pass


class Program:
    """Calls with a token; paths are below /api/v1."""

    def __init__(self, host: Host, token: str) -> None:
        self.client = Client(host)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        return self.client.open(
            path if path.startswith("/api/") else f"{BASE}{path}",
            method=method,
            base_url="http://crm.local",
            headers={**self.headers, **(headers or {})},
            **more,
        )

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.call("POST", path, json=json, **more)

    def patch(self, path: str, json: Any, version: int | None = None, **more: Any) -> TestResponse:
        headers = {"If-Match": f'"{version}"'} if version is not None else {}
        return self.call("PATCH", path, json=json, headers={**headers, **more.pop("headers", {})}, **more)

    def delete(self, path: str, version: int | None = None) -> TestResponse:
        return self.call("DELETE", path, headers={"If-Match": f'"{version}"'} if version is not None else {})

    def make(self, collection: str, **values: Any) -> dict[str, Any]:
        """A new record."""
        made = self.post(f"/{collection}", values)
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json
        return found

    def names(self, path: str) -> list[str]:
        """Names of the records of a list."""
        found = self.get(path)
        assert found.status_code == 200, found.text
        return [row["name"] for row in found.json["data"]]


def problem(response: TestResponse) -> tuple[int, dict[str, list[str]]]:
    """Status and errors of a refusal, which is a problem with a sentence."""
    assert response.content_type == "application/problem+json", response.text
    said = response.json
    assert said["status"] == response.status_code
    assert said["detail"], said
    return response.status_code, said.get("errors", {})


@pytest.fixture
def api(clone_database: Callable[..., str], tmp_path: Path) -> Iterator[Api]:
    """The house, on both databases."""
    made = Api(clone_database("rest", build), tmp_path)
    yield made
    made.database.close()
