"""Another kind for a field of many records: seen beforehand, done in slices by the background, undone as a whole."""

import signal
import time

import pytest
from admin_lab import Desk, build
from fields_lab import run_until_killed
from rest_lab import Program, problem
from sqlalchemy import text, update

from kumiko.access import accounts
from kumiko.fields import conversion
from kumiko.fields.names import CONVERT_JOB
from kumiko.host.context import SYSTEM, use
from kumiko.jobs.models import job_table


@pytest.fixture
def desk(clone_database, tmp_path):
    made = Desk(clone_database("fields", build), tmp_path)
    with use(made.host.context(principal=SYSTEM, via="cli")):
        made.root = Program(made.host, accounts.make_token(accounts.get_user_id("root@example.com")))
    yield made
    made.database.close()


def fill(desk, count):
    """Persons whose custom field `size` is their number as a text, each tenth "about" it, without ceremony."""
    sqlite = desk.database.is_sqlite
    numbers = (
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT"
        if sqlite else f"WITH n(i) AS (SELECT generate_series(1, {count})) SELECT"
    )  # fmt: skip
    custom = "json_object('size'," if sqlite else "json_build_object('size',"
    now = "'2026-11-27 08:00:00.000000'" if sqlite else "now()"
    with desk.database.engine.begin() as connection:
        connection.execute(text(
            "INSERT INTO parties_person (id, name, last_name, created_at, updated_at, version, do_not_call, custom)"
            f" {numbers} 1000000 + i, 'P' || i, 'P' || i, {now}, {now}, 1, false, {custom} CASE WHEN i % 10 = 0"
            " THEN 'about ' || i ELSE CAST(i % 500 AS varchar) END) FROM n"
        ))  # fmt: skip


def held(desk):
    """Id -> stored value of `size` and version."""
    table = "SELECT id, custom, version FROM parties_person ORDER BY id"
    with desk.database.engine.connect() as connection:
        rows = connection.execute(text(table)).all()
    return {row[0]: ((desk.loads(row[1]) or {}).get("size"), row[2]) for row in rows}


def loads(value):
    import orjson

    return orjson.loads(value) if isinstance(value, str) else value


def due(desk):
    """A conversion that waits a moment is due now; what the clock wants at night is not."""
    with desk.database.engine.begin() as connection:
        waiting = update(job_table).where(job_table.c.name == CONVERT_JOB)
        connection.execute(waiting.values(run_at=job_table.c.created_at))


def check_killed(desk, tmp_path, *, count, values, kills):
    """`kills`: for each worker, the slice of its own at which it is killed, "before" or "after" the commit."""
    desk.loads = loads
    root, url = desk.root, desk.database.url.render_as_string(hide_password=False)
    field = root.make("custom-fields", name="Size", key="size", kind="text", record_type="persons")
    fill(desk, count)
    before = held(desk)
    with desk.acting("root@example.com"):
        found = conversion.preview(field["id"], "integer")
    assert (found.total, found.looked, found.lost, len(found.examples)) == (count, count, count // 10, 5)
    status, _errors = problem(root.patch(f"/custom-fields/{field['id']}", {"kind": "integer"}, field["version"]))
    assert status == 409  # a change of so many values is no request
    began = root.post(f"/custom-fields/{field['id']}/convert", {"kind": "integer"}, headers={"If-Match": "*"})
    assert (began.status_code, began.json["archived"], began.json["kind"]) == (200, True, "text")
    busy = problem(root.patch(f"/custom-fields/{field['id']}", {"archived": False}, began.json["version"]))
    assert busy == (422, {"archived": ["It is getting another kind at the moment; wait until that is done."]})
    assert problem(root.get("/persons?custom.size=7"))[0] == 422  # nobody sees it half changed
    for step, when in kills:
        due(desk)
        assert run_until_killed(url, tmp_path, values=values, step=step, when=when) == -signal.SIGKILL
        with desk.database.engine.begin() as connection:  # the lease of a dead worker runs out
            connection.execute(update(job_table).where(job_table.c.status == "running").values(
                lease_until=job_table.c.created_at))  # fmt: skip
    until = time.monotonic() + 60
    while root.get(f"/custom-fields/{field['id']}").json["archived"] and time.monotonic() < until:
        due(desk)
        desk.work_off()
    now = root.get(f"/custom-fields/{field['id']}").json
    assert (now["kind"], now["archived"]) == ("integer", False)
    numbers = {key: (None if key % 10 == 0 else (key - 1_000_000) % 500, 2) for key in before}
    assert held(desk) == numbers  # each value once: version 2, nothing lost or done twice
    desk.host.follow(at_once=True)
    some = root.get("/persons?custom.size=7&count=true").json
    assert some.get("count") == sum(one[0] == 7 for one in numbers.values()), some
    group = root.get(f"/custom-fields/{field['id']}/history").json["data"][0]["group"]
    undone = root.post(f"/units/{group}/undo", {})
    if undone.status_code == 202:
        while root.get(undone.headers["Location"]).json["status"] not in ("done", "dead"):
            due(desk)
            desk.work_off()
    assert {key: value for key, (value, _version) in held(desk).items()} == {
        key: value for key, (value, _version) in before.items()
    }
    back = root.get(f"/custom-fields/{field['id']}").json
    assert (back["kind"], back["archived"]) == ("text", False)


def test_a_field_of_many_records_gets_another_kind_though_workers_are_killed(desk, tmp_path):
    check_killed(desk, tmp_path, count=2010, values=700, kills=((2, "before"), (1, "after")))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_field_of_a_hundred_thousand_records_gets_another_kind_though_workers_are_killed(desk, tmp_path):
    kills = tuple((step, when) for when in ("before", "after") for step in (1, 3, 5, 2))
    check_killed(desk, tmp_path, count=100_000, values=1000, kills=kills)
