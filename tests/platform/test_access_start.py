"""The first start and the command line: who gets in, what the operator reads, what is refused."""

import json
import os
import subprocess
import sys

import access_lab
import pytest
from access_lab import Lab

from kumiko.access import accounts, setup
from kumiko.host.errors import Veto
from kumiko_testing.records import prepare_database

WORDS = "some good words"


@pytest.fixture
def empty(clone_database, tmp_path):
    made = Lab(clone_database("access tables", lambda url: prepare_database(url, access_lab.CORE)), tmp_path)
    yield made
    made.database.close()


def test_a_new_installation_has_roles_and_one_administrator_without_password(empty):
    with empty.acting():
        lines = setup.prepare_instance({"demo": False, "admin": "", "password": ""})
        again = setup.prepare_instance({"demo": False, "admin": "", "password": ""})
        rows = [(one.name, one.email, one.roles, one.has_password) for one in accounts.list_accounts()]

    assert rows == [("Administrator", "admin@example.com", ("administrator",), False)]
    assert (len(lines), again) == (1, [])


def test_the_first_administrator_may_be_named_with_a_password(empty):
    with empty.acting():
        setup.prepare_instance({"admin": "Boss@Example.com", "password": WORDS})

    assert empty.browser().sign_in("boss@example.com", WORDS).status_code == 303


def test_serving_prints_a_link_that_works_once(empty):
    with empty.acting():
        setup.prepare_instance({})
        lines = setup.before_serve("http://crm.local")

    assert lines[0] == "Sign in as admin@example.com, once, within 15 minutes:"
    path = lines[1].strip().removeprefix("http://crm.local")
    browser = empty.browser()
    assert (browser.get(path).status_code, empty.browser().get(path).status_code) == (303, 404)


def test_no_link_is_printed_where_people_come_by_https_and_have_a_password(empty):
    with empty.acting():
        setup.prepare_instance({"password": WORDS})

        assert setup.before_serve("https://crm.example.com") == []


def test_a_server_that_others_reach_warns_without_https_and_refuses_known_passwords(empty, monkeypatch):
    monkeypatch.setenv("KUMIKO_BIND", "0.0.0.0")
    with empty.acting():
        setup.prepare_instance({"password": WORDS})
        assert setup.before_serve("http://crm.local")[0].startswith("Warning: over http others can read passwords.")
        setup.make_sample_users()
        with pytest.raises(Veto, match="6 sample users with a known password are active"):
            setup.before_serve("http://crm.local")
        assert len(accounts.disable_known_passwords()) == 6
        assert setup.before_serve("http://crm.local")[0].startswith("Warning")


def test_sample_users_sign_in_and_their_head_sees_the_teams_below(empty):
    with empty.acting():
        setup.prepare_instance({})
        setup.make_sample_users()
    with empty.acting("helen@example.com") as context:
        assert len(context.principal.subtree_team_ids) == 3
    assert empty.browser().sign_in("sam@example.com", setup.SAMPLE_PASSWORD).status_code == 303


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_command_line_makes_users_and_tokens_and_says_what_is_wrong(database_url, tmp_path):
    environ = {**os.environ, "KUMIKO_HOME": str(tmp_path / "home"), "KUMIKO_DATABASE_URL": database_url}

    def kumiko(*arguments):
        command = [sys.executable, "-m", "kumiko.operate.cli", *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=150, check=False)

    assert kumiko("init", "--empty", "--modules", "", "--admin", "boss@example.com").returncode == 0
    made = kumiko("user", "add", "Ann@example.com", "--name", "Ann", "--role", "seller", "--json")
    twice = kumiko("user", "add", "ann@example.com", "--name", "Ann", "--role", "seller")
    token = kumiko("token", "create", "--user", "ann@example.com", "--read-only")
    listed = kumiko("user", "list", "--json")
    refused = kumiko("user", "disable", "boss@example.com")
    as_ann = kumiko("--as", "ann@example.com", "user", "add", "x@example.com", "--name", "X", "--role", "seller")
    usage = kumiko("user", "disable")

    assert json.loads(made.stdout)["link"].startswith("http://127.0.0.1:8000/set-password/")
    assert (twice.returncode, "ann@example.com already belongs to another user." in twice.stderr) == (1, True)
    assert (token.returncode, token.stdout.splitlines()[-1][:4], " " in token.stdout) == (0, "kmk_", False)
    assert [(row["email"], row["roles"], row["state"]) for row in json.loads(listed.stdout)] == [
        ("boss@example.com", "administrator", "active"),
        ("ann@example.com", "seller", "active"),
    ]
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("This is the only active administrator")
    assert (as_ann.returncode, usage.returncode) == (1, 2)
