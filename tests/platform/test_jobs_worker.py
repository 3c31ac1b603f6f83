"""What a worker does with jobs that succeed, fail, last long, are taken away or reach outside."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import jobs_lab as lab
import pytest
import sqlalchemy as sa

from kumiko.host.columns import utc_now
from kumiko.host.context import Principal, principal, transaction
from kumiko.host.database import Database
from kumiko.host.declarations import JobType
from kumiko.host.errors import Conflict
from kumiko.jobs import Stopped, claims, enqueue, external, services, sliced
from kumiko.jobs.models import job_table
from kumiko.jobs.worker import Worker


@pytest.fixture
def host(clone_database):
    database = Database.open(clone_database("jobs", lab.build))
    yield lab.SmallHost(database, lab.generation_of())
    database.close()


def put(host, run, payload=None, *, lease_s=60, max_attempts=6, **arguments):
    """Makes `run` a kind of job of the module lab, and enqueues one."""
    host.generation = lab.generation_of(
        JobType(name="lab.work", run=run, lease_s=lease_s, max_attempts=max_attempts), **host.generation.state
    )
    with lab.writing(host):
        return enqueue("lab.work", payload or {}, **arguments)


def expire_lease(database):
    with database.engine.begin() as connection:
        connection.execute(sa.update(job_table).values(lease_until=utc_now() - timedelta(seconds=1)))


def test_a_failed_job_leaves_nothing_comes_again_and_dies_in_the_end(host):
    def fail(job):
        lab.write("half done", job)
        raise ValueError(f"attempt {job.attempt}")

    failures = []
    job_id = put(host, fail, max_attempts=3)

    lab.work_off(host, on_failure=failures.append)
    after_one = lab.row_of(host.database, job_id)
    delay_s = (after_one.run_at - utc_now()).total_seconds()
    for _attempt in range(5):
        lab.make_due(host.database)
        lab.work_off(host, on_failure=failures.append)

    after_all = lab.row_of(host.database, job_id)
    assert (after_one.status, after_one.attempts) == ("ready", 1)
    assert 0 < delay_s <= 2.5
    assert (after_all.status, after_all.attempts, after_all.last_error.splitlines()[0]) == (
        "dead",
        3,
        "ValueError: attempt 3",
    )
    assert 'raise ValueError(f"attempt {job.attempt}")' in after_all.last_error
    assert lab.words(host.database) == []
    assert [(one.plugin, one.job_id, one.attempt, one.is_dead, str(one.error)) for one in failures] == [
        ("lab", job_id, 1, False, "attempt 1"),
        ("lab", job_id, 2, False, "attempt 2"),
        ("lab", job_id, 3, True, "attempt 3"),
    ]


def test_delays_double_and_stay_below_six_hours():
    assert all(0.75 * 2**n <= claims.delay_s(n) <= 1.25 * 2**n for n in range(1, 14))
    assert all(claims.delay_s(n) <= 6 * 3600 for n in (15, 20, 5000))


def test_a_job_that_succeeds_later_keeps_no_error(host):
    def second_time(job):
        if job.attempt == 1:
            raise RuntimeError("not yet")
        lab.write("done", job)

    job_id = put(host, second_time)
    lab.work_off(host)
    lab.make_due(host.database)
    lab.work_off(host)

    row = lab.row_of(host.database, job_id)
    assert (row.status, row.attempts, row.last_error) == ("done", 2, "")
    assert lab.words(host.database) == ["done"]


def test_a_job_that_calls_exit_fails_alone(host):
    def leave(job):
        raise SystemExit(3)

    job_id = put(host, leave)
    lab.work_off(host)

    row = lab.row_of(host.database, job_id)
    assert (row.status, row.last_error.splitlines()[0]) == ("ready", "SystemExit: 3")


def test_refusals_are_recorded_as_their_sentence(host):
    def refuse(job):
        raise Conflict("The deal is closed; reopen it first.")

    job_id = put(host, refuse)
    lab.work_off(host)

    assert lab.row_of(host.database, job_id).last_error.splitlines()[0] == "The deal is closed; reopen it first."


def test_the_lease_of_a_long_transaction_is_kept_and_the_job_runs_once(host):
    def last(job):
        lab.write(f"attempt {job.attempt}", job)
        time.sleep(2.5)

    job_id = put(host, last, lease_s=1)
    with lab.working(host, workers=3):
        lab.wait_until(lambda: lab.row_of(host.database, job_id).status == "done")

    assert lab.words(host.database) == ["attempt 1"]


def test_the_lease_of_a_job_without_open_transaction_is_renewed(host):
    @sliced
    def last(job):
        time.sleep(2.5)
        with job.slice():
            lab.write(f"attempt {job.attempt}", job)

    job_id = put(host, last, lease_s=1)
    with lab.working(host, workers=3):
        lab.wait_until(lambda: lab.row_of(host.database, job_id).status == "done")

    assert lab.words(host.database) == ["attempt 1"]
    assert lab.row_of(host.database, job_id).attempts == 1


def test_a_worker_that_lost_its_job_cannot_commit(host):
    """Its lease runs out while it works (a stopped machine), and another worker is quicker."""
    second = Worker(host, threading.Event())

    @sliced
    def slow(job):
        if job.attempt == 1:
            expire_lease(host.database)
            worker = threading.Thread(target=second.run_once)  # a thread has a context of its own
            worker.start()
            worker.join()
        with job.slice():
            lab.write(f"attempt {job.attempt}", job)

    job_id = put(host, slow)
    lab.work_off(host)

    row = lab.row_of(host.database, job_id)
    assert lab.words(host.database) == ["attempt 2"]
    assert (row.status, row.attempts, row.worker) == ("done", 2, second.name)


def test_even_a_plain_transaction_in_a_job_is_fenced(host):
    @sliced
    def slow(job):
        if job.attempt == 1:
            expire_lease(host.database)
            with host.database.engine.begin() as connection:
                claims.expire(connection, utc_now())
        with transaction():
            lab.write(f"attempt {job.attempt}", job)

    put(host, slow)
    lab.work_off(host)

    assert lab.words(host.database) == ["attempt 2"]


def test_a_job_that_kills_its_worker_ends_among_the_dead_letters(host):
    job_id = put(host, print, max_attempts=2)
    failures = []
    for _attempt in range(2):
        with host.database.engine.begin() as connection:
            claims.claim(connection, host.generation, "a worker that dies", utc_now())
        expire_lease(host.database)
        Worker(host, threading.Event(), on_failure=failures.append)._expire()

    row = lab.row_of(host.database, job_id)
    sentence = "The worker process that ran this job ended or fell silent; its lease ran out."
    assert (row.status, row.attempts, row.last_error) == ("dead", 2, sentence)
    assert [(one.job_id, one.is_dead, one.attempt) for one in failures] == [(job_id, True, 2)]


def test_a_sliced_job_goes_on_after_its_last_commit(host):
    @sliced
    def count(job):
        for number in range(job.state.get("next", 0), 5):
            with job.slice():
                lab.write(f"{number} in attempt {job.attempt}", job)
                job.checkpoint({"next": number + 1})
                job.progress(number + 1, 5)
                if (number, job.attempt) == (3, 1):
                    raise OSError("power cut")

    job_id = put(host, count)
    lab.work_off(host)
    lab.make_due(host.database)
    lab.work_off(host)

    row = lab.row_of(host.database, job_id)
    assert lab.words(host.database) == [
        "0 in attempt 1", "1 in attempt 1", "2 in attempt 1", "3 in attempt 2", "4 in attempt 2",
    ]  # fmt: skip
    assert (row.status, row.checkpoint, row.progress_done, row.progress_total) == ("done", {"next": 5}, 5, 5)


def test_slices_are_refused_in_a_job_that_is_not_marked_as_sliced(host):
    def forgot(job):
        with job.slice():
            pass

    job_id = put(host, forgot)
    lab.work_off(host)

    assert "mark the function with @sliced" in lab.row_of(host.database, job_id).last_error


def test_progress_is_seen_while_the_job_runs(host):
    seen = threading.Event()

    @sliced
    def report(job):
        job.progress(3, 10, "third page")
        seen.wait(10)

    job_id = put(host, report)
    with lab.working(host):
        lab.wait_until(lambda: lab.row_of(host.database, job_id).progress_done == 3)
        row = lab.row_of(host.database, job_id)
        seen.set()

    assert (row.status, row.progress_total, row.progress_note) == ("running", 10, "third page")


def test_a_cancelled_job_stops_at_its_next_heartbeat(host):
    begun, told = threading.Event(), []

    @sliced
    def long(job):
        with job.slice():
            lab.write("first slice", job)
        begun.set()
        try:
            for _turn in range(500):
                time.sleep(0.02)
                job.heartbeat()
        except Stopped as stopped:
            told.append(stopped.reason)
            raise

    job_id = put(host, long)
    with lab.working(host):
        assert begun.wait(10)
        with lab.acting(host):
            services.cancel(job_id)
        lab.wait_until(lambda: told)

    assert told == ["cancelled"]
    assert lab.row_of(host.database, job_id).status == "cancelled"
    assert lab.words(host.database) == ["first slice"]


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_what_a_cancelled_job_did_in_its_open_transaction_is_rolled_back(host):
    """On SQLite the open transaction holds the write lock, so cancelling waits and finds the job done."""
    begun, go_on = threading.Event(), threading.Event()

    def long(job):
        lab.write("in vain", job)
        begun.set()
        go_on.wait(10)

    job_id = put(host, long)
    with lab.working(host):
        assert begun.wait(10)
        with lab.acting(host):
            services.cancel(job_id)
        go_on.set()

    assert lab.row_of(host.database, job_id).status == "cancelled"
    assert lab.words(host.database) == []


def test_a_job_whose_module_is_switched_off_stops_and_waits(host):
    @sliced
    def long(job):
        for number in range(job.state.get("next", 0), 4):
            with job.slice():
                lab.write(str(number), job)
                job.checkpoint({"next": number + 1})
            if (number, len(lab.words(host.database))) == (1, 2):
                host.generation = lab.generation_of(plugins=("jobs",))

    job_id = put(host, long)
    before = host.generation
    lab.work_off(host)
    while_off = lab.row_of(host.database, job_id)
    host.generation = before
    lab.work_off(host)

    row = lab.row_of(host.database, job_id)
    assert (while_off.status, while_off.attempts, while_off.waiting_for) == ("ready", 0, "module:lab")
    assert (row.status, row.attempts) == ("done", 1)
    assert lab.words(host.database) == ["0", "1", "2", "3"]


def test_an_ending_worker_gives_a_long_job_back_without_counting_the_attempt(host):
    @sliced
    def long(job):
        while True:
            with job.slice():
                lab.write("slice", job)
            time.sleep(0.01)

    job_id = put(host, long)
    with lab.working(host):
        lab.wait_until(lambda: lab.words(host.database))

    row = lab.row_of(host.database, job_id)
    assert (row.status, row.attempts, row.worker, row.lease_until) == ("ready", 0, "", None)


def test_an_outside_effect_is_settled_with_the_completion(host):
    outside = []

    @external
    def send(job):
        with job.prepare():
            text = f"{job.payload['word']} {job.key}"
        assert not job.context.in_transaction
        outside.append(text)
        if job.attempt == 1:
            raise OSError("killed after the effect")
        with job.settle():
            lab.write(text, job)

    job_id = put(host, send, {"word": "hello"})
    lab.work_off(host)
    lab.make_due(host.database)
    lab.work_off(host)

    text = f"hello kumiko-job-{job_id}"
    assert outside == [text, text]  # at least once, with the same key
    assert lab.words(host.database) == [text]
    assert lab.row_of(host.database, job_id).status == "done"


def test_a_job_has_the_rights_of_its_actor(host):
    people = {7: Principal(user_id=7, name="Ada")}
    host.generation.state["principal_for_user"] = people.get

    def who(job):
        lab.write(principal().name, job)

    put(host, who)
    put(host, who, actor_id=7)
    unknown = put(host, who, actor_id=8)
    lab.work_off(host)

    assert lab.words(host.database) == ["system", "Ada"]
    assert lab.row_of(host.database, unknown).last_error.splitlines()[0] == (
        "The job runs with the rights of user 8, who is unknown or may no longer sign in."
    )


def test_a_callback_that_raises_after_the_commit_does_not_repeat_the_job(host):
    failures = []

    def work(job):
        lab.write("once", job)
        job.context.after_commit.append(lambda: 1 / 0)

    job_id = put(host, work)
    lab.work_off(host, on_failure=failures.append)

    assert lab.row_of(host.database, job_id).status == "done"
    assert lab.words(host.database) == ["once"]
    assert [(one.is_dead, type(one.error)) for one in failures] == [(False, ZeroDivisionError)]


def test_a_worker_outlives_a_database_that_refuses_for_a_moment(host, monkeypatch):
    """The queue's table is gone for a while: as an outage looks to a worker."""
    monkeypatch.setattr("kumiko.jobs.worker._ERROR_PAUSE_S", 0.05)
    put(host, lambda job: lab.write("after the outage", job))
    with host.database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE jobs_job RENAME TO jobs_gone"))
    with lab.working(host):
        time.sleep(0.5)
        with host.database.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE jobs_gone RENAME TO jobs_job"))
        lab.wait_until(lambda: lab.words(host.database) == ["after the outage"])
