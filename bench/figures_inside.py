"""Figures in one process: the owner's dashboard and a pivot of deals by month and seller, against bare SQL.

    KUMIKO_HOME=COPY python bench/figures_inside.py [--postmaster PID]

On a copy of an installation with analytics on (KUMIKO_HOME, KUMIKO_DATABASE_URL). Prints one JSON object; what is
compared is asked in turn (A B A B ...); milliseconds are medians of wall time, CPU is the mean of all turns. The bare
statements give the same sums without rights, currencies, the period before, names, funnel and HTML.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from meter import Meter
from sqlalchemy import text

from kumiko.host import config as configuration
from kumiko.host.context import Context, use
from kumiko.host.scoping import trusted
from kumiko.host.wsgi import Host
from kumiko_analytics import dashboards, tiles
from kumiko_analytics.periods import Period, preset_period
from kumiko_analytics.report_form import kept_report
from kumiko_analytics.report_table import table_of
from kumiko_analytics.reports import run
from kumiko_testing.queries import counted

TURNS = 9
PIVOT = {
    "source": "deals.deal", "rows": ["owner"], "columns": ["closed_on:month"], "measures": ["sum:amount"],
    "filter": {"f": "outcome", "op": "eq", "v": "won"},
}  # fmt: skip
MONTH = {"sqlite": "strftime('%Y-%m', closed_on)", "postgresql": "to_char(closed_on, 'YYYY-MM')"}
BARE_PIVOT = (
    "SELECT owner_id, {month}, amount_currency, sum(amount_minor) FROM deals_deal"
    " WHERE outcome = 'won' AND deleted_at IS NULL GROUP BY owner_id, {month}, amount_currency"
)
#: What the numbers of the dashboard need of deals, in as few statements as one would write by hand.
BARE_DASHBOARD = (
    "SELECT amount_currency, outcome, count(*), sum(amount_minor) FROM deals_deal WHERE deleted_at IS NULL"
    " AND (outcome = 'open' OR (closed_on >= '{since}' AND closed_on < '{until}')) GROUP BY amount_currency, outcome",
    "SELECT owner_id, amount_currency, sum(amount_minor) FROM deals_deal WHERE deleted_at IS NULL AND outcome = 'won'"
    " AND closed_on >= '{since}' AND closed_on < '{until}' GROUP BY owner_id, amount_currency",
    "SELECT {month}, amount_currency, sum(amount_minor) FROM deals_deal WHERE deleted_at IS NULL AND outcome = 'won'"
    " AND closed_on >= '{since}' AND closed_on < '{until}' GROUP BY {month}, amount_currency",
    "SELECT d.amount_currency, sum(d.amount_minor * coalesce(s.probability, 0)) FROM deals_deal d JOIN sales_deal s"
    " ON s.record_id = d.id WHERE d.deleted_at IS NULL AND d.outcome = 'open' AND d.expected_close_on >= '{since}'"
    " AND d.expected_close_on < '{until}' GROUP BY d.amount_currency",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--postmaster", type=int, default=0)
    meter = Meter(parser.parse_args().postmaster)
    host = Host(configuration.load())
    person = host.generation.state["principal_for_email"]
    with use(Context(host.database, generation=host.generation)):
        head = person("head@bench.example")
    with use(Context(host.database, generation=host.generation, principal=head)) as context:
        month = MONTH["sqlite" if host.database.is_sqlite else "postgresql"]
        first = dashboards.first_of(dashboards.known())
        from kumiko import company_today, get  # local: names of the platform are looked up in a context

        kept = dashboards.tiles_of(get("analytics.dashboard", first or 0))
        shown = [(place, tile) for place, tile in enumerate(kept) if not tile.get("tab")]
        period: Period = preset_period("12_months", company_today())
        days = {"since": period.since, "until": period.until, "month": month}

        def bare(*statements: str) -> Callable[[], Any]:
            queries = [text(one.format(**days)) for one in statements]
            return lambda: [trusted(query).all() for query in queries]

        asked: dict[str, Callable[[], Any]] = {
            "dashboard": lambda: tiles.draw(shown, period, {}, lazy="/later"),
            "dashboard, bare": bare(*BARE_DASHBOARD),
            "pivot": lambda: table_of(run(kept_report(PIVOT))),
            "pivot, bare": bare(BARE_PIVOT),
        }
        found: dict[str, Any] = {}
        for name in ("dashboard", "pivot"):
            with counted() as statements:
                asked[name]()
            found[f"{name}, statements"] = len(statements)
        spent: dict[str, list[float]] = {name: [] for name in asked}
        cpu_s: dict[str, float] = dict.fromkeys(asked, 0.0)
        for _turn in range(TURNS):
            for name, deed in asked.items():
                context.cache.clear()
                started, before_s = time.perf_counter(), meter.cpu_s()
                deed()
                spent[name].append((time.perf_counter() - started) * 1000)
                cpu_s[name] += meter.cpu_s() - before_s
        found |= {name: round(statistics.median(values), 1) for name, values in spent.items()}
        found |= {f"{name}, cpu ms": round(value / TURNS * 1000, 1) for name, value in cpu_s.items()}
        for name in ("dashboard", "pivot"):
            found[f"{name}, ratio"] = round(found[name] / found[f"{name}, bare"], 1)
            found[f"{name}, cpu ratio"] = round(cpu_s[name] / (cpu_s[f"{name}, bare"] or 0.01), 1)
        print(json.dumps(found))


if __name__ == "__main__":
    main()
