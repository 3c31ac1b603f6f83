"""Plugins are checked, migrated, enabled, disabled and purged; each refusal is a sentence and changes nothing."""

import pytest
import sqlalchemy as sa

from kumiko.host import guard
from kumiko.host.base import table_of
from kumiko.host.context import Principal
from kumiko.host.errors import Conflict, DeclarationError, MigrationFailed, ResolutionError, Veto
from kumiko.host.models import Audit
from kumiko.operate import lifecycle, probe

MODELS = """
from sqlalchemy.orm import Mapped, mapped_column
from kumiko import Scope, plugin_base
Base = plugin_base("{name}")
class Thing(Base):
    __tablename__ = "{name}_thing"
    __scope__ = Scope.public("a test")
    id: Mapped[int] = mapped_column(primary_key=True)
"""
MIGRATION = '''
"""First."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0001", None, None, None
def upgrade():
    op.create_table("{name}_thing", sa.Column("id", sa.Integer, primary_key=True))
    {more}
def downgrade():
    op.drop_table("{name}_thing")
'''
SERVICE = "@hookimpl\ndef declare_services():\n    return {'goats/1': dict}\n"


def with_table(zoo, name: str, *, plugin: str = "", migration: str = "", toml: str = "") -> None:
    zoo.add(
        name,
        f"from zoo_{name}.models import Base\n@hookimpl\ndef declare_models():\n    return Base\n{plugin}",
        toml=toml,
        files={
            "models.py": MODELS.format(name=name),
            "migrations/versions/0001_first.py": MIGRATION.format(name=name, more=migration),
        },
    )


def audit(bare) -> list[tuple[str, str, str]]:
    table = table_of(Audit)
    with bare.database.reader.connect() as connection:
        rows = connection.execute(sa.select(table.c.actor, table.c.act, table.c.subject).order_by(table.c.id))
        return [tuple(row) for row in rows]


ANNA = Principal(user_id=7, name="Anna", permissions=frozenset({"plugins.switch"}))


def test_a_plugin_lives_from_check_to_purge(bare, zoo):
    with_table(zoo, "goats")
    host = bare.host()
    before = bare.tables()
    with bare.acting(host, ANNA):
        assert lifecycle.enable(["goats"]) == ["goats"]
        assert lifecycle.enable(["goats"]) == []
    bare.follow(host)
    assert (list(host.generation.plugins), "goats_thing" in bare.tables()) == (["goats"], True)
    with bare.acting(host, ANNA):
        with pytest.raises(Conflict, match="goats is switched on; disable it before its data are dropped"):
            lifecycle.purge("goats")
        assert lifecycle.disable("goats") == ["goats"]
        assert lifecycle.disable("goats") == []
    bare.follow(host)
    assert (list(host.generation.plugins), "goats_thing" in bare.tables()) == ([], True)
    with bare.acting(host, ANNA):
        assert lifecycle.purge("goats") == ["goats_thing"]
    assert (bare.tables(), bare.state("goats")) == (before, "")
    assert audit(bare) == [("Anna", f"plugin.{act}", "goats") for act in ("enable", "disable", "purge")]


def test_enabling_names_what_is_missing_and_changes_nothing(bare, zoo):
    zoo.add("goats", SERVICE, toml='provides = ["goats/1"]')
    zoo.add("barns", toml='requires = ["goats/1"]')
    host = bare.host()
    with bare.acting(host):
        with pytest.raises(ResolutionError, match="no active module provides; enable goats first"):
            lifecycle.enable(["barns"])
        assert (bare.state("barns"), host.follow().epoch) == ("", 1)
        assert lifecycle.enable(["barns", "goats"]) == ["goats", "barns"]


def test_disabling_what_others_need_is_refused_or_takes_them_along(bare, zoo):
    zoo.add("goats", SERVICE, toml='provides = ["goats/1"]')
    zoo.add("barns", toml='requires = ["goats/1"]')
    host = bare.host()
    with bare.acting(host):
        lifecycle.enable(["goats", "barns"], probing=False)
        with pytest.raises(
            Conflict, match=r"goats is needed by barns; disable it first, or all together \(--cascade\)"
        ):
            lifecycle.disable("goats")
        assert lifecycle.disable("goats", cascade=True) == ["barns", "goats"]
    bare.follow(host)
    assert list(host.generation.plugins) == []


def test_a_veto_keeps_a_plugin_on_and_other_errors_do_not(bare, zoo):
    hook = "@hookimpl\ndef before_disable():\n    raise "
    zoo.add("firm", "from kumiko import Veto\n" + hook + "Veto('three invoices are being sent')")
    zoo.add("weak", hook + "RuntimeError('oops')")
    host = bare.host()
    bare.switch_on(host, "firm", "weak")
    with bare.acting(host):
        with pytest.raises(Veto, match="three invoices are being sent"):
            lifecycle.disable("firm")
        assert lifecycle.disable("weak") == ["weak"]
    assert (bare.state("firm"), bare.state("weak")) == ("enabled", "disabled")
    guard.flush(bare.database)
    assert bare.failures() == [("weak", "before_disable", "RuntimeError: oops", 1)]


