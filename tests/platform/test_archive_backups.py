"""Backups: of the very state that was there, tried out beside the real database, and put back as a whole."""

import contextlib
import os
import signal
import subprocess
import sys
import threading

import admin_lab
import pytest
import sqlalchemy as sa
from access_lab import PASSWORD, token_in

from kumiko.access import accounts, principals
from kumiko.archive import backups, closing, jobs, rehearsal, restoring
from kumiko.files import services as files
from kumiko.host.errors import Conflict
from kumiko.jobs.worker import Worker
from kumiko.records import service


@pytest.fixture
def desk(clone_database, tmp_path):
    made = admin_lab.Desk(clone_database("admin", admin_lab.build), tmp_path)
    made.welcomed()
    yield made
    made.database.close()


def test_a_backup_is_tried_out_and_put_back_while_the_server_runs(desk, tmp_path):
    config = desk.host.config
    with desk.acting():
        ann = service.create("parties.person", {"last_name": "Before"}).id
        letter = files.attach_file("parties.person", ann, "letter.txt", b"Dear Ann", media_type="text/plain")
    root = desk.browser()
    root.submit("/admin/backups/make")
    desk.work_off()
    (made,) = backups.listed(config)
    assert (made.reason, made.by, made.files) == ("by-hand", "Root", 1)

    found = rehearsal.rehearse(config, made.name, desk.host.core)
    assert (found["equal"], found["tables"], found["differs"], found["doctor"], found["error"]) == (
        len(made.tables), len(made.tables), [], [], "",
    )  # fmt: skip
    page = root.get("/admin/backups").text
    assert f"{len(made.tables)} tables equal" in page

    with desk.acting():
        service.update("parties.person", ann, {"last_name": "After"})
        bob = service.create("parties.person", {"last_name": "Later"}).id
        sal = accounts.get_user_id("sal@example.com")
        accounts.set_password(sal, "sal@example.com", "seven green hills")  # the old one was stolen
        token = accounts.make_token(sal, name="a program")
    desk.browser("hedy@example.com")
    (config.home / "files").rename(config.home / "gone")  # as after a broken disk: the backup has the bytes, too
    done = restoring.restore(config, made.name, by="Root", core=desk.host.core, grace_s=0)
    assert (done["error"], done["missing_files"], closing.find(config)) == ("", 0, None)
    desk.host.follow(at_once=True)
    with desk.acting():
        assert service.get("parties.person", ann).title == "Before"
        assert service.find("parties.person", bob) is None
        assert files.read_file(letter).content == b"Dear Ann"
        assert service.create("parties.person", {"last_name": "New"}).id > bob  # no id is ever given twice
        assert principals.principal_for_token(token).principal.name == "Sal"
    desk.browser("sal@example.com", "seven green hills")
    stolen = admin_lab.Clicking(desk.host, "crm.local").sign_in("sal@example.com", PASSWORD)
    assert stolen.status_code != 303  # what was taken back since lets nobody in
    answer = root.get("/admin/backups")
    assert (answer.status_code, "A backup was restored" in answer.text) == (200, True)
    assert [one.reason for one in backups.listed(config)] == ["before-restore", "by-hand"]


