"""A plugin that misbehaves is left out or answers for itself; every other page keeps answering."""

import pytest
from zoo_house import GOOD


def with_blueprint(name: str, body: str, rest: str = "") -> str:
    return f'''
from flask import Blueprint
routes = Blueprint("{name}", __name__)
{body}

@hookimpl
def declare_routes():
    return [routes]
{rest}
'''


LEFT_OUT = {
    "raises at import": ("raise RuntimeError('no licence found')", "", "import", "RuntimeError: no licence found"),
    "imports what is missing": ("import nowhere_to_be_found", "", "import", "No module named 'nowhere_to_be_found'"),
    "exits at import": ("raise SystemExit(3)", "", "declare", "its import ended with SystemExit(3)"),
    "has a syntax error": ("def (", "", "import", "SyntaxError"),
    "raises in a declaration": (
        "@hookimpl\ndef declare_menu():\n    return 1 / 0",
        "",
        "declare",
        "bad, declare_menu: it raised ZeroDivisionError: division by zero",
    ),
    "declares the wrong thing": (
        "@hookimpl\ndef declare_menu():\n    return ['Deals']",
        "",
        "declare",
        "bad, declare_menu: item 0 is a str ('Deals'); wanted MenuItem",
    ),
    "declares no list": (
        "@hookimpl\ndef declare_menu():\n    return 5",
        "",
        "declare",
        "bad, declare_menu: wanted a list of MenuItem, found int",
    ),
    "misspells a hook": (
        "@hookimpl\ndef declare_menus():\n    return []",
        "",
        "declare",
        "bad, declare_menus: there is no such hook; did you mean declare_menu?",
    ),
    "steals an address": (
        with_blueprint("bad", '@routes.get("/good/stolen")\ndef take(): return "mine"'),
        "",
        "declare",
        "bad, declare_routes: the address '/good/stolen' is not its own",
    ),
    "steals the front page": (
        with_blueprint("bad", '@routes.get("/")\ndef take(): return "mine"'),
        "",
        "declare",
        "the address '/' is not its own",
    ),
    "steals every address": (
        with_blueprint("bad", '@routes.get("/<path:all>")\ndef take(all): return "mine"'),
        "",
        "declare",
        "is not its own",
    ),
    "runs before every request": (
        with_blueprint("bad", "@routes.before_app_request\ndef stop(): return 'stopped'"),
        "",
        "declare",
        "its blueprint reaches the whole application (before_request_funcs)",
    ),
    "handles everybody's errors": (
        with_blueprint("bad", "@routes.app_errorhandler(404)\ndef hide(error): return 'fine'"),
        "",
        "declare",
        "its blueprint reaches the whole application (error_handler_spec)",
    ),
    "adds a filter to all templates": (
        with_blueprint("bad", "@routes.app_template_filter('upper')\ndef upper(text): return ''"),
        "",
        "declare",
        "its blueprint reaches the whole application",
    ),
    "names its blueprint like another": (
        "from flask import Blueprint\n@hookimpl\ndef declare_routes():\n    return [Blueprint('good', __name__)]",
        "",
        "declare",
        "the blueprint is named 'good'; name it 'bad'",
    ),
    "assembles": ("@hookimpl\ndef assemble(generation):\n    pass", "", "declare", "only core plugins assemble"),
    "provides without a service": ("", 'provides = ["bad/1"]', "declare", "plugin.toml provides ['bad/1']"),
    "claims a permission of others": (
        "import kumiko\n@hookimpl\ndef declare_permissions():\n return [kumiko.Permission(name='good.all', label='')]",
        "",
        "declare",
        "the name 'good.all' must start with one of ['bad'] and a dot",
    ),
    "needs what nobody provides": ("", 'requires = ["moon/1"]', "resolve", "bad needs 'moon/1'"),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_a_bad_plugin_is_left_out_with_a_sentence(case, neighbours, bare):
    plugin, toml, phase, sentence = LEFT_OUT[case]
    client, host = neighbours("bad", plugin, toml=toml)
    failed = host.generation.failed["bad"]
    assert (failed.phase, sentence in failed.reason) == (phase, True), failed.reason
    assert list(host.generation.plugins) == ["good"]
    answer = client.get("/api/v1/bad/anything")
    assert (answer.status_code, answer.json["type"], answer.json["module"]) == (404, "/problems/module-off", "bad")
    if phase != "resolve":
        assert any(plugin == "bad" and sentence in message for plugin, _, message, _ in bare.failures())


MODELS = """
from kumiko import plugin_base, Scope
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy import ForeignKey
Base = plugin_base("{owner}")
class Thing(Base):
    __tablename__ = "{table}"
    {scope}
    id: Mapped[int] = mapped_column(primary_key=True)
    {more}
"""
SCOPE = '__scope__ = Scope.public("a test")'
GOOD_MODEL = {"owner": "bad", "table": "bad_thing", "scope": SCOPE, "more": ""}
BAD_MODELS = {
    "steals a table": ({"table": "good_thing"}, "the table 'good_thing' must start with 'bad_'"),
    "says nothing of rights": ({"scope": ""}, "Thing declares no __scope__"),
    "uses another's metadata": ({"owner": "good"}, "its tables are in the metadata of good"),
    "points at another's table": (
        {"more": 'other: Mapped[int] = mapped_column(ForeignKey("good_thing.id"))'},
        "bad_thing.other has a foreign key to 'good_thing'",
    ),
    "relates to nothing": (
        {"more": 'from sqlalchemy.orm import relationship; others = relationship("Nope")'},
        "its classes cannot be mapped",
    ),
}


@pytest.mark.parametrize("case", BAD_MODELS)
def test_bad_tables_are_refused_with_a_sentence(case, neighbours):
    values, sentence = BAD_MODELS[case]
    plugin = "from zoo_bad.models import Base\n@hookimpl\ndef declare_models():\n    return Base"
    _, host = neighbours("bad", plugin, files={"models.py": MODELS.format(**GOOD_MODEL | values)})
    assert sentence in host.generation.failed["bad"].reason


def test_templates_outside_its_folder_are_refused(neighbours):
    _, host = neighbours("bad", "", files={"templates/index.html": "mine"})
    assert host.generation.failed["bad"].reason == ("bad: templates/ holds index.html; all goes below templates/bad/")


def test_a_manifest_that_cannot_be_read_is_listed_and_never_imported(zoo, bare):
    zoo.add("good", GOOD)
    zoo.add("bad", "raise SystemExit('imported')", toml="title = broken")
    zoo.add("old", "raise SystemExit('imported')", host_api="99")
    host = bare.host()
    bare.switch_on(host, "good", "bad", "old")
    reasons = {one.name: one.reason for one in host.generation.installed.unreadable}
    assert reasons["old"] == "old: plugin.toml asks for host_api '99', this Kumiko offers '1'"
    assert reasons["bad"].startswith("bad: plugin.toml cannot be read:")
    assert bare.client(host).get("/good/page").text == "good"


def test_a_raising_route_answers_for_its_own_module_and_is_never_quarantined(neighbours, bare):
    body = '@routes.get("/bad/page")\ndef page(): raise KeyError("stage")\n'
    body += '@routes.get("/api/v1/bad/page")\ndef data(): raise KeyError("stage")'
    client, host = neighbours("bad", with_blueprint("bad", body))
    for _ in range(8):
        page = client.get("/bad/page")
    assert (page.status_code, "the module Bad" in page.text, "stage" in page.text) == (500, True, False)
    problem = client.get("/api/v1/bad/page")
    assert (problem.status_code, problem.json["type"], problem.json["module"]) == (500, "/problems/fault", "bad")
    assert problem.json["request_id"][:12] in problem.json["detail"]
    assert client.get("/good/page").text == "good"
    assert bare.failures() == [("bad", "route", "KeyError: 'stage'", 9)]
    assert (bare.state("bad"), "bad" in host.generation.plugins) == ("enabled", True)


def test_a_service_that_raises_is_blamed_on_its_owner_not_on_the_caller(neighbours, zoo, bare):
    zoo.add(
        "liar",
        "class Service:\n    def answer(self):\n        raise RuntimeError('no')\n"
        "@hookimpl\ndef declare_services():\n    return {'liar/1': Service}",
        toml='provides = ["liar/1"]',
    )
    body = (
        '@routes.get("/asks")\ndef page():\n    from kumiko import services\n    return services.get("liar/1").answer()'
    )
    client, host = neighbours("asks", with_blueprint("asks", body))
    bare.switch_on(host, "liar")
    assert "the module Liar" in client.get("/asks").text


@pytest.mark.parametrize(
    ("hook", "arguments", "answer"),
    [
        ("authorize", "principal, action, type_key", [False]),
        ("authenticate", "request", None),
    ],
)
def test_access_hooks_that_raise_fail_closed(hook, arguments, answer, neighbours, bare):
    _, host = neighbours("bad", f"@hookimpl\ndef {hook}({arguments}):\n    raise RuntimeError('oops')")
    values = dict.fromkeys(arguments.split(", "))
    assert getattr(host.generation.hooks.hook, hook)(**values) == answer


def test_a_scope_hook_that_raises_shows_no_rows(neighbours):
    code = "@hookimpl\ndef scope_records(type_key, table, principal):\n    raise RuntimeError('oops')"
    _, host = neighbours("bad", code)
    conditions = host.generation.hooks.hook.scope_records(type_key="x", table=None, principal=None)
    assert [str(one) for one in conditions] == ["false"]


def test_a_panel_that_raises_leaves_the_rest_of_the_page(bare):
    from kumiko.host import guard

    drawn = []
    for name in ("first", "bad", "last"):
        with guard.contained(name, "panel"):
            if name == "bad":
                raise ValueError("no chart today")
            drawn.append(name)
    guard.flush(bare.database)
    assert drawn == ["first", "last"]
    assert bare.failures() == [("bad", "panel", "ValueError: no chart today", 1)]


def test_a_plugin_that_keeps_failing_in_jobs_is_quarantined(neighbours, bare):
    from kumiko import quarantine
    from kumiko.host import guard

    client, host = neighbours("bad", "")
    for _ in range(quarantine.AFTER):
        guard.record("bad", "job", RuntimeError("again"))
    assert guard.flush(bare.database) == ["bad"]
    bare.follow(host)
    assert (bare.state("bad"), list(host.generation.plugins)) == ("quarantined", ["good"])
    assert client.get("/good/page").text == "good"


def test_a_slow_plugin_leaves_half_of_the_threads_to_others(zoo, bare):
    import threading

    zoo.add("good", GOOD)
    body = """
import threading
inside, leave = threading.Semaphore(0), threading.Event()
@routes.get("/slow")
def wait():
    inside.release()
    leave.wait(10)
    return "slow"
"""
    zoo.add("slow", with_blueprint("slow", body))
    host = bare.host(threads=4)
    bare.switch_on(host, "good", "slow")
    from zoo_slow import plugin

    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(bare.client(host).get("/slow").status_code)) for _ in "12"
    ]
    for thread in threads:
        thread.start()
        assert plugin.inside.acquire(timeout=10)
    refused = bare.client(host).get("/slow")
    assert (refused.status_code, refused.headers["Retry-After"], "The module Slow is busy" in refused.text) == (
        503,
        "2",
        True,
    )
    assert bare.client(host).get("/good/page").text == "good"
    plugin.leave.set()
    for thread in threads:
        thread.join()
    assert answers == [200, 200]
    assert bare.client(host).get("/slow").status_code == 200


