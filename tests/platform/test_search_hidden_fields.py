"""What any role hides is in no search document: those are shared by all roles (design 6)."""

import access_lab as lab
import pytest

from kumiko.host.context import SYSTEM
from kumiko.jobs.worker import Worker
from kumiko.records import queries, search, service
from kumiko.records.catalogue import catalogue


@pytest.fixture
def house(clone_database, tmp_path):
    made = lab.Lab(clone_database("access", lab.build), tmp_path)
    yield made
    made.database.close()


def found(word):
    return [hit.id for hit in search.search(word)]


def work_off(made):
    import threading
    import time

    worker = Worker(made.host, threading.Event())
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if not worker.run_once():
            time.sleep(0.2)
        with made.acting(SYSTEM) as context:
            from sqlalchemy import func, select

            from kumiko.host.scoping import trusted
            from kumiko.jobs.models import job_table

            waiting = trusted(select(func.count()).select_from(job_table).where(job_table.c.status == "ready")).scalar()
            assert context is not None
        if not waiting:
            return
    raise AssertionError("the jobs did not end")


def test_a_field_that_a_role_hides_is_found_by_nobody_and_found_again_when_shown(house):
    with house.acting(SYSTEM):
        thing = service.create("sample.thing", {"name": "Plain", "code": "zweihundertelf"}).id
        assert found("zweihundertelf") == [thing]
        seller = next(
            one
            for one in queries.all_ids(catalogue().get("access.role"))
            if service.get("access.role", one).get("key") == "seller"
        )
        service.update("access.role", seller, {"fields": {"sample.thing": {"code": "hidden"}}})
    house.host.follow()
    work_off(house)
    with house.acting(SYSTEM):
        assert found("zweihundertelf") == []
        assert found("plain") == [thing]
        service.update("sample.thing", thing, {"code": "dreihundertelf"})
        assert found("dreihundertelf") == []
        service.update("access.role", seller, {"fields": {}})
    house.host.follow()
    work_off(house)
    with house.acting(SYSTEM):
        assert found("dreihundertelf") == [thing]
