"""Fills an installation with the generator's data; run by `data.py` in a process of its own.

    fill.py CSV_FOLDER        (KUMIKO_HOME and KUMIKO_DATABASE_URL say where)

Rows take the same way as those of an import: checked values become drafts, the types' own rules run over them, and
`kumiko.records.writer.write` stores 1,000 at a time with their parts, journal entries and search documents. Left out
is only what reads a file: finding types of cells and looking links up by name.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select

from kumiko.access import accounts, sessions, tokens
from kumiko.host import config as configuration
from kumiko.host import settings
from kumiko.host.context import SYSTEM, Context, session, unscoped, use
from kumiko.host.wsgi import Host
from kumiko.records import inputs, service
from kumiko.records.catalogue import catalogue
from kumiko.records.money import Money
from kumiko.records.units import unit
from kumiko.records.writer import write

SLICE = 1000
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
KINDS = {"call": "call", "meeting": "meeting", "email": "mail", "task": "note", "note": "note"}
OUTCOMES = {"7": "won", "8": "lost"}
#: The default pipeline gets as many open stages as the generator's file has (its 1 to 6): name -> probability.
MORE_STAGES = {"Verbal yes": 90, "Contract out": 95}
Ids = dict[str, int]


class Filler:
    """Loads one set of CSV files; keeps the ids that the files' own ids became."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.owners: dict[str, tuple[int, int]] = {}  # owner -> (user, team)
        self.organizations: Ids = {}
        self.persons: Ids = {}
        self.deals: Ids = {}
        self.employers: Ids = {}  # person -> organization
        self.sources: Ids = {}
        self.stages: Ids = {}  # the file's stage -> ours

    def people(self) -> dict[str, Any]:
        """Users, teams, and ways in for the two whom the benchmark plays: a head who sees all, a seller."""
        top = service.create("access.team", {"name": "Sales"}).id
        teams = [service.create("access.team", {"name": f"Sales {place}", "parent": top}).id for place in range(1, 5)]
        for row in self._rows("owners"):
            team, name = teams[int(row["id"]) % 4], f"{row['first']} {row['last']}"
            user = accounts.add_user(name, f"{row['login']}@bench.example", roles=("seller",), team_id=team)
            self.owners[row["id"]] = (user, team)
        head = accounts.add_user("Hanna Head", "head@bench.example", roles=("head",), team_id=top)
        seller = self.owners["4"][0]
        made = {"head": head, "seller": seller}
        settings.put({"rest.requests_per_minute": 0})
        return {
            name: {"session": sessions.start(user), "token": tokens.make(user, name="bench")}
            for name, user in made.items()
        }

    def _rows(self, table: str) -> Iterator[dict[str, str]]:
        with (self.data / f"{table}.csv").open(newline="", encoding="utf-8") as stream:
            yield from csv.DictReader(stream)

    def _store(self, type_key: str, rows: Iterable[tuple[str, dict[str, Any]]], kept: Ids | None) -> int:
        info, count, rows, started = catalogue().get(type_key), 0, iter(rows), time.monotonic()
        while part := list(islice(rows, SLICE)):
            drafts = [inputs.draft_of_new(info, values) for _key, values in part]
            with unit(via="import", reason="bench") as opened:
                opened.at = FIRST_DAY + timedelta(minutes=count // SLICE * 97, seconds=len(part))
                inputs.run_rules(drafts)
                write(opened, drafts)
            if kept is not None:
                kept.update((key, draft.record_id or 0) for (key, _), draft in zip(part, drafts, strict=True))
            count += len(part)
        print(f"{type_key}: {count} rows, {count / (time.monotonic() - started):.0f} rows/s", flush=True)
        return count

    def pipeline(self) -> dict[str, Any]:
        """Six open stages in the pipeline that comes with sales, and those of the file by their numbers."""
        info = catalogue().get("sales.stage")
        for name, probability in MORE_STAGES.items():
            service.create("sales.stage", {"name": name, "kind": "open", "probability": probability})
        columns = info.table.c
        query = select(columns.id, columns.kind, columns.pipeline_id).order_by(columns.kind != "open", columns.position)
        with unscoped("the benchmark sets the stages up"):
            rows = session().execute(query).all()
        ids = [row.id for row in rows if row.kind == "open"]
        closed = {row.kind: row.id for row in rows if row.kind != "open"}
        self.stages = {str(number): one for number, one in enumerate(ids, start=1)}
        self.stages |= {number: closed[outcome] for number, outcome in OUTCOMES.items()}
        return {"pipeline": rows[0].pipeline_id, "stages": ids, "closed_stages": closed}

    def fill(self) -> None:
        self._store("parties.organization", self._organizations(), self.organizations)
        self._store("parties.person", self._persons(), self.persons)
        for name in ("web", "referral", "fair", "cold call", "partner", "campaign"):
            self.sources[name] = service.create("deals.source", {"name": f"{name} (bench)"}).id
        self._store("deals.deal", self._deals(), self.deals)
        self._store("deals.interaction", self._interactions(), None)

    def _owner(self, row: dict[str, str]) -> dict[str, Any]:
        user, team = self.owners[row["owner"]]
        return {"owner": user, "team": team}

    def _organizations(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for row in self._rows("organisations"):
            yield (
                row["id"],
                {
                    "name": row["name"],
                    "website": row["website"],
                    "phones": [{"number": row["phone"], "kind": "work", "primary": True}],
                    "emails": [{"address": row["email"], "kind": "work", "primary": True}],
                    "addresses": [{"street": row["street"], "postal_code": row["zip"], "city": row["city"]}],
                    **self._owner(row),
                },
            )

    def _persons(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for row in self._rows("people"):
            self.employers[row["id"]] = self.organizations[row["organisation"]]
            yield (
                row["id"],
                {
                    "first_name": row["first"],
                    "last_name": row["last"],
                    "job_title": row["title"],
                    "emails": [{"address": row["email"], "kind": "work", "primary": True}],
                    "phones": [
                        {"number": row["phone"], "kind": "work", "primary": True},
                        {"number": row["mobile"], "kind": "mobile", "primary": False},
                    ],
                    "organizations": [{"organization": self.employers[row["id"]], "primary": True}],
                    **self._owner(row),
                },
            )

    def _deals(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for row in self._rows("deals"):
            closes, outcome = date.fromisoformat(row["close_date"]), OUTCOMES.get(row["stage"], "open")
            yield (
                row["id"],
                {
                    "name": row["name"],
                    "amount": Money(int(row["amount"]) * 100, row["currency"]),
                    "organization": self.organizations[row["organisation"]],
                    "person": self.persons[row["person"]],
                    "outcome": outcome,
                    "stage": self.stages[row["stage"]],
                    "source": self.sources[row["source"]],
                    "next_step": row["next_step"],
                    "opened_on": date.fromisoformat(row["created"][:10]),
                    "expected_close_on": closes,
                    "closed_on": closes if outcome != "open" else None,
                    "description": row["description"],
                    **self._owner(row),
                },
            )

    def _interactions(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for row in self._rows("activities"):
            yield (
                row["id"],
                {
                    "name": row["subject"],
                    "kind": KINDS[row["kind"]],
                    "body": row["body"],
                    "deal": self.deals[row["deal"]],
                    "person": self.persons[row["person"]],
                    "organization": self.employers[row["person"]],
                    "started_at": datetime.fromisoformat(row["due"]).replace(tzinfo=UTC),
                    **self._owner(row),
                },
            )


def _settle_sqlite(file: str) -> None:
    """As an installation in use would be: the planner knows the tables, the journal is worked in."""
    connection = sqlite3.connect(file)
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def main() -> None:
    host = Host(configuration.load())
    filler = Filler(Path(sys.argv[1]))
    with use(Context(host.database, generation=host.generation, principal=SYSTEM, via="import")) as context:
        ways_in = filler.people()
        context.generation = host.follow()
        funnel = filler.pipeline()
        filler.fill()
    host.database.close()
    if host.database.is_sqlite:
        _settle_sqlite(str(host.database.url.database))
    else:
        with host.database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    (host.config.home / "bench.json").write_text(
        json.dumps({**ways_in, "funnel": funnel, "deals": [filler.deals[key] for key in list(filler.deals)[:5000]],
                    "organizations": list(filler.organizations.values())[:500],
                    "persons": list(filler.persons.values())[:500]})
    )  # fmt: skip


if __name__ == "__main__":
    main()
