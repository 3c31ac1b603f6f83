"""Check a plugin in a process of its own: it may raise, hang, exit or start threads there, and nobody notices.

`python -m kumiko.operate.probe NAME` prints one line of JSON: {"ok", "problems": [sentence], "adds": {what: [names]}}.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field

from kumiko.core import CORE
from kumiko.host import manifest
from kumiko.host.database import HostSession
from kumiko.host.loader import LoadedPlugin, load
from kumiko.host.models import HostBase

TIME_LIMIT_S = 60.0  # of the clock: on a busy machine an honest import may take twenty


@dataclass(frozen=True)
class Report:
    """What the probe found out about one plugin."""

    name: str
    problems: tuple[str, ...] = ()
    adds: dict[str, list[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.problems


def check(name: str, *, time_limit_s: float = TIME_LIMIT_S) -> Report:
    """Probe an installed plugin in a subprocess."""
    command = [sys.executable, "-m", "kumiko.operate.probe", name]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=time_limit_s,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Report(name, (f"{name}: importing it did not end within {time_limit_s:.0f} seconds.",))
    line = next((one for one in reversed(done.stdout.splitlines()) if one.startswith('{"ok"')), "")
    if not line:
        last = (done.stderr.strip().splitlines() or ["without a word"])[-1]
        return Report(name, (f"{name}: its check ended the process with exit code {done.returncode} ({last}).",))
    said = json.loads(line)
    return Report(name, tuple(said["problems"]), said["adds"])


def adds(loaded: LoadedPlugin) -> dict[str, list[str]]:
    """What a plugin brings, for the administrator's page: kind -> names."""
    declared = loaded.declared
    found = {
        "records": [str(one.label_plural) for one in declared["declare_records"]],
        "menu": [str(one.label) for one in declared["declare_menu"]],
        "panels": [str(one.title) for one in declared["declare_panels"]],
        "actions": [str(one.label) for one in declared["declare_record_actions"]],
        "extensions": [one.target for one in declared["declare_extensions"]],
        "jobs": [one.name for one in declared["declare_jobs"]],
        "events": [one.name for one in declared["declare_events"]],
        "subscriptions": [one.name for one in declared["declare_subscriptions"]],
        "permissions": [one.name for one in declared["declare_permissions"]],
        "features": [str(one.label) for one in declared["declare_features"]],
        "tables": [table.name for table in loaded.tables],
    }
    return {kind: names for kind, names in found.items() if names}


def _host_attributes() -> dict[str, set[str]]:
    return {mapper.class_.__name__: set(vars(mapper.class_)) for mapper in HostBase.registry.mappers}


def _session_listeners() -> int:
    """How many functions listen to sessions of the host, whatever class they were put on."""
    dispatch = HostSession().dispatch
    return sum(len(list(getattr(dispatch, name))) for name in ("do_orm_execute", "before_flush", "after_commit"))


def probe(name: str) -> Report:
    """The check itself, inside the subprocess."""
    one = manifest.scan(CORE).get(name)
    HostBase.registry.configure()
    attributes, listeners, threads = _host_attributes(), _session_listeners(), set(threading.enumerate())
    try:
        loaded = load(one)
    except KeyboardInterrupt:
        raise
    except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
        return Report(name, (_sentence(name, error),))
    problems = []
    started = sorted(thread.name for thread in set(threading.enumerate()) - threads)
    if started:
        problems.append(f"{name}: importing it starts threads ({', '.join(started)}); background work is a job.")
    for cls, names in _host_attributes().items():
        if names - attributes.get(cls, set()):
            extra = ", ".join(sorted(names - attributes[cls]))
            problems.append(f"{name}: it adds {extra} to the host's class {cls}; relationships go one way.")
    if _session_listeners() != listeners:
        problems.append(f"{name}: it listens to every database session; that is the host's.")
    return Report(name, tuple(problems), adds(loaded))


def _sentence(name: str, error: Exception) -> str:
    text = str(error).strip()
    kind = type(error).__name__
    return text if text.startswith(f"{name}") else f"{name}: {kind}: {text}" if text else f"{name}: {kind}"


def main() -> None:
    report = probe(sys.argv[1])
    sys.stdout.write("\n" + json.dumps({"ok": report.ok, "problems": report.problems, "adds": report.adds}) + "\n")
    sys.stdout.flush()
    os._exit(0)  # a thread the plugin started must not keep this process


if __name__ == "__main__":
    try:
        main()
    except Exception as fault:  # noqa: BLE001 (a plugin may raise anything)
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
        sys.exit(1)
