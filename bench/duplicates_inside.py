"""The finder of duplicates on many persons with planted twins: seconds, memory, recall by kind of slip, precision.

    duplicates_inside.py [--persons 200000] [--database sqlite|postgresql]

Persons are made from a fixed seed and stored without journal; the job does the rest: it makes their keys, compares and
keeps the pairs. One in twenty is there twice, in a different way each time.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cluster
from sqlalchemy import select

from kumiko.duplicates import finding
from kumiko.duplicates.models import key_table, pair_table
from kumiko.host.columns import table_of
from kumiko.host.context import transaction
from kumiko.host.scoping import trusted
from kumiko.jobs.worker import Worker
from kumiko.parties.models import PERSON, Person, PersonAddress, PersonEmail, PersonPhone
from kumiko.records.catalogue import catalogue
from kumiko.records.insertion import insert_rows
from kumiko_testing.records import WHOLE, open_house, prepare_database

SEED, SLICE, ONE_IN = 20261127, 5000, 20
SYLLABLES = tuple(left + right for left in "bdfghklmnprstvw" for right in "aeo")
SLIPS = ("same e-mail, other case", "phone in national form", "typing slip, same town", "initial, same phone",
         "last name first, same town", "other mail, same phone", "accent, same e-mail")  # fmt: skip
AT = datetime(2026, 1, 1, tzinfo=UTC)


def name(rng: random.Random, parts: int) -> str:
    return "".join(rng.choice(SYLLABLES) for _part in range(parts)).capitalize()


class Town:
    """People with names as they are spread: some frequent, most rare."""

    def __init__(self) -> None:
        self.rng = random.Random(SEED)
        self.firsts = [name(self.rng, 2) for _one in range(400)]
        self.lasts = [name(self.rng, 3) + self.rng.choice(("", "s", "n", "r")) for _one in range(9000)]
        self.towns = [name(self.rng, 3) for _one in range(1500)]

    def person(self, number: int) -> dict[str, Any]:
        rng = self.rng
        first = self.firsts[int(rng.random() ** 2 * len(self.firsts))]
        last = self.lasts[int(rng.random() ** 2 * len(self.lasts))]
        return {
            "first": first, "last": last, "city": rng.choice(self.towns),
            "email": f"{first}.{last}{number}@{rng.choice(self.towns).lower()}.example" if rng.random() < 0.8 else None,
            "phone": f"+4930{number:07d}" if rng.random() < 0.7 else None,
        }  # fmt: skip

    def twin(self, one: dict[str, Any], slip: str) -> dict[str, Any]:
        """The same person typed in a second time; what the first time lacks is given to both."""
        number = self.rng.randrange(10**7)
        one["email"] = one["email"] or f"{one['first']}.{one['last']}x{number}@x.example"
        one["phone"] = one["phone"] or f"+4940{number:07d}"
        bare = {**one, "email": None, "phone": None}
        if slip == "same e-mail, other case":
            return {**bare, "email": one["email"].upper(), "city": None}
        if slip == "phone in national form":
            return {**bare, "phone": "0" + one["phone"][3:], "city": None}
        if slip == "typing slip, same town":
            at = self.rng.randrange(1, len(one["last"]) - 1)
            return {**bare, "last": one["last"][:at] + self.rng.choice("aeinrst") + one["last"][at + 1 :]}
        if slip == "initial, same phone":
            return {**bare, "first": one["first"][0] + ".", "phone": one["phone"]}
        if slip == "last name first, same town":
            return {**bare, "first": one["last"], "last": one["first"]}
        if slip == "other mail, same phone":
            return {**bare, "phone": one["phone"], "email": f"private{number}@mail.example"}
        return {**bare, "last": one["last"].replace("e", "é"), "email": one["email"], "city": None}


def people(count: int) -> Iterator[tuple[dict[str, Any], str]]:
    """(person, "" or the slip by which it is the twin of the one before)."""
    town = Town()
    for number in range(count):
        one = town.person(number)
        if number % ONE_IN:
            yield one, ""
            continue
        slip = SLIPS[number // ONE_IN % len(SLIPS)]
        twin = town.twin(one, slip)
        yield one, ""
        yield twin, slip


def fill(count: int) -> dict[tuple[int, int], str]:
    """Store them; gives the planted pairs."""
    planted: dict[tuple[int, int], str] = {}
    rows: dict[Any, list[dict[str, Any]]] = {}
    tables = {"email": table_of(PersonEmail), "phone": table_of(PersonPhone), "city": table_of(PersonAddress)}
    part_id = 100_000_000

    def flush() -> None:
        with transaction():
            for table, listed in rows.items():
                insert_rows(table, listed)
        rows.clear()

    for record_id, (one, slip) in enumerate(people(count), 1):
        if slip:
            planted[record_id - 1, record_id] = slip
        base = {
            "id": record_id, "name": f"{one['first']} {one['last']}", "first_name": one["first"],
            "last_name": one["last"], "email": one["email"], "phone": one["phone"], "city": one["city"],
            "do_not_call": False, "created_at": AT, "updated_at": AT, "version": 1,
        }  # fmt: skip
        rows.setdefault(table_of(Person), []).append(base)
        for field, column in (("email", "address"), ("phone", "number"), ("city", "city")):
            if one[field]:
                part_id += 1
                row = {"id": part_id, "parent_id": record_id, "position": 0, column: one[field]}
                rows.setdefault(tables[field], []).append(row)
        if record_id % SLICE == 0:
            flush()
    flush()
    return planted


class WorkerHost:
    """What a worker sees of a house."""

    def __init__(self, house: Any) -> None:
        self.database, self.generation = house.database, house.generation

    def follow(self) -> Any:
        return self.generation


def memory_mb() -> float:
    """Memory of this process's own; the pages of SQLite's file that the system maps for it do not count."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