def test_an_error_after_enabling_rolls_the_switch_back(bare, zoo):
    zoo.add("weak", "@hookimpl\ndef after_enable():\n    raise RuntimeError('oops')")
    host = bare.host()
    with bare.acting(host), pytest.raises(RuntimeError):
        lifecycle.enable(["weak"], probing=False)
    bare.follow(host)
    assert (bare.state("weak"), host.generation.epoch, audit(bare)) == ("migrated", 1, [])


def test_a_failing_migration_refuses_the_switch(bare, zoo):
    with_table(zoo, "goats", migration="raise RuntimeError('no room')")
    host = bare.host()
    with bare.acting(host), pytest.raises(MigrationFailed, match="no room"):
        lifecycle.enable(["goats"], probing=False)
    assert (bare.state("goats"), "goats_thing" in bare.tables()) == ("failed", False)


SEEN_BY_THE_PROBE = {
    "raise RuntimeError('no licence')": "bad: RuntimeError: no licence",
    "import os; os._exit(7)": "bad: its check ended the process with exit code 7",
    "import time; time.sleep(60)": "bad: importing it did not end within 3 seconds.",
    "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), name='spy').start()": (
        "bad: importing it starts threads (spy); background work is a job."
    ),
    "from sqlalchemy import event\nfrom sqlalchemy.orm import Session\n"
    "event.listen(Session, 'before_flush', lambda *_: None)": (
        "bad: it listens to every database session; that is the host's."
    ),
    "from kumiko.host.models import Setting\nSetting.spy = 1": (
        "bad: it adds spy to the host's class Setting; relationships go one way."
    ),
}


@pytest.mark.parametrize("code", SEEN_BY_THE_PROBE)
def test_the_probe_sees_side_effects_in_its_own_process(code, zoo):
    zoo.add("bad", code)
    report = probe.check("bad", time_limit_s=3 if "sleep(60)" in code and "Thread" not in code else 30)
    assert any(one.startswith(SEEN_BY_THE_PROBE[code]) for one in report.problems), report.problems


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_failed_check_refuses_the_switch_and_is_shown(bare, zoo):
    zoo.add("bad", "raise RuntimeError('no licence')")
    host = bare.host()
    with bare.acting(host):
        with pytest.raises(DeclarationError, match="bad: RuntimeError: no licence"):
            lifecycle.enable(["bad"])
        view = next(view for view in lifecycle.plugins_view(host.generation) if view.name == "bad")
    assert (view.state, view.reason, host.follow().epoch) == ("failed", "bad: RuntimeError: no licence", 1)


def test_the_page_of_plugins_tells_everything(bare, zoo):
    zoo.add("goats", SERVICE, toml='provides = ["goats/1"]\ndescription = "Goats."')
    zoo.add("barns", toml='requires = ["goats/1"]\nwants = ["hens/1"]')
    zoo.add("boom", "raise RuntimeError('oops')")
    zoo.add("idle")
    host = bare.host()
    bare.switch_on(host, "goats", "barns", "boom")
    guard.record("goats", "job", ValueError("late"))
    guard.flush(bare.database)
    with bare.acting(host):
        views = {
            view.name: view for view in lifecycle.plugins_view(host.generation) if f"zoo_{view.name}" in zoo.packages
        }
    assert {name: view.state for name, view in views.items()} == {
        "goats": "enabled",
        "barns": "enabled",
        "boom": "failed",
        "idle": "installed",
    }
    assert (views["goats"].dependents, views["barns"].wants) == (("barns",), ("hens/1",))
    assert views["boom"].reason == "RuntimeError: oops"
    assert [(one.phase, one.message, one.count) for one in views["goats"].failures] == [("job", "ValueError: late", 1)]


def test_a_plugin_whose_package_vanished_is_shown_as_missing(bare, zoo):
    host = bare.host()
    bare.switch_on(host, "gone")
    with bare.acting(host):
        view = next(one for one in lifecycle.plugins_view(host.generation) if one.name == "gone")
    assert (view.name, view.state) == ("gone", "missing")
    assert bare.client(host).get("/healthz").status_code == 200


def test_another_installed_version_asks_for_a_restart(bare, zoo):
    zoo.add("goats", version="1.0")
    host = bare.host()
    bare.switch_on(host, "goats")
    zoo.add("goats", version="1.1")
    bare.switch_on(host, "goats")
    with bare.acting(host):
        view = next(view for view in lifecycle.plugins_view(host.generation) if view.name == "goats")
    assert (view.version, view.restart_pending) == ("1.1", True)


def test_an_error_before_purging_keeps_all_data(bare, zoo):
    with_table(zoo, "goats", plugin="@hookimpl\ndef before_purge():\n    raise RuntimeError('not yet')")
    host = bare.host()
    with bare.acting(host):
        lifecycle.enable(["goats"], probing=False)
        lifecycle.disable("goats")
        with pytest.raises(RuntimeError, match="not yet"):
            lifecycle.purge("goats")
    assert ("goats_thing" in bare.tables(), bare.state("goats")) == (True, "disabled")
