"""Bodies that are too large, sent to the real server: the client reads a sentence with the limit and what was found."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse

import pytest

from kumiko_testing import databases
from kumiko_testing.ports import free_port

TEN_MB = 10 * 1024 * 1024
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
PASSWORD = "three blue rivers"


def kumiko(url: str, home: str, *arguments: str) -> str:
    environment = {**os.environ, "KUMIKO_HOME": home, "KUMIKO_DATABASE_URL": url}
    command = [sys.executable, "-m", "kumiko.operate.cli", *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def build(url: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        kumiko(url, home, "init", "--empty", "--modules", "", "--admin", "root@example.com", "--password", PASSWORD)


class Server:
    """`kumiko serve`, and links to it that send everything before they read."""

    def __init__(self, url: str, home: str) -> None:
        self.port = free_port()
        self.token = kumiko(url, home, "token", "create", "--user", "root@example.com").split()[-1]
        environment = {**os.environ, "KUMIKO_HOME": home, "KUMIKO_DATABASE_URL": url}
        command = [sys.executable, "-m", "kumiko.operate.cli", "serve", "--port", str(self.port), "--no-worker"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        ends_s = time.monotonic() + 60
        while not self._is_up():
            assert time.monotonic() < ends_s, "the server did not come up"
            time.sleep(0.05)

    def _is_up(self) -> bool:
        try:
            link = self.link()
            link.request("GET", "/healthz")
            return link.getresponse().status == 200
        except OSError:
            return False

    def link(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def headers(self, token: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token if token is None else token}", "Content-Type": JSON}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all: nothing here writes, and no body gets as far as a database."""
    with databases.cloned("bodies", build, "sqlite") as url:
        made = Server(url, str(tmp_path_factory.mktemp("home")))
        yield made
        made.process.terminate()
        made.process.wait(30)


def test_ten_megabytes_of_json_are_refused_in_words_and_the_connection_goes_on(server):
    body = b'{"name": "' + b"x" * TEN_MB + b'"}'
    link = server.link()
    for _ in range(3):
        link.request("POST", "/api/v1/persons", body, server.headers())
        answer = link.getresponse()
        said = json.load(answer)
        assert (answer.status, answer.headers["Content-Type"]) == (413, "application/problem+json")
        assert said["detail"] == (
            f"What was sent is too large: wanted at most 8 MiB (8388608 bytes), found {len(body)} bytes. "
            "Send it in smaller parts."
        )
    link.request("GET", "/api/v1/persons", headers=server.headers())
    assert json.load(link.getresponse())["data"] == []


def test_pieces_without_a_length_are_refused_as_well(server):
    link = server.link()
    pieces = (b"x" * 65536 for _ in range(TEN_MB // 65536))
    link.request(
        "POST", "/api/v1/persons", pieces, {**server.headers(), "Transfer-Encoding": "chunked"}, encode_chunked=True
    )
    answer = link.getresponse()
    assert answer.status == 413
    assert json.load(answer)["detail"].startswith(
        "What was sent is too large: wanted at most 8 MiB (8388608 bytes), found more."
    )


def test_other_refusals_reach_a_client_that_sends_much(server):
    body = b'{"name": "' + b"x" * TEN_MB + b'"}'
    statuses = []
    for path, token in (("/api/v1/persons", "wrong"), ("/api/v1/nothing", None)):
        link = server.link()
        link.request("POST", path, body, server.headers(token))
        answer = link.getresponse()
        statuses.append((answer.status, json.load(answer)["status"]))
    assert statuses == [(401, 401), (404, 404)]


def test_who_sends_only_a_length_or_asks_first_is_answered_at_once(server):
    for more in ({}, {"Expect": "100-continue"}):
        link = server.link()
        link.putrequest("POST", "/api/v1/persons")
        for name, value in {**server.headers(), **more, "Content-Length": str(TEN_MB)}.items():
            link.putheader(name, value)
        link.endheaders()
        answer = link.getresponse()
        assert answer.status == 413
        answer.close()
        link.close()


def test_a_form_that_is_too_large_gets_a_page_in_words(server):
    link = server.link()
    link.request("GET", "/sign-in")
    first = link.getresponse()
    token = first.read().decode().partition('name="csrf" content="')[2].partition('"')[0]
    cookies = "; ".join(line.partition(";")[0] for line in first.headers.get_all("Set-Cookie"))
    fields = {"email": "root@example.com", "password": PASSWORD, "_csrf": token}
    headers = {"Cookie": cookies, "Content-Type": FORM}
    link.request("POST", "/sign-in", urllib.parse.urlencode(fields), headers)
    answer = link.getresponse()
    answer.read()
    assert answer.status == 303
    cookies += "".join("; " + line.partition(";")[0] for line in answer.headers.get_all("Set-Cookie"))
    headers["Cookie"] = cookies
    body = b"name=" + b"x" * TEN_MB
    link.request("POST", "/persons/new", body, headers)
    answer = link.getresponse()
    page = answer.read().decode()
    assert (answer.status, answer.headers["Content-Type"]) == (413, "text/html; charset=utf-8")
    assert "That is too large" in page
    assert f"wanted at most 4 MiB (4194304 bytes), found {len(body)} bytes" in page
