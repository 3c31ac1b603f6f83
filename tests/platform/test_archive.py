"""The whole company as one file: read into an empty installation of the other database it gives the same file again."""

import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from kumiko.access import accounts, factors, links, models, setup
from kumiko.archive import configuration, loading, tables, writing
from kumiko.core import CORE
from kumiko.fields import indexes
from kumiko.files import services as files
from kumiko.host import config, settings
from kumiko.host.context import SYSTEM, current, transaction, use
from kumiko.host.database import Database
from kumiko.host.errors import Invalid
from kumiko.host.scoping import trusted
from kumiko.host.wsgi import Host
from kumiko.operate import cli, lifecycle
from kumiko.records import search, service
from kumiko.records.undo import undo
from kumiko.records.units import group
from kumiko.secrets import seal
from kumiko_integrations import sealing
from kumiko_testing import databases
from kumiko_testing.records import open_house, prepare_database

SECRET = "three blue rivers"
HIDDEN = "wholly-secret-word"
LEFT_OUT = {
    "access_attempt",
    "access_credential",
    "access_device",
    "access_one_time_link",
    "access_recovery_code",
    "access_second_factor",
    "access_session",
    "access_token",
    "access_token_use",
    "admin_time_spent",
    "host_counter",
    "host_failure",
    "host_process",
    "host_revision",
    "integrations_hit",
    "integrations_secret",
    "jobs_beat",
    "mailing_attachment",
    "records_idempotency",
}
MODULES = ("analytics", "deals", "integrations", "processes", "sales", "tasks")


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs a command on (home, url); gives (exit code, stdout, stderr)."""

    def command(place, *arguments: str):
        home, url = place
        monkeypatch.setenv("KUMIKO_HOME", str(home))
        monkeypatch.setenv("KUMIKO_DATABASE_URL", url)
        monkeypatch.setenv("KUMIKO_LOG", "error")
        with pytest.raises(SystemExit) as end:
            cli.main(arguments)
        said = capsys.readouterr()
        Database.open(url).close()
        return int(end.value.code or 0), said.out, said.err

    return command


def contents(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist() if name != "made.json"}


def changed(file: Path, target: Path, name: str, change) -> Path:
    """A copy of an archive with one member changed."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for one in old.namelist():
            new.writestr(one, change(old.read(one)) if one == name else old.read(one))
    return target


def test_an_archive_goes_to_the_other_database_and_back_and_stays_the_same(run, tmp_path):
    with databases.cloned("company", build, "sqlite") as url:
        travel(run, tmp_path, (tmp_path / "home", url))


@pytest.mark.soak
def test_an_archive_of_the_sample_data_of_all_modules_stays_the_same(run, tmp_path):
    with tempfile.TemporaryDirectory() as home:
        first = (Path(home), f"sqlite:///{home}/first.db")
        assert run(first, "init", "--demo", "--admin", "anna@example.com", "--password", SECRET)[0] == 0
        travel(run, tmp_path, first, ("postgresql", "postgresql", "sqlite", "sqlite"))


def test_configuration_shows_what_it_would_change_and_is_taken_back_as_one(tmp_path):
    with databases.cloned("company", build, "sqlite") as url, looking_into((tmp_path, url)):
        reason = service.create("deals.lost_reason", {"name": "Too dear"}).id
        settings.put({"host.company": "Before"})
        with_company = configuration.export()
        service.update("deals.lost_reason", reason, {"name": "Cheaper elsewhere"})
        settings.put({"host.company": "After"})
        said = [one for one in configuration.plan(with_company) if one.kind != "same"]
        assert [(one.collection, one.name, one.kind, dict(one.fields)) for one in said] == [
            ("lost-reasons", "Too dear", "new", {"name": (None, "Too dear")} | dict(said[0].fields)),
            ("settings", "host.company", "changed", {"host.company": ("After", "Before")}),
        ]
        unit, count = configuration.bring_in(with_company)
        assert (count, settings.get("host.company")) == (2, "Before")
        assert [one.kind for one in configuration.plan(with_company) if one.kind != "same"] == []
        undo(unit)
        assert [one.name for one in configuration.plan(with_company) if one.kind == "new"] == ["Too dear"]
        with pytest.raises(Invalid, match="no file of a configuration"):
            configuration.plan(b"nothing")


def build(url: str) -> None:
    prepare_database(url, CORE, MODULES)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE)
        with house.acting(SYSTEM, via="cli"):
            setup.make_roles()
            accounts.add_user("Anna", "anna@example.com", roles=["administrator"], password=SECRET)
            lifecycle.enable(MODULES, probing=False)
        house.database.close()


def hide_secrets() -> None:
    """Something of every kind that lets somebody in here or elsewhere, each with HIDDEN in it."""
    anna = accounts.get_user_id("anna@example.com")
    begun = factors.begin(anna, "anna@example.com")
    with transaction():
        trusted(sa.update(models.table(models.SecondFactor)).values(secret=seal(f"{HIDDEN} totp")))
    assert begun is not None
    links.make(anna, "reset")
    settings.put({
        "mailing.user": "post", "mailing.password": seal(f"{HIDDEN} mail"),
        "access.provider": {"issuer": "https://id.example", "client_id": "x", "secret": seal(f"{HIDDEN} provider")},
    })  # fmt: skip
    sealing.put_secrets(4711, {"secret": f"{HIDDEN} hook"})


