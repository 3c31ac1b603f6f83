"""Animals in the full house: visitors notice nothing, the administrator reads what happened and presses what helps."""

import re
import threading
import time
from pathlib import Path

import animals
import pytest
from animals import AT_BUILD, AT_CHECK, BLUEPRINT, JOB, PANEL, POISON, SUBSCRIBE, SWALLOW

from kumiko.host.context import transaction
from kumiko.jobs.models import job_table
from kumiko.jobs.queue import enqueue
from kumiko.operate import probe
from kumiko.records import events, service, units


def on_both(cases):
    """All cases on SQLite, the first on PostgreSQL, too: what is found before any table is touched knows no engine."""
    pairs = [("sqlite", case) for case in cases] + [("postgresql", next(iter(cases)))]
    return pytest.mark.parametrize(("database_kind", "case"), pairs, indirect=["database_kind"])


@on_both(AT_BUILD)
def test_left_out_at_the_build(case, house):
    """It was fine when it was enabled, and is broken when the servers start again (or another version came)."""
    plugin, files, sentence = AT_BUILD[case]
    with house.visited():
        house.zoo.add("bad", animals.CURED)
        house.enable("bad")
        house.zoo.forget_modules()
        house.zoo.add("bad", plugin, files=files)
        house.enable_again("bad")
        assert sentence in house.line("bad")
        assert "It does not run: " in house.line("bad")
        assert (house.listed("bad")["state"], sentence in house.listed("bad")["reason"]) == ("failed", True)
        assert {"Switch it off", "Try again"} <= set(house.buttons("bad"))
        house.zoo.add("bad", animals.CURED)
        house.press("bad", "Try again")
        assert (house.listed("bad")["state"], "bad" in house.host.generation.plugins) == ("enabled", True)


@on_both(AT_CHECK)
def test_refused_by_the_check(case, house, monkeypatch):
    plugin, sentence = AT_CHECK[case]
    if case == "hangs at import":
        monkeypatch.setitem(probe.TIME_LIMITS_S, "quick", 4.0)
    with house.visited():
        house.zoo.add("bad", plugin)
        house.press("bad", "enable")
        assert f"It does not run: {sentence}" in house.line("bad")
        assert (house.listed("bad")["state"], house.listed("bad")["reason"]) == ("failed", sentence)
        monkeypatch.setitem(probe.TIME_LIMITS_S, "quick", 60.0)
        house.zoo.add("bad", animals.CURED)
        house.press("bad", "Try again")
        assert house.listed("bad")["state"] == "enabled"


def fails_until_forgotten(house, what, count):
    """The page names the failures, they never put the module away, and the button makes the line clean."""
    line = house.line("bad")
    assert (f"{count} failure" in line, what in line) == (True, True), line
    assert house.listed("bad")["state"] == "enabled"
    house.press("bad", "Forget them")
    assert "failure" not in house.line("bad")


def test_a_raising_route(house):
    body = '@routes.get("/bad/page")\ndef page(): raise KeyError("a secret")'
    with house.visited():
        house.zoo.add("bad", BLUEPRINT.format(name="bad", body=body))
        house.enable("bad")
        for _ in range(8):
            answer = house.get("/bad/page")
            assert (answer.status_code, "the module Bad" in answer.text, "a secret" in answer.text) == (
                500,
                True,
                False,
            )
        fails_until_forgotten(house, "KeyError: 'a secret'", 8)


def test_a_raising_template(house):
    body = '@routes.get("/bad/page")\ndef page(): return render_template("bad/page.html")'
    with house.visited():
        house.zoo.add(
            "bad", BLUEPRINT.format(name="bad", body=body), files={"templates/bad/page.html": "{{ nothing.at.all }}"}
        )
        house.enable("bad")
        answer = house.get("/bad/page")
        assert (answer.status_code, "the module Bad" in answer.text) == (500, True)
        fails_until_forgotten(house, "UndefinedError: 'nothing' is undefined", 1)


def panel(house, body, template="{{ word }}"):
    house.zoo.add("bad", PANEL.format(body=body), files={"templates/bad/panel.html": template})
    house.enable("bad")


def card(house):
    """The card of a deal, and the panel where the machine is so busy that it is loaded by itself."""
    page = house.get(f"/deals/{house.deal_id}").text
    return page + house.get(LAZY.format(house.deal_id)).text if LAZY.format(house.deal_id) in page else page


LAZY = "/deals/{}/panels/bad/view"


def test_a_raising_panel(house):
    panel(house, "raise ValueError('no view today')")
    with house.visited():
        for _ in range(8):
            assert "A view could not be shown." in card(house)
        assert "no view today" in house.line("bad")
        assert house.listed("bad")["state"] == "enabled"
    house.press("bad", "Forget them")
    assert "no view today" not in house.line("bad")


def test_a_panel_whose_template_raises(house):
    panel(house, "return {}", template="{% for one in nothing.at.all %}{% endfor %}")
    with house.visited():
        assert "A view could not be shown." in card(house)
        assert "UndefinedError" in house.line("bad")