class Peak(threading.Thread):
    """The most memory while something works."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most_mb, self.over = 0.0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.2):
            self.most_mb = max(self.most_mb, memory_mb())


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--persons", type=int, default=200_000)
    asked.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    said = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        url = f"sqlite:///{folder}/kumiko.db"
        if said.database == "postgresql":
            stack.enter_context(cluster.running())
            cluster.recreate("duplicates")
            url = cluster.url("duplicates")
        prepare_database(url, WHOLE)
        house = open_house(url, Path(folder), WHOLE)
        with house.acting():
            started = time.perf_counter()
            planted = fill(said.persons)
            print(f"{said.database}: {said.persons + len(planted):,} persons stored in "
                  f"{time.perf_counter() - started:.0f} s, {memory_mb():.0f} MB")  # fmt: skip
            finding.start(catalogue().get(PERSON))
        measured(house, planted)
        house.database.close()


def measured(house: Any, planted: dict[tuple[int, int], str]) -> None:
    worker = Worker(WorkerHost(house), threading.Event())
    before_mb, cpu_s, started = memory_mb(), time.process_time(), time.perf_counter()
    peak = Peak()
    peak.start()
    while worker.run_once():
        pass
    peak.over.set()
    took_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu_s
    with house.acting():
        keys = trusted(select(finding.func.count()).select_from(key_table)).scalar_one()
        found = {(row.left_id, row.right_id): row.score for row in trusted(select(pair_table))}
    print(f"keys and pairs in {took_s:.0f} s ({cpu_s:.0f} s of CPU here), {keys:,} keys, {len(found):,} pairs; "
          f"memory {before_mb:.0f} MB before, {peak.most_mb:.0f} MB at most")  # fmt: skip
    for least in (60, 75, 90):
        said = {pair for pair, score in found.items() if score >= least}
        right = said & planted.keys()
        print(f"from {least} %: recall {len(right) / len(planted):.1%}, precision {len(right) / max(1, len(said)):.1%}")
    for slip in SLIPS:
        of_kind = [pair for pair, kind in planted.items() if kind == slip]
        print(f"  {slip}: {sum(pair in found for pair in of_kind) / max(1, len(of_kind)):.1%} of {len(of_kind):,}")


if __name__ == "__main__":
    main()
