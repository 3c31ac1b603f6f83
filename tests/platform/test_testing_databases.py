"""The databases that tests get: empty or cloned, on both engines, one template per run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from kumiko_testing import databases, rundir
from kumiko_testing.ports import free_port


def fill(url):
    """A template build that leaves a trace of each time it ran."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"))
        connection.execute(text("INSERT INTO person VALUES (1, 'Ümit')"))
    engine.dispose()
    with open(rundir.current() / "fill.log", "a") as log:
        log.write(f"{engine.dialect.name}\n")


def names_in(url):
    engine = create_engine(url)
    with engine.begin() as connection:
        names = connection.scalars(text("SELECT name FROM person ORDER BY id")).all()
    engine.dispose()
    return names


def test_database_url_is_an_empty_database_of_the_kind(database_url, database_kind):
    engine = create_engine(database_url)
    assert engine.dialect.name == database_kind
    assert inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE left_over (id INTEGER)"))
    engine.dispose()


def test_the_next_test_gets_another_empty_database(database_url):
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_clone_has_the_rows_of_the_template_and_its_writes_stay_its_own(clone_database):
    first, second = clone_database("people", fill), clone_database("people", fill)
    engine = create_engine(first)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO person VALUES (2, 'Ada')"))
    engine.dispose()
    assert (names_in(first), names_in(second)) == (["Ümit", "Ada"], ["Ümit"])


def test_a_template_is_built_once_however_often_it_is_cloned(clone_database, database_kind):
    clone_database("people", fill)
    clone_database("people", fill)
    assert (rundir.current() / "fill.log").read_text().split().count(database_kind) == 1


def test_a_build_that_fails_is_tried_again(database_kind):
    calls = []

    def build(url):
        calls.append(url)
        fill(url)
        if len(calls) == 1:
            raise ValueError("first time")

    with pytest.raises(ValueError, match="first time"):
        databases.clone("fails once", build, database_kind)
    with databases.cloned("fails once", build, database_kind) as url:
        assert names_in(url) == ["Ümit"]


def test_a_dropped_database_is_gone_though_connections_are_open(database_kind):
    url = databases.create(database_kind)
    engine = create_engine(url)
    connection = engine.connect()
    connection.execute(text("SELECT 1"))
    databases.drop(url)
    connection.invalidate()
    engine.dispose()
    if database_kind == "sqlite":
        assert not Path(url.removeprefix("sqlite:///")).exists()
    else:
        with pytest.raises(Exception, match="does not exist"), create_engine(url).connect():
            pass


def test_lower_casing_knows_umlauts_on_postgresql():
    url = databases.create("postgresql")
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT lower('MÜLLER')")) == "müller"
    engine.dispose()
    databases.drop(url)


def test_free_ports_lie_below_the_range_of_outgoing_connections():
    assert 20000 <= free_port() < 32768


@pytest.mark.parametrize(("no_skip", "outcome"), [("", "1 skipped"), ("1", "1 failed")])
def test_a_missing_part_skips_or_fails_the_run(tmp_path, no_skip, outcome):
    (tmp_path / "test_missing.py").write_text(
        "from kumiko_testing.policy import missing\ndef test_needs_it():\n    missing('No such part.')\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    env = {**os.environ, "KUMIKO_TEST_NO_SKIP": no_skip}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:schemathesis", "-p", "no:playwright", str(tmp_path)],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in done.stdout


def test_a_plain_skip_fails_too_where_nothing_may_skip(tmp_path):
    (tmp_path / "test_skips.py").write_text(
        "import pytest\n@pytest.mark.skip(reason='later')\ndef test_marked():\n    pass\n"
        "@pytest.mark.xfail(reason='known')\ndef test_known():\n    assert False\n"
    )
    (tmp_path / "test_module.py").write_text("import pytest\npytest.importorskip('no_such_module_at_all')\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:schemathesis",
            "-p",
            "no:playwright",
            "--continue-on-collection-errors",
            str(tmp_path),
        ],
        cwd=tmp_path,
        env={**os.environ, "KUMIKO_TEST_NO_SKIP": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 xfailed, 2 errors" in done.stdout