def test_a_slow_panel(house):
    panel(house, "time.sleep(wait[0]); return {'word': 'here I am'}")
    from zoo_bad import plugin

    plugin.wait = [0.12]
    lazy = LAZY.format(house.deal_id)
    with house.visited():
        until = time.monotonic() + 20
        while lazy not in card(house):
            assert time.monotonic() < until
        assert "here I am" in house.get(lazy).text
        plugin.wait[0] = 0.0
        for _ in range(5):
            assert "here I am" in house.get(lazy).text
        assert (lazy in card(house), "here I am" in card(house)) == (False, True)
    assert "failure" not in house.line("bad")


def test_a_poisoned_session(house):
    """A panel that swallows an error of the database, and one that leaves a transaction open."""
    panel(house, POISON)
    with house.visited():
        page = card(house)
        assert ("Tower" in page, "all is well" in page, "Stage" in page) == (True, True, True)
        assert "it left a transaction open; what it wrote was rolled back" in house.line("bad")
        with house.acting():
            service.update("deals.deal", house.deal_id, {"next_step": "call"})
            assert service.get("deals.deal", house.deal_id).get("next_step") == "call"


def change(house, step):
    with house.acting():
        service.update("deals.deal", house.deal_id, {"next_step": step})


def test_a_raising_handler_is_put_away_after_five(house):
    house.zoo.add("bad", SUBSCRIBE.format(event="changed", body="raise RuntimeError('I cannot')"))
    house.enable("bad")
    with house.visited():
        for number in range(4):
            change(house, f"step {number}")
        house.work_off()
        assert "4 jobs failed for good and wait for you to decide." in house.line("bad")
        assert "See them" in house.buttons("bad")
        assert "RuntimeError: I cannot" in house.get(house.buttons("bad")["See them"][1]).text
        assert house.listed("bad")["state"] == "enabled"
        change(house, "step 5")
        house.work_off()
        assert house.listed("bad")["state"] == "quarantined"
        assert (
            "Put away after repeated failures. switched off after 5 failures within an hour; the list of failures says "
            "which" in house.line("bad")
        )
        change(house, "while it is away")
        from zoo_bad import plugin

        plugin.sick.clear()
        house.press("bad", "Forget the failures and switch it on")
        assert house.listed("bad")["state"] == "enabled"
        with house.acting():
            from kumiko.jobs.services import retry_dead

            assert retry_dead(plugin="bad") == 5
        house.work_off()
        assert jobs(house, "bad", "records.deliver") >= {"done"}


def jobs(house, plugin, name):
    with house.database.reader.connect() as connection:
        query = job_table.select().where(job_table.c.plugin == plugin, job_table.c.name == name)
        return {row.status for row in connection.execute(query)}


def said(house, plugin="bad"):
    """First lines of what its dead letters say."""
    with house.database.reader.connect() as connection:
        query = job_table.select().where(job_table.c.plugin == plugin, job_table.c.status == "dead")
        return [row.last_error.partition("\n")[0] for row in connection.execute(query)]


def test_a_raising_job(house):
    house.zoo.add("bad", JOB.format(body="raise OSError('disk full')", attempts=1))
    house.enable("bad")
    with house.visited(), house.acting():
        with transaction():
            enqueue("bad.work", {})
        house.work_off()
        assert "1 job failed for good and waits for you to decide." in house.line("bad")
        assert said(house) == ["OSError: disk full"]
        assert house.listed("bad")["state"] == "enabled"


def test_a_handler_that_swallows_an_error_of_the_database(house):
    house.zoo.add("bad", SUBSCRIBE.format(event="changed", body=SWALLOW))
    house.enable("bad")
    with house.visited():
        change(house, "one")
        house.work_off()
        kind = "dead" if not house.database.is_sqlite else "done"
        assert jobs(house, "bad", "records.deliver") == {kind}
        change(house, "two")
        with house.acting():
            assert service.get("deals.deal", house.deal_id).get("next_step") == "two"


def test_an_event_storm(house, monkeypatch):
    for place in (units, events):  # the real limit is tested where it is; here others must not wait for a thousand
        monkeypatch.setattr(place, "REACTION_ENTRIES", 100)
    house.zoo.add(
        "bad",
        SUBSCRIBE.format(event="changed", body="for n in range(10_000): create('deals.source', {'name': str(n)})"),
    )
    house.enable("bad")
    with house.visited():
        change(house, "storm")
        house.work_off(60)
        assert "1 job failed for good and waits for you to decide." in house.line("bad")
        assert said(house)[0].startswith("A reaction to an event wanted to change more than 100 records at once")
        assert "9" not in {one["name"] for one in house.get("/api/v1/sources?limit=200").json["data"]}