def travel(run, tmp_path, first, kinds=("postgresql", "sqlite")) -> None:
    """From SQLite to PostgreSQL and back: the same archive each time; what cannot be read is refused beforehand."""
    second, *others = [(tmp_path / f"home{n}", databases.create(kind)) for n, kind in enumerate(kinds)]
    third = others[-1]
    with looking_into(first) as host:
        person = service.create("parties.person", {"last_name": "Zwölfender"}).id
        files.attach_file("parties.person", person, "plan.txt", b"a plan", media_type="text/plain")
        gone = service.create("parties.person", {"last_name": "In the bin"}).id
        service.delete("parties.person", gone)
        hide_secrets()
        token = accounts.make_token(accounts.get_user_id("anna@example.com"))
        secrets = [str(one) for name in ("access_credential", "access_token") for one in all_texts(host, name)]
        made = service.create("fields.custom_field", {
            "record_type": "parties.person", "key": "rooms", "name": "Rooms", "kind": "integer", "filterable": True,
        }).id  # fmt: skip
        sealed = [str(one) for name in ("access_second_factor", "integrations_secret") for one in all_texts(host, name)]
        secrets += [one for one in sealed if "sealed:1:" in one]
        with group("brought in", via="import") as brought_in:
            for number in range(3):
                service.create("parties.person", {"last_name": f"Imported {number}"})
    archives = [tmp_path / f"{n}.zip" for n in range(len(kinds) + 1)]
    code, out, err = run(first, "archive", "write", str(archives[0]))
    assert (code, "1 files" in out, err) == (0, True, "")
    mine = contents(archives[0])
    whole = b"".join(mine.values())
    assert [one for one in (SECRET, token, *secrets) if len(one) > 20 and one.encode() in whole] == []
    assert [one for one in (HIDDEN, "sealed:1:", "$argon2") if one.encode() in whole] == []
    assert len(secrets) > 4
    assert set(orjson.loads(mine["manifest.json"])["left_out"]) == LEFT_OUT  # whatever is new is in it, or said here
    for module in MODULES:
        assert any(name.startswith(f"tables/{module}_") for name in mine), module

    foreign = changed(
        archives[0], tmp_path / "f.zip", "manifest.json", lambda said: said.replace(b'"deals": {', b'"dowsing": {')
    )
    code, _out, err = run(second, "archive", "load", str(foreign))
    assert (code, "data of the module dowsing (version" in err) == (1, True)
    broken = changed(archives[0], tmp_path / "b.zip", "tables/records_entry.jsonl", lambda said: said[:-10])
    code, _out, err = run(second, "archive", "load", str(broken))
    assert (code, "rows of records_entry are not those that were written" in err) == (1, True)
    shorter = tmp_path / "s.zip"
    whole_file = archives[0].read_bytes()
    for cut in (len(whole_file) // 2, len(whole_file) - 30, 10):
        shorter.write_bytes(whole_file[:cut])
        code, _out, err = run(second, "archive", "load", str(shorter))
        assert (code, "is no archive of Kumiko, or it is damaged" in err) == (1, True)
    zeros = bytearray(whole_file)
    zeros[len(zeros) // 3 : len(zeros) // 3 + 300] = bytes(300)
    shorter.write_bytes(zeros)
    code, _out, err = run(second, "archive", "load", str(shorter))
    assert (code, "damaged" in err, "Traceback" in err) == (1, True, False)
    with tables.stranger(second[1]) as database, database.reader.connect() as connection:
        assert tables.stored_tables(connection) == {}  # said before anything was written

    for place, file, target in zip((second, *others), archives, archives[1:], strict=False):
        code, out, err = run(place, "archive", "load", str(file))
        assert (code, "Passwords are not part of an archive" in out, err) == (0, True, "")
        with looking_into(place):
            assert [hit.title for hit in search.search("zwolfender")] == ["Zwölfender"]
            assert files.read_file(files.files_of("parties.person", person)[0].id).content == b"a plan"
            with current().database.reader.connect() as connection:
                is_sqlite = connection.dialect.name == "sqlite"
                assert indexes.existing(connection, sqlite_db=is_sqlite)[f"ix_custom_{made}_integer"]
            writing.write(target)
        theirs = contents(target)
        assert [name for name in mine if mine[name] != theirs.get(name)] == []
        assert mine.keys() == theirs.keys()
    code, out, err = run(second, "doctor")
    assert (code, "wrong" in out) == (0, False), out
    with looking_into(second):
        assert service.create("parties.person", {"last_name": "New"}).id > gone  # no id is ever given twice
        undo(brought_in)
        assert search.search("imported") == []
    code, _out, err = run(third, "archive", "load", str(archives[0]))
    assert (code, "This installation is not empty" in err) == (1, True)
    assert loading.look(archives[-1], cli.Shell().core).problems == ()
    for _home, url in (second, *others):
        databases.drop(url)


def looking_into(place):
    """A context of the system in an installation."""

    @contextmanager
    def opened():
        home, url = place
        host = Host(config.load({"KUMIKO_HOME": str(home), "KUMIKO_DATABASE_URL": url}))
        try:
            with use(host.context(principal=SYSTEM, via="cli")):
                yield host
        finally:
            host.database.close()

    return opened()


def all_texts(host, name):
    with host.database.reader.connect() as connection:
        for row in connection.execute(sa.text(f"SELECT * FROM {name}")):
            yield from (value for value in row if isinstance(value, str))
