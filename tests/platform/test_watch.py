"""A process is told at once that the revision moved, takes over what it tried before a switch, and else builds."""

import threading
import time

import pytest
import sqlalchemy as sa

from kumiko.host import generation, revision
from kumiko.operate import lifecycle
from kumiko.watch import Watch

PATIENCE_S = 20.0  # far longer than any wait that was told; only a busy machine comes near


def waited_s(watch, do):
    """How long one wait took, while `do` happens in the meantime."""
    helper = threading.Timer(0.3, do)
    helper.start()
    started = time.monotonic()
    watch.wait(PATIENCE_S)
    helper.join()
    return time.monotonic() - started


def bump(bare, name="epoch"):
    with bare.database.engine.begin() as connection:
        revision.bump(name, connection)


def test_a_wait_ends_when_a_number_moves(bare):
    watch = Watch(bare.database)
    watch.wait(0.05)  # connects
    try:
        for name in ("epoch", "catalogue", "access"):
            assert waited_s(watch, lambda: bump(bare, name)) < PATIENCE_S / 2  # noqa: B023
    finally:
        watch.close()


def test_what_does_not_concern_the_revision_wakes_nobody(bare):
    watch = Watch(bare.database)
    watch.wait(0.05)

    def write():
        with bare.database.engine.begin() as connection:
            connection.execute(sa.text("UPDATE host_revision SET n = n WHERE name = 'epoch'"))

    try:
        helper = threading.Timer(0.1, write)
        helper.start()
        started = time.monotonic()
        watch.wait(0.6)
        helper.join()
        assert time.monotonic() - started >= 0.59
    finally:
        watch.close()


def test_a_change_that_is_rolled_back_wakes_nobody(bare):
    watch = Watch(bare.database)
    watch.wait(0.05)
    try:
        with bare.database.engine.connect() as connection, connection.begin() as change:
            revision.bump("epoch", connection)
            change.rollback()
        started = time.monotonic()
        watch.wait(0.4)
        assert time.monotonic() - started >= 0.39
    finally:
        watch.close()


def test_a_watch_without_its_connection_goes_by_the_clock_and_connects_again(bare, monkeypatch):
    monkeypatch.setattr("kumiko.watch.AGAIN_AFTER_S", 0.0)
    watch = Watch(bare.database)
    watch.wait(0.05)
    connection = watch._connection
    (connection if bare.database.is_sqlite else connection.connection.driver_connection).close()
    started = time.monotonic()
    watch.wait(0.3)
    assert time.monotonic() - started >= 0.29
    watch.wait(0.05)
    try:
        assert waited_s(watch, lambda: bump(bare)) < PATIENCE_S / 2
    finally:
        watch.close()


def test_the_process_that_switches_takes_over_what_it_tried(bare, zoo):
    zoo.add("goats")
    host, other = bare.host(), bare.host()
    tried = []
    with bare.acting(host):
        lifecycle.enable(["goats"], probing=False)
        tried.append(generation._candidate[3])
    bare.follow(host)
    bare.follow(other)
    assert host.generation.app is tried[0].app
    assert other.generation.app is not tried[0].app
    assert [(one.epoch, list(one.plugins)) for one in (host.generation, other.generation)] == [(2, ["goats"])] * 2


def test_what_was_tried_is_left_when_another_switch_came_in_between(bare, zoo):
    zoo.add("goats")
    zoo.add("hens")
    host, other = bare.host(), bare.host()
    with bare.acting(host):
        lifecycle.enable(["goats"], probing=False)
    bare.switch_on(other, "hens")
    bare.follow(host)
    assert (host.generation.epoch, sorted(host.generation.plugins)) == (3, ["goats", "hens"])


def test_a_refused_switch_leaves_nothing_to_take_over(bare, zoo):
    zoo.add("goats", "@hookimpl\ndef after_enable():\n    raise RuntimeError('no')")
    host = bare.host()
    with bare.acting(host), pytest.raises(RuntimeError, match="no"):
        lifecycle.enable(["goats"], probing=False)
    bump(bare)
    bare.follow(host)
    assert (host.generation.epoch, list(host.generation.plugins)) == (2, [])