def test_a_raising_check_of_health_makes_the_module_unhealthy_and_nothing_else(neighbours, bare):
    from kumiko.operate import lifecycle

    client, host = neighbours("bad", "@hookimpl\ndef check_health():\n    raise OSError('no network')")
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["unhealthy_modules"]) == (200, ["bad"])
    with bare.acting(host):
        views = {view.name: view.health for view in lifecycle.plugins_view(host.generation)}
    assert (views["good"], views["bad"].ok) == (None, False)


def test_sample_data_that_cannot_be_declared_are_left_out(neighbours, bare):
    from kumiko.records import demo

    code = "import kumiko\n@hookimpl\ndef declare_demo():\n    return [kumiko.DemoData(name='some', make=print)]"
    _, host = neighbours("fine", code)
    neighbours("bad", "@hookimpl\ndef declare_demo():\n    raise RuntimeError('oops')")
    bare.switch_on(host, "bad")
    assert [(name, part.name) for name, part in demo.declared(host.generation)] == [("fine", "some")]


def test_commands_that_cannot_be_declared_are_absent_with_a_warning(zoo, bare, capsys, monkeypatch):
    from kumiko.operate import cli, shell

    zoo.add("bad", "@hookimpl\ndef declare_commands():\n    raise RuntimeError('oops')")
    zoo.add("fine", "import click\n@hookimpl\ndef declare_commands():\n    return [click.Command('hello')]")
    bare.switch_on(bare.host(), "bad", "fine")
    monkeypatch.setenv("KUMIKO_DATABASE_URL", bare.url)
    monkeypatch.setenv("KUMIKO_HOME", str(bare.home))
    assert list(cli.declared_commands(shell.Shell(core=()))) == ["fine"]
    assert capsys.readouterr().err == "Warning: the commands of bad are missing: oops\n"


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_an_installation_that_a_plugin_cannot_prepare_says_so(zoo, bare, monkeypatch):
    from kumiko.host.errors import KumikoError
    from kumiko.operate import instance, shell

    zoo.add("bad", "@hookimpl\ndef prepare_instance(options):\n    raise RuntimeError('no room')")
    monkeypatch.setenv("KUMIKO_DATABASE_URL", bare.url)
    monkeypatch.setenv("KUMIKO_HOME", str(bare.home))
    with pytest.raises(KumikoError, match="bad could not prepare the installation: no room; `kumiko init` goes on"):
        instance.initialise(shell.Shell(core=()), modules=["bad"], options={})


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_before_serve_may_refuse_and_other_errors_are_warnings(zoo, bare, monkeypatch, capsys):
    from kumiko.host.errors import KumikoError
    from kumiko.operate import server, shell

    for name, body in (("guard", "raise Veto('a demo account is active')"), ("weak", "raise RuntimeError('oops')")):
        text = f"from kumiko import Veto\n@hookimpl\ndef before_serve(base_url):\n    {body}"
        zoo.add(name, text, files={"__init__.py": ""})
    monkeypatch.setenv("KUMIKO_DATABASE_URL", bare.url)
    monkeypatch.setenv("KUMIKO_HOME", str(bare.home))
    server.announce(shell.Shell(core=("zoo_weak",)), "127.0.0.1", "http://127.0.0.1:1")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("Kumiko serves on http://127.0.0.1:1\n", "Warning: zoo_weak: oops\n")
    with pytest.raises(KumikoError, match="a demo account is active"):
        server.announce(shell.Shell(core=("zoo_guard",)), "127.0.0.1", "http://127.0.0.1:1")
