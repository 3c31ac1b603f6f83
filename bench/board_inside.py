"""The board in one process: sums against a bare GROUP BY, first cards, lists with sales and without (G11, G15, G19).

Run by `board.py` on a copy of an installation, which it spoils; KUMIKO_HOME and KUMIKO_DATABASE_URL name it. Prints one
JSON object. What is compared is asked in turn (A B A B ...); `ms` are medians, `best` the least.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import TextClause, bindparam, text
from werkzeug.test import Client

from kumiko.host import config as configuration
from kumiko.host.context import Context, Principal, use
from kumiko.host.generation import build
from kumiko.host.scoping import trusted
from kumiko.host.wsgi import Host
from kumiko.records import boards
from kumiko.records.catalogue import catalogue

TURNS = 15
#: One table with nothing but what is summed, and an index that holds all of it: the floor that we can see.
PLAIN = (
    "DROP TABLE IF EXISTS bench_plain",
    "CREATE TABLE bench_plain AS SELECT d.id, s.stage_id AS stage, d.amount_currency AS currency,"
    " d.amount_minor AS amount, d.owner_id, d.team_id, d.name, d.description"
    " FROM deals_deal d JOIN sales_deal s ON s.record_id = d.id WHERE d.deleted_at IS NULL",
    "CREATE INDEX ix_bench_plain ON bench_plain (stage, currency, amount)",
    "CREATE INDEX ix_bench_plain_team ON bench_plain (team_id, stage, currency, amount)",
    "CREATE INDEX ix_bench_plain_owner ON bench_plain (owner_id, stage, currency, amount)",
)
BARE = "SELECT stage, currency, count(*), sum(amount) FROM bench_plain {where} GROUP BY stage, currency"
Times = dict[str, float]


def main() -> None:
    host = Host(configuration.load())
    known = json.loads((host.config.home / "bench.json").read_text())
    settle(host)
    found = {
        "totals": totals(host), "build": builds(host), "lists": lists(host, known), "deals": _count(host),
    }  # fmt: skip
    print(json.dumps(found))


def settle(host: Host) -> None:
    """The plain table, and what a database in use would know of all tables."""
    with host.database.engine.begin() as connection:
        for statement in PLAIN:
            connection.exec_driver_sql(statement)
    with host.database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("ANALYZE" if host.database.is_sqlite else "VACUUM ANALYZE")


def _count(host: Host) -> int:
    with host.database.reader.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM bench_plain").scalar_one())


def people(host: Host) -> Mapping[str, Principal]:
    """Who reads, by level: the head sees all by "subtree", a seller sees a quarter of the deals or one in twenty."""
    person = host.generation.state["principal_for_email"]
    with use(Context(host.database, generation=host.generation)):
        head, seller = person("head@bench.example"), person("owner04@bench.example")
    return {
        "all": _with(head, "all"), "subtree": _with(head, "subtree"), "team": _with(seller, "team"),
        "own": _with(seller, "own"),
    }  # fmt: skip


def _with(person: Principal, level: str) -> Principal:
    grants = {key: {**actions, "read": level} for key, actions in person.grants.items()}
    return replace(person, grants={**grants, "deals.deal": {**person.grants.get("deals.deal", {}), "read": level}})


def _bare(level: str, person: Principal) -> tuple[TextClause, dict[str, Any]]:
    """The least that tells this person the same: no shares, no weights, no second table."""
    if level == "all":
        return text(BARE.format(where="")), {}
    if level == "own":
        return text(BARE.format(where="WHERE owner_id = :me")), {"me": person.user_id}
    teams = person.team_ids if level == "team" else person.subtree_team_ids
    wanted = text(BARE.format(where="WHERE owner_id = :me OR team_id IN :teams"))
    return wanted.bindparams(bindparam("teams", expanding=True)), {"me": person.user_id, "teams": list(teams)}


def totals(host: Host) -> dict[str, Any]:
    """Per level: milliseconds of the sums with rights and weights, of the bare GROUP BY, and of the first cards."""
    found: dict[str, Any] = {}
    for level, person in people(host).items():
        with use(Context(host.database, generation=host.generation, principal=person)):
            info = catalogue().get("deals.deal")
            board = info.board
            assert board is not None
            scope = board.scopes()[0]
            shown = [lane for lane in scope.lanes if not lane.closed]
            query, parameters = _bare(level, person)
            asked: dict[str, Callable[[], Any]] = {
                "sums": lambda info=info, board=board, scope=scope: boards.board_totals(info, board, scope),
                "bare": lambda query=query, parameters=parameters: trusted(query, parameters).all(),
                "by_owner": lambda info=info, board=board, scope=scope: boards.board_totals(
                    info, board, scope, by="owner"
                ),
                "cards": lambda info=info, board=board, scope=scope, shown=shown: boards.board_page(
                    info, board, scope, lanes=shown
                ),
            }
            _same(asked["sums"](), asked["bare"]())
            found[level] = {"deals": sum(row[2] for row in asked["bare"]()), **in_turn(asked)}
            cell = found[level]
            cell["ratio"] = round(cell["sums"]["best"] / cell["bare"]["best"], 2)
    return found


def _same(sums: boards.Totals, rows: Any) -> None:
    """Both must say the same, or the comparison means nothing."""
    ours = {
        (stage, one.currency): one.minor for (stage, _none), total in sums.items() for one in total.amounts
    }  # fmt: skip
    theirs = {(row[0], row[1]): int(row[3]) for row in rows if row[1] is not None}
    if ours != theirs:
        raise SystemExit(f"sums differ from the bare ones: {ours} {theirs}")


def in_turn(asked: Mapping[str, Callable[[], Any]], turns: int = TURNS) -> dict[str, Times]:
    """Wall and CPU milliseconds of each call, all asked in turn; CPU is this process's only."""
    walls: dict[str, list[float]] = {name: [] for name in asked}
    cpus: dict[str, list[float]] = {name: [] for name in asked}
    for turn in range(turns + 2):
        for name, call in asked.items():
            cpu, wall = time.process_time(), time.perf_counter()
            call()
            if turn > 1:
                walls[name].append((time.perf_counter() - wall) * 1000)
                cpus[name].append((time.process_time() - cpu) * 1000)
    return {
        name: {
            "ms": round(statistics.median(walls[name]), 2), "best": round(min(walls[name]), 2),
            "cpu_ms": round(statistics.median(cpus[name]), 2),
        }
        for name in asked
    }  # fmt: skip


