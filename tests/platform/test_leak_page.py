"""The leak test as administrators start it: what leaks is shown in red with its question, and they are told."""

import admin_lab
import pytest

from kumiko.admin import leak_job, leak_scratch
from kumiko.notify.services import own_notices

SMALL = ("kumiko.jobs", "kumiko.records", "kumiko.access", "kumiko.web", "kumiko_testing.sample")
SELLER = {"key": "seller", "name": "Seller", "kind": "seller", "grants": None, "fields": None, "permissions": None}


def prove(folder, *more):
    said = []
    order = {"core": [*SMALL, *more], "plugins": [], "roles": [SELLER]}
    return leak_scratch.prove(order, folder, said.append), said


@pytest.fixture(params=["sqlite"])  # the scratch installation is SQLite whatever the real one is
def database_kind(request):
    return request.param


def test_the_exits_of_a_newly_registered_plugin_are_walked_and_its_leak_is_shown_and_told(
    clone_database, tmp_path, monkeypatch
):
    desk = admin_lab.Desk(clone_database("admin", admin_lab.build), tmp_path)
    desk.welcomed()
    outcome, _said = prove(tmp_path, "kumiko_testing.leaky")
    (role,) = outcome["roles"]
    assert {leak["exit"] for leak in role["leaks"]} == {"/leaky/names", "/leaky/largest", "job:leaky.mail"}
    assert role["probes"] == sum(one["probes"]["seller"] for one in outcome["exits"])
    assert list(tmp_path.glob("role-*.db*")) == []

    monkeypatch.setattr(leak_job, "_walk", lambda _job, _order: outcome)  # the process is started in the soak
    root = desk.browser()
    assert root.submit("/admin/leaks").status_code == 303
    desk.work_off()
    page = root.get("/admin/leaks").text
    assert ("GET /leaky/names" in page, "is-error" in page) == (True, True)
    assert "job:leaky.mail" in page
    with desk.acting("root@example.com"):
        assert ["The leak test found" in one.text for one in own_notices()] == [True]
    assert desk.browser("hedy@example.com").get("/admin/leaks").status_code == 403
    desk.database.close()


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_the_whole_house_is_walked_by_a_worker_and_nothing_of_it_stays_in_the_real_data(clone_database, tmp_path):
    desk = admin_lab.Desk(clone_database("admin", admin_lab.build), tmp_path)
    desk.welcomed()
    root = desk.browser()
    root.submit("/admin/leaks")
    desk.work_off()
    with desk.acting("root@example.com"):
        (run,) = leak_job.newest()
    assert (run["leaks"], run["status"], len(run["results"]["roles"])) == (0, "done", 3)
    assert run["probes"] > 10_000
    assert "walker@example.com" not in root.get("/admin/users").text
    desk.database.close()
