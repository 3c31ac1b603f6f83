"""Rule (b) of extensions: side rows hold copies, lists that filter, sort or group by an extension start from them."""

import re

import pytest
from extension_lab import Lab, lab, make_tables
from sqlalchemy import insert, text, update

from kumiko.host.columns import table_of, utc_now
from kumiko.host.context import SYSTEM, transaction, unscoped
from kumiko.host.scoping import trusted
from kumiko.records import queries, service, sides
from kumiko.records.catalogue import catalogue
from kumiko.records.plans import Plan
from kumiko.records.undo import undo
from kumiko_testing.extra.models import ThingSide
from kumiko_testing.queries import counted
from kumiko_testing.records import ALL, CORE, OWN, TEAM, open_house, person
from kumiko_testing.sample.models import Thing

__all__ = ["lab"]

ANN = person(5, "Ann", roles=("administrator",))
THING, SIDE = table_of(Thing), table_of(ThingSide)
MIRRORS = ("owner_id", "team_id", "size", "price_minor", "price_currency", "deleted_at")
MANY = 3000


@pytest.fixture
def on(clone_database, tmp_path):
    """A house with the extension."""
    house = open_house(clone_database("extended tables", make_tables), tmp_path, (*CORE, "kumiko_testing.extra"))
    yield house
    house.database.close()


@pytest.fixture
def many(clone_database, tmp_path):
    """The same with 3,000 things of 30 owners in 10 teams, counted by the planner."""
    house = open_house(clone_database("extended, filled", fill), tmp_path, (*CORE, "kumiko_testing.extra"))
    yield house
    house.database.close()


def fill(url):
    make_tables(url)
    import tempfile  # local: only here
    from pathlib import Path

    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), (*CORE, "kumiko_testing.extra"))
        now = utc_now()
        rows = [
            {
                "id": 1000 + n, "name": f"thing {n}", "owner_id": n % 30, "team_id": n % 10, "created_at": now,
                "updated_at": now, "version": 1, "size": n % 97, "price_minor": n, "price_currency": "EUR",
                "deleted_at": now if n % 50 == 0 else None,
            }
            for n in range(MANY)
        ]  # fmt: skip
        with house.acting(SYSTEM), transaction():
            trusted(insert(THING), rows)
            copies = [{"record_id": row["id"], **{name: row[name] for name in MIRRORS}} for row in rows]
            values = [{"extra_rank": None if n % 4 == 0 else n % 500, "extra_kind_id": n % 6} for n in range(MANY)]
            trusted(insert(SIDE), [{**copy, **value} for copy, value in zip(copies, values, strict=True)])
        with house.database.engine.begin() as connection:
            connection.execute(text("ANALYZE"))
        house.database.close()


def out_of_step(context):
    """How many side rows are missing or differ from their thing."""
    info = catalogue().get("sample.thing")
    return sides.differences(info, info.extensions[0])


# ------------------------------------------------------------------ where a statement reads


def sql_of(plan: Plan) -> str:
    return re.sub(r"\s+", " ", str(plan.first))


def test_a_list_joins_the_side_table_only_where_it_is_named(on):
    info_of = lambda: catalogue().get("sample.thing")
    with on.acting(ANN):
        own = sql_of(queries.plan_of(info_of(), names=("name", "size"), sort="size"))
        shown = sql_of(queries.plan_of(info_of(), names=("name", "size", "extra_rank"), sort="size"))
        sorted_by = sql_of(queries.plan_of(info_of(), names=("name", "size"), sort="extra_rank"))
    assert "extra_thing" not in own
    assert "FROM sample_thing LEFT OUTER JOIN extra_thing" in shown
    assert "FROM extra_thing JOIN sample_thing" in sorted_by


def test_copies_are_filtered_sorted_and_scoped_while_the_record_is_shown(on):
    node = {"and": [{"f": "extra_kind", "op": "eq", "v": 3}, {"f": "size", "op": "gte", "v": 2}]}
    with on.acting(person(5, level=OWN)):
        plan = queries.plan_of(catalogue().get("sample.thing"), names=("name", "size", "owner"), node=node, sort="size")
        said = sql_of(plan)
    columns, _from, rest = said.partition(" FROM ")
    assert "sample_thing.size" in columns
    assert "sample_thing.owner_id" in columns
    assert "extra_thing.size >= " in rest
    assert "sample_thing.size" not in rest
    assert "extra_thing.owner_id = " in rest
    assert "extra_thing.deleted_at IS NULL" in rest
    assert "sample_thing.owner_id = " in rest
    assert "sample_thing.deleted_at IS NULL" in rest
    assert rest.rpartition("ORDER BY ")[2].startswith("extra_thing.size, extra_thing.record_id")


LEVELS = {"all": ALL, "own": OWN, "team": TEAM}


