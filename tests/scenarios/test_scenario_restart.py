"""A module is renewed under a running server: every request is answered, and the new pages come after the restart."""

import importlib
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter

import pytest
from switch_lab import ADMIN, WORDS, alive, kumiko, wait_until

from kumiko.host.database import Database
from kumiko_testing.ports import free_port

PLUGIN = """
from flask import Blueprint
from kumiko import hookimpl, plugin_base, Scope
from sqlalchemy.orm import Mapped, mapped_column
Base = plugin_base("goats")
class Thing(Base):
    __tablename__ = "goats_thing"
    __scope__ = Scope.public("a test")
    id: Mapped[int] = mapped_column(primary_key=True)
    {column}
blueprint = Blueprint("goats", __name__)
@blueprint.get("/api/v1/goats")
def page():
    from flask import jsonify
    return jsonify(version="{version}")
@hookimpl
def declare_models():
    return Base
@hookimpl
def declare_routes():
    return [blueprint]
"""
FIRST = '''"""First."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0001", None, None, None
def upgrade():
    op.create_table("goats_thing", sa.Column("id", sa.Integer, primary_key=True))
def downgrade():
    op.drop_table("goats_thing")
'''
SECOND = '''"""Second."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None
def upgrade():
    op.add_column("goats_thing", sa.Column("name", sa.String(20)))
def downgrade():
    op.drop_column("goats_thing", "name")
'''


def write(folder, version):
    """The package of a vendor, as pip would leave it."""
    package = folder / "vendor_goats"
    shutil.rmtree(package, ignore_errors=True)
    for old in folder.glob("*.dist-info"):
        shutil.rmtree(old)
    (package / "migrations/versions").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "plugin.toml").write_text('host_api = "1"\ntitle = "Goats"\nprefix = "goats"\ncollections = ["goats"]\n')
    column = "name: Mapped[str | None] = mapped_column()" if version == "2.0" else ""
    (package / "plugin.py").write_text(PLUGIN.format(version=version, column=column))
    (package / "migrations/versions/0001_first.py").write_text(FIRST)
    if version == "2.0":
        (package / "migrations/versions/0002_second.py").write_text(SECOND)
    info = folder / f"vendor_goats-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vendor-goats\nVersion: {version}\n")
    (info / "entry_points.txt").write_text("[kumiko.plugins]\ngoats = vendor_goats.plugin\n")
    importlib.invalidate_caches()


class Traffic:
    """Programs that ask one after the other, each on a new connection; what they were told, and what went wrong."""

    def __init__(self, base, token, paths):
        self.base, self.token, self.paths = base, token, paths
        self.told, self.wrong, self._stop = Counter(), [], threading.Event()
        self.threads = [threading.Thread(target=self._run) for _ in range(2)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self.threads:
            thread.join(30)

    def _run(self):
        while not self._stop.is_set():
            for path in self.paths:
                try:
                    self.told[path, ask(self.base, self.token, path)] += 1
                except (OSError, urllib.error.HTTPError) as fault:
                    self.wrong.append((path, repr(fault)))
                time.sleep(0.03)  # a token may ask 6,000 times a minute, and a quiet machine answers more


def ask(base, token, path):
    request = urllib.request.Request(base + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        said = answer.read().decode()
    return said.strip() if path == "/api/v1/goats" else answer.status


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("database_kind", "workers"),
    [pytest.param("sqlite", 1, marks=pytest.mark.soak), ("postgresql", 2)],
    indirect=["database_kind"],
)
def test_a_renewed_module_takes_over_without_a_lost_request(database_url, tmp_path, monkeypatch, workers):
    vendor, home = tmp_path / "vendor", tmp_path / "home"
    vendor.mkdir(), home.mkdir()
    write(vendor, "1.0")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(vendor), os.environ.get("PYTHONPATH", "")]))
    kumiko(database_url, home, "init", "--modules", "goats", "--admin", ADMIN, "--password", WORDS)
    token = kumiko(database_url, home, "token", "create", "--user", ADMIN).split()[-1]
    port = free_port()
    environment = {**os.environ, "KUMIKO_HOME": str(home), "KUMIKO_DATABASE_URL": database_url, "KUMIKO_THREADS": "4"}
    command = [sys.executable, "-m", "kumiko.operate.cli", "serve", "--port", str(port), "--workers", str(workers)]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    database, base = Database.open(database_url), f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: [one["kind"] for one in alive(database)].count("web") == workers, 90)
        wait_until(lambda: any(one["kind"] == "worker" for one in alive(database)), 60)
        first = {one["name"] for one in alive(database)}
        api = f"{base}/api/v1/plugins/goats"
        with Traffic(base, token, ["/api/v1/goats", "/api/v1/persons"]) as traffic:
            time.sleep(1)
            assert '"restart_pending":false' in plugin(api, token)
            write(vendor, "2.0")
            wait_until(lambda: '"restart_pending":true' in plugin(api, token), 10)
            assert '"version":"2.0"' in plugin(api, token)
            said = kumiko(database_url, home, "restart")
            assert "Tables renewed: goats." in said
            wait_until(lambda: server.poll() is not None or replaced(database, first, workers), 120)
            time.sleep(1)
        log_text = (home / "server.log").read_text()
        assert server.poll() is None, log_text
        assert traffic.wrong == [], log_text
        assert '"restart_pending":false' in plugin(api, token)
        assert {ask(base, token, "/api/v1/goats") for _ in range(10)} == {'{"version":"2.0"}'}
        answers = {said for path, said in traffic.told if path == "/api/v1/goats"}
        assert answers == {'{"version":"1.0"}', '{"version":"2.0"}'}
        assert min(traffic.told.values()) > 10
    finally:
        server.terminate()
        server.wait(40)
        database.close()


def plugin(api, token):
    request = urllib.request.Request(api, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def replaced(database, first, workers):
    """Whether only processes that were not there before serve and work, and the old ones are gone."""
    now = alive(database)
    fresh = [one["kind"] for one in now if one["name"] not in first]
    return fresh.count("web") == workers and "worker" in fresh and len(fresh) == len(now)
