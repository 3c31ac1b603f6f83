"""Switching on asks for a trial once per files of a plugin, remembers that they passed, and says what failed."""

import pytest
import sqlalchemy as sa

from kumiko.core import CORE
from kumiko.host import manifest
from kumiko.host.base import table_of
from kumiko.host.errors import DeclarationError
from kumiko.host.models import Setting
from kumiko.operate import checks, cli, lifecycle, plain_words, probe
from kumiko.operate.plain_words import Group, Speech
from kumiko.operate.report import Addition, Report

NO_WORD = "goats: migrations/versions/0001_goats.py has no docstring; say in one line what it changes."
SCRIPT = (
    "{word}\nimport sqlalchemy as sa\nfrom alembic import op\n"
    'revision, down_revision, branch_labels, depends_on = "0001", None, None, None\n'
    'def upgrade():\n    op.create_table("goats_goat", sa.Column("id", sa.Integer, primary_key=True))\n'
    'def downgrade():\n    op.drop_table("goats_goat")\n'
)
MODELS = (
    "from kumiko import Scope, plugin_base\nfrom sqlalchemy.orm import Mapped, mapped_column\n"
    "Base = plugin_base('goats')\nclass Goat(Base):\n    __tablename__ = 'goats_goat'\n"
    "    __scope__ = Scope.public('a test')\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
)


def add_goats(zoo, word='"""The goats."""'):
    plugin = "from zoo_goats.models import Base\n@hookimpl\ndef declare_models(): return Base"
    zoo.add("goats", plugin, files={"models.py": MODELS, "migrations/versions/0001_goats.py": SCRIPT.format(word=word)})


@pytest.fixture
def trials(monkeypatch):
    """Trials are made, as in an installation."""
    monkeypatch.setenv(checks.VARIABLE, "full")


def remembered(bare):
    table = table_of(Setting)
    with bare.database.reader.connect() as connection:
        return dict(connection.execute(sa.select(table.c.key, table.c.value)).all())


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_first_time_is_a_trial_and_the_second_is_not(bare, zoo, trials):
    add_goats(zoo)
    host = bare.host()
    one = manifest.scan(()).get("goats")
    with bare.acting(host):
        assert checks.needs_trial(one)
        lifecycle.enable(["goats"])
        assert not checks.needs_trial(one)
        assert remembered(bare) == {"host.checked.goats": {"version": "1.0", "digest": checks.digest_of(one)}}
        assert checks.before_enabling(one, "full", ()) is None
        lifecycle.disable("goats")
    add_goats(zoo, word='"""Other words."""')
    with bare.acting(host):
        assert checks.needs_trial(one)
        lifecycle.purge("goats")
    assert remembered(bare) == {}


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_failed_trial_refuses_the_switch_and_touches_no_table(bare, zoo, trials):
    add_goats(zoo, word="")
    host, before = bare.host(), bare.tables()
    with bare.acting(host):
        with pytest.raises(DeclarationError) as refused:
            lifecycle.enable(["goats"])
        view = next(view for view in lifecycle.plugins_view(host.generation) if view.name == "goats")
    assert (refused.value.message, view.state, view.reason) == (NO_WORD, "failed", NO_WORD)
    assert (bare.tables(), remembered(bare)) == (before, {})


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_quick_way_makes_no_trial_and_remembers_none(bare, zoo, trials):
    add_goats(zoo, word="")
    with bare.acting(bare.host()):
        assert lifecycle.enable(["goats"], depth="quick") == ["goats"]
    assert remembered(bare) == {}


def test_a_report_survives_its_way_between_processes(zoo):
    add_goats(zoo)
    report = probe.check("goats", core=())
    assert Report.from_json(report.as_json()) == report
    assert report.adds == {"tables": ["goats_goat"]}
    assert report.brings == (Addition("table", "goats_goat", {"columns": 1}),)


def test_the_command_says_what_a_plugin_adds_and_how_long_each_part_took(zoo, capsys):
    zoo.add("goats", "from kumiko import JobType\n@hookimpl\ndef declare_jobs():\n"
            "    return [JobType(name='goats.milk', run=print, label='Milk the goats', cron='7 5 * * *')]")  # fmt: skip
    from click.testing import CliRunner

    from kumiko.operate.shell import Shell

    said = CliRunner().invoke(cli.kumiko, ["plugin", "check", "goats", "--quick"], obj=Shell(core=()))
    lines = said.output.splitlines()
    assert said.exit_code == 0
    assert lines[:2] == ["Background work:", "  Milk the goats: every day at 05:07 (UTC)"]
    assert [line.split()[0] for line in lines[2:6]] == ["ok"] * 4
    assert lines[6].startswith("goats may be enabled (quick check, ")


OFTEN = {
    "": "when there is something to do",
    "* * * * *": "every minute",
    "*/15 * * * *": "every 15 minutes",
    "7 * * * *": "every hour",
    "7 5 * * *": "every day at 05:07 (UTC)",
    "0 6 * * 1": "every week at 06:00 (UTC)",
    "0 6 1 * *": "every month at 06:00 (UTC)",
    "0 6-9 * * *": "by the plan 0 6-9 * * * (UTC)",
}


@pytest.mark.parametrize("cron", OFTEN)
def test_how_often_a_job_runs_is_said_in_words(cron):
    assert plain_words.often(cron) == OFTEN[cron]


def test_additions_are_grouped_in_plain_words():
    brings = (
        Addition("record", "Goats", {"key": "goats.goat", "address": "/goats", "board": True, "menu": True}),
        Addition("panel", "Milk", {"slot": "record.parties.person.aside"}),
        Addition("panel", "Herd", {"slot": "start.widgets"}),
        Addition("field", "Owns", {"type": "parties.person"}),
        Addition("field", "Horns", {"type": "hens.hen"}),
        Addition("permission", "Milk goats", {"name": "goats.milk", "roles": ["administrator"]}),
        Addition("permission", "Sell goats", {"name": "goats.sell", "roles": []}),
        Addition("page", "/goats/<int:goat_id>/map"),
        Addition("subscription", "goats.hear", {"event": "record.created/1", "types": ["parties.person"]}),
    )
    names = {"parties.person": "Persons"}
    speech = Speech(type_name=lambda key: names.get(key, key), role=str.title, known=frozenset(names))
    assert plain_words.groups(brings, speech) == [
        Group("Records", ("Goats at /goats, with a board",)),
        Group("Entries of the menu", ("Goats, which opens /goats",)),
        Group("Pages", ("/goats/…/map",)),
        Group("Panels on other pages", ("Milk on: Persons", "Herd on: the start page")),
        Group("Fields on other records", ("Persons: Owns", "hens.hen (when that module is on): Horns")),
        Group("Rights", ("Milk goats: given to Administrator", "Sell goats: no role has it at first")),
        Group("Background work", ("when these are made: Persons",)),
    ]


def test_a_folder_is_checked_without_being_installed(zoo):
    from kumiko.operate import packages

    report = packages.check_path("plugins/deals", depth="quick", core=CORE)
    assert (report.name, report.problems, report.depth) == ("deals", (), "quick")