@pytest.mark.parametrize("level", LEVELS)
def test_what_a_list_finds_by_an_extension_is_what_the_records_say(many, level):
    who = person(7, level=LEVELS[level], team_ids=(3,))
    node = {"and": [{"f": "extra_rank", "op": "lt", "v": 60}, {"f": "size", "op": "gte", "v": 50}]}
    expected = sorted(
        (n % 500, 1000 + n)
        for n in range(MANY)
        if n % 4 and n % 500 < 60 and n % 97 >= 50 and n % 50
        and (level == "all" or n % 30 == 7 or (level == "team" and n % 10 == 3))
    )  # fmt: skip
    with many.acting(who):
        info, found, after = catalogue().get("sample.thing"), [], ""
        while after is not None:
            page = queries.list_page(
                info, names=("name", "extra_rank"), node=node, sort="extra_rank", after=after, limit=40
            )
            found += [(row[-1], row[0]) for row in page.rows]
            after = page.next
        assert queries.all_ids(info, node=node) == sorted(record_id for _rank, record_id in expected)
    assert expected
    assert found == expected


def plan_text(context, statement, parameters):
    """How the database answers a statement; on PostgreSQL without what it prefers for tables as small as these."""
    word = "EXPLAIN QUERY PLAN" if context.database.is_sqlite else "EXPLAIN"
    compiled = statement.compile(
        dialect=context.session.get_bind().dialect, compile_kwargs={"literal_binds": True, "render_postcompile": True}
    )
    with unscoped("asking for a plan"):
        connection = context.session.connection()
        return "\n".join(str(row) for row in connection.exec_driver_sql(f"{word} {compiled}"))


WALKS = {
    "all, by rank": (ALL, None, "extra_rank", "ix_extra_thing_rank"),
    "all, by rank from the end": (ALL, None, "-extra_rank", "ix_extra_thing_rank"),
    "all of a kind, by a copy": (ALL, {"f": "extra_kind", "op": "eq", "v": 3}, "size", "ix_extra_thing_kind"),
    "own, by rank": (OWN, None, "extra_rank", "ix_extra_thing_"),
}


@pytest.mark.parametrize("case", WALKS)
def test_a_list_by_an_extension_field_walks_an_index_of_the_side_table(many, case):
    level, node, sort, index = WALKS[case]
    with many.acting(person(7, level=level)) as context:
        plan = queries.plan_of(catalogue().get("sample.thing"), names=("name", "extra_rank"), node=node, sort=sort)
        for statement, more in ((plan.first, {}), (plan.further, {"c_value": 250, "c_id": 1100})):
            said = plan_text(context, statement.params(n=51, p_me=7, p_teams=[], p_subtree=[], **more), {})
            assert index in said, said
            if level is ALL:
                assert "TEMP B-TREE" not in said, said
                assert not re.search(r"\bSort\b", said), said


# ------------------------------------------------------------------ copies in step


def test_every_way_of_writing_keeps_the_copies_in_step(lab):
    with lab.acting("ben") as context:
        ben = context.principal.user_id
    with lab.acting("root") as context:
        things = [service.create("sample.thing", {"name": str(n), "size": n, "price": "5 EUR"}).id for n in range(4)]
        service.update("sample.thing", things[0], {"size": 9, "price": "7.50 USD"})
        moved = service.bulk("sample.thing", things, values={"owner": ben, "price": "8 EUR"})
        assert moved.changed == 4
        assert out_of_step(context) == (0, 0)
        service.delete("sample.thing", things[1])
        assert out_of_step(context) == (0, 0)
        service.restore("sample.thing", things[1])
        assert out_of_step(context) == (0, 0)
        assert undo(moved.unit).reverted == 4
        assert out_of_step(context) == (0, 0)
        service.bulk("sample.thing", things, remove=True)
        assert out_of_step(context) == (0, 0)
        info = catalogue().get("sample.thing")
        ranked = queries.list_page(info, node={"f": "extra_phase", "op": "eq", "v": "early"}, deleted=True)
        assert [row[0] for row in ranked.rows] == sorted(things)[::-1]


def test_an_import_keeps_the_copies_in_step(lab):
    report = lab.import_csv("t,s,p\na,1,5 EUR\nb,2,6 EUR\n", maps=(("name", "t"), ("size", "s"), ("price", "p")))
    again = lab.import_csv("t,s\na,7\n", maps=(("name", "t"), ("size", "s")))
    assert (report.created, again.created) == (2, 1)
    with lab.acting() as context:
        assert out_of_step(context) == (0, 0)


