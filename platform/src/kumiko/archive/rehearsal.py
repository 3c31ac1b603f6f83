"""Trying a backup out: it is restored into a database beside the real one, and compared with what was noted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import orjson

from kumiko.archive import backups, tables
from kumiko.host.columns import utc_now
from kumiko.host.config import Config
from kumiko.host.errors import KumikoError
from kumiko.operate import instance, scratch

_DOCTOR_S = 120


def rehearse(config: Config, name: str, core: Any, told: backups.Told = lambda _done, _total: None) -> dict[str, Any]:
    """Restore a backup beside the real database, compare every table, ask the doctor. Notes and returns what came out:
    `tables`, `equal`, `differs` (names), `doctor` (what is wrong, as sentences), `error`, `took_s`, `at`.
    """
    began = time.monotonic()
    one = backups.get(config, name)
    found: dict[str, Any] = {"tables": len(one.tables), "equal": 0, "differs": [], "doctor": [], "error": ""}
    try:
        told(5, 100)
        backups.check(one)
        with scratch.restored(config, one.path) as url:
            text = url.render_as_string(hide_password=False)
            with tables.stranger(text) as database, tables.snapshot(database) as connection:
                there = tables.sums(connection, lambda share: told(30 + int(50 * share), 100))
            both = {*there, *one.tables}
            found["differs"] = sorted(table for table in both if there.get(table) != one.tables.get(table))
            found["equal"] = len(both) - len(found["differs"])
            told(80, 100)
            instance.upgrade(scratch.with_database(config, url), core)
            found["doctor"] = _doctor(config, text)
    except KumikoError as refusal:
        found["error"] = refusal.message
    found["took_s"] = round(time.monotonic() - began, 1)
    found["at"] = utc_now().isoformat()
    backups.note_rehearsal(config, name, found)
    return found


def is_good(found: dict[str, Any] | None) -> bool:
    """Whether a rehearsal found nothing wrong."""
    return found is not None and not (found["error"] or found["differs"] or found["doctor"])


def _doctor(config: Config, url: str) -> list[str]:
    """What `kumiko doctor` finds wrong with the restored database, in a process of its own."""
    environment = {**os.environ, "KUMIKO_HOME": str(config.home), "KUMIKO_DATABASE_URL": url, "KUMIKO_LOG": "error"}
    environment["KUMIKO_SECRET_KEY"] = config.secret_key
    command = [sys.executable, "-m", "kumiko.operate.cli", "--json", "doctor"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=_DOCTOR_S, check=False)
        lines = orjson.loads(done.stdout.splitlines()[0])
    except (subprocess.TimeoutExpired, orjson.JSONDecodeError, IndexError) as fault:
        return [f"the doctor gave no answer ({type(fault).__name__})"]
    return [f"{one['what']}: {one['detail']}" for one in lines if one["state"] == "wrong"]