def test_a_restore_that_fails_or_is_killed_leaves_everything_as_it_was(desk, monkeypatch):
    config = desk.host.config
    with desk.acting():
        ann = service.create("parties.person", {"last_name": "Before"}).id
    one = backups.make(config, desk.database, reason="by-hand")
    with desk.acting():
        service.update("parties.person", ann, {"last_name": "After"})

    def broken(*_):
        raise Conflict("the disk is full")

    monkeypatch.setattr(restoring.database_backups, "swap", broken)
    with pytest.raises(Conflict):
        restoring.restore(config, one.name, core=desk.host.core, grace_s=0)
    monkeypatch.undo()
    with desk.acting():
        assert service.get("parties.person", ann).title == "After"
    assert (closing.find(config), restoring.last(config)["error"]) == (None, "the disk is full")

    damaged = bytearray(one.path.read_bytes())
    damaged[len(damaged) // 2] ^= 255
    one.path.write_bytes(damaged)
    with pytest.raises(Conflict, match="damaged"):
        restoring.check(config, one.name)
    found = rehearsal.rehearse(config, one.name, desk.host.core)
    assert ("damaged" in found["error"], rehearsal.is_good(found)) == (True, False)


def test_while_a_backup_is_restored_people_see_one_page_that_says_so(desk):
    root, config = desk.browser(), desk.host.config
    root.token = token_in(root.get("/profile"))
    closing.put_up(config, name="x")
    closed = root.get("/")
    assert (closed.status_code, closed.headers["Retry-After"], "is being restored" in closed.text) == (
        503, "5", True,
    )  # fmt: skip
    lost = root.submit("/admin/backups/make")
    assert (lost.status_code, "Refresh" in lost.headers, "was not saved" in lost.text) == (503, False, True)
    part = root.get("/", **{"HX-Request": "true"})
    assert (part.status_code, part.text, "is being restored" in part.headers["HX-Trigger"]) == (503, "", True)
    worker = Worker(desk.host, threading.Event())
    with desk.acting():
        jobs.order_archive()
    assert worker.run_once() is False  # what it did now would be lost, or done again
    closing.take_down(config)
    assert root.get("/").status_code == 200
    assert worker.run_once() is True


def test_a_backup_that_fails_is_told_to_whoever_looks_after_them(desk, monkeypatch):
    """A disk on which nothing can be written: told under the bell and on the page, which also says it when the
    programs of PostgreSQL are missing. Gone once a backup went well."""
    config, root = desk.host.config, desk.browser()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    root.submit("/admin/backups/make")
    with desk.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE jobs_job SET max_attempts = 2, attempts = 1 WHERE name = 'archive.back_up'"))
    desk.work_off()
    monkeypatch.undo()
    told = "A backup could not be made: No space left on device"
    assert (told in root.get("/notices").text, told in desk.browser("sal@example.com").get("/notices").text) == (
        True, False,
    )  # fmt: skip
    assert "No space left on device" in root.get("/admin/backups").text
    assert backups.listed(config) == []
    root.submit("/admin/backups/make")
    desk.work_off()
    page = root.get("/admin/backups").text
    assert ("could not be made" in page, len(backups.listed(config))) == (False, 1)
    monkeypatch.setenv("PATH", "/nowhere")
    missing = "Missing on the server: pg_dump, pg_restore, psql." in root.get("/admin/backups").text
    assert missing is not desk.database.is_sqlite


def test_the_clock_orders_one_backup_a_day_and_keeps_as_many_as_wanted(desk):
    with desk.acting() as context:
        from kumiko.host import settings
        from kumiko.host.columns import utc_now
        from kumiko.host.context import transaction

        settings.put({"archive.hour": utc_now().hour, "archive.keep": 2})
        context.generation = desk.host.follow(at_once=True)
        for _ in range(2):
            with transaction():
                jobs.watch(None)
        desk.work_off()
        (made,) = backups.listed(desk.host.config)
        assert (made.reason, rehearsal.is_good(made.rehearsal)) == ("by-schedule", True)
        for _ in range(2):
            backups.make(desk.host.config, desk.database, reason="by-schedule")
        gone = backups.prune(desk.host.config, 2)
    assert gone == [made.name]


def test_an_upgrade_is_tried_out_on_a_copy_and_what_fails_changes_nothing(desk, tmp_path, monkeypatch):
    """A module whose new migration is wrong, behind one whose migration is fine."""
    from kumiko.host.errors import MigrationFailed
    from kumiko.operate import migrate, upgrading

    config, real = desk.host.config, migrate.histories
    for name, step in (
        ("good", "op.add_column('files_file', sa.Column('extra', sa.Integer()))"),
        ("bad", "op.execute('SELECT * FROM nowhere')"),
    ):
        versions = tmp_path / "modules" / name / "versions"
        versions.mkdir(parents=True)
        (versions / "0001_step.py").write_text(
            "import sqlalchemy as sa\nfrom alembic import op\n"
            "revision, down_revision, branch_labels, depends_on = '0001', None, None, None\n"
            f"def upgrade():\n    {step}\ndef downgrade():\n    pass\n"
        )
    more = [migrate.History(name=name, prefix="files", folder=tmp_path / "modules" / name) for name in ("good", "bad")]
    monkeypatch.setattr(migrate, "histories", lambda *given, **words: [*real(*given, **words), *more])
    with pytest.raises(MigrationFailed, match="tried out on a copy; nothing was changed here"):
        upgrading.upgrade(config, desk.host.core)
    monkeypatch.setattr(upgrading, "_try_out", lambda *_: None)  # as where no copy can be made
    with pytest.raises(MigrationFailed, match="put back as it was before"):
        upgrading.upgrade(config, desk.host.core)
    assert [migrate.status(config.database_url, one).current for one in more] == ["", ""]
    more.pop()
    done = upgrading.upgrade(config, desk.host.core)
    assert (done.applied, {one.reason for one in backups.listed(config)}) == ({"good": ["0001"]}, {"before-upgrade"})


def kills(desk, seconds):
    """Kill a restore, which is a process of its own, at each of these moments; every time one whole state is there."""
    config, seen = desk.host.config, set()
    environment = {
        **os.environ, "KUMIKO_HOME": str(config.home), "KUMIKO_DATABASE_URL": config.database_url,
        "KUMIKO_SECRET_KEY": config.secret_key,
    }  # fmt: skip
    with desk.acting():
        names = [service.create("parties.person", {"last_name": "Before"}).id for _ in range(20)]
    one = backups.make(config, desk.database, reason="by-hand")
    for moment_s in seconds:
        with desk.acting():
            for person in names:
                service.update("parties.person", person, {"last_name": "After"})
        desk.database.close()
        command = [sys.executable, "-m", "kumiko.archive.restoring", one.name, "Root"]
        child = subprocess.Popen(command, env=environment, start_new_session=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(moment_s)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        desk.host.follow(at_once=True)
        with desk.acting():
            titles = {service.get("parties.person", person).title for person in names}
            assert len(titles) == 1, (moment_s, titles)
            assert closing.find(config) is None
            seen |= titles
    return seen


def test_a_restore_that_is_killed_leaves_one_whole_state(desk):
    assert kills(desk, [4.0]) <= {"Before", "After"}


@pytest.mark.soak
def test_a_restore_that_is_killed_at_any_moment_leaves_one_whole_state(desk):
    assert kills(desk, [*(1 + 0.4 * number for number in range(20)), 60]) == {"Before", "After"}
