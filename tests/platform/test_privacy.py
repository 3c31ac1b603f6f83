"""Personal data of one person: found wherever they lie, handed out, erased with proof, again after a restore."""

import base64
import shutil
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import admin_lab
import orjson
import pytest
import sqlalchemy as sa
from access_lab import PASSWORD

from kumiko.access import accounts, setup
from kumiko.archive import backups, loading, restoring, tables, writing
from kumiko.core import CORE
from kumiko.files import services as files
from kumiko.host.columns import utc_now
from kumiko.host.context import SYSTEM
from kumiko.host.database import engine_for_migration, normalise_url
from kumiko.operate import lifecycle, settling
from kumiko.privacy import erased, erasing, jobs, walking
from kumiko.privacy.terms import Terms
from kumiko.records import service
from kumiko.records.service import run_action
from kumiko_contracts.sales import INVOICE
from kumiko_testing import databases
from kumiko_testing.records import open_house, prepare_database

MODULES = ("deals", "sales", "tasks", "integrations")
PERSON = "parties.person"
NAME, EMAIL, PHONE = "Zoë Quellmann", "zoe.quellmann@example.org", "+49 30 98765432"
TERMS = Terms.of(names=[NAME], emails=[EMAIL], phones=[PHONE])
SIGNS = ("quellmann", "98765432", "98 765")


def build(url: str) -> None:
    prepare_database(url, CORE, MODULES)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE)
        with house.acting(SYSTEM, via="cli"):
            setup.make_roles()
            accounts.add_user("Root", "root@example.com", roles=["administrator"], password=PASSWORD)
            lifecycle.enable(MODULES, probing=False)
        house.database.close()


@pytest.fixture
def desk(clone_database, tmp_path):
    made = admin_lab.Desk(clone_database("privacy", build), tmp_path)
    made.welcomed()
    yield made
    made.database.close()


def signs_in_database(database) -> list[str]:
    """Where the person is still seen, by a way of looking of its own: every value of every row, as text."""
    found = []
    with tables.snapshot(database) as connection:
        for name, one in tables.stored_tables(connection).items():
            for row in tables.rows(connection, one):
                for value in row.values():
                    text = bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                    if any(sign in text.lower() for sign in SIGNS):
                        found.append(name)
    return sorted(set(found))


def signs_on_the_disk(database) -> list[str]:
    """Bytes of the database's own files that still show the person: free places, the log, the search index."""
    if not database.is_sqlite:
        return []
    files = [Path(f"{database.url.database}{suffix}") for suffix in ("", "-wal")]
    content = b"".join(file.read_bytes() for file in files if file.exists()).lower()
    return [sign for sign in (*SIGNS, EMAIL.partition("@")[0]) if sign.encode() in content]


def plant(database) -> int:
    """Two rows with the person in every text, JSON and bytes of every table, as if each module had written about them.

    Among them a table that no module declares. Foreign keys are not looked at meanwhile. Gives how many tables.
    """
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE visits_diary (id integer PRIMARY KEY, note text, page text UNIQUE)")
    texts = [f"Called {NAME} <{EMAIL}>, {PHONE}, or 030 / 987 654 32. ", EMAIL, "030/98765432", "x"]
    mail = b"From: a@b.c\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(f"Dear {NAME}".encode())
    engine, planted = engine_for_migration(normalise_url(database.url.render_as_string(hide_password=False))), 0
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET session_replication_role = replica")
        look = sa.inspect(connection)
        for name, one in tables.stored_tables(connection).items():
            if name in walking.SKIPPED:
                continue
            longest = {column["name"]: getattr(column["type"], "length", None) for column in look.get_columns(name)}
            rules = [*look.get_unique_constraints(name), *(one for one in look.get_indexes(name) if one["unique"])]
            unique = {column for rule in rules for column in rule["column_names"]}
            for number in (1, 2):
                row = {}
                for column, kind in one.kinds.items():
                    if kind == "text":
                        room = longest[column] or 10_000
                        apart = column in unique or column in one.key
                        fits = [f"{text}{' ' * number if apart else ''}" for text in texts]
                        row[column] = next((text for text in fits if len(text) <= room), str(number)[:room])
                    elif kind == "json":
                        row[column] = {NAME: [EMAIL, {"to": PHONE}]}
                    elif kind == "binary":
                        row[column] = mail if number == 1 else f"{NAME}".encode()
                    elif kind in ("date", "moment"):
                        row[column] = utc_now() if kind == "moment" else utc_now().date()
                    else:
                        row[column] = kind == "boolean" if kind == "boolean" else 900_000 + number
                connection.execute(sa.insert(one.table).values(row))
            planted += any(kind in ("text", "json", "binary") for kind in one.kinds.values())
    engine.dispose()
    return planted


