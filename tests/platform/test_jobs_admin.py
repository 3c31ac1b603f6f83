"""What people see of background work and do with it, the command line included."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import jobs_lab as lab
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from kumiko.host.columns import utc_now
from kumiko.host.context import SYSTEM, Principal, use
from kumiko.host.database import Database
from kumiko.host.declarations import JobType
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound
from kumiko.jobs import enqueue, queries, services
from kumiko.jobs.commands import jobs as jobs_group
from kumiko.jobs.models import JobsBase, job_table, key_table
from kumiko.operate import migrate
from kumiko.operate.shell import Shell

SELLER = Principal(user_id=7, name="Ada")
OTHER = Principal(user_id=8, name="Bob")
MANAGER = Principal(user_id=9, name="Eve", permissions=frozenset({"jobs.manage"}))


def note(job):
    lab.write(str(job.payload["word"]), job)


def stumble(job):
    raise ValueError("the stone was there")


TYPES = (
    JobType(name="lab.note", run=note, label="Write a note"),
    JobType(name="lab.stumble", run=stumble, max_attempts=1),
    JobType(name="jobs.prune", run=services.prune),
)


@pytest.fixture
def host(clone_database):
    database = Database.open(clone_database("jobs", lab.build))
    yield lab.SmallHost(database, lab.generation_of(*TYPES))
    database.close()


@pytest.fixture
def dead_and_waiting(host):
    """A dead letter, a job blocked by nothing but its time, one behind another, one of a module that is off."""
    with lab.writing(host):
        dead = enqueue("lab.stumble", {}, order_keys=("a",))
        done = enqueue("lab.note", {"word": "x"})
    lab.work_off(host)
    with lab.writing(host):
        later = enqueue("lab.note", {"word": "x"}, run_at=utc_now() + timedelta(hours=1), order_keys=("b",))
        behind = enqueue("lab.note", {"word": "x"}, order_keys=("b",), actor_id=7)
        off = enqueue("deals.note", {})
    lab.work_off(host)
    return {"dead": dead, "done": done, "later": later, "behind": behind, "off": off}


def test_counts_and_lists_tell_what_waits_for_what(host, dead_and_waiting):
    ids = dead_and_waiting
    with lab.acting(host, MANAGER):
        counts = queries.counts()
        views = {one.id: one for one in queries.list_jobs()}
        dead = queries.list_dead()

    assert counts.by_status == {"ready": 3, "running": 0, "done": 1, "dead": 1, "cancelled": 0}
    assert (counts.due, counts.held_up) == (1, {"deals": 1})
    assert list(views) == sorted(ids.values(), reverse=True)
    assert {name: views[job_id].waiting for name, job_id in ids.items()} == {
        "dead": "",
        "done": "",
        "later": "Begins at its time.",
        "behind": f"Waits for job {ids['later']} about the same thing.",
        "off": "The module deals is off; the job goes on when it is back.",
    }
    assert [(one.id, one.error_line, one.label) for one in dead] == [
        (ids["dead"], "ValueError: the stone was there", "lab.stumble")
    ]
    assert views[ids["behind"]].label == "Write a note"


def test_lists_are_filtered_and_paged(host, dead_and_waiting):
    with lab.acting(host, MANAGER):
        first = queries.list_jobs(limit=2)
        second = queries.list_jobs(limit=2, before_id=first[-1].id)
        of_deals = queries.list_jobs(plugin="deals")
        done = queries.list_jobs(status="done", name="lab.note")
        with pytest.raises(Invalid, match="There is no job status 'gone'; wanted ready, running"):
            queries.list_jobs(status="gone")

    assert [one.id for one in first + second] == sorted(dead_and_waiting.values(), reverse=True)[:4]
    assert [one.id for one in of_deals] == [dead_and_waiting["off"]]
    assert [one.id for one in done] == [dead_and_waiting["done"]]


def test_others_see_their_own_jobs_only(host, dead_and_waiting):
    own, foreign = dead_and_waiting["behind"], dead_and_waiting["done"]
    with lab.acting(host, SELLER):
        assert queries.get_job(own).id == own
        with pytest.raises(NotFound):
            queries.get_job(foreign)
        for act in (
            queries.counts, queries.list_jobs, queries.list_dead, services.retry_dead,
            lambda: services.retry(own), lambda: services.cancel(own),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                act()
    with lab.acting(host, OTHER), pytest.raises(NotFound):
        queries.get_job(own)


def test_a_dead_letter_is_run_again_with_all_its_attempts(host, dead_and_waiting):
    dead = dead_and_waiting["dead"]
    host.generation = lab.generation_of(JobType(name="lab.stumble", run=lambda job: lab.write("better", job)))
    with lab.acting(host, MANAGER):
        services.retry(dead)
    between = lab.row_of(host.database, dead)
    with host.database.reader.connect() as connection:
        keys = connection.execute(sa.select(key_table.c.key).where(key_table.c.job_id == dead)).scalars().all()
    lab.work_off(host)

    assert (between.status, between.attempts, keys) == ("ready", 0, ["a"])
    assert lab.row_of(host.database, dead).status == "done"
    assert lab.words(host.database)[-1] == "better"


def test_all_dead_letters_of_a_module_are_run_again(host, dead_and_waiting):
    with lab.acting(host, MANAGER):
        assert (services.retry_dead(plugin="deals"), services.retry_dead(plugin="lab")) == (0, 1)


def test_a_cancelled_job_frees_the_ones_behind_it(host, dead_and_waiting):
    with lab.acting(host, MANAGER):
        services.cancel(dead_and_waiting["later"])
    lab.work_off(host)

    assert lab.row_of(host.database, dead_and_waiting["later"]).status == "cancelled"
    assert lab.row_of(host.database, dead_and_waiting["behind"]).status in ("done", "ready")
    with lab.acting(host, MANAGER):
        assert (
            queries.get_job(dead_and_waiting["behind"]).waiting
            != f"Waits for job {dead_and_waiting['later']} about the same thing."
        )


def test_jobs_that_have_ended_are_not_cancelled_nor_started_again(host, dead_and_waiting):
    done = dead_and_waiting["done"]
    with lab.acting(host, MANAGER):
        with pytest.raises(Conflict, match="done or cancelled already"):
            services.cancel(done)
        with pytest.raises(Conflict, match="running or done"):
            services.retry(done)
        with pytest.raises(NotFound, match="There is no job 999999"):
            services.cancel(999999)


def test_finished_jobs_are_forgotten_after_a_week_and_dead_letters_are_kept(host, dead_and_waiting):
    with host.database.engine.begin() as connection:
        connection.execute(sa.update(job_table).values(done_at=utc_now() - timedelta(days=8)))
    with lab.writing(host):
        prune = enqueue("jobs.prune", {})
    lab.work_off(host)

    with host.database.reader.connect() as connection:
        left = connection.execute(sa.select(job_table.c.id).order_by(job_table.c.id)).scalars().all()
    expected = {prune, *dead_and_waiting.values()} - {dead_and_waiting["done"]}
    assert set(left) == expected
    assert lab.row_of(host.database, prune).progress_done == 1


def run_command(host, *arguments, as_json=False):
    """As the command line calls it: inside a context, with its shell as the object."""
    with lab.acting(host, SYSTEM):
        return CliRunner().invoke(jobs_group, arguments, obj=Shell(as_json=as_json), catch_exceptions=False)


def test_the_command_line_lists_retries_and_cancels(host, dead_and_waiting):
    ids = dead_and_waiting
    listed = run_command(host, "list", "--status", "dead").output
    shown = json.loads(run_command(host, "show", str(ids["dead"]), as_json=True).output)
    cancelled = run_command(host, "cancel", str(ids["later"]), str(ids["off"])).output
    retried = run_command(host, "retry", "--all-dead").output
    as_json = json.loads(run_command(host, "list", as_json=True).output)

    assert listed.splitlines()[0] == "3 ready · 0 running · 1 done · 1 dead · 0 cancelled"
    assert listed.splitlines()[-1].split() == [
        str(ids["dead"]), "dead", "1/1", "lab.stumble", "ValueError:", "the", "stone", "was", "there",
    ]  # fmt: skip
    assert (shown["id"], shown["status"], shown["attempts"]) == (ids["dead"], "dead", 1)
    assert (cancelled, retried) == ("2 jobs cancelled\n", "1 jobs start again\n")
    assert as_json["counts"]["by_status"]["cancelled"] == 2
    assert run_command(host, "retry").exit_code == 2


def test_the_migration_makes_the_tables_of_the_models_and_takes_them_back(clone_database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    url = clone_database("jobs", lab.build)
    database = Database.open(url)
    with database.engine.connect() as connection:
        options = {
            "include_name": lambda name, kind, _parents: kind != "table" or name.startswith("jobs_"),
            "compare_type": True,
        }
        difference = compare_metadata(MigrationContext.configure(connection, opts=options), JobsBase.metadata)
    history = next(one for one in migrate.histories([], core=("kumiko.jobs",)) if one.name == "jobs")
    database.close()
    migrate.downgrade_to_base(url, history)
    left = [name for name in sa.inspect(Database.open(url).engine).get_table_names() if "jobs" in name]
    Database.open(url).close()

    assert difference == []
    assert left == []


def test_the_core_plugin_gives_a_host_its_worker(clone_database, tmp_path, monkeypatch):
    """A real host with only this core plugin: its worker runs, and readiness says how far behind it is."""
    from kumiko.host import config
    from kumiko.host.wsgi import Host

    monkeypatch.setenv("KUMIKO_HOME", str(tmp_path))
    monkeypatch.setenv("KUMIKO_DATABASE_URL", clone_database("jobs", lab.build))
    host = Host(config.load(), core=("kumiko.jobs",))
    with use(host.context(principal=SYSTEM)), lab.transaction():
        job_id = enqueue("jobs.prune", {})
        refused = enqueue("jobs.prune", {}, actor_id=5, max_attempts=1)
    ready_before = host.readiness()
    stop = threading.Event()
    worker = threading.Thread(target=host.generation.state["worker_loop"], args=(host, stop))
    worker.start()
    lab.wait_until(lambda: lab.row_of(host.database, job_id).status == "done")
    lab.wait_until(lambda: lab.row_of(host.database, refused).status == "dead")
    stop.set()
    worker.join(timeout=10)

    assert ready_before[0] is True
    assert ready_before[1]["jobs"] == {"ok": True, "message": "2 due, the oldest for 0 s; 0 failed for good"}
    assert host.readiness()[1]["jobs"]["message"] == "0 due, the oldest for 0 s; 1 failed for good"
    with host.database.reader.connect() as connection:
        failures = connection.execute(sa.text("SELECT plugin, phase, count FROM host_failure")).all()
    assert failures == [("jobs", "refused", 1)]  # a refusal is shown, and counts for no quarantine
    host.database.close()