def test_doctor_compares_copies_and_counts_what_differs(lab):
    with lab.acting("root"):
        ids = [service.create("sample.thing", {"name": str(n), "size": n}).id for n in range(5)]
    assert findings(lab) == [("fine", "side table extra_thing", "in step with sample.thing")]
    with lab.acting(), transaction():
        trusted(update(THING).where(THING.c.id.in_(ids[:3])).values(size=99))
        trusted(SIDE.delete().where(SIDE.c.record_id == ids[4]))
    assert findings(lab) == [
        (
            "wrong",
            "side table extra_thing",
            "1 records without a row, 3 rows with stale copies: switch extra off and on to put them right",
        )
    ]
    lab.switch(on=False)
    lab.switch(on=True)
    assert findings(lab) == [("fine", "side table extra_thing", "in step with sample.thing")]


def findings(lab):
    """What `kumiko doctor` hears from the record layer."""
    with lab.acting("root"):
        return [finding for look in lab.host.generation.state["examine"] for finding in look()]


def test_what_another_process_wrote_past_a_fresh_extension_is_put_right_by_a_job(lab, tmp_path):
    lab.switch(on=False)
    with lab.acting("root"):
        old = service.create("sample.thing", {"name": "old", "size": 1}).id
    behind = Lab(lab.url, tmp_path)  # a process that has not noticed the switch
    before = behind.host.generation
    lab.switch(on=True)
    with behind.acting("root") as context:
        context.generation = before
        assert "extra_rank" not in catalogue().get("sample.thing").fields
        service.update("sample.thing", old, {"size": 2})
        service.create("sample.thing", {"name": "new", "size": 3})
    behind.database.close()
    with lab.acting("root") as context:
        assert out_of_step(context) == (1, 1)
    with lab.acting(), transaction():
        waiting = trusted(text("UPDATE jobs_job SET run_at = created_at WHERE name = 'records.settle'"))
        assert waiting.rowcount >= 1
    lab.work()
    with lab.acting("root") as context:
        assert out_of_step(context) == (0, 0)
        info = catalogue().get("sample.thing")
        early = queries.list_page(info, node={"f": "extra_phase", "op": "eq", "v": "early"}, sort="name")
        assert len(early.rows) == 2


# ------------------------------------------------------------------ sums and statements


def test_sums_by_an_extensions_link_are_made_by_the_database_within_rights(on):
    with on.acting(ANN):
        kinds = [service.create("extra.kind", {"name": name}).id for name in ("x", "y")]
        for n, (kind, price) in enumerate([(0, "5 EUR"), (0, "7 EUR"), (1, "11 EUR"), (1, "2 USD"), (None, "1 EUR")]):
            values = {"name": str(n), "price": price, "extra_kind": None if kind is None else kinds[kind]}
            service.create("sample.thing", values)
    with on.acting(person(6, "Ben", level=OWN)):
        service.create("sample.thing", {"name": "ben's", "price": "100 EUR", "extra_kind": kinds[0]})
    with on.acting(person(5, "Ann", level=OWN)):
        sums = queries.totals(catalogue().get("sample.thing"), ("price",), by="extra:extra_kind")
    found = {(kind, one.currency): (one.minor, one.count) for kind, one in sums}
    assert found == {
        (kinds[0], "EUR"): (1200, 2),
        (kinds[1], "EUR"): (1100, 1),
        (kinds[1], "USD"): (200, 1),
        (None, "EUR"): (100, 1),
    }


def test_columns_of_an_extension_cost_no_statement_more(lab):
    program, person_ = lab.program(), lab.person()
    with lab.acting("root"):
        kind = service.create("extra.kind", {"name": "k"}).id
    for n in range(3):
        program.make("things", name=str(n), extra_rank=n, extra_kind=kind)
    costs = []
    for names in ("name,size", "name,size,extra_rank,extra_kind,extra_phase"):
        program.get(f"/things?fields={names}")
        with counted() as api:
            program.get(f"/things?fields={names}")
        person_.get(f"/things?columns={names}")
        with counted() as web:
            page = person_.get(f"/things?columns={names}")
        assert page.status_code == 200
        costs.append((len(api), len(web)))
    assert costs[0] == costs[1]
    with counted() as sorted_by:
        program.get("/things?fields=name,extra_rank&sort=-created_at&extra_rank__gte=0")
    assert len(sorted_by) == costs[0][0]
    assert costs[0][1] <= 5


def test_a_card_shows_an_extension_for_nothing_and_a_change_writes_its_row_in_one_statement(lab):
    program, person_ = lab.program(), lab.person()
    made = program.make("things", name="a", extra_rank=1)
    person_.get(f"/things/{made['id']}")
    with counted() as card:
        assert person_.get(f"/things/{made['id']}").status_code == 200
    with counted() as change:
        assert program.patch(f"/things/{made['id']}", {"extra_rank": 5, "size": 2}, 1).status_code == 200
    assert len(card) <= 8
    assert [said.split()[0] for said in change if "extra_thing" in said] == ["SELECT", "UPDATE"]