def test_whoever_stands_in_every_column_of_every_table_and_in_files_is_gone_afterwards(desk):
    home, database = desk.host.config.home, desk.database
    planted = plant(database)
    (home / "exports").mkdir(exist_ok=True)
    with zipfile.ZipFile(home / "exports" / "list.zip", "w") as zipped:
        zipped.writestr("persons.csv", f"name\n{NAME}\n")
    (home / "imports").mkdir(exist_ok=True)
    (home / "imports" / "7.csv").write_text(f"Name;Phone\nQuellmann, Zoë;{PHONE}\n", "utf-8")
    before = signs_in_database(database)
    assert (planted > 90, len(before) > 80, "visits_diary" in before) == (True, True, True)
    with desk.acting():
        found = erasing.erase(database, desk.host.generation, home, TERMS, [], keep=False)
    assert (dict(found.left), signs_in_database(database)) == ({}, [])
    assert {"visits_diary", "integrations_raw", "records_entry", "exports", "imports"} <= found.counts.keys()
    assert (found.tables > 90, found.scrubbed) == (True, True)
    assert signs_on_the_disk(database) == []
    assert [*home.glob("exports/*.zip"), *home.glob("imports/*.csv")] == []


def test_a_person_is_found_handed_out_and_erased_and_stays_erased_after_a_restore(desk, tmp_path_factory):
    root, config = desk.browser(), desk.host.config
    with desk.acting():
        first, last = NAME.split()
        zoe = service.create(PERSON, {
            "first_name": first, "last_name": last, "emails": [{"address": EMAIL}], "phones": [{"number": PHONE}],
            "addresses": [{"street": "Secret Street 9", "city": "Berlin"}], "description": "Likes tea",
        }).id  # fmt: skip
        files.attach_file(PERSON, zoe, "passport.txt", b"number 4711", media_type="text/plain")
        deal = service.create("deals.deal", {"name": f"Roof of {NAME}", "person": zoe, "amount": "900"}).id
        call = service.create("deals.interaction", {
            "kind": "call", "name": "First talk", "person": zoe, "body": "She asked for a discount.",
        }).id  # fmt: skip
        invoice = service.create(INVOICE, {"person": zoe, "lines": [{"text": "Roof", "quantity": 1, "price": "9"}]}).id
        issued = run_action(INVOICE, invoice, "issue", {})
        other = service.create(PERSON, {"first_name": "Ida", "last_name": "Quell", "description": "Knows tea"}).id
    older = backups.make(config, desk.database, reason="by-hand")
    outside = tmp_path_factory.mktemp("outside")
    with desk.acting():
        writing.write(outside / "older.zip")

    page = root.submit("/admin/personal-data/find", {"email": EMAIL, "phone": "", "name": ""}).text
    assert [word for word in (NAME, "History", "Search", f"/deals/{deal}", "the law asks") if word not in page] == []
    who = page.partition('name="who" value="')[2].partition('"')[0]
    assert EMAIL not in who
    root.submit("/admin/personal-data/package", {"who": who})
    desk.work_off()
    with desk.acting():
        (package,) = jobs.packages()
    with zipfile.ZipFile(package) as zipped:
        names = set(zipped.namelist())
        mine = orjson.loads(zipped.read("records/parties_person.jsonl").splitlines()[0])
        assert (mine["id"], mine["email"]) == (zoe, EMAIL)
        assert b"Secret Street 9" in zipped.read("records/parties_person_address.jsonl")
        assert any(name.endswith("passport.txt") for name in names)
        readable = zipped.read("overview.html").decode()
        words = (
            f"keeps about {NAME}",
            "<dt>Street</dt><dd>Secret Street 9</dd>",
            EMAIL,
            "She asked",
            "passport.txt",
            "History",
        )
        assert [word for word in words if word not in readable] == []
        assert not any(name.endswith(("access_credential.jsonl", "access_session.jsonl")) for name in names)

    asked = root.submit("/admin/personal-data/ask", {"who": who, "keep": "1", "reason": f"Letter of {NAME}"}).text
    assert "This cannot be undone" in asked
    root.submit("/admin/personal-data/erase", {"who": who, "keep": "1", "typed": "no"})
    with desk.acting():
        assert service.get(PERSON, zoe).title == NAME
    root.submit(
        "/admin/personal-data/erase", {"who": who, "keep": "1", "typed": "erase", "reason": f"Letter of {NAME}"}
    )
    desk.work_off()
    page = root.get("/admin/personal-data").text
    assert ("proved" in page, "0 places still hold the person" in page, NAME in page) == (True, True, False)

    kept: list[str] = []

    number = page.partition("/erasures/")[2].partition('"')[0]
    certificate = root.get(f"/admin/personal-data/erasures/{number}").text
    for word in (
        "Certificate",
        "proved",
        "Persons",
        "History",
        "Kept, because the law",
        "files of the database as well",
    ):
        assert word in certificate, word
    assert [word for word in (NAME, EMAIL, "quellmann") if word in certificate.lower()] == []

    def erased_now() -> None:
        with desk.acting():
            assert service.get("deals.deal", deal).title == "Roof of [erased]"
            assert service.get("deals.interaction", call).get("body") == "[erased]"
            assert service.get(INVOICE, invoice).title == issued.title  # the law asks for it
            assert service.get(PERSON, other).get("description") == "Knows tea"
            rows = desk.database.reader.connect()
            with rows:
                stored = (
                    rows.execute(sa.text("SELECT * FROM parties_person WHERE id = :id"), {"id": zoe}).mappings().one()
                )
                units = rows.execute(sa.text("SELECT payload FROM jobs_job WHERE name = 'privacy.erase'")).scalars()
            assert (stored["name"], stored["email"], stored["description"]) == (f"Erased person {zoe}", None, None)
            assert stored["deleted_at"] is not None
            assert all(EMAIL not in str(one) for one in units)
        left = kept[:] = signs_in_database(desk.database)
        assert set(left) <= {"sales_invoice", "records_entry", "records_search", "records_event"}, left

    erased_now()
    assert not list((config.home / "exports").glob("person-*"))
    done = restoring.restore(config, older.name, core=desk.host.core, grace_s=0)
    assert [note.partition(":")[0] for note in done["notes"]] == ["Erasure 1 was repeated"]
    desk.host.follow(at_once=True)
    erased_now()
    with desk.acting():
        assert erased.waiting(desk.database, config.home) == []
        assert NAME not in (config.home / "erased.json").read_text()

    # The same from the command line, and where an older archive is read into another installation: before it is served.
    (config.home / "erased.json").unlink()  # a copy lies beside the backups and travels with them
    assert settling.put_back(config, str(older.path), desk.host.core)[0].startswith("Erasure 1 was repeated")
    desk.host.follow(at_once=True)
    erased_now()
    if not desk.database.is_sqlite:
        return  # once is enough
    elsewhere = replace(config, home=outside / "elsewhere", database_url=databases.create("postgresql"))
    elsewhere.home.mkdir()
    shutil.copy(config.home / "backups" / "erased.json", elsewhere.home)
    done = loading.load(elsewhere, outside / "older.zip", desk.host.core)
    assert [note.partition(":")[0] for note in done["notes"]] == ["Erasure 1 was repeated"]
    with tables.stranger(elsewhere.database_url) as database:
        assert signs_in_database(database) == kept
    databases.drop(elsewhere.database_url)
