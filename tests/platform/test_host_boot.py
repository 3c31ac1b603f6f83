"""A host without any plugin boots, answers, follows the revision and survives failed builds."""

import re
import threading
import time

import pytest
import sqlalchemy as sa
from werkzeug.routing import Map

from kumiko.host import revision
from kumiko.host.context import SYSTEM, transaction
from kumiko.host.errors import ResolutionError
from kumiko.host.revision import Numbers
from kumiko.host.routes import LazyRule

PAGE = """
from flask import Blueprint
routes = Blueprint("{name}", __name__)

@routes.get("/{name}")
def page():
    return "{name} {version}"

@hookimpl
def declare_routes():
    return [routes]
"""


def test_a_bare_host_boots_and_says_it_is_ready(bare):
    client = bare.client(bare.host())
    assert client.get("/healthz").json == {"ok": True}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["database"], ready.json["epoch_lag"], ready.json["ok"]) == (
        200,
        True,
        0,
        True,
    )


def test_an_unknown_address_is_a_page_for_people_and_a_problem_for_programs(bare):
    client = bare.client(bare.host())
    page, problem = client.get("/nowhere"), client.get("/api/v1/nowhere")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert (problem.status_code, problem.mimetype) == (404, "application/problem+json")
    assert set(problem.json) == {"type", "title", "status", "detail", "request_id"}
    assert re.fullmatch("[0-9a-f]{32}", problem.headers["X-Request-Id"])


def test_a_module_that_is_off_is_named(bare, zoo):
    zoo.add("hens", PAGE.format(name="hens", version=1), toml='collections = ["hens", "meetings"]')
    client = bare.client(bare.host())
    for path in ("/hens", "/meetings/5", "/api/v1/hens", "/api/v1/meetings/7"):
        answer = client.get(path)
        assert answer.status_code == 404
        if path.startswith("/api"):
            assert (answer.json["type"], answer.json["module"]) == ("/problems/module-off", "hens")
        else:
            assert "The module Hens is switched off." in answer.text


def test_a_switch_is_followed_and_told_to_the_browser(bare, zoo):
    zoo.add("hens", PAGE.format(name="hens", version=1))
    host = bare.host()
    client = bare.client(host)
    assert client.get("/hens").headers["Set-Cookie"].startswith("km_rev=1.1.1;")
    assert "Set-Cookie" not in client.get("/hens").headers
    bare.switch_on(host, "hens")
    answer = client.get("/hens")
    assert (answer.text, answer.headers["Set-Cookie"].partition(";")[0]) == ("hens 1", "km_rev=2.1.1")
    assert client.get("/api/v1/x").headers["Kumiko-Revision"] == "2.1.1"
    bare.switch_off(host, "hens")
    assert client.get("/hens").status_code == 404


def test_a_process_behind_its_browser_looks_before_it_answers(bare, zoo):
    zoo.add("hens", PAGE.format(name="hens", version=1))
    quick, slow = bare.host(), bare.host()
    bare.client(slow).get("/")
    bare.switch_on(quick, "hens")
    slow._next_look_s = time.monotonic() + 60  # it has just looked
    assert bare.client(slow).get("/hens").status_code == 404
    browser = bare.client(slow)
    browser.set_cookie("km_rev", quick.generation.numbers.mark)
    assert browser.get("/hens").text == "hens 1"


@pytest.mark.parametrize("mark", ["", "1", "1.2", "a.b.c", "1.2.3.4", "-1.0.0", "9" * 20 + ".1.1", "١.1.1", "999.1.1"])
def test_a_strange_revision_from_outside_changes_nothing(mark, bare):
    host = bare.host()
    assert (
        bare.client(host).get("/api/v1/x", headers={"Kumiko-Revision": mark.encode().decode("latin-1")}).status_code
        == 404
    )
    assert host.generation.numbers == Numbers(1, 1, 1)


def test_a_request_that_switches_something_answers_with_the_new_revision(bare, zoo):
    body = PAGE.format(name="hens", version=1) + (
        "from kumiko.host import revision\nfrom kumiko import transaction\n"
        '@routes.post("/hens/switch")\n'
        "def switch():\n    with transaction():\n        revision.bump('catalogue')\n    return 'done'\n"
    )
    zoo.add("hens", body)
    host = bare.host()
    bare.switch_on(host, "hens")
    assert "km_rev=2.2.1" in bare.client(host).post("/hens/switch").headers["Set-Cookie"]


def test_a_lighter_number_keeps_the_application(bare):
    host = bare.host()
    told = []
    host.generation.state["on_numbers"] = [lambda generation: told.append(generation.numbers)]
    before = host.generation
    with bare.acting(host), transaction():
        revision.bump("catalogue")
        revision.bump("access")
    bare.follow(host)
    assert (host.generation.app is before.app, host.generation.numbers, told) == (
        True,
        Numbers(1, 2, 2),
        [Numbers(1, 2, 2)],
    )
    assert before.numbers == Numbers(1, 1, 1)