def builds(host: Host) -> dict[str, float]:
    """CPU milliseconds to build a generation in a running process: both modules, deals alone, none."""
    numbers = host.generation.numbers
    asked = {
        " + ".join(names) or "none": lambda names=names: build(
            host.config, host.database, numbers, core=host.core, enabled=names
        )
        for names in (("deals", "sales"), ("deals",), ())
    }
    return {name: one["cpu_ms"] for name, one in in_turn(asked, 7).items()}


def lists(host: Host, known: Mapping[str, Any]) -> dict[str, Any]:
    """The same requests with sales on and off, in turn, in this process (G19)."""
    page = {"Cookie": f"km_session={known['head']['session']}"}
    api = {"Authorization": f"Bearer {known['head']['token']}"}
    with_sales = host.generation
    without = build(host.config, host.database, with_sales.numbers, core=host.core, enabled=("deals",))
    client, step = Client(host, use_cookies=False), iter(range(100_000))
    deal, own = known["deals"][11], "name,amount,organization,person,outcome,expected_close_on,owner,next_step"

    def change() -> Any:
        body = {"next_step": f"Step {next(step)}"}
        return client.patch(f"/api/v1/deals/{deal}", headers={**api, "If-Match": "*"}, json=body)

    cases: dict[str, Callable[[], Any]] = {
        "W1 list page": lambda: client.get("/deals", headers=page),
        "list JSON, all fields": lambda: client.get("/api/v1/deals", headers=api),
        "list JSON, own columns": lambda: client.get(f"/api/v1/deals?fields={own}", headers=api),
        "W4 card": lambda: client.get(f"/deals/{deal}", headers=page),
        "W6 change": change,
    }

    def ask(generation: Any, call: Callable[[], Any]) -> Callable[[], None]:
        def one() -> None:
            host.generation = generation
            answer = call()
            if answer.status_code != 200:
                raise SystemExit(f"{answer.status_code} {answer.get_data()[:300]!r}")

        return one

    found: dict[str, Any] = {}
    for name, call in cases.items():
        cell = in_turn({"on": ask(with_sales, call), "off": ask(without, call)}, 25)
        found[name] = {**cell, "cpu_ratio": round(cell["on"]["cpu_ms"] / cell["off"]["cpu_ms"], 2)}
    host.generation = with_sales
    columns = f"{own},stage,probability"
    more = lambda: client.get(f"/api/v1/deals?fields={columns}", headers=api)  # noqa: E731
    sorted_by = lambda: client.get(f"/api/v1/deals?fields={columns}&sort=-probability", headers=api)  # noqa: E731
    cell = in_turn({"with columns": ask(with_sales, more), "sorted by one": ask(with_sales, sorted_by)}, 25)
    return {**found, "list JSON, two columns of sales": cell}


if __name__ == "__main__":
    main()
