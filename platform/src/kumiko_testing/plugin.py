"""The pytest plugin of Kumiko (entry point `kumiko_testing`), for our tests and for those of plugins.

Fixtures: `plugin_house` (an installation with your plugin on), `database_kind` ("sqlite", then "postgresql": a test
using it runs on both), `database_url` (an empty database), `clone_database(key, build)` (a copy of a template) and
`smtp_server` (a real one), `mail_server` (with mailboxes). To run on one engine only:
`@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from kumiko_testing import databases, policy, postgres, rundir

_run_folder: Path | None = None


def pytest_configure(config: pytest.Config) -> None:
    global _run_folder
    os.environ.setdefault("KUMIKO_PLUGIN_CHECK", "quick")  # a trial takes seconds; its own tests ask for it
    _forget_deadlines()
    _hash_cheaply()
    if _run_folder is None and not config.option.collectonly:
        _run_folder = rundir.create()
        if _run_folder:
            for folder in rundir.leftovers():
                postgres.stop(folder)
                rundir.remove(folder)


def _forget_deadlines() -> None:
    """Examples of hypothesis have no time limit: a busy machine is no finding, and time is measured in bench/."""
    try:
        from hypothesis import settings  # local: optional
    except ImportError:
        return
    settings.register_profile("kumiko", deadline=None)
    settings.load_profile("kumiko")


def _hash_cheaply() -> None:
    """Passwords made in the test's process take no 64 MB and no tenth of a second each: hundreds of tests sign in."""
    from argon2 import PasswordHasher  # local: slow import

    from kumiko.access import passwords

    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def pytest_unconfigure(config: pytest.Config) -> None:
    global _run_folder
    if _run_folder is not None:
        postgres.stop(_run_folder)
        rundir.remove(_run_folder)
        _run_folder = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, Any, Any]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and not policy.may_skip():
        _turn_into_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    report = yield
    if report.skipped and not policy.may_skip():
        _turn_into_failure(report)
    return report


def _turn_into_failure(report: Any) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"{reason}\nNothing may be skipped here (KUMIKO_TEST_NO_SKIP is set)."


@pytest.fixture(params=databases.KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """The database engine of this run of the test: "sqlite" or "postgresql"."""
    if request.param == "postgresql":
        postgres.server_url()  # says so here when there is none
    return str(request.param)


@pytest.fixture
def database_url(database_kind: str) -> Iterator[str]:
    """The URL of an empty database, gone after the test."""
    url = databases.create(database_kind)
    yield url
    databases.drop(url)


@pytest.fixture
def clone_database(database_kind: str) -> Iterator[Callable[[str, databases.Build], str]]:
    """A function (key, build) -> URL of a copy of the template that `build(url)` fills once per run; then dropped."""
    urls: list[str] = []

    def clone(key: str, build: databases.Build) -> str:
        urls.append(databases.clone(key, build, database_kind))
        return urls[-1]

    yield clone
    for url in urls:
        databases.drop(url)


@pytest.fixture
def house(clone_database: Callable[[str, databases.Build], str], tmp_path: Path) -> Iterator[Any]:
    """A `kumiko_testing.records.House` on a fresh database with the core's tables and the sample plugin."""
    from kumiko_testing import records  # local: slow import

    url = clone_database("sample house", records.prepare_database)
    made = records.open_house(url, tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def plugin_house(clone_database: Callable[[str, databases.Build], str], tmp_path: Path) -> Iterator[Any]:
    """A function (names of installed plugins) -> `kumiko_testing.records.House` with the core and these switched on.

    `with plugin_house("visits").acting(): ...` acts as the system, `.acting(person(7, level=OWN))` as a person who
    sees own records only.
    """
    from kumiko_testing import records  # local: slow import

    made: list[Any] = []

    def open_with(*names: str) -> Any:
        url = clone_database(f"house of {names}", lambda url: records.prepare_database(url, records.WHOLE, names))
        made.append(records.open_house(url, tmp_path, records.WHOLE, names))
        faults = {name: one.reason for name, one in made[-1].generation.failed.items()}
        assert faults == {}, faults
        return made[-1]

    yield open_with
    for one in made:
        one.database.close()


@pytest.fixture(scope="session")
def mail_server() -> Iterator[Any]:
    """A `kumiko_testing.mail_server.MailServer` of its own (SMTP and IMAP), one for all tests: take own user names."""
    from kumiko_testing import mail_server as servers  # local: only where the packages for tests are

    if not servers.find_dovecot():
        policy.missing("No Dovecot: install it (Debian: apt-get install dovecot-imapd).")
    with servers.running_mail_server() as server:
        yield server


@pytest.fixture
def smtp_server() -> Iterator[Any]:
    """A real SMTP server on the loopback address; see `kumiko_testing.mail.SmtpTestServer`."""
    from kumiko_testing import mail  # local: slow import

    with mail.running_smtp_server() as server:
        yield server