def test_a_failed_build_keeps_the_old_generation_and_says_why(bare, zoo, monkeypatch):
    zoo.add("hens", PAGE.format(name="hens", version=1))
    host = bare.host()
    bare.switch_on(host, "hens")
    with monkeypatch.context() as patch:
        patch.setattr("kumiko.host.wsgi.build", lambda *_, **__: 1 / 0)
        bare.switch_off(host, "hens")
        assert bare.client(host).get("/hens").text == "hens 1"
        ready = bare.client(host).get("/readyz")
        assert (ready.status_code, ready.json["epoch_lag"]) == (503, 1)
        assert "generation 3.1.1 could not be built: division by zero" in ready.json["failure"]
    host._failed = (-1, 0.0)
    bare.follow(host)
    assert bare.client(host).get("/hens").status_code == 404
    assert bare.client(host).get("/readyz").status_code == 200


def test_requests_in_flight_finish_on_the_generation_they_began_with(bare, zoo):
    body = PAGE.format(name="hens", version=1) + (
        "import threading\ninside, leave = threading.Event(), threading.Event()\n"
        '@routes.get("/hens/slow")\n'
        "def slow():\n    from kumiko import current\n    before = current().generation.epoch\n"
        "    inside.set()\n    leave.wait(10)\n    return f'{before} {current().generation.epoch}'\n"
    )
    zoo.add("hens", body)
    host = bare.host(threads=2)
    bare.switch_on(host, "hens")
    from zoo_hens import plugin

    answers = []
    thread = threading.Thread(target=lambda: answers.append(bare.client(host).get("/hens/slow").text))
    thread.start()
    assert plugin.inside.wait(10)
    bare.switch_off(host, "hens")
    assert bare.client(host).get("/hens").status_code == 404
    plugin.leave.set()
    thread.join()
    assert answers == ["2 2"]


def test_a_streamed_body_reads_in_the_context_of_its_request(bare, zoo):
    body = PAGE.format(name="hens", version=1) + (
        '@routes.get("/hens/export")\n'
        "def export():\n"
        "    from flask import Response\n    from kumiko import current\n"
        "    def lines():\n        for n in range(3):\n            yield f'{current().request_id} {n};'\n"
        "    return Response(lines(), mimetype='text/csv')\n"
    )
    zoo.add("hens", body)
    host = bare.host()
    bare.switch_on(host, "hens")
    answer = bare.client(host).get("/hens/export")
    request_id = answer.headers["X-Request-Id"]
    assert answer.text == "".join(f"{request_id} {n};" for n in range(3))


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_fifty_switches_open_no_further_connection(bare, zoo):
    for name in ("hens", "goats"):
        zoo.add(name, PAGE.format(name=name, version=1))
    host = bare.host()
    bare.switch_on(host, "goats")
    client = bare.client(host)
    count = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")

    def connections() -> int:
        with bare.database.reader.connect() as connection:
            return connection.execute(count).scalar_one()

    client.get("/goats")
    before = connections()
    for round_ in range(50):
        (bare.switch_on if round_ % 2 == 0 else bare.switch_off)(host, "hens")
        assert client.get("/hens").status_code == (200 if round_ % 2 == 0 else 404)
        assert client.get("/goats").text == "goats 1"
    assert (connections(), host.generation.epoch) == (before, 52)


def test_old_applications_are_let_go(bare, zoo):
    import gc
    import weakref

    zoo.add("hens", PAGE.format(name="hens", version=1))
    host = bare.host()
    client = bare.client(host)
    old = []
    for _ in range(5):
        bare.switch_on(host, "hens")
        client.get("/hens")
        old.append(weakref.ref(host.generation.app))
        bare.switch_off(host, "hens")
        client.get("/hens")
        old.append(weakref.ref(host.generation.app))
    gc.collect()
    assert sum(app() is not None for app in old) == 1


def test_services_are_found_by_capability(bare, zoo):
    zoo.add(
        "stock",
        "class Stock:\n    def count(self):\n        return 7\n"
        "@hookimpl\ndef declare_services():\n    return {'stock/1': Stock}",
        toml='provides = ["stock/1"]',
    )
    host = bare.host()
    bare.switch_on(host, "stock")
    from kumiko import services

    with bare.acting(host):
        assert services.get("stock/1").count() == 7
        assert services.get("stock/1") is services.find("stock/1")
        assert services.find("nothing/1") is None
        with pytest.raises(ResolutionError, match="no active module provides 'nothing/1'"):
            services.get("nothing/1")


def test_rules_compile_their_url_builders_when_first_used():
    """LazyRule leans on a private method of werkzeug: this says when it is no longer called."""
    rule = LazyRule("/goats/<int:id>", endpoint="deal")
    adapter = Map([rule]).bind("example.org")
    assert rule._build.__qualname__.startswith("LazyRule._compile_builder")
    assert adapter.build("deal", {"id": 5}) == "/goats/5"
    assert adapter.build("deal", {"id": 5, "tab": "x"}) == "/goats/5?tab=x"


def test_settings_are_kept_and_their_cache_follows_the_number(bare):
    from kumiko.host import settings

    host = bare.host()
    with bare.acting(host, SYSTEM):
        assert settings.get("host.currency") == "EUR"
        settings.put({"host.currency": "USD", "host.company": "Acme & Söhne"})
        assert (settings.get("host.currency"), settings.get("host.company")) == ("USD", "Acme & Söhne")
    bare.follow(host)
    with bare.acting(host, SYSTEM):
        assert (settings.get("host.currency"), settings.get("x.y", 5)) == ("USD", 5)
    assert host.generation.numbers == Numbers(1, 2, 1)
