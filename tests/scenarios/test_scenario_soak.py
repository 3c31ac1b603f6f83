"""Thirty minutes of work by 32 people while processes and the database are killed and modules switched: what must hold
of the data holds afterwards, and whatever the server confirmed is there."""

import os
import threading
import time
from collections import Counter

import pytest
import soak_checks
from soak_firm import SoakFirm, Trouble, own_cluster
from soak_people import Person
from story_lab import CORE, MODULES, eventually

from kumiko.host.database import Database
from kumiko.jobs.models import job_table
from kumiko_testing.records import open_house

MINUTES = float(os.environ.get("KUMIKO_SOAK_MINUTES", "30"))
WORKERS = 2


@pytest.mark.soak
@pytest.mark.timeout(int(MINUTES * 60) + 2400)
@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_what_must_hold_holds_after_a_long_day_of_trouble(tmp_path_factory, kind):
    folder = tmp_path_factory.mktemp("soak")
    if kind == "sqlite":
        soak(folder, f"sqlite:///{folder / 'soak.db'}", None, MINUTES / 3)
        return
    with own_cluster() as cluster:
        soak(folder, cluster.url, cluster, MINUTES)


def soak(folder, url, cluster, minutes):
    home = folder / "home"
    home.mkdir()
    firm = SoakFirm(url, home)
    try:
        firm.start(WORKERS)
        until_s = time.monotonic() + minutes * 60
        crowd = [Person(firm.rest[email], email, seed, until_s) for seed, email in enumerate(firm.crowd)]
        crowd.append(Person(firm.owner, "owner", 99, until_s))
        threads = [threading.Thread(target=one.work) for one in crowd]
        with Trouble(firm, cluster, workers=WORKERS, every_s=max(4, min(20, minutes * 2)), seed=5) as trouble:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        firm.restart(WORKERS)
        eventually(lambda: jobs_left(firm), 0, 900)
        answers = sum((one.answers for one in crowd), Counter())
        print(f"trouble {trouble.done}; answers {dict(answers)}")
        assert trouble.fault is None, trouble.fault
        strange = [one for person in crowd for one in person.strange]
        assert strange == [], strange[:20]
        kept(crowd, firm)
        firm.close()
        holds(url, home, crowd)
    finally:
        firm.close()


def jobs_left(firm):
    from sqlalchemy import func, select

    from kumiko import utc_now

    due = job_table.c.status.in_(("ready", "running")) & (job_table.c.run_at <= utc_now())
    with firm.database.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(job_table).where(due)).scalar_one()


def kept(crowd, firm):
    """Every record that was confirmed is there under its name, and every inquiry once."""
    lost, count = [], 0
    for person in crowd:
        for (collection, record_id), name in person.kept.items():
            if (collection, record_id) in person.gone:
                continue
            status, said = firm.owner.ask("GET", f"/{collection}/{record_id}")
            count += 1
            if status != 200 or (name is not None and said["name"] != name):
                lost.append((person.email, collection, record_id, name, status, said.get("name")))
        for word, record_id in person.sent.items():
            said = firm.owner.ask("GET", f"/inquiries?external_id={word}")[1]
            count += 1
            if [row["id"] for row in said["data"]] != [record_id]:
                lost.append((person.email, "inquiries", record_id, word, said))
    print(f"confirmed and there: {count}")
    assert lost == [], lost[:20]
    numbers = [number for person in crowd for number in person.issued]
    found = firm.owner.ask("GET", "/invoices?limit=200&count=true")[1]
    print(f"invoices {found.get('count')}, confirmed numbers {len(set(numbers))}")


def holds(url, home, crowd):
    database = Database.open(url)
    database.close()
    house = open_house(url, home, CORE, MODULES)
    try:
        wrong = []
        with house.acting(via="cli"):
            for check in soak_checks.ALL:
                found, compared = check()
                print(f"{check.__name__}: {compared} compared, {len(found)} wrong")
                wrong += found
            known = set(numbers_of())
        wrong += [f"invoice {one} was confirmed and is not there" for person in crowd for one in person.issued - known]
        assert wrong == [], wrong[:30]
    finally:
        house.database.close()


def numbers_of():
    from sqlalchemy import select

    from kumiko.host.scoping import trusted
    from kumiko.records.catalogue import catalogue

    table = catalogue().by_collection["invoices"].table
    return [one for one in trusted(select(table.c.number)).scalars() if one]