def test_an_event_that_causes_itself(house):
    body = "[update('deals.deal', c.record_id, {'competitor': str(c.version)}) for c in delivery.changes]"
    house.zoo.add("bad", SUBSCRIBE.format(event="changed", body=body))
    house.enable("bad")
    with house.visited():
        change(house, "round")
        house.work_off()
        assert said(house)[0].startswith("record.changed/1 was not told to bad.react: this change is the answer to")
        page = house.get(house.buttons("bad")["See them"][1]).text
        assert "switch off what was enabled last and report it to whoever made it." in page
        house.post("/admin/plugins/bad/disable")
        assert house.listed("bad")["state"] == "disabled"


LIAR = """
class Service:
    def answer(self):
        {body}
@hookimpl
def declare_services():
    return {{"liar/1": Service}}
"""


@pytest.mark.parametrize(
    ("body", "blamed", "sentence"),
    [("raise RuntimeError('no')", "liar", "RuntimeError: no"), ("return 5", "bad", "TypeError")],
)
def test_a_contract_liar(body, blamed, sentence, house):
    """Who raises is blamed, not who asked; a wrong answer shows where it is used."""
    house.zoo.add("liar", LIAR.format(body=body), toml='provides = ["liar/1"]')
    panel(house, "from kumiko import services; return {'word': len(services.find('liar/1').answer())}")
    house.enable("liar")
    with house.visited():
        assert "A view could not be shown." in card(house)
        assert sentence in house.line(blamed)
        other = {"liar": "bad", "bad": "liar"}[blamed]
        assert "failure" not in house.line(other)


MIGRATION = '''"""Tables of bad."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0001", None, None, None
def upgrade():
    op.create_table("bad_one", sa.Column("id", sa.Integer, primary_key=True))
    {more}
    op.create_table("bad_two", sa.Column("id", sa.Integer, primary_key=True))
def downgrade():
    op.drop_table("bad_two")
    op.drop_table("bad_one")
'''


def test_a_migration_that_fails_halfway(house):
    path = "migrations/versions/0001_tables.py"
    with house.visited():
        house.zoo.add("bad", animals.CURED, files={path: MIGRATION.format(more="raise ValueError('halfway')")})
        house.press("bad", "enable")
        sentence = "bad: its tables could not be brought to head; nothing of this attempt remains. ValueError: halfway"
        assert f"It does not run: {sentence}" in house.line("bad")
        assert (house.listed("bad")["state"], house.listed("bad")["reason"]) == ("failed", sentence)
        assert tables(house) == set()
        house.zoo.add("bad", animals.CURED, files={path: MIGRATION.format(more="pass")})
        house.press("bad", "Try again")
        assert (house.listed("bad")["state"], tables(house)) == ("enabled", {"bad_one", "bad_two"})
        drop_tables(house)


def tables(house):
    import sqlalchemy as sa

    with house.database.reader.connect() as connection:
        return {name for name in sa.inspect(connection).get_table_names() if name.startswith("bad_")}


def drop_tables(house):
    with house.database.engine.begin() as connection:
        for name in ("bad_one", "bad_two", "alembic_version_bad"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")


def test_raising_hooks(house):
    hooks = "".join(
        f"@hookimpl\ndef {name}:\n    raise RuntimeError('oops')\n"
        for name in ("authenticate(request)", "check_health()")
    )
    house.zoo.add("bad", hooks)
    house.enable("bad")
    with house.visited():
        assert "It says: its check of health failed; the list of failures says why" in house.line("bad")
        assert house.get("/readyz").json["unhealthy_modules"] == ["bad"]


def test_a_slow_route_leaves_half_of_the_threads(house):
    body = "import threading\ninside, leave = threading.Semaphore(0), threading.Event()\n"
    body += '@routes.get("/bad/page")\ndef page():\n    inside.release(); leave.wait(20); return "late"'
    house.zoo.add("bad", BLUEPRINT.format(name="bad", body=body))
    house.enable("bad")
    from zoo_bad import plugin

    with house.visited():
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(house.get("/bad/page").status_code)) for _ in "1234"]
        for thread in threads:
            thread.start()
            assert plugin.inside.acquire(timeout=20)
        refused = house.get("/bad/page")
        assert (refused.status_code, "The module Bad is busy with other requests" in refused.text) == (503, True)
        plugin.leave.set()
        for thread in threads:
            thread.join()
        assert answers == [200] * 4


def test_the_table_of_the_operations_guide_has_a_row_for_each_animal():
    folder = Path(__file__).parent
    text = (folder.parents[1] / "docs/operations/containment.md").read_text("utf-8")
    rows = [row.strip("| ").split(" | ") for row in text.splitlines() if row.startswith("| ")][1:]
    named = [row[-1].strip("`") for row in rows]
    tests = [
        name
        for file in ("test_zoo_house.py", "test_zoo_processes.py")
        for name in re.findall(r"^def test_(\w+)\(", (folder / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert sorted(named) == sorted(set(tests) - {"the_table_of_the_operations_guide_has_a_row_for_each_animal"})
    assert [row for row in rows if len(row) != 6 or not all(row)] == []
