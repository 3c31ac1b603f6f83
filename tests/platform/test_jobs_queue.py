"""Putting work into the queue, and the order in which it is done."""

from __future__ import annotations

from datetime import timedelta

import jobs_lab as lab
import pytest

from kumiko.host.columns import utc_now
from kumiko.host.database import Database
from kumiko.host.declarations import JobType
from kumiko.host.errors import ScopeError
from kumiko.jobs import NewJob, enqueue, enqueue_many


def note(job):
    lab.write(str(job.payload["word"]), job)


def stumble(job):
    lab.write("never seen", job)
    raise ValueError("the stone was there")


TYPES = (
    JobType(name="lab.note", run=note, max_attempts=3),
    JobType(name="lab.stumble", run=stumble, max_attempts=2),
)


@pytest.fixture
def host(clone_database):
    database = Database.open(clone_database("jobs", lab.build))
    yield lab.SmallHost(database, lab.generation_of(*TYPES))
    database.close()


def test_a_job_is_run_once_with_its_payload(host):
    with lab.writing(host):
        job_id = enqueue("lab.note", {"word": "hello", "nested": {"list": [1, None, "ü"]}})

    lab.work_off(host)
    lab.work_off(host)

    row = lab.row_of(host.database, job_id)
    assert lab.words(host.database) == ["hello"]
    assert row.payload == {"word": "hello", "nested": {"list": [1, None, "ü"]}}
    assert (row.status, row.attempts, row.max_attempts, row.lease_until) == ("done", 1, 3, None)
    assert row.created_at <= row.started_at <= row.done_at <= utc_now()


def test_a_job_exists_only_if_its_transaction_commits(host):
    def regret():
        enqueue("lab.note", {"word": "never"})
        raise RuntimeError

    with pytest.raises(RuntimeError), lab.writing(host):
        regret()

    lab.work_off(host)

    assert lab.words(host.database) == []


def test_enqueuing_outside_of_a_transaction_is_refused(host):
    with lab.acting(host), pytest.raises(ScopeError, match="inside `with transaction"):
        enqueue("lab.note", {})


def test_many_jobs_get_their_ids_in_the_order_given(host):
    with lab.writing(host):
        ids = enqueue_many([NewJob(name="lab.note", payload={"word": str(number)}) for number in range(1200)])

    assert [lab.row_of(host.database, ids[at]).payload["word"] for at in (0, 1, 599, 1199)] == ["0", "1", "599", "1199"]
    assert len(set(ids)) == 1200


def test_a_dedupe_key_gives_one_job_however_often_it_is_asked_for(host):
    with lab.writing(host):
        first, other, again = enqueue_many([
            NewJob(name="lab.note", payload={"word": "first"}, dedupe="a"),
            NewJob(name="lab.note", payload={"word": "other"}),
            NewJob(name="lab.note", payload={"word": "second"}, dedupe="a", order_keys=("k",)),
        ])  # fmt: skip
    lab.work_off(host)
    with lab.writing(host):
        later = enqueue("lab.note", {"word": "third"}, dedupe="a")
    lab.work_off(host)

    assert (again, later) == (first, first)
    assert other != first
    assert lab.words(host.database) == ["first", "other"]


def test_a_delayed_job_waits_for_its_moment(host):
    with lab.writing(host):
        enqueue("lab.note", {"word": "in an hour"}, run_at=utc_now() + timedelta(hours=1))
        enqueue("lab.note", {"word": "soon"}, run_at=utc_now() + timedelta(seconds=0.4))
        enqueue("lab.note", {"word": "now"})

    lab.work_off(host)
    at_once = lab.words(host.database)
    with lab.working(host):
        lab.wait_until(lambda: len(lab.words(host.database)) == 2)

    assert at_once == ["now"]
    assert lab.words(host.database) == ["now", "soon"]


def test_a_moment_without_zone_is_refused(host):
    with lab.acting(host), pytest.raises(Exception, match="a moment needs a zone"), lab.transaction():
        enqueue("lab.note", {}, run_at=utc_now().replace(tzinfo=None))


def test_a_job_waits_for_an_older_one_with_the_same_key_until_that_has_ended(host):
    with lab.writing(host):
        older = enqueue("lab.stumble", {}, order_keys=("deal:1",))
        enqueue("lab.note", {"word": "younger"}, order_keys=("deal:1", "deal:2"))
        enqueue("lab.note", {"word": "youngest"}, order_keys=("deal:2",))
        enqueue("lab.note", {"word": "unrelated"}, order_keys=("deal:3",))

    lab.work_off(host)
    while_it_waits_for_its_second_attempt = lab.words(host.database), lab.row_of(host.database, older).status
    lab.make_due(host.database)
    lab.work_off(host)

    assert while_it_waits_for_its_second_attempt == (["unrelated"], "ready")
    assert lab.row_of(host.database, older).status == "dead"
    assert lab.words(host.database) == ["unrelated", "younger", "youngest"]


def test_several_workers_keep_the_order_of_each_key(host):
    wanted = [(f"key {number % 4}", number) for number in range(80)]
    with lab.writing(host):
        enqueue_many([NewJob(name="lab.note", payload={"word": f"{k}/{n}"}, order_keys=(k,)) for k, n in wanted])

    with lab.working(host, workers=4):
        lab.wait_until(lambda: len(lab.words(host.database)) == 80, timeout_s=30)

    found = lab.words(host.database)
    for key in ("key 0", "key 1", "key 2", "key 3"):
        assert [word for word in found if word.startswith(key)] == [f"{k}/{n}" for k, n in wanted if k == key]


def test_jobs_of_a_module_that_is_off_wait_for_its_return(host):
    with lab.writing(host):
        job_id = enqueue("lab.note", {"word": "later"})
    host.generation = lab.generation_of(plugins=("jobs",))
    lab.work_off(host)
    while_off = lab.row_of(host.database, job_id)
    host.generation = lab.generation_of(plugins=("jobs", "lab"))
    lab.work_off(host)
    while_unknown = lab.row_of(host.database, job_id)
    host.generation = lab.generation_of(*TYPES)

    lab.work_off(host)

    assert (while_off.status, while_off.attempts, while_off.waiting_for) == ("ready", 0, "module:lab")
    assert (while_unknown.status, while_unknown.attempts, while_unknown.waiting_for) == ("ready", 0, "job:lab.note")
    assert lab.words(host.database) == ["later"]
    assert lab.row_of(host.database, job_id).waiting_for == ""


def test_a_job_may_name_another_module_that_must_be_on(host):
    with lab.writing(host):
        job_id = enqueue("lab.note", {"word": "for deals"}, plugin="deals")

    lab.work_off(host)

    assert lab.words(host.database) == []
    assert lab.row_of(host.database, job_id).waiting_for == "module:deals"
