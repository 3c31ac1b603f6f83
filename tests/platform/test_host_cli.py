"""The command line: what it prints, where, and with which exit code."""

import json
import socket

import click
import pytest
from click.testing import CliRunner

from kumiko.host import config
from kumiko.host.context import SYSTEM, Context, use
from kumiko.host.database import Database
from kumiko.host.errors import ConfigError, KumikoError
from kumiko.operate import cli, migrate, server
from kumiko.operate.shell import in_context, split_global_options


@pytest.fixture
def run(database_url, tmp_path, monkeypatch, capsys):
    """Runs a command on an empty database; gives (exit code, stdout, stderr)."""
    monkeypatch.setenv("KUMIKO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KUMIKO_DATABASE_URL", database_url)
    monkeypatch.setenv("KUMIKO_LOG", "error")

    def command(*arguments: str):
        with pytest.raises(SystemExit) as end:
            cli.main(arguments)
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    yield command
    Database.open(database_url).close()


def test_init_makes_an_installation_and_again_changes_nothing(run, database_url):
    code, out, err = run("init", "--modules", "", "--admin", "anna@example.com", "--password", "correct horse battery")
    assert (code, "anna@example.com" in out, err) == (0, True, "")
    code, out, _ = run("init", "--modules", "", "--json")
    assert (code, json.loads(out)["ok"]) == (0, True)
    assert all(not one.waiting for one in [migrate.status(database_url, each) for each in migrate.histories(())])
    code, out, _ = run("db", "upgrade")
    assert (code, out) == (0, "Nothing to do: all tables are in their newest form.\n")
    code, out, _ = run("plugin", "list", "--json")
    core = [one["name"] for one in json.loads(out) if one["state"] == "core"]
    assert (code, {"jobs", "records", "access"} <= set(core)) == (0, True)
    code, out, _ = run("doctor")
    assert (code, "wrong" in out) == (0, False)


def test_a_refusal_is_one_sentence_on_stderr_and_exit_code_1(run):
    assert run("plugin", "list") == (1, "", "this database holds no installation yet; run `kumiko init` first\n")
    code, out, err = run("serve")
    assert (code, out, "are not in their newest form; run `kumiko init` first" in err) == (1, "", True)


def test_wrong_usage_is_exit_code_2(run):
    code, out, err = run("serve", "--port", "many")
    assert (code, out, "'many' is not a valid integer" in err) == (2, "", True)
    assert run("no-such-command")[0] == 2
    assert run("init", "--demo", "--empty")[0] == 2
    assert run("plugin", "list", "--as")[0] == 2


def test_an_unknown_person_is_refused(run):
    run("init", "--modules", "")
    code, _, err = run("--as", "nobody@example.com", "plugin", "list")
    assert (code, err) == (1, "--as nobody@example.com: there is no active user with this e-mail address.\n")


def test_who_may_not_switch_modules_is_refused(run):
    run("init", "--modules", "")
    run("user", "add", "sam@example.com", "--name", "Sam", "--role", "seller")
    code, _, err = run("plugin", "enable", "deals", "--as", "sam@example.com")
    assert (code, err) == (1, "You may not switch modules; an administrator may.\n")


def test_a_backup_brings_everything_back(run, tmp_path, database_url):
    from kumiko.host import settings

    def company(value: str | None = None) -> str:
        database = Database.open(database_url)
        with use(Context(database, principal=SYSTEM)):
            if value is not None:
                settings.put({"host.company": value})
            return settings.get("host.company")

    run("init", "--modules", "")
    company("Before")
    file = tmp_path / "kumiko.backup"
    code, out, err = run("backup", str(file))
    assert (code, out.startswith(str(file)), err) == (0, True, "")
    company("After")
    Database.open(database_url).close()
    assert run("restore", "--yes", str(file))[0] == 0
    assert company() == "Before"


def test_what_is_no_backup_is_refused_and_changes_nothing(run, tmp_path, database_url):
    run("init", "--modules", "")
    file = tmp_path / "letter.txt"
    file.write_text("Dear Anna")
    code, _, err = run("restore", "--yes", str(file))
    assert (code, "is no backup of" in err) == (1, True)
    assert run("doctor")[0] == 0


def test_a_port_on_which_another_program_listens_is_refused():
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = other.getsockname()[1]
        with pytest.raises(KumikoError, match=f"another program listens on 127.0.0.1:{port}; stop it, or choose"):
            server.refuse_taken("127.0.0.1", port)
    server.refuse_taken("127.0.0.1", port)


def test_global_options_may_stand_anywhere():
    assert split_global_options(["plugin", "list", "--json", "--as", "a@b.c"]) == (True, "a@b.c", ["plugin", "list"])
    assert split_global_options(["--as=a@b.c", "export", "deals", "--format", "json"]) == (
        False,
        "a@b.c",
        ["export", "deals", "--format", "json"],
    )
    assert split_global_options(["import", "--", "--json"]) == (False, "", ["import", "--", "--json"])


BAD_SETTINGS = {
    "KUMIKO_BASE_URL": ("crm.example.com", "KUMIKO_BASE_URL is 'crm.example.com'; wanted an address such as"),
    "KUMIKO_LOG": ("loud", "KUMIKO_LOG is 'loud'; wanted one of debug, info, warning, error"),
    "KUMIKO_WORKERS": ("-1", "KUMIKO_WORKERS is '-1'; wanted a whole number from 1 to 64"),
    "KUMIKO_DATABASE_URL": ("mysql://x/y", "Kumiko runs on SQLite and PostgreSQL; found 'mysql'"),
}


@pytest.mark.parametrize("key", BAD_SETTINGS)
def test_a_bad_setting_is_refused_with_a_sentence(key, tmp_path):
    value, sentence = BAD_SETTINGS[key]
    with pytest.raises(ConfigError) as refusal:
        config.load({key: value}, home=tmp_path)
    assert refusal.value.message.startswith(sentence)


def test_the_environment_wins_over_the_file(tmp_path):
    (tmp_path / "kumiko.toml").write_text('log = "debug"\nbase_url = "https://crm.example.com/"\nworkers = 3\n')
    made = config.load({"KUMIKO_LOG": "error"}, home=tmp_path)
    assert (made.log, made.base_url, made.workers, made.secure) == ("error", "https://crm.example.com", 3, True)
    (tmp_path / "kumiko.toml").write_text("colour = 1")
    with pytest.raises(ConfigError, match="has unknown settings: colour; known are base_url, "):
        config.load({}, home=tmp_path)


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    first, second = config.load({}, home=tmp_path), config.load({}, home=tmp_path)
    assert (first.secret_key, len(first.secret_key)) == (second.secret_key, 64)
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_plugins_command_stays_as_declared_when_the_program_wraps_it():
    """The declared object is shared by every program run of a process; wrapping it in place once leaked into others."""
    inner = click.Command("inner", callback=lambda: click.echo("alone"))
    declared = click.Group("outer", commands={"inner": inner})
    wrapped = in_context(declared)

    assert CliRunner().invoke(declared, ["inner"]).output == "alone\n"
    assert declared.commands["inner"].callback is inner.callback
    assert wrapped.commands["inner"].callback is not inner.callback
