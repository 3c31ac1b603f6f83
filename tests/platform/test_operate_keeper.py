"""`kumiko serve` keeps one process for background work alive."""

import os
import signal
import subprocess
import sys
import time

from kumiko.operate.server import WorkerKeeper


def start():
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdin=subprocess.DEVNULL)


def until(condition, timeout_s=10):
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_another_worker_follows_one_that_was_killed_and_none_follows_the_last():
    keeper = WorkerKeeper(start)
    first = keeper.child
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: keeper.child is not first)
    second = keeper.child
    assert (first.poll(), second.poll()) == (-signal.SIGKILL, None)
    keeper.end()
    assert second.poll() == -signal.SIGTERM
    time.sleep(1.2)  # longer than the first pause
    assert keeper.child is second
