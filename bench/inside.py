"""Figures of one process: SQL statements per request (G16), generated dump against marshmallow's (G20), building.

Run by `run.py`; KUMIKO_HOME and KUMIKO_DATABASE_URL name the installation. Prints one JSON object.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from werkzeug.test import Client

from kumiko.host import config as configuration
from kumiko.host import revision
from kumiko.host.context import Context, use
from kumiko.host.generation import build
from kumiko.host.wsgi import Host
from kumiko.records import dumps, outputs, queries
from kumiko.records.catalogue import catalogue


def main() -> None:
    host = Host(configuration.load())
    known = json.loads((host.config.home / "bench.json").read_text())
    found = {"statements": statements(host, known), "build_ms": build_ms(host), **dump(host)}
    print(json.dumps(found))


def statements(host: Host, known: dict[str, Any]) -> dict[str, int]:
    """SQL statements of the third request of each kind, sign-in included; BEGIN and COMMIT are not counted."""
    page = {"Cookie": f"km_session={known['head']['session']}"}
    api = {"Authorization": f"Bearer {known['head']['token']}"}
    deal = known["deals"][7]
    client = Client(host, use_cookies=False)
    step = iter(range(1000))
    asked: dict[str, Callable[[], Any]] = {
        "list page": lambda: client.get("/deals", headers=page),
        "list JSON": lambda: client.get("/api/v1/deals", headers=api),
        "card": lambda: client.get(f"/deals/{deal}", headers=page),
        "record JSON": lambda: client.get(f"/api/v1/deals/{deal}", headers=api),
        "search JSON": lambda: client.get("/api/v1/search?q=stein", headers=api),
        "change": lambda: client.patch(
            f"/api/v1/deals/{deal}",
            headers={**api, "If-Match": "*"},
            json={"next_step": f"Bench {next(step)} {time.time()}"},
        ),
    }
    counted: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.split(maxsplit=1)[0].upper() not in ("BEGIN", "COMMIT", "ROLLBACK"):
            counted.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    found: dict[str, int] = {}
    for name, ask in asked.items():
        for _ in range(3):
            host.follow()  # so that the look at the revision, five times a second at most, is not in the count
            counted.clear()
            answer = ask()
        if answer.status_code != 200:
            raise SystemExit(f"{name}: {answer.status_code} {answer.get_data()[:300]!r}")
        found[name] = len(counted)
    event.remove(Engine, "before_cursor_execute", count)
    return found


def build_ms(host: Host) -> float:
    """Milliseconds to build another generation in a running process, as switching a module does."""
    numbers = revision.read(host.database)
    taken = []
    for _ in range(5):
        started = time.process_time()
        build(host.config, host.database, numbers, core=host.core)
        taken.append((time.process_time() - started) * 1000)
    return round(statistics.median(taken), 1)


def dump(host: Host) -> dict[str, Any]:
    """Microseconds for 50 records: the generated function, and marshmallow with the schema that says the same."""
    person = host.generation.state["principal_for_email"]
    with use(Context(host.database, generation=host.generation)) as context:
        context.as_principal(person("head@bench.example"))
        info = catalogue().get("deals.deal")
        names = tuple(name for name, one in info.fields.items() if not one.is_many)
        page = queries.list_page(info, names=names, limit=50)
        generated = dumps.dump_page(page.plan, page.rows, page.many, {})
        schema = outputs.output_schema(info)
        shown = [one for one in schema.fields if one in generated[0]]
        schema = type(schema)(only=shown, many=True)
        plain = _plain(page, names)
        same = _equal(schema.dump(plain), generated, shown)
        fast = _best(lambda: dumps.dump_page(page.plan, page.rows, page.many, {}))
        slow = _best(lambda: schema.dump(plain))
    return {"dump_us": round(fast), "marshmallow_us": round(slow), "dump_ratio": round(slow / fast, 1), "equal": same}


def _plain(page: queries.Page, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rows as dicts of Python values, what a schema is given."""
    from kumiko.records.money import Money
    from kumiko.records.views import LinkValue

    found = []
    for row in page.rows:
        values: dict[str, Any] = {"id": row[0], "type": page.plan.info.key, "version": row[1]}
        for column in page.plan.columns:
            value = row[column.start]
            if value is not None and column.info.kind == "money":
                value = Money(value, row[column.start + 1])
            elif value is not None and column.info.kind == "link":
                value = LinkValue(value, row[column.start + 1] or "", False)
            values[column.path] = value
        found.append(values)
    return found


def _equal(theirs: list[dict[str, Any]], ours: list[dict[str, Any]], names: list[str]) -> bool:
    return all(
        {name: a[name] for name in names} == {name: b[name] for name in names}
        for a, b in zip(theirs, ours, strict=True)
    )


def _best(call: Callable[[], Any]) -> float:
    """Microseconds of CPU per call, the least of five rounds."""
    rounds = []
    for _ in range(5):
        started = time.process_time()
        for _ in range(40):
            call()
        rounds.append((time.process_time() - started) / 40 * 1e6)
    return min(rounds)


if __name__ == "__main__":
    main()
